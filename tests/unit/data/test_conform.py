"""Schema: it survives JSON, and new rows are read as the training rows were."""

from __future__ import annotations

import json

import pandas as pd
import polars as pl
import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.data import ColumnInfo, Schema
from cloudautoml.errors import DataError
from cloudautoml.spec import ColumnType

NAME = st.text(st.characters(exclude_categories=["Cs"]), min_size=1)
KIND = st.sampled_from([kind for kind in ColumnType if kind is not ColumnType.IGNORE])

SCHEMA = Schema(
    features=(
        ColumnInfo("n", ColumnType.NUMERIC, nullable=True),
        ColumnInfo("c", ColumnType.CATEGORICAL, nullable=False),
        ColumnInfo("b", ColumnType.BOOLEAN, nullable=False),
        ColumnInfo("t", ColumnType.DATETIME, nullable=False),
    ),
    target="y",
    target_type=ColumnType.CATEGORICAL,
    classes=("no", "yes"),
)


@given(
    names=st.lists(NAME, unique=True),
    kinds=st.lists(KIND, min_size=20, max_size=20),
    classes=st.none() | st.lists(NAME, unique=True),
    weight=st.none() | NAME,
)
def test_json_round_trip(
    names: list[str], kinds: list[ColumnType], classes: list[str] | None, weight: str | None
) -> None:
    features = tuple(ColumnInfo(name, kinds[i % 20], nullable=i % 2 == 0) for i, name in enumerate(names))
    kind = ColumnType.NUMERIC if classes is None else ColumnType.CATEGORICAL
    schema = Schema(features, "y", kind, None if classes is None else tuple(sorted(classes)), weight)
    assert Schema.from_dict(json.loads(json.dumps(schema.to_dict()))) == schema


def test_order_types_and_extra_columns() -> None:
    rows = pd.DataFrame(
        {"t": ["2024-01-31"], "y": ["?"], "b": [True], "extra": [object()], "c": [7], "n": ["1.5"]}, index=[99]
    ).drop(columns="extra")
    before = rows.copy(deep=True)
    got = SCHEMA.conform(rows.assign(more=1), where="rows")
    assert list(got.columns) == ["n", "c", "b", "t"]
    assert [str(dtype) for dtype in got.dtypes] == ["float64", "str", "str", "datetime64[us]"]
    assert got.iloc[0].tolist() == [1.5, "7", "True", pd.Timestamp("2024-01-31")]
    assert got.index.equals(pd.RangeIndex(1))
    pd.testing.assert_frame_equal(rows, before)


def test_polars_rows() -> None:
    rows = pl.DataFrame({"n": [1], "c": ["x"], "b": ["no"], "t": ["2024-01-31"]})
    assert SCHEMA.conform(rows, where="rows").iloc[0].tolist()[:3] == [1.0, "x", "False"]


def test_no_rows() -> None:
    rows = pd.DataFrame({name: pd.Series([], dtype="str") for name in ("n", "c", "b", "t")})
    assert SCHEMA.conform(rows, where="rows").shape == (0, 4)


def test_odd_extra_columns_do_not_matter() -> None:
    rows = pd.DataFrame({"n": [1], "c": ["x"], "b": ["no"], "t": ["2024-01-31"], "mixed": [[1, 2]]})
    assert SCHEMA.conform(rows, where="rows").shape == (1, 4)


@pytest.mark.parametrize("pandas", [True, False])
def test_a_feature_that_is_there_twice(pandas: bool) -> None:
    names = ["n", "c", "b", "t", "n"]
    rows = pd.DataFrame([["1", "x", "no", "2024-01-31", "2"]], columns=names)
    table = rows if pandas else pa.table([pa.array(["1"])] * 5, names=names)
    with pytest.raises(DataError, match="columns of the same name: 'n'"):
        SCHEMA.conform(table, where="rows")


def test_missing_columns_are_all_named_with_a_guess() -> None:
    with pytest.raises(DataError) as caught:
        SCHEMA.conform(pd.DataFrame({"N": [1], "t": ["2024-01-31"], "B ": [True]}), where="rows.csv")
    assert caught.value.where == "rows.csv"
    assert "no columns 'n', 'c', 'b'" in caught.value.message
    assert caught.value.hint is not None
    assert "did you mean 'N'?" in caught.value.hint
    assert "did you mean 'B '?" in caught.value.hint


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("n", "many", "is not a number"),
        ("n", "inf", "is not a number"),
        ("b", "maybe", "is not true or false"),
        ("t", "soon", "is not a date"),
    ],
)
def test_unreadable_values_are_named(column: str, value: str, words: str) -> None:
    good = {"n": "1", "c": "x", "b": "no", "t": "2024-01-31"}
    with pytest.raises(DataError) as caught:
        SCHEMA.conform(pd.DataFrame([good, good, {**good, column: value}]), where="rows.csv")
    assert f"column {column!r}, row 3: {value!r} {words}" in caught.value.message
