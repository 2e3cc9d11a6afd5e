"""Leakage: features that give the answer away are found, honest ones are not."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from cloudautoml.data.leakage import check_leakage
from cloudautoml.spec import ColumnType

NUMERIC, CATEGORICAL, DATETIME = ColumnType.NUMERIC, ColumnType.CATEGORICAL, ColumnType.DATETIME
ROWS = 2000


@pytest.fixture
def rng() -> np.random.Generator:
    return np.random.default_rng(3)


def leaks(target: object, feature: object, kind: ColumnType, *, classification: bool = True) -> list[str]:
    frame = pd.DataFrame({"y": target, "x": feature})
    if classification:
        frame["y"] = frame["y"].astype("str")
    if kind is CATEGORICAL:
        frame["x"] = frame["x"].astype("str")
    found = check_leakage(frame, {"x": kind}, target="y", classification=classification)
    assert all(finding.column == "x" and finding.code == "leakage.single_feature" for finding in found)
    return [finding.message for finding in found]


def test_binary_target(rng: np.random.Generator) -> None:
    y = (rng.random(ROWS) < 0.2).astype(int)
    noise = rng.normal(size=ROWS)
    assert leaks(y, y, NUMERIC)
    assert leaks(y, 3 - 2 * np.exp(y), NUMERIC)  # a monotone copy, falling
    assert leaks(y, np.where(y, "churned", "stayed"), CATEGORICAL)
    assert leaks(y, np.where(y == 1, rng.random(ROWS), np.nan), NUMERIC)  # known only after the event
    assert leaks(y, np.where(y == 1, 3 + np.abs(noise), noise / 2) * rng.choice([-1, 1], ROWS), NUMERIC)  # both tails
    assert leaks(y, np.where(y == 1, 0.0, rng.choice([-1.0, 1.0], ROWS)), NUMERIC)  # told by equality, not by order
    assert leaks(y, noise + y, NUMERIC) == []
    assert leaks(y, [f"u{i}" for i in range(ROWS)], CATEGORICAL) == []


def test_the_score_is_told(rng: np.random.Generator) -> None:
    y = (rng.random(ROWS) < 0.5).astype(int)
    assert "(AUC 1.0000)" in leaks(y, y, NUMERIC)[0]
    values = rng.normal(size=ROWS)
    assert "(rank correlation 1.0000)" in leaks(values, np.exp(values), NUMERIC, classification=False)[0]


def test_several_classes(rng: np.random.Generator) -> None:
    y = rng.integers(0, 5, ROWS)
    assert leaks(y, y, NUMERIC)
    assert leaks(y, y * 10 + rng.random(ROWS), NUMERIC)
    assert leaks(y, np.array(list("abcde"))[y], CATEGORICAL)
    assert leaks(y, y + rng.normal(size=ROWS), NUMERIC) == []


def test_an_identifier_ordered_by_label() -> None:
    y = np.repeat(["a", "b", "c"], [700, 700, 600])
    assert leaks(y, np.arange(ROWS), NUMERIC)


def test_times(rng: np.random.Generator) -> None:
    y = np.repeat([0, 1], ROWS // 2)
    stamps = pd.Series(pd.date_range("2024-01-01", periods=ROWS, freq="h")).astype("datetime64[us]")
    assert leaks(y, stamps, DATETIME)
    assert leaks(y, stamps.where(y == 1), DATETIME)
    assert leaks(y, stamps.sample(frac=1, random_state=1, ignore_index=True), DATETIME) == []


def test_regression(rng: np.random.Generator) -> None:
    y = rng.normal(size=ROWS)
    assert leaks(y, y * 9 / 5 + 32, NUMERIC, classification=False)
    assert leaks(y, -(y**3), NUMERIC, classification=False)
    assert leaks(y, y + rng.normal(size=ROWS), NUMERIC, classification=False) == []
    step = rng.integers(0, 40, ROWS)
    assert leaks(step.astype(float), np.array([f"g{i}" for i in range(40)])[step], CATEGORICAL, classification=False)


def test_a_rare_class_is_no_reason_for_alarm(rng: np.random.Generator) -> None:
    y = np.zeros(ROWS, dtype=int)
    y[:2] = 1
    assert leaks(y, np.r_[9.0, 8.0, rng.normal(size=ROWS - 2)], NUMERIC) == []


def test_few_rows_are_not_judged() -> None:
    assert leaks([0, 1] * 14, [0, 1] * 14, NUMERIC) == []
    assert leaks([0, 1] * 15, [0, 1] * 15, NUMERIC)


def test_text_is_not_judged() -> None:
    assert leaks([0, 1] * 50, ["no", "yes"] * 50, ColumnType.TEXT) == []


def test_large_tables_are_sampled_alike_each_time(rng: np.random.Generator) -> None:
    y = rng.integers(0, 2, 60_000)
    x = y + rng.normal(scale=0.17, size=60_000)
    assert leaks(y, x, NUMERIC)
    assert leaks(y, x, NUMERIC) == leaks(y, x, NUMERIC)
