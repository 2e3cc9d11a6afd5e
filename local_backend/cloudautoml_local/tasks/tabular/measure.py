"""Measuring predictions of a table's rows by the job's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cloudautoml.scoring import classification_metrics, regression_metrics
from cloudautoml.spec.metrics import get_metric
from cloudautoml_local.tasks.tabular.decisions import decide, tune_scales

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from cloudautoml_local.tasks.tabular.families.base import Floats, Rows
    from cloudautoml_local.tasks.tabular.table import TableInfo

    Flags = npt.NDArray[np.bool_]


def measure(
    rows: Rows,
    found: Floats,
    which: Flags,
    info: TableInfo,
    *,
    scales: tuple[float, ...] = (),
    names: Iterable[str] | None = None,
) -> dict[str, float]:
    """All metrics of predictions that are defined, over some of the rows.

    Args:
        rows: The rows with their truth.
        found: n x k probabilities, or n numbers.
        which: The rows that count.
        info: What was to be learned.
        scales: Factors on the probabilities before the label is taken.
        names: Metrics wanted; all unless given.
    """
    weight = None if rows.weight is None else rows.weight[which]
    if info.kind == "regression":
        return regression_metrics(rows.target[which], found[which], weights=weight, names=names)
    return classification_metrics(
        rows.target[which].astype(np.int64),
        found[which],
        weights=weight,
        positive=info.positive,
        predicted=decide(found[which], scales) if scales else None,
        names=names,
    )


def score(rows: Rows, found: Floats, which: Flags, info: TableInfo, *, scales: tuple[float, ...] = ()) -> float:
    """The metric that decides, over some of the rows; higher is better, minus infinity where it is not defined."""
    value = measure(rows, found, which, info, scales=scales, names=[info.metric]).get(info.metric)
    return -float("inf") if value is None else get_metric(info.metric).to_score(value)


def scales_for(rows: Rows, found: Floats, which: Flags, info: TableInfo) -> tuple[float, ...]:
    """The factors on the probabilities that suit the metric that decides, judged on some of the rows."""
    if info.kind == "regression":
        return ()
    weight = None if rows.weight is None else rows.weight[which]
    codes = rows.target[which].astype(np.int64)
    return tune_scales(info.metric, codes, found[which], weights=weight, positive=info.positive)
