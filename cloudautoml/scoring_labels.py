"""Scoring of multi-label classifiers: each label is a decision of its own, and a metric puts them together."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cloudautoml.scoring import binary_auc, binary_average_precision

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Floats = npt.NDArray[np.float64]
Matrix = npt.NDArray[np.uint8]

THRESHOLD = 0.5
"""Probability from which a label is predicted."""


def label_metrics(
    truth: Matrix, probabilities: Floats, *, weights: Floats | None = None, names: Iterable[str] | None = None
) -> dict[str, float]:
    """All metrics of a multi-label classifier that are defined, by name.

    Args:
        truth: n x k, 1 where a row has a label.
        probabilities: n x k probabilities, one of each label by itself.
        weights: n row weights; all equal unless given.
        names: Metrics wanted; all unless given.
    """
    values = {
        name: label_metric(name, truth, probabilities, weights=weights)
        for name in ((*_DECISIONS, *_RANKINGS) if names is None else names)
    }
    return {name: value for name, value in values.items() if np.isfinite(value)}


def label_metric(name: str, truth: Matrix, probabilities: Floats, *, weights: Floats | None = None) -> float:
    """One metric of a multi-label classifier; arguments as for `label_metrics`.

    A label that no row has counts as zero where decisions are averaged over labels, and is left out where rankings
    are. `accuracy` is the share of rows with every label right.

    Returns:
        The natural value; NaN where it is not defined.
    """
    if not len(truth) or not np.isfinite(probabilities).all():
        return float("nan")
    each = np.ones(len(truth)) if weights is None else np.asarray(weights, np.float64)
    if name in _RANKINGS:
        one = _RANKINGS[name]
        values = [one(truth[:, place] > 0, probabilities[:, place], each) for place in range(truth.shape[1])]
        defined = [value for value in values if np.isfinite(value)]
        return float(np.mean(defined)) if defined else float("nan")
    return _DECISIONS[name](truth > 0, decided(probabilities) > 0, each)


def decided(probabilities: Floats) -> Matrix:
    """The labels that probabilities come to: n x k, 1 where a label is predicted."""
    return (probabilities >= THRESHOLD).astype(np.uint8)


def by_label(truth: Matrix, predicted: Matrix, weights: Floats | None = None) -> tuple[Floats, Floats, Floats, Floats]:
    """Precision, recall, F1 and support of each label; zero where there is nothing to divide by."""
    each = np.ones(len(truth)) if weights is None else weights
    hits, found, actual = _counts(truth > 0, predicted > 0, each)
    return _ratio(hits, found), _ratio(hits, actual), _ratio(2 * hits, found + actual), actual


def _counts(truth: npt.NDArray[np.bool_], predicted: npt.NDArray[np.bool_], weights: Floats) -> tuple[Floats, ...]:
    return weights @ (truth & predicted), weights @ predicted, weights @ truth


def _ratio(part: Floats, whole: Floats) -> Floats:
    part, whole = np.asarray(part, np.float64), np.asarray(whole, np.float64)
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


Flags = npt.NDArray[np.bool_]


def _subset_accuracy(truth: Flags, predicted: Flags, weights: Floats) -> float:
    return float(np.average((truth == predicted).all(axis=1), weights=weights))


def _micro(truth: Flags, predicted: Flags, weights: Floats) -> float:
    hits, found, actual = (values.sum() for values in _counts(truth, predicted, weights))
    return float(_ratio(2 * hits, found + actual))


def _macro(precision: float, recall: float) -> Callable[[Flags, Flags, Floats], float]:
    """The mean over labels of the share of hits in so much of the predicted and so much of the true ones."""

    def metric(truth: Flags, predicted: Flags, weights: Floats) -> float:
        hits, found, actual = _counts(truth, predicted, weights)
        return float(_ratio(hits, precision * found + recall * actual).mean())

    return metric


def _weighted(truth: Flags, predicted: Flags, weights: Floats) -> float:
    hits, found, actual = _counts(truth, predicted, weights)
    return float(np.average(_ratio(2 * hits, found + actual), weights=actual)) if actual.sum() > 0 else 0.0


_DECISIONS: dict[str, Callable[[Flags, Flags, Floats], float]] = {
    "accuracy": _subset_accuracy,
    "f1_micro": _micro,
    "f1_macro": _macro(0.5, 0.5),
    "f1_weighted": _weighted,
    "precision_macro": _macro(1.0, 0.0),
    "recall_macro": _macro(0.0, 1.0),
}
_RANKINGS: dict[str, Callable[[Flags, Floats, Floats], float]] = {
    "roc_auc": binary_auc,
    "average_precision": binary_average_precision,
}
