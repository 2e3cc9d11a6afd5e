"""Guardrails over whole tables: too little, too often, out of order, wrongly weighted."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

from cloudautoml.data import ColumnInfo, Finding, Schema, Severity, check_table
from cloudautoml.data.guardrails import check_weight, in_order
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.spec import JobSpec


def schema(**kinds: ColumnType) -> Schema:
    features = tuple(ColumnInfo(name, kind, nullable=False) for name, kind in kinds.items())
    return Schema(features, "y", ColumnType.CATEGORICAL, ("a", "b"))


def rows(count: int, *, start: int = 0, **columns: Any) -> pd.DataFrame:
    labels = pd.Series(["a", "b"] * (count // 2 + 1), dtype="str")[:count]
    return pd.DataFrame({"x": (np.arange(count) * 7919 + start) % 104_729 + 0.5, "y": labels, **columns})


def codes(findings: list[Finding]) -> list[str]:
    return [finding.code for finding in findings]


@pytest.mark.parametrize(("count", "expected"), [(8, ["rows.too_few"]), (40, ["rows.few"]), (60, [])])
def test_row_counts(classify: Callable[..., JobSpec], count: int, expected: list[str]) -> None:
    assert codes(check_table(rows(count), None, schema(x=ColumnType.NUMERIC), classify("t.csv"))) == expected


def test_repeated_rows_on_one_side(classify: Callable[..., JobSpec]) -> None:
    frame = pd.concat([rows(100), rows(10)], ignore_index=True)
    (finding,) = check_table(frame, None, schema(x=ColumnType.NUMERIC), classify("t.csv"))
    assert (finding.code, finding.severity) == ("rows.duplicates", Severity.WARNING)
    assert finding.message.startswith("10 of 110 rows")


def test_rows_on_both_sides_of_the_split(classify: Callable[..., JobSpec]) -> None:
    train, holdout = rows(100), pd.concat([rows(4), rows(20, start=1)], ignore_index=True)
    (finding,) = check_table(train, holdout, schema(x=ColumnType.NUMERIC), classify("t.csv"))
    assert (finding.code, finding.severity) == ("holdout.duplicates", Severity.WARNING)
    assert finding.message.startswith("4 of 24 sealed rows")


def test_classes_that_only_the_sealed_rows_have(classify: Callable[..., JobSpec]) -> None:
    holdout = rows(20, start=1)
    holdout.loc[:2, "y"] = "c"
    (finding,) = check_table(rows(100), holdout, schema(x=ColumnType.NUMERIC), classify("t.csv"))
    assert (finding.code, finding.column) == ("holdout.unseen_classes", "y")
    assert "3 sealed rows" in finding.message
    assert "'c'" in finding.message


def test_rows_from_the_future(classify: Callable[..., JobSpec]) -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=100)).astype("datetime64[us]")
    kinds = schema(x=ColumnType.NUMERIC, t=ColumnType.DATETIME)
    spec = classify("t.csv", data_fields={"test": "u.csv", "holdout": {"time": "t"}})
    train = rows(100, t=days)
    (finding,) = check_table(train, rows(20, start=1, t=days[80:].reset_index(drop=True)), kinds, spec)
    assert (finding.code, finding.column) == ("holdout.time_travel", "t")
    assert finding.message.startswith("19 rows")
    later = (days[:20] + pd.Timedelta(days=100)).astype("datetime64[us]")
    assert check_table(train, rows(20, start=1, t=later), kinds, spec) == []


def test_times_and_a_random_split(classify: Callable[..., JobSpec]) -> None:
    days = pd.Series(pd.date_range("2024-01-01", periods=100)).astype("datetime64[us]")
    kinds = schema(x=ColumnType.NUMERIC, t=ColumnType.DATETIME)
    found = check_table(rows(100, t=days), rows(20, start=1, t=days[:20]), kinds, classify("t.csv"))
    assert codes(found) == ["holdout.random_over_time"]
    assert "data.holdout.time" in found[0].hint


@pytest.mark.parametrize(
    ("weights", "expected"),
    [
        ([1.0, 0.0, 2.5], []),
        ([1.0, -0.5, 2.0], ["weight.negative"]),
        ([1.0, None, -1.0], ["weight.missing", "weight.negative"]),
        ([0.0, 0.0, 0.0], ["weight.zero"]),
    ],
)
def test_weights(weights: list[float | None], expected: list[str]) -> None:
    found = check_weight(pd.Series(weights, dtype="float64", name="w"))
    assert codes(found) == expected
    assert all(finding.severity is Severity.ERROR and finding.column == "w" for finding in found)


def test_errors_come_first() -> None:
    made = [Finding(str(i), severity, "") for i, severity in enumerate([*Severity, *Severity])]
    assert codes(in_order(made)) == ["2", "5", "1", "4", "0", "3"]


def test_a_finding_as_text_and_json() -> None:
    finding = Finding("a.b", Severity.WARNING, "what", "col", "do")
    assert str(finding) == "warning a.b: column 'col': what (do)"
    assert Finding.from_dict(finding.to_dict()) == finding
    assert Finding.from_dict(Finding("c", Severity.INFO, "x").to_dict()) == Finding("c", Severity.INFO, "x")


def test_fifty_thousand_rows_take_under_two_seconds(classify: Callable[..., JobSpec]) -> None:
    rng = np.random.default_rng(0)
    frame = pd.DataFrame({f"n{i}": rng.normal(size=50_000) for i in range(20)})
    for i in range(10):
        frame[f"c{i}"] = pd.Series(rng.integers(0, 10 ** (i // 2 + 1), 50_000).astype(str), dtype="str")
    kinds = {name: ColumnType.NUMERIC if name[0] == "n" else ColumnType.CATEGORICAL for name in frame.columns}
    frame["y"] = pd.Series(rng.choice(["a", "b"], 50_000), dtype="str")
    start = time.process_time()
    found = check_table(frame[:40_000], frame[40_000:], schema(**kinds), classify("t.csv"))
    assert time.process_time() - start < 2
    assert found == []
