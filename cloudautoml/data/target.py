"""Target checks: whether there is something to learn, and whether the metric can judge it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.coerce import label_text
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.label_checks import check_labels
from cloudautoml.data.names import did_you_mean, listed, short
from cloudautoml.spec import TabularClassification, TabularRegression

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cloudautoml.data.prepared import PreparedData
    from cloudautoml.spec import JobSpec

_MOST_CLASSES = 1000
_IMBALANCE = 0.01
_BINARY_ONLY = ("f1", "precision", "recall")


def match_label(label: object, classes: Sequence[str]) -> str | None:
    """The class that a label written in a spec means: `1` is also "1.0", and `true` is also "True".

    Args:
        label: As written: text, number or boolean.
        classes: The class labels of the data.

    Returns:
        One of `classes`, or None when there is no such class.
    """
    text = label_text(label)
    if text in classes:
        return text
    if isinstance(label, bool):
        same = [known for known in classes if known.casefold() == text.casefold()]
    elif isinstance(label, (int, float)):
        same = [known for known in classes if _number(known) == float(label)]
    else:
        same = []
    return same[0] if len(same) == 1 else None


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def check_target(train: pd.DataFrame, spec: JobSpec) -> list[Finding]:
    """Check the target of the rows to learn from.

    Args:
        train: Typed rows; the target is text for classification and float64 for regression, none missing.
        spec: The job.
    """
    column = str(getattr(spec.task, "target", ""))
    target = train[column]
    if isinstance(spec.task, TabularRegression):
        return _regression(target, spec)
    if getattr(spec.task, "multi_label", False):
        return check_labels(target, target=column, what="texts")
    return _classification(target, spec)


def _classification(target: pd.Series[Any], spec: JobSpec) -> list[Finding]:
    name = str(target.name)
    counts = target.value_counts()
    classes = [str(label) for label in counts.index]
    if len(counts) < 2:
        only = f"every row is of the class {short(classes[0])}" if classes else "no row has a class"
        return [Finding("target.one_class", Severity.ERROR, f"{only}; there is nothing to tell apart", name)]
    findings = [*_metric(spec, classes, name), *_positive(spec, classes, name)]
    many = len(classes) > _MOST_CLASSES or len(classes) > len(target) / 2
    if many:
        message = f"{len(classes):,} classes in {len(target):,} rows are too many to learn"
        hint = "merge rare classes, or use tabular_regression if the target is a number"
        return [*findings, Finding("target.too_many_classes", Severity.ERROR, message, name, hint)]
    single = [str(label) for label, count in counts.items() if count == 1]
    if single:
        message = (
            f"{'a class has' if len(single) == 1 else f'{len(single)} classes have'} a single row: {listed(single)}"
        )
        hint = "it can be learned or checked, not both: give it more rows, merge it or remove it"
        findings.append(Finding("target.single_row_class", Severity.ERROR, message, name, hint))
    elif counts.iloc[-1] < _IMBALANCE * len(target):
        message = f"the class {short(classes[-1])} has {int(counts.iloc[-1]):,} of {len(target):,} rows"
        hint = "accuracy hides rare classes; average_precision and f1_macro do not"
        findings.append(Finding("target.imbalanced", Severity.WARNING, message, name, hint))
    if len(classes) > 20 and all(_number(label) is not None for label in classes):
        message = f"{len(classes)} different numbers as classes"
        hint = "use tabular_regression if their distances matter"
        findings.append(Finding("target.looks_continuous", Severity.WARNING, message, name, hint))
    return findings


def _metric(spec: JobSpec, classes: list[str], name: str) -> list[Finding]:
    metric = spec.metric.name
    if metric not in _BINARY_ONLY or len(classes) == 2:
        return []
    others = [f"{metric}_macro", *(["f1_micro", "f1_weighted"] if metric == "f1" else [])]
    return [
        Finding(
            "metric.binary_only",
            Severity.ERROR,
            f"{metric} is about one of two classes, and there are {len(classes)}",
            name,
            f"set objective.metric to {' or '.join(others)}",
        )
    ]


def _positive(spec: JobSpec, classes: list[str], name: str) -> list[Finding]:
    positive = getattr(spec.task, "positive", None)
    if positive is None or match_label(positive, classes) is not None:
        return []
    return [
        Finding(
            "target.unknown_positive",
            Severity.ERROR,
            f"task.positive {positive!r} is not among the classes",
            name,
            f"{did_you_mean(label_text(positive), classes)}the classes are {listed(sorted(classes))}",
        )
    ]


def _regression(target: pd.Series[Any], spec: JobSpec) -> list[Finding]:
    name = str(target.name)
    distinct = int(target.nunique())
    if distinct < 2:
        message = f"every row has the value {target.iloc[0]:g}" if distinct else "no row has a value"
        return [Finding("target.constant", Severity.ERROR, f"{message}; there is nothing to learn", name)]
    findings: list[Finding] = []
    lowest = float(cast("float", target.min()))
    if spec.metric.name == "rmsle" and lowest < 0:
        message = f"rmsle needs values of zero and above, and the lowest is {lowest:g}"
        findings.append(
            Finding("metric.negative_target", Severity.ERROR, message, name, "set objective.metric to rmse")
        )
    if spec.metric.name == "mape" and bool((target == 0).any()):
        message = f"mape divides by the target, which is zero in {int((target == 0).sum()):,} rows"
        findings.append(Finding("metric.zero_target", Severity.WARNING, message, name, "set objective.metric to mae"))
    if distinct == 2:
        message = "two different values only"
        hint = "use tabular_classification if they are classes"
        findings.append(Finding("target.looks_binary", Severity.WARNING, message, name, hint))
    return findings


def positive_code(spec: JobSpec, data: PreparedData) -> int:
    """Code of the class that binary metrics are about: the one that the spec names, else the rarer one.

    Args:
        spec: A classification job.
        data: Its data.
    """
    classes = data.schema.classes or ()
    named = spec.task.positive if isinstance(spec.task, TabularClassification) else None
    label = None if named is None else match_label(named, classes)
    if label is None:
        label = str(data.train[data.schema.target].value_counts().idxmin())
    return classes.index(label)
