"""Judging predictions of texts: the job's metrics, the label that is taken, and the metrics of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.scoring import classification_metrics
from cloudautoml.spec.metrics import get_metric
from cloudautoml_local.tasks.tabular.decisions import decide, tune_scales

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from cloudautoml_local.tasks.neural.problem import Floats, Problem


def scales_for(problem: Problem, target: npt.NDArray[Any], found: Floats) -> tuple[float, ...]:
    """The factors on the probabilities that suit the metric that decides; empty where the likeliest class does."""
    if target.ndim == 2:
        return ()
    known = target >= 0
    return tune_scales(problem.metric, target[known], found[known], positive=problem.positive)


def measure(
    problem: Problem,
    target: npt.NDArray[Any],
    found: Floats,
    *,
    scales: tuple[float, ...] = (),
    names: Iterable[str] | None = None,
) -> dict[str, float]:
    """All metrics of predictions that are defined; rows of an unknown class do not count.

    Args:
        problem: What was to be learned.
        target: n codes, or n x classes labels.
        found: n x classes probabilities.
        scales: Factors on the probabilities before the label is taken.
        names: Metrics wanted; all unless given.
    """
    if not scales:
        return problem.metrics(target, found, None, names=names)
    known = target >= 0
    predicted = decide(found[known], scales)
    return classification_metrics(
        target[known], found[known], positive=problem.positive, predicted=predicted, names=names
    )


def score(problem: Problem, target: npt.NDArray[Any], found: Floats, *, scales: tuple[float, ...] = ()) -> float:
    """The metric that decides, higher is better; minus infinity where it is not defined."""
    value = measure(problem, target, found, scales=scales, names=[problem.metric]).get(problem.metric)
    return -np.inf if value is None else get_metric(problem.metric).to_score(value)


def decided(found: Floats, scales: tuple[float, ...], *, labels: bool) -> npt.NDArray[np.bool_]:
    """Which classes are taken for each row: n x classes."""
    if labels:
        return np.asarray(found >= 0.5)
    return np.asarray(decide(found, scales)[:, None] == np.arange(found.shape[1]))


def label_texts(problem: Problem, found: Floats, scales: tuple[float, ...]) -> npt.NDArray[np.object_]:
    """The label of each row, as text."""
    return np.asarray(problem.classes, dtype=object)[decide(found, scales)]
