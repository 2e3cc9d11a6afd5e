"""Columns of use: constants, empty ones and identifiers go, and everything that might teach stays."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest

from cloudautoml.data.columns import judge_columns
from cloudautoml.spec import ColumnType

NUMERIC, CATEGORICAL, TEXT = ColumnType.NUMERIC, ColumnType.CATEGORICAL, ColumnType.TEXT


def judge(name: str, values: Any, kind: ColumnType, *, declared: bool = False) -> tuple[bool, list[str]]:
    frame = pd.DataFrame(
        {name: pd.Series(values, dtype="float64" if kind is NUMERIC else "str"), "z": range(len(values))}
    )
    kept, findings = judge_columns(
        frame, {name: kind, "z": NUMERIC}, declared=frozenset({"z", *([name] if declared else [])})
    )
    return name in kept, [finding.code for finding in findings if finding.column == name]


@pytest.mark.parametrize(
    ("name", "values", "kind", "kept", "codes"),
    [
        ("a", [1.0] * 30, NUMERIC, False, ["column.constant"]),
        ("a", [1.0, None] * 30, NUMERIC, True, []),
        ("a", [None] * 30, CATEGORICAL, False, ["column.empty"]),
        ("a", [None] * 98 + ["x", "y"], CATEGORICAL, True, ["column.mostly_missing"]),
        ("a", [f"u{i}" for i in range(30)], CATEGORICAL, False, ["column.identifier"]),
        ("a", [f"u{i}" for i in range(10)], CATEGORICAL, True, []),
        ("a", [f"u{i}" for i in range(29)] + ["u0"], CATEGORICAL, True, []),
        ("a", [f"u{i}" for i in range(30)], TEXT, True, []),
        ("customer_id", [i * 1000 for i in range(30)], NUMERIC, False, ["column.identifier"]),
        ("PassengerId", [i * 1000 for i in range(30)], NUMERIC, False, ["column.identifier"]),
        ("Unnamed: 0", [i * 1000 for i in range(30)], NUMERIC, False, ["column.identifier"]),
        ("paid", [i * 1000 for i in range(30)], NUMERIC, True, []),
        ("humid", [i * 1000 for i in range(30)], NUMERIC, True, []),
        ("anything", [i + i // 5 for i in range(100)], NUMERIC, False, ["column.identifier"]),
        ("year", [1990 + i for i in range(30)], NUMERIC, True, []),
        ("price", [i + 0.5 for i in range(100)], NUMERIC, True, []),
        ("a", [f"u{i // 2}" for i in range(4000)], CATEGORICAL, True, ["column.high_cardinality"]),
    ],
)
def test_judgement(name: str, values: list[Any], kind: ColumnType, kept: bool, codes: list[str]) -> None:
    assert judge(name, values, kind) == (kept, codes)


def test_a_declared_column_stays_unless_it_is_empty() -> None:
    assert judge("a", [f"u{i}" for i in range(30)], CATEGORICAL, declared=True) == (True, [])
    assert judge("a", [None] * 30, CATEGORICAL, declared=True) == (False, ["column.empty"])


def test_nothing_left_is_an_error() -> None:
    kept, findings = judge_columns(pd.DataFrame({"a": [1.0, 1.0]}), {"a": NUMERIC}, declared=frozenset())
    assert kept == []
    assert [finding.code for finding in findings] == ["column.constant", "columns.none"]


def test_very_many_columns_are_told() -> None:
    names = [f"c{i}" for i in range(2001)]
    frame = pd.DataFrame({name: [0.0, 1.0] for name in names})
    _, findings = judge_columns(frame, dict.fromkeys(names, NUMERIC), declared=frozenset())
    assert [finding.code for finding in findings] == ["columns.many"]
