"""Small series for the conformance suites, and the questions that a model of series must answer."""

from __future__ import annotations

import csv
import math
import random
from datetime import date, timedelta
from typing import TYPE_CHECKING, Final

from cloudautoml.spec import Dataset, Forecasting, JobSpec

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.job import Job

SHOPS: Final = ("east", "north", "south")
_DAYS: Final = 60
_HORIZON: Final = 4


def write_series(path: Path) -> Path:
    """Write a long table of three shops and their sales by day, which repeat by the week on a rising level.

    Args:
        path: The CSV file.

    Returns:
        The path.
    """
    rng = random.Random(3)  # noqa: S311 - test data
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["shop", "day", "sales"])
        for number, shop in enumerate(SHOPS):
            for day in range(_DAYS):
                level = 30 + 10 * number + 0.1 * day + 6 * math.sin(2 * math.pi * day / 7)
                stamp = date(2024, 1, 1) + timedelta(days=day)
                writer.writerow([shop, stamp.isoformat(), round(level + rng.gauss(0, 1), 2)])
    return path


def small_series_spec(folder: Path) -> JobSpec:
    """A job on three short series, four days ahead.

    Args:
        folder: Where to put the file.
    """
    task = Forecasting(target="sales", time="day", series=("shop",), horizon=_HORIZON)
    return JobSpec(name="suite", task=task, data=Dataset(train=str(write_series(folder / "sales.csv"))))


def series_are_forecast(job: Job) -> None:
    """Check that a finished job's model goes on from its data: all steps of every series, quantiles in order.

    Args:
        job: A finished job of `small_series_spec`.
    """
    forecast = job.model().predict(None)
    assert list(forecast.columns) == ["shop", "day", "mean", "0.1", "0.5", "0.9"]
    assert list(forecast["shop"]) == [shop for shop in SHOPS for _ in range(_HORIZON)]
    low, middle, high = (forecast[level] for level in ("0.1", "0.5", "0.9"))
    assert (low <= middle).all()
    assert (middle <= high).all()
    assert forecast["mean"].between(10, 80).all()
