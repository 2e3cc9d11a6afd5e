"""Guardrails: everything worth knowing about typed data before any time or money is spent on it."""

from __future__ import annotations

from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.labels import label_counts
from cloudautoml.data.leakage import check_leakage
from cloudautoml.data.names import listed
from cloudautoml.data.target import check_target
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.schema import Schema
    from cloudautoml.spec import JobSpec

_FEWEST_ROWS = 10
_FEW_ROWS = 50


def check_table(
    train: pd.DataFrame,
    holdout: pd.DataFrame | None,
    schema: Schema,
    spec: JobSpec,
    *,
    left_out: Mapping[str, ColumnType] = MappingProxyType({}),
) -> list[Finding]:
    """Check typed rows; nothing is changed and nothing is trained.

    Args:
        train: Rows to learn from: features, target and weight as `PreparedData` has them.
        holdout: Sealed rows, alike; None when nothing is sealed.
        schema: The columns and their roles.
        spec: The job.
        left_out: Other columns of `train`, no features any more, that may still tell how the rows were made.

    Returns:
        Findings, errors first.
    """
    findings = _row_count(train)
    if schema.target is not None and len(train):
        findings += check_target(train, spec)
        types = {**{feature.name: feature.type for feature in schema.features}, **left_out}
        findings += check_leakage(train, types, target=schema.target, classification=schema.classes is not None)
    findings += _duplicates(train, holdout, schema)
    if holdout is not None:
        findings += _unseen_classes(holdout, schema, several=bool(getattr(spec.task, "multi_label", False)))
        findings += _order_in_time(train, holdout, schema, spec)
    return in_order(findings)


def in_order(findings: list[Finding]) -> list[Finding]:
    """Errors first, then warnings; otherwise in the order in which they were found."""
    rank = {Severity.ERROR: 0, Severity.WARNING: 1, Severity.INFO: 2}
    return sorted(findings, key=lambda finding: rank[finding.severity])


def check_weight(weight: pd.Series[Any]) -> list[Finding]:
    """Check row weights: each has one, none is below zero, some are above.

    Args:
        weight: float64, one a row.
    """
    name = str(weight.name)
    findings: list[Finding] = []
    if missing := int(weight.isna().sum()):
        findings.append(Finding("weight.missing", Severity.ERROR, f"{missing:,} rows have no weight", name))
    if negative := int((weight < 0).sum()):
        message = f"{negative:,} rows have a weight below zero, the lowest is {weight.min():g}"
        findings.append(Finding("weight.negative", Severity.ERROR, message, name))
    if not findings and not bool((weight > 0).any()):
        findings.append(Finding("weight.zero", Severity.ERROR, "no row has a weight above zero", name))
    return findings


def _row_count(train: pd.DataFrame) -> list[Finding]:
    rows = len(train)
    if rows < _FEWEST_ROWS:
        message = f"{rows} rows to learn from; at least {_FEWEST_ROWS} are needed"
        return [Finding("rows.too_few", Severity.ERROR, message, hint="give more rows")]
    if rows < _FEW_ROWS:
        message = f"{rows} rows to learn from: every score will be very uncertain"
        return [Finding("rows.few", Severity.WARNING, message)]
    return []


def _row_hashes(frame: pd.DataFrame, names: list[str]) -> npt.NDArray[np.uint64]:
    import numpy as np
    import pandas as pd

    return np.asarray(pd.util.hash_pandas_object(frame[names], index=False), dtype=np.uint64)


def _duplicates(train: pd.DataFrame, holdout: pd.DataFrame | None, schema: Schema) -> list[Finding]:
    import numpy as np

    if not schema.features or not len(train):
        return []
    findings: list[Finding] = []
    mine = _row_hashes(train, schema.names)
    repeated = len(mine) - len(np.unique(mine))
    if repeated:
        message = f"{repeated:,} of {len(train):,} rows to learn from repeat the features of another"
        hint = "validation scores rise when copies fall on both sides; remove copies that are accidents"
        severity = Severity.WARNING if repeated > len(train) / 100 else Severity.INFO
        findings.append(Finding("rows.duplicates", severity, message, hint=hint))
    if holdout is not None and len(holdout):
        shared = int(np.isin(_row_hashes(holdout, schema.names), mine).sum())
        if shared:
            message = f"{shared:,} of {len(holdout):,} sealed rows have the features of a row to learn from"
            hint = "the sealed score is too good by that much; remove the copies or split by data.holdout.group"
            findings.append(Finding("holdout.duplicates", Severity.WARNING, message, hint=hint))
    return findings


def _unseen_classes(holdout: pd.DataFrame, schema: Schema, *, several: bool) -> list[Finding]:
    if schema.classes is None or schema.target is None:
        return []
    target = holdout[schema.target]
    counts = label_counts(target) if several else target.value_counts()
    held = {str(label): int(count) for label, count in counts.items()}
    unseen = sorted(set(held) - set(schema.classes))
    if not unseen:
        return []
    rows = sum(held[label] for label in unseen)
    message = f"{rows:,} sealed rows are of classes that no model can learn: {listed(unseen)}"
    return [Finding("holdout.unseen_classes", Severity.WARNING, message, schema.target, "split in another way")]


def _order_in_time(train: pd.DataFrame, holdout: pd.DataFrame, schema: Schema, spec: JobSpec) -> list[Finding]:
    times = [feature.name for feature in schema.features if feature.type is ColumnType.DATETIME]
    wanted = spec.data.holdout.time if spec.data.holdout is not None else None
    if wanted is None:
        if not times or spec.data.test is not None:
            return []
        message = f"rows have times ({listed(times)}) and the sealed ones are drawn at random"
        hint = f"if the model is to predict the future, set data.holdout.time to {times[0]!r}"
        return [Finding("holdout.random_over_time", Severity.INFO, message, hint=hint)]
    if wanted not in train.columns:
        return []
    first, last = holdout[wanted].min(), train[wanted].max()
    if last <= first:
        return []
    late = int((train[wanted] > first).sum())
    message = f"{late:,} rows to learn from are later than the first sealed row ({first})"
    return [Finding("holdout.time_travel", Severity.WARNING, message, wanted, "cut data.train before data.test begins")]
