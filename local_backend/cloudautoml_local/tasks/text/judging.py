"""Judging predictions of texts: the job's metrics, the label that is taken, and the metrics of each class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.scoring import classification_metrics
from cloudautoml.scoring_labels import decided
from cloudautoml.spec.metrics import get_metric
from cloudautoml_local.tasks.tabular.decisions import decide, tune_scales

if TYPE_CHECKING:
    from collections.abc import Iterable

    import numpy.typing as npt

    from cloudautoml_local.tasks.neural.problem import Floats, Problem


_THRESHOLDS = (0.15, 0.2, 0.25, 0.3, 0.35, 0.4, 0.45, 0.5, 0.55, 0.6)
_WORTHWHILE = 0.002


def scales_for(problem: Problem, target: npt.NDArray[Any], found: Floats) -> tuple[float, ...]:
    """What suits the metric that decides, judged on rows that the model did not learn from.

    Returns:
        A factor on the probability of each class; of labels, one factor on the odds of all of them; empty where
        what is likeliest is as good.
    """
    if problem.kind != "multi_label":
        known = target >= 0
        return tune_scales(problem.metric, target[known], found[known], positive=problem.positive)
    factors = [(1 - threshold) / threshold for threshold in _THRESHOLDS]
    values = np.array([score(problem, target, found, scales=(factor,)) for factor in factors])
    if not np.isfinite(values).all() or values.max() < score(problem, target, found) + _WORTHWHILE:
        return ()
    return (factors[int(values.argmax())],)


def scaled(problem: Problem, found: Floats, scales: tuple[float, ...]) -> Floats:
    """Probabilities of labels after their factor, so that a label is taken from one half on; others as they are."""
    if problem.kind != "multi_label" or not scales:
        return found
    return np.asarray(found * scales[0] / (found * scales[0] + 1 - found))


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
        scales: What `scales_for` gave.
        names: Metrics wanted; all unless given.
    """
    if not scales or problem.kind == "multi_label":
        # labels are ranked and decided one by one, which a factor on the odds leaves meaningful
        return problem.metrics(target, scaled(problem, found, scales), None, names=names)
    known = target >= 0
    predicted = decide(found[known], scales)
    return classification_metrics(
        target[known], found[known], positive=problem.positive, predicted=predicted, names=names
    )


def score(problem: Problem, target: npt.NDArray[Any], found: Floats, *, scales: tuple[float, ...] = ()) -> float:
    """The metric that decides, higher is better; minus infinity where it is not defined."""
    value = measure(problem, target, found, scales=scales, names=[problem.metric]).get(problem.metric)
    return -np.inf if value is None else get_metric(problem.metric).to_score(value)


def taken(problem: Problem, found: Floats, scales: tuple[float, ...]) -> npt.NDArray[np.bool_]:
    """Which classes are taken for each row: n x classes."""
    if problem.kind == "multi_label":
        return np.asarray(decided(scaled(problem, found, scales)) > 0)
    return np.asarray(decide(found, scales)[:, None] == np.arange(found.shape[1]))


def labels_taken(problem: Problem, found: Floats, scales: tuple[float, ...]) -> list[Any]:
    """The class of each row as text, or its labels as a list of texts."""
    if problem.kind == "multi_label":
        rows = taken(problem, found, scales)
        return [[problem.classes[place] for place in np.flatnonzero(row)] for row in rows]
    return [problem.classes[code] for code in decide(found, scales)]
