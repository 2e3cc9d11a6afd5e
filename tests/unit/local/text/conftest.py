"""Texts of three topics, and a prepared task on them with few folds."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

import cloudautoml as ca
from cloudautoml.data import prepare
from cloudautoml.testing.texts import text_rows
from cloudautoml_local.tasks.text import TextTask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def texts(rows: int = 180, *, several: bool = False) -> pd.DataFrame:
    return pd.DataFrame(text_rows(several=several)[:rows])


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., Any]:
    """Prepares a task on texts."""

    def make(
        frame: pd.DataFrame | None = None, *, several: bool = False, kind: type[Any] = TextTask, **fields: Any
    ) -> Any:
        given = texts(several=several) if frame is None else frame
        job = ca.JobSpec(
            name="test",
            task=ca.TextClassification(multi_label=several),
            data=ca.Dataset(train=given),
            **{"budget": ca.Budget(max_trials=2), **fields},
        )
        data = prepare(job)
        data.save(tmp_path / "job" / "data")
        task = kind(job.model_copy(update={"data": ca.Dataset(train="texts.csv")}), tmp_path / "job")
        task.prepare(data, progress=lambda _: None)
        return task, data

    return make
