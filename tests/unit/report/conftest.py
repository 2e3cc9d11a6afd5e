"""Jobs that reports are written of."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from report_jobs import CLASSIFIER, IMPORTANCE, REGRESSOR, Ended, candidates, make_job, write_board

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture
def classifier(home: Path) -> Ended:
    """A classification that succeeded and left everything."""
    ended = make_job(home)
    write_board(ended, candidates(ended.job), "roc_auc")
    ended.write("task/importance.json", IMPORTANCE)
    ended.write("task/evaluation.json", CLASSIFIER)
    return ended


@pytest.fixture
def regressor(home: Path) -> Ended:
    """A regression that succeeded and left everything."""
    ended = make_job(home, task="tabular_regression")
    write_board(ended, candidates(ended.job, minimize=True), "rmse")
    ended.write("task/importance.json", IMPORTANCE)
    ended.write("task/evaluation.json", REGRESSOR)
    return ended
