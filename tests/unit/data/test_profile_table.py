"""Profile: small, complete, and JSON whatever the values are."""

from __future__ import annotations

import json
import sys

import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.data import ColumnInfo, Schema, profile_table
from cloudautoml.spec import ColumnType

KINDS = {
    "n": ColumnType.NUMERIC,
    "c": ColumnType.CATEGORICAL,
    "t": ColumnType.DATETIME,
    "x": ColumnType.TEXT,
    "e": ColumnType.NUMERIC,
}
SCHEMA = Schema(
    tuple(ColumnInfo(name, kind, nullable=True) for name, kind in KINDS.items()),
    "y",
    ColumnType.CATEGORICAL,
    ("a", "b"),
)


def test_every_kind_of_column() -> None:
    frame = pd.DataFrame(
        {
            "n": [1.0, 2.0, 3.0, None],
            "c": ["u", "u", "v", None],
            "t": pd.to_datetime(pd.Series(["2024-01-01", "2024-01-03", None, "2024-01-02"])).astype("datetime64[us]"),
            "x": ["a b c", "d e", None, "f"],
            "e": pd.Series([None] * 4, dtype="float64"),
            "y": ["a", "b", "a", "a"],
        }
    )
    profile = json.loads(json.dumps(profile_table(frame, SCHEMA), allow_nan=False))
    columns = {column["name"]: column for column in profile["columns"]}
    assert profile["rows"] == 4
    assert list(columns) == ["n", "c", "t", "x", "e"]
    assert columns["n"]["missing"] == 0.25
    assert columns["n"]["quantiles"]["0.5"] == 2.0
    assert sum(columns["n"]["histogram"]["counts"]) == 3
    assert len(columns["n"]["histogram"]["edges"]) == len(columns["n"]["histogram"]["counts"]) + 1
    assert columns["c"]["top"] == [{"value": "u", "count": 2}, {"value": "v", "count": 1}]
    assert columns["t"]["quantiles"]["1"] == "2024-01-03T00:00:00.000000"
    assert sum(columns["t"]["histogram"]["counts"]) == 3
    assert columns["x"]["words"] == 2.0
    assert columns["e"] == {"name": "e", "type": "numeric", "missing": 1.0, "distinct": 0}
    assert profile["target"]["classes"] == {"a": 3, "b": 1}


NUMBERS = Schema((), "y", ColumnType.NUMERIC)


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1, max_size=50))
def test_any_numbers(values: list[float]) -> None:
    profile = profile_table(pd.DataFrame({"y": values}), NUMBERS)
    histogram = profile["target"]["histogram"]
    assert json.dumps(profile, allow_nan=False)
    assert sum(histogram["counts"]) == len(values)
    assert 1 <= len(histogram["counts"]) <= 20
    assert len(histogram["edges"]) == len(histogram["counts"]) + 1


@pytest.mark.parametrize("values", [[0.0], [sys.float_info.max, -sys.float_info.max], [5e-324, 0.0], [1e16, 1e16 + 2]])
def test_numbers_at_the_edges(values: list[float]) -> None:
    histogram = profile_table(pd.DataFrame({"y": values}), NUMBERS)["target"]["histogram"]
    assert sum(histogram["counts"]) == len(values)


def test_long_values_are_cut() -> None:
    frame = pd.DataFrame({"c": ["x" * 10_000_000, "y"]})
    schema = Schema((ColumnInfo("c", ColumnType.CATEGORICAL, nullable=False),))
    assert len(json.dumps(profile_table(frame, schema))) < 1000
