"""Target checks: nothing to learn, nothing to judge by, and labels that mean what was written."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from cloudautoml.data import Severity, match_label
from cloudautoml.data.target import check_target

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.spec import JobSpec


def found(labels: list[str], spec: JobSpec) -> dict[str, Severity]:
    frame = pd.DataFrame({"y": pd.Series(labels, dtype="str")})
    return {finding.code: finding.severity for finding in check_target(frame, spec)}


def found_numbers(values: list[float], spec: JobSpec) -> dict[str, Severity]:
    return {finding.code: finding.severity for finding in check_target(pd.DataFrame({"y": values}), spec)}


@pytest.mark.parametrize(
    ("labels", "expected"),
    [
        (["a", "b"] * 50, {}),
        (["a"] * 50, {"target.one_class": Severity.ERROR}),
        (["a"] * 50 + ["b"], {"target.single_row_class": Severity.ERROR}),
        (["a"] * 500 + ["b"] * 2, {"target.imbalanced": Severity.WARNING}),
        ([f"c{i}" for i in range(50)], {"target.too_many_classes": Severity.ERROR}),
        ([f"c{i // 5}" for i in range(50_000)], {"target.too_many_classes": Severity.ERROR}),
        ([f"{i % 25}.5" for i in range(500)], {"target.looks_continuous": Severity.WARNING}),
        ([f"c{i % 25}" for i in range(500)], {}),
    ],
)
def test_classes(classify: Callable[..., JobSpec], labels: list[str], expected: dict[str, Severity]) -> None:
    assert found(labels, classify("t.csv")) == expected


def test_single_rows_are_named_with_counts(classify: Callable[..., JobSpec]) -> None:
    frame = pd.DataFrame({"y": ["a"] * 20 + ["b", "c"]})
    (finding,) = check_target(frame, classify("t.csv"))
    assert finding.message == "2 classes have a single row: 'b', 'c'"
    assert finding.column == "y"
    assert finding.hint


@pytest.mark.parametrize("metric", ["f1", "precision", "recall"])
def test_binary_metrics_need_two_classes(classify: Callable[..., JobSpec], metric: str) -> None:
    spec = classify("t.csv", metric=metric)
    assert found(["a", "b"] * 20, spec) == {}
    (finding,) = check_target(pd.DataFrame({"y": ["a", "b", "c"] * 20}), spec)
    assert finding.code == "metric.binary_only"
    assert f"{metric}_macro" in finding.hint


def test_an_unknown_positive_class_gets_a_guess(classify: Callable[..., JobSpec]) -> None:
    (finding,) = check_target(pd.DataFrame({"y": ["Yes", "No"] * 20}), classify("t.csv", positive="yes"))
    assert finding.code == "target.unknown_positive"
    assert "did you mean 'Yes'?" in finding.hint
    assert found(["Yes", "No"] * 20, classify("t.csv", positive="Yes")) == {}


@pytest.mark.parametrize(
    ("label", "classes", "match"),
    [
        ("a", ["a", "b"], "a"),
        (1, ["0", "1"], "1"),
        (1, ["0.0", "1.0"], "1.0"),
        (1.0, ["0", "1"], "1"),
        (True, ["False", "True"], "True"),
        (True, ["false", "true"], "true"),
        ("1", ["0.0", "1.0"], None),
        (2, ["0", "1"], None),
        (1, ["1.0", "1.00"], None),
    ],
)
def test_what_a_written_label_means(label: object, classes: list[str], match: str | None) -> None:
    assert match_label(label, classes) == match


@pytest.mark.parametrize(
    ("values", "metric", "expected"),
    [
        ([0.5 * i for i in range(50)], None, {}),
        ([1.0] * 50, None, {"target.constant": Severity.ERROR}),
        ([0.0, 1.0] * 25, None, {"target.looks_binary": Severity.WARNING}),
        ([-1.0, *map(float, range(50))], "rmsle", {"metric.negative_target": Severity.ERROR}),
        ([float(i) for i in range(50)], "rmsle", {}),
        ([float(i) for i in range(50)], "mape", {"metric.zero_target": Severity.WARNING}),
    ],
)
def test_numbers(
    regress: Callable[..., JobSpec], values: list[float], metric: str | None, expected: dict[str, Any]
) -> None:
    assert found_numbers(values, regress("t.csv", metric=metric)) == expected
