"""Tables in memory: pandas, polars and Arrow come out alike, unchanged and without loss."""

from __future__ import annotations

import datetime as dt
import decimal
from typing import Any

import numpy as np
import pandas as pd
import polars as pl
import pyarrow as pa
import pytest

from cloudautoml.data.arrow import raw_frame
from cloudautoml.errors import DataError


def test_pandas_dtypes() -> None:
    frame = pd.DataFrame(
        {
            "str": pd.Series(["x", None], dtype="str"),
            "object": pd.Series(["x", None], dtype=object),
            "category": pd.Categorical(["u", "v"]),
            "numbered": pd.Categorical([1, 2]),
            "int": [1, 2],
            "Int64": pd.array([1, None], dtype="Int64"),
            "huge": pd.array([2**63 + 5, None], dtype="UInt64"),
            "float32": np.array([0.5, np.nan], dtype="float32"),
            "bool": [True, False],
            "boolean": pd.array([True, None], dtype="boolean"),
            "zoned": pd.to_datetime(["2020-01-01 00:00", "2020-01-02 00:00"]).tz_localize("Europe/Berlin"),
            "date": pd.Series([dt.date(2020, 1, 1), None], dtype=object),
            "delta": pd.to_timedelta(["1500ms", "2s"]),
            "decimal": pd.Series([decimal.Decimal("1.20"), None], dtype=object),
            "empty": pd.Series([None, None], dtype=object),
        }
    ).set_index(pd.Index([7, 9]))
    before = frame.copy(deep=True)
    raw = raw_frame(frame, where="t")
    assert {name: str(dtype) for name, dtype in raw.dtypes.items()} == {
        "str": "str",
        "object": "str",
        "category": "category",
        "numbered": "category",
        "int": "int64",
        "Int64": "Int64",
        "huge": "str",
        "float32": "float64",
        "bool": "bool",
        "boolean": "boolean",
        "zoned": "datetime64[us]",
        "date": "datetime64[us]",
        "delta": "float64",
        "decimal": "str",
        "empty": "str",
    }
    assert raw.index.equals(pd.RangeIndex(2))
    first = raw.iloc[0]
    assert first["numbered"] == "1"
    assert first["huge"] == str(2**63 + 5)
    assert first["zoned"] == pd.Timestamp("2019-12-31 23:00")
    assert first["delta"] == 1.5
    assert first["decimal"] == "1.20"
    pd.testing.assert_frame_equal(frame, before)


def test_polars_arrow_and_pandas_agree() -> None:
    data: dict[str, list[Any]] = {
        "t": ["x", None, "ü"],
        "n": [1, None, 3],
        "f": [0.5, None, 2.0],
        "b": [True, False, None],
        "d": [dt.datetime(2020, 1, 1, 12), None, dt.datetime(2021, 1, 1)],
    }
    polars = pl.DataFrame(data, schema_overrides={"d": pl.Datetime("us")})
    pandas = pd.DataFrame({**data, "n": pd.array(data["n"], dtype="Int64"), "b": pd.array(data["b"], dtype="boolean")})
    arrow = pa.table(data)
    expected = raw_frame(pandas, where="t")
    for table in (polars, arrow):
        pd.testing.assert_frame_equal(raw_frame(table, where="t"), expected)


def test_polars_categories() -> None:
    table = pl.DataFrame(
        {
            "c": pl.Series(["u", None, "v"], dtype=pl.Categorical),
            "e": pl.Series(["u", "v", "u"], dtype=pl.Enum(["u", "v"])),
        }
    )
    raw = raw_frame(table, where="t")
    assert [str(dtype) for dtype in raw.dtypes] == ["category", "category"]
    assert raw["c"].isna().tolist() == [False, True, False]
    assert raw["e"].tolist() == ["u", "v", "u"]


def test_names_that_are_not_text() -> None:
    assert list(raw_frame(pd.DataFrame([[1, 2]]), where="t").columns) == ["0", "1"]


def test_no_rows() -> None:
    raw = raw_frame(pd.DataFrame({"a": pd.Series([], dtype="str"), "c": pd.Categorical([])}), where="t")
    assert raw.shape == (0, 2)


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ([1, "a"], "values of several types (int, str)"),
        ([True, 1], "values of several types (bool, int)"),
        ([{"a": 1}, None], "not a plain value"),
        ([[1], [2]], "not a plain value"),
        ([b"a", b"b"], "not a plain value"),
        (["\ud800", "a"], "surrogates"),
        ([object(), object()], "object"),
        ([1 + 2j, 1j], "complex"),
    ],
)
def test_values_that_are_not_plain(values: list[Any], words: str) -> None:
    with pytest.raises(DataError) as caught:
        raw_frame(pd.DataFrame({"ok": [1, 2], "odd": pd.Series(values, dtype=object)}), where="the table")
    assert "column 'odd'" in caught.value.message
    assert words in caught.value.message


def test_repeated_names() -> None:
    for table in (pd.DataFrame([[1, 2]], columns=["a", "a"]), pd.DataFrame([[1, 2]], columns=[1, "1"])):
        with pytest.raises(DataError, match="columns of the same name"):
            raw_frame(table, where="t")


@pytest.mark.parametrize("table", [[1, 2], {"a": [1]}, np.zeros((2, 2)), None])
def test_things_that_are_no_tables(table: object) -> None:
    with pytest.raises(DataError, match="is not a table"):
        raw_frame(table, where="t")


def test_a_table_without_columns() -> None:
    with pytest.raises(DataError, match="no columns"):
        raw_frame(pd.DataFrame(index=[0, 1]), where="t")
