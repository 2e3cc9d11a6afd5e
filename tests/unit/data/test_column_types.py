"""Types: what raw values are taken for, and that reading them as that loses nothing."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.data.coerce import coerce, label_text, text_values
from cloudautoml.data.infer import infer_type
from cloudautoml.spec import ColumnType


def text(*values: str | None) -> pd.Series[Any]:
    return pd.Series(list(values), dtype="str", name="c")


def inferred(*values: str | None) -> ColumnType:
    return infer_type(text(*values))[0]


def codes(column: pd.Series[Any]) -> list[str]:
    return [finding.code for finding in infer_type(column)[1]]


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-2", "+3"], ColumnType.NUMERIC),
        (["1.5", ".5", "5.", "1e-3", "2E+05"], ColumnType.NUMERIC),
        ([" 1", "2 ", "", None, " "], ColumnType.NUMERIC),
        (["0", "0.5", "-0"], ColumnType.NUMERIC),
        (["00501", "10001"], ColumnType.CATEGORICAL),
        (["-01", "2"], ColumnType.CATEGORICAL),
        (["0x10", "1"], ColumnType.CATEGORICAL),
        (["1_000", "2"], ColumnType.CATEGORICAL),
        (["1,5", "2,5"], ColumnType.CATEGORICAL),
        (["\u0661", "\u0662"], ColumnType.CATEGORICAL),
        (["inf", "-inf"], ColumnType.CATEGORICAL),
        (["nan", "1"], ColumnType.CATEGORICAL),
        (["true", "False", "TRUE"], ColumnType.BOOLEAN),
        (["yes", "no"], ColumnType.CATEGORICAL),
        (["2024-01-31", "2024-02-01"], ColumnType.DATETIME),
        (["2024-01-31T12:00:00Z", "2024-01-31 12:00:00.123456+02:00"], ColumnType.DATETIME),
        (["2024/01/31", "2024/02/01 12:30"], ColumnType.DATETIME),
        (["31.01.2024", "01.02.2024"], ColumnType.DATETIME),
        (["9999-12-31", "0001-01-01"], ColumnType.DATETIME),
        (["01/02/2024", "03/04/2024"], ColumnType.CATEGORICAL),
        (["2024-02-30", "2024-01-01"], ColumnType.CATEGORICAL),
        ([None, ""], ColumnType.CATEGORICAL),
        (["Bern", "Basel"], ColumnType.CATEGORICAL),
    ],
)
def test_inferred_types(values: list[str | None], kind: ColumnType) -> None:
    assert inferred(*values) is kind


def test_prose_is_text_and_repeated_phrases_are_not() -> None:
    prose = [f"the parcel number {i} came late again" for i in range(50)]
    assert inferred(*prose) is ColumnType.TEXT
    assert inferred(*(["it came far too late"] * 50 + ["it never came at all"] * 50)) is ColumnType.CATEGORICAL
    assert inferred(*[f"code{i}" for i in range(50)]) is ColumnType.CATEGORICAL


@pytest.mark.parametrize(
    ("column", "expected"),
    [
        (text("00501", "10001"), ["column.leading_zeros"]),
        (text("9007199254740993", "1"), ["column.large_integers"]),
        (text("9" * 30, "1"), ["column.large_integers"]),
        (text("9007199254740992", "1"), []),
        (text("1e400", "1"), ["column.infinite"]),
        (text("1", "-Infinity"), ["column.infinite"]),
        (text("01/02/2024", "3/4/24"), ["column.ambiguous_dates"]),
        (text(*["1"] * 19, "?"), ["column.mostly_numbers"]),
        (text(*["1"] * 17, "?", "!", "-"), []),
        (text(*["2024-01-01"] * 19, "2024-02-30"), ["column.mostly_times"]),
        (pd.Series([2**53 + 1, 0]), ["column.large_integers"]),
        (pd.Series([-(2**63), 0]), ["column.large_integers"]),
        (pd.Series([2**53, -(2**53)]), []),
        (pd.Series([math.inf, 0.0]), ["column.infinite"]),
        (pd.array([1, None], dtype="Int64"), []),
    ],
)
def test_findings_say_why_a_column_is_not_what_it_seems(column: Any, expected: list[str]) -> None:
    assert codes(pd.Series(column, name="c")) == expected


def test_typed_columns_keep_their_type() -> None:
    assert infer_type(pd.Series(["1", "2"], dtype="category"))[0] is ColumnType.CATEGORICAL
    assert infer_type(pd.Series([True, None], dtype="boolean"))[0] is ColumnType.BOOLEAN
    assert infer_type(pd.Series([1, None], dtype="Int64"))[0] is ColumnType.NUMERIC
    assert infer_type(pd.Series([0.5]))[0] is ColumnType.NUMERIC
    assert infer_type(pd.Series(pd.to_datetime(["2020-01-01"])))[0] is ColumnType.DATETIME
    assert infer_type(pd.Series([None, None], dtype="Int64"))[0] is ColumnType.NUMERIC


@given(st.lists(st.floats(allow_nan=False, allow_infinity=False), min_size=1))
def test_numbers_written_as_text_come_back_bit_by_bit(numbers: list[float]) -> None:
    coerced = coerce(text(*[repr(number) for number in numbers]), ColumnType.NUMERIC)
    assert not coerced.bad.any()
    assert coerced.values.to_numpy().tobytes() == np.array(numbers).tobytes()


@given(st.lists(st.integers(-(2**53), 2**53), min_size=1))
def test_inferred_whole_numbers_are_exact(numbers: list[int]) -> None:
    column = text(*[str(number) for number in numbers])
    assert infer_type(column) == (ColumnType.NUMERIC, [])
    assert [int(value) for value in coerce(column, ColumnType.NUMERIC).values] == numbers


@given(st.lists(st.one_of(st.none(), st.text(st.characters(exclude_categories=["Cs"]))), min_size=1))
def test_inference_never_picks_a_type_that_cannot_be_read(values: list[str | None]) -> None:
    column = text(*values)
    kind, findings = infer_type(column)
    if not any(finding.code == "column.infinite" for finding in findings):
        coerced = coerce(column, kind)
        assert not coerced.bad.any()
        filled = [
            value is not None and (kind in {ColumnType.CATEGORICAL, ColumnType.TEXT} or bool(value.strip()))
            for value in values
        ]
        assert coerced.values.notna().tolist() == filled


def test_bad_values_are_marked_and_missing() -> None:
    coerced = coerce(text("1", "x", None, "inf", "1e400", " "), ColumnType.NUMERIC)
    assert coerced.bad.tolist() == [False, True, False, True, True, False]
    assert coerced.values.isna().tolist() == [False, True, True, True, True, True]
    assert coerce(pd.Series([math.inf, 1.0, math.nan]), ColumnType.NUMERIC).bad.tolist() == [True, False, False]


def test_times_are_utc_without_zone() -> None:
    values = coerce(
        text("2024-01-31T12:00:00+02:00", "2024/01/31 10:00", "31.01.2024", None), ColumnType.DATETIME
    ).values
    assert str(values.dtype) == "datetime64[us]"
    assert [str(value) for value in values] == [
        "2024-01-31 10:00:00",
        "2024-01-31 10:00:00",
        "2024-01-31 00:00:00",
        "NaT",
    ]
    assert coerce(text("31.02.2024", "soon"), ColumnType.DATETIME).bad.tolist() == [True, True]
    assert coerce(pd.Series([20240131, None], dtype="Int64"), ColumnType.DATETIME).bad.tolist() == [True, False]


def test_times_are_not_numbers_unless_written_as_such() -> None:
    assert coerce(pd.Series(pd.to_datetime(pd.Series(["2020-01-01", None]))), ColumnType.NUMERIC).bad.tolist() == [
        True,
        False,
    ]


def test_booleans_in_every_spelling() -> None:
    coerced = coerce(text("yes", "N", "TRUE", "f", "1", "0", None, " ", "maybe"), ColumnType.BOOLEAN)
    assert coerced.values.tolist()[:6] == ["True", "False", "True", "False", "True", "False"]
    assert coerced.bad.tolist() == [False] * 8 + [True]
    assert coerce(pd.Series([1.0, 0.0]), ColumnType.BOOLEAN).values.tolist() == ["True", "False"]
    assert coerce(pd.Series([True, None], dtype="boolean"), ColumnType.BOOLEAN).values.isna().tolist() == [False, True]


@pytest.mark.parametrize(
    ("value", "label"),
    [
        (1, "1"),
        (1.0, "1"),
        (-0.5, "-0.5"),
        (True, "True"),
        (np.bool_(False), "False"),
        (np.float64(3), "3"),
        ("1.0", "1.0"),
    ],
)
def test_labels_as_text(value: object, label: str) -> None:
    assert label_text(value) == label


def test_text_of_typed_columns() -> None:
    assert text_values(pd.Series([1, None], dtype="Int64")).tolist()[0] == "1"
    assert text_values(pd.Series([1.0, 2.5, None])).tolist()[:2] == ["1", "2.5"]
    assert text_values(pd.Series([True, False])).tolist() == ["True", "False"]
    assert text_values(pd.Series(pd.to_datetime(["2020-01-01"]))).tolist() == ["2020-01-01T00:00:00"]
    assert str(text_values(pd.Series([None, None], dtype="float64")).dtype) == "str"
