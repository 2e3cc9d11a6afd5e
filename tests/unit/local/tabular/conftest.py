"""Real tables of scikit-learn made as untidy as those of users, and a job on one."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from sklearn import datasets

import cloudautoml as ca
from cloudautoml.data import prepare
from cloudautoml_local.tasks.tabular import TabularTask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudautoml.data import PreparedData

    Make = Callable[..., tuple[TabularTask, PreparedData]]


def untidy(name: str, rows: int = 120) -> pd.DataFrame:
    """A table with missing values, a category with names that libraries choke on, and a date."""
    bunch: Any = getattr(datasets, f"load_{name}")(as_frame=True)
    frame = bunch.data.copy()
    frame["target"] = bunch.target.astype(float) if name == "diabetes" else bunch.target_names[bunch.target]
    frame = frame.sample(n=min(rows, len(frame)), random_state=0).reset_index(drop=True)
    first = frame.columns[0]
    frame.insert(0, 'size [mm] {"x"}', pd.cut(frame[first], 4, labels=["a<b", "ü", "no", "x,y"]).astype(str))
    frame.insert(1, "seen", pd.Timestamp("2024-01-01") + pd.to_timedelta(np.arange(len(frame)) * 7, unit="D"))
    frame.loc[::9, frame.columns[3]] = np.nan
    frame.loc[::11, frame.columns[0]] = np.nan
    return frame


@pytest.fixture
def table_of() -> Callable[..., pd.DataFrame]:
    """Makes an untidy table of one of scikit-learn's."""
    return untidy


@pytest.fixture
def make(tmp_path: Path) -> Make:
    """Prepares a task on a table, with few rows and folds so that a trial takes a moment."""

    def make(name: str, *, metric: str | None = None, frame: pd.DataFrame | None = None, **spec: Any) -> Any:
        table = untidy(name) if frame is None else frame
        kind = ca.TabularRegression if name == "diabetes" else ca.TabularClassification
        weight = "weight" if "weight" in table else None
        job = ca.JobSpec(
            name="test",
            task=kind(target="target", weight=weight),
            data=ca.Dataset(train=table),
            objective=ca.Objective(metric=metric) if metric else None,
            **spec,
        )
        data = prepare(job)
        directory = tmp_path / "job"
        data.save(directory / "data")
        task = TabularTask(job.model_copy(update={"data": ca.Dataset(train="table.csv")}), directory)
        task.prepare(data, progress=lambda _: None)
        return task, data

    return make
