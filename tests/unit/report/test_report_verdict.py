"""What the first lines of a report say."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from report_jobs import candidates, make_job, write_board

from cloudautoml.job import JobState
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.report.sources import Sources
from cloudautoml.report.verdict import compare_to_baseline, judge

if TYPE_CHECKING:
    from pathlib import Path


def board(metric: str, val: float, base: float | None, holdout: float | None = None) -> tuple[Leaderboard, Candidate]:
    best = Candidate("m", "lightgbm", "local", "j", score_val=val, score_holdout=holdout)
    rows = [best]
    if base is not None:
        rows.append(Candidate("baseline", "baseline", "local", "j", score_val=base, score_holdout=base))
    return Leaderboard(rows, metric=metric, job="j"), best


@pytest.mark.parametrize(
    ("metric", "val", "base", "gain", "words"),
    [
        ("roc_auc", 0.9, 0.5, 0.8, "80% of the way"),
        ("accuracy", 1.0, 0.6, 1.0, "100% of the way"),
        ("rmse", -50.0, -200.0, 0.75, "75% lower"),
        ("log_loss", -0.2, -0.8, 0.75, "75% lower"),
        ("r2", 0.5, 0.0, 0.5, "50% of the way"),
        ("roc_auc", 0.5, 0.5, 0.0, "say nothing"),
        ("rmse", -210.0, -200.0, 0.0, "say nothing"),
    ],
)
def test_the_gain_over_the_baseline(metric: str, val: float, base: float, gain: float, words: str) -> None:
    verdict = compare_to_baseline(*board(metric, val, base))
    assert verdict.gain == pytest.approx(gain)
    assert words in verdict.detail
    assert verdict.rows == "validation rows"


def test_sealed_rows_decide_where_there_are_any() -> None:
    verdict = compare_to_baseline(*board("roc_auc", 0.99, 0.5, holdout=0.75))
    assert verdict.value == "0.7500"
    assert verdict.gain == pytest.approx(0.5)
    assert verdict.rows == "sealed rows"
    assert "no model and no choice had seen" in verdict.detail


def test_a_model_that_only_looked_better_is_told_apart() -> None:
    verdict = compare_to_baseline(*board("roc_auc", 0.99, 0.5, holdout=0.49))
    assert verdict.tone == "poor"
    assert verdict.title == "No model beats the baseline"


def test_without_a_baseline_there_is_no_gain() -> None:
    verdict = compare_to_baseline(*board("roc_auc", 0.9, None))
    assert verdict.gain is None
    assert verdict.title == "roc_auc 0.9000 on validation rows"


def test_a_failed_job_gives_its_reason(home: Path) -> None:
    ended = make_job(home, state=JobState.FAILED, reason="every trial failed")
    verdict = judge(Sources.read(ended.store, ended.job))
    assert (verdict.tone, verdict.title, verdict.detail) == ("bad", "The job failed", "every trial failed")


def test_a_cancelled_job_with_models_says_both(home: Path) -> None:
    ended = make_job(home, state=JobState.CANCELLED)
    write_board(ended, candidates(ended.job), "roc_auc")
    verdict = judge(Sources.read(ended.store, ended.job))
    assert verdict.title == "roc_auc 0.9200, against 0.5000 for the baseline"
    assert verdict.detail.endswith("The job was cancelled, so the search did not end.")
