"""Jobs as they stand in a store when they have ended."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import pandas as pd

from cloudautoml.data import prepare
from cloudautoml.job import JobState, JobStatus
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.spec import JobSpec
from cloudautoml.store import Store
from cloudautoml.store.files import write_json

if TYPE_CHECKING:
    from pathlib import Path

CLASSIFIER: dict[str, Any] = {
    "note": "sealed rows",
    "classes": ["no", "yes"],
    "confusion": [[190, 32], [41, 217]],
    "curves": [
        {
            "class": "yes",
            "roc": {"fpr": [0.0, 0.1, 1.0], "tpr": [0.0, 0.8, 1.0]},
            "precision_recall": {"recall": [0.0, 0.5, 1.0], "precision": [1.0, 0.9, 0.5]},
            "calibration": {"predicted": [0.1, 0.5, 0.9], "observed": [0.15, 0.48, 0.88]},
        }
    ],
}
REGRESSOR: dict[str, Any] = {
    "points": {"truth": [1.0, 2.0, 3.0], "predicted": [1.1, 1.9, 3.2]},
    "residuals": {"edges": [-1.0, 0.0, 1.0], "counts": [2, 1]},
}
IMPORTANCE = {
    "features": [
        {"name": "age", "importance": 0.2, "std": 0.01},
        {"name": "plan", "importance": 0.1, "std": 0.01},
    ]
}


def candidates(job: str, *, minimize: bool = False, name: str = "lightgbm") -> list[Candidate]:
    """A few candidates of several families, one that failed, an ensemble, a refit and a baseline."""
    sign = -100.0 if minimize else 1.0
    rows = [
        Candidate(
            model=f"{family}_{number}", algorithm=family, provider="local", job=job,
            score_val=sign * (0.9 - 0.01 * number if not minimize else 1 + 0.01 * number),
            score_holdout=sign * (0.89 - 0.01 * number if not minimize else 1.1 + 0.01 * number),
            fit_seconds=1.0 + number, predict_ms_per_row=0.02, size_mb=1.5, can_infer=True, trial=number,
            params={"family": family, "learning_rate": 0.1},
        )
        for number, family in enumerate([name, "xgboost", "linear", name, "xgboost"])
    ]  # fmt: skip
    best, base = (-95.0, -300.0) if minimize else (0.92, 0.5)
    rows += [
        Candidate(model="xgboost_9", algorithm="xgboost", provider="local", job=job, status="failed", trial=9,
                  reason="timeout: took more than 30 s"),
        Candidate(model="ensemble", algorithm="ensemble", provider="local", job=job, score_val=best,
                  score_holdout=best, size_mb=3.0, predict_ms_per_row=0.1, can_infer=True),
        Candidate(model="refit", algorithm=name, provider="local", job=job, score_holdout=best, can_infer=True),
        Candidate(model="baseline", algorithm="baseline", provider="local", job=job, score_val=base,
                  score_holdout=base),
    ]  # fmt: skip
    return rows


def table(rows: int = 120) -> pd.DataFrame:
    """A small table with numbers, categories, times and missing values."""
    return pd.DataFrame(
        {
            "age": [20 + (7 * row) % 60 for row in range(rows)],
            "income": [None if row % 9 == 0 else 1000.5 * ((13 * row) % 71) for row in range(rows)],
            "plan": [("basic", "plus", "premium")[row * row % 3] for row in range(rows)],
            "since": pd.date_range("2024-01-01", periods=rows, freq="D"),
            "churned": ["yes" if (row * 5) % 7 < 3 else "no" for row in range(rows)],
        }
    )


@dataclass
class Ended:
    """A store with one job."""

    store: Store
    job: str

    @property
    def folder(self) -> Path:
        return self.store.job_dir(self.job)

    def write(self, path: str, data: Any) -> None:
        write_json(self.folder / path, data)


def make_job(
    home: Path, *, task: str = "tabular_classification", state: JobState = JobState.SUCCEEDED, reason: str = ""
) -> Ended:
    """A job that has ended, with its spec and prepared data but no results yet."""
    regression = task == "tabular_regression"
    spec = JobSpec.model_validate(
        {
            "name": "churn",
            "task": {"type": task, "target": "income" if regression else "churned"},
            "data": {"train": table(), "types": {"income": "numeric"}},
            "budget": {"max_trials": 10, "max_time": "90s"},
            "seed": 7,
        }
    )
    store = Store(home)
    record = store.create(spec, "local")
    ended = Ended(store, record.id)
    prepare(spec).save(ended.folder / "data")
    store.observe(record.id, JobStatus(JobState.RUNNING))
    store.observe(record.id, JobStatus(state, reason=reason))
    return ended


def write_board(ended: Ended, rows: list[Candidate], metric: str) -> None:
    protocol = {"validation": "5-fold cross-validation", "sealed_rows": 24, "data": "0123456789abcdef"}
    ended.write("leaderboard.json", Leaderboard(rows, metric=metric, job=ended.job, protocol=protocol).to_dict())
