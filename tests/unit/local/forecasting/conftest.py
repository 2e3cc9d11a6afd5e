"""Jobs on small series with a season."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from series_files import sales

import cloudautoml as ca
from cloudautoml.data import prepare_series
from cloudautoml_local.tasks.forecasting import ForecastingTask

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import pandas as pd


@pytest.fixture
def make(tmp_path: Path) -> Callable[..., ForecastingTask]:
    """Prepares a task on a table, five days ahead."""

    def make(frame: pd.DataFrame | None = None, *, metric: str = "mase", **task: Any) -> ForecastingTask:
        table = sales() if frame is None else frame
        fields: dict[str, Any] = {"target": "sales", "time": "day", "series": ("shop",), "horizon": 5, **task}
        spec = ca.JobSpec(
            name="test",
            task=ca.Forecasting(**fields),
            data=ca.Dataset.model_validate({"train": table}),
            objective=ca.Objective(metric=metric),
        )
        data = prepare_series(spec)
        directory = tmp_path / "job"
        data.save(directory / "data")
        made = ForecastingTask(spec.model_copy(update={"data": ca.Dataset(train="table.csv")}), directory)
        made.prepare(data, progress=lambda _: None)
        return made

    return make
