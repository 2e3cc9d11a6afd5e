"""Small long tables of two shops."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import cloudautoml as ca

if TYPE_CHECKING:
    from collections.abc import Callable


def shops(days: int = 30) -> pd.DataFrame:
    """Two shops and their sales by day, of which no two are equal."""
    return pd.DataFrame(
        {
            "shop": np.repeat(["north", "south"], days),
            "day": [str(day)[:10] for day in pd.date_range("2024-03-01", periods=days)] * 2,
            "sales": np.concatenate([np.arange(days), 100 + np.arange(days)]).astype(float),
            "open": (["yes", "no", "yes"] * days)[: 2 * days],
            "size": np.repeat([3.5, 7.0], days),
        }
    )


@pytest.fixture
def table() -> pd.DataFrame:
    """Two shops."""
    return shops()


@pytest.fixture
def spec_of() -> Callable[..., ca.JobSpec]:
    """Makes a job on a table, four days ahead."""

    def spec(frame: pd.DataFrame, *, data: dict[str, Any] | None = None, **task: Any) -> ca.JobSpec:
        fields: dict[str, Any] = {"target": "sales", "time": "day", "series": ("shop",), "horizon": 4, **task}
        return ca.JobSpec(
            name="shops",
            task=ca.Forecasting(**fields),
            data=ca.Dataset.model_validate({"train": frame, **(data or {})}),
        )

    return spec
