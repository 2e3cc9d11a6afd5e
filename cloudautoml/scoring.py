"""Scoring: every metric that a classifier or a regressor can be sorted by, from plain arrays of predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cloudautoml.spec.metrics import METRICS, Needs

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]
Flags = npt.NDArray[np.bool_]

_TINY = 1e-15


def classification_metric(
    name: str,
    truth: Codes,
    probabilities: Floats,
    *,
    weights: Floats | None = None,
    positive: int = 1,
    predicted: Codes | None = None,
) -> float:
    """One metric of a classifier.

    Args:
        name: Canonical name.
        truth: n class codes, 0 to k - 1.
        probabilities: n rows of k probabilities.
        weights: n row weights; all equal unless given.
        positive: Code of the class that binary metrics are about.
        predicted: n predicted codes; the most probable class unless given.

    Returns:
        The natural value; NaN where it is not defined (one class only, a probability that is NaN).
    """
    if not np.isfinite(probabilities).all() or not len(truth):
        return float("nan")
    if METRICS[name].needs is Needs.PROBABILITIES:
        return _PROBABILITY[name](truth, probabilities, _weights(weights, len(truth)), positive)
    codes = probabilities.argmax(axis=1) if predicted is None else predicted
    table = confusion(truth, codes, probabilities.shape[1], weights=weights)
    return _LABEL[name](table, positive)


def regression_metric(name: str, truth: Floats, values: Floats, *, weights: Floats | None = None) -> float:
    """One metric of a regressor.

    Args:
        name: Canonical name.
        truth: n numbers.
        values: n predictions.
        weights: n row weights; all equal unless given.

    Returns:
        The natural value; NaN where it is not defined (a constant truth, a prediction that is NaN).
    """
    if not np.isfinite(values).all() or not len(truth):
        return float("nan")
    return _VALUE[name](np.asarray(truth, np.float64), np.asarray(values, np.float64), _weights(weights, len(truth)))


def classification_metrics(
    truth: Codes,
    probabilities: Floats,
    *,
    weights: Floats | None = None,
    positive: int = 1,
    predicted: Codes | None = None,
    names: Iterable[str] | None = None,
) -> dict[str, float]:
    """All metrics of a classifier that are defined, by name; arguments as for `classification_metric`."""
    binary = probabilities.shape[1] == 2
    wanted = [name for name in (*_PROBABILITY, *_LABEL) if binary or name not in _BINARY_ONLY]
    values = {
        name: classification_metric(name, truth, probabilities, weights=weights, positive=positive, predicted=predicted)
        for name in (wanted if names is None else names)
    }
    return {name: value for name, value in values.items() if np.isfinite(value)}


def regression_metrics(
    truth: Floats, values: Floats, *, weights: Floats | None = None, names: Iterable[str] | None = None
) -> dict[str, float]:
    """All metrics of a regressor that are defined, by name; arguments as for `regression_metric`."""
    found = {name: regression_metric(name, truth, values, weights=weights) for name in names or _VALUE}
    return {name: value for name, value in found.items() if np.isfinite(value)}


def confusion(truth: Codes, predicted: Codes, classes: int, *, weights: Floats | None = None) -> Floats:
    """Summed weights by true class (rows) and predicted class (columns)."""
    table = np.bincount(truth * classes + predicted, weights=weights, minlength=classes * classes)
    return table.reshape(classes, classes).astype(np.float64)


def _weights(weights: Floats | None, count: int) -> Floats:
    return np.ones(count) if weights is None else np.asarray(weights, np.float64)


# from probabilities -------------------------------------------------------------------------------------


def _curve(truth: Flags, scores: Floats, weights: Floats) -> tuple[Floats, Floats]:
    """Summed weights of true and false positives at each distinct score, from the highest down."""
    order = np.argsort(-scores, kind="stable")
    hits = np.cumsum(np.where(truth[order], weights[order], 0.0))
    misses = np.cumsum(np.where(truth[order], 0.0, weights[order]))
    last = np.flatnonzero(np.append(np.diff(scores[order]) != 0, True))
    return hits[last], misses[last]


def binary_auc(truth: Flags, scores: Floats, weights: Floats) -> float:
    """Area under the ROC curve; NaN when one of the classes has no weight."""
    hits, misses = _curve(truth, scores, weights)
    if hits[-1] <= 0 or misses[-1] <= 0:
        return float("nan")
    area = np.trapezoid(np.concatenate(([0.0], hits)), np.concatenate(([0.0], misses)))
    return float(area / (hits[-1] * misses[-1]))


def binary_average_precision(truth: Flags, scores: Floats, weights: Floats) -> float:
    """Area under the precision-recall curve by steps; NaN when the positive class has no weight."""
    hits, misses = _curve(truth, scores, weights)
    if hits[-1] <= 0:
        return float("nan")
    found = hits + misses
    precision = np.divide(hits, found, out=np.zeros_like(hits), where=found > 0)
    return float(np.sum(np.diff(hits / hits[-1], prepend=0.0) * precision))


def _over_classes(one: Callable[[Flags, Floats, Floats], float]) -> Callable[[Codes, Floats, Floats, int], float]:
    """A measure of one class against the rest as a metric: of the positive class, or the mean over several classes."""

    def metric(truth: Codes, probabilities: Floats, weights: Floats, positive: int) -> float:
        classes = probabilities.shape[1]
        if classes == 2:
            return one(truth == positive, probabilities[:, positive], weights)
        values = [one(truth == code, probabilities[:, code], weights) for code in range(classes)]
        defined = [value for value in values if np.isfinite(value)]
        return float(np.mean(defined)) if defined else float("nan")

    return metric


def _log_loss(truth: Codes, probabilities: Floats, weights: Floats, _positive: int) -> float:
    total = probabilities.sum(axis=1)
    taken = probabilities[np.arange(len(truth)), truth] / np.where(total > 0, total, 1.0)
    return float(np.average(-np.log(np.clip(taken, _TINY, 1.0)), weights=weights))


def _brier(truth: Codes, probabilities: Floats, weights: Floats, positive: int) -> float:
    if probabilities.shape[1] == 2:
        return float(np.average((probabilities[:, positive] - (truth == positive)) ** 2, weights=weights))
    wanted = np.eye(probabilities.shape[1])[truth]
    return float(np.average(((probabilities - wanted) ** 2).sum(axis=1), weights=weights))


_PROBABILITY: dict[str, Callable[[Codes, Floats, Floats, int], float]] = {
    "roc_auc": _over_classes(binary_auc),
    "average_precision": _over_classes(binary_average_precision),
    "log_loss": _log_loss,
    "brier_score": _brier,
}


# from a confusion table ---------------------------------------------------------------------------------


def _ratio(part: Floats, whole: Floats) -> Floats:
    return np.divide(part, whole, out=np.zeros_like(part), where=whole > 0)


def _by_class(table: Floats) -> tuple[Floats, Floats, Floats, Floats, Flags]:
    """Precision, recall, F1 and support of each class, and which classes occur at all."""
    hits, predicted, actual = np.diag(table).copy(), table.sum(axis=0), table.sum(axis=1)
    f1 = _ratio(2 * hits, predicted + actual)
    return _ratio(hits, predicted), _ratio(hits, actual), f1, actual, (predicted + actual) > 0


def _accuracy(table: Floats, _positive: int) -> float:
    return float(np.trace(table) / table.sum())


def _balanced_accuracy(table: Floats, _positive: int) -> float:
    _, recall, _, actual, _ = _by_class(table)
    return float(recall[actual > 0].mean())


def _macro(part: int) -> Callable[[Floats, int], float]:
    def metric(table: Floats, _positive: int) -> float:
        parts = _by_class(table)
        return float(parts[part][parts[4]].mean())

    return metric


def _of_positive(part: int) -> Callable[[Floats, int], float]:
    def metric(table: Floats, positive: int) -> float:
        return float(_by_class(table)[part][positive])

    return metric


def _f1_weighted(table: Floats, _positive: int) -> float:
    _, _, f1, actual, _ = _by_class(table)
    return float(np.average(f1, weights=actual))


def _matthews(table: Floats, _positive: int) -> float:
    actual, predicted, total = table.sum(axis=1), table.sum(axis=0), table.sum()
    covariance = np.trace(table) * total - actual @ predicted
    spread = np.sqrt((total**2 - predicted @ predicted) * (total**2 - actual @ actual))
    return float(covariance / spread) if spread > 0 else 0.0


_LABEL: dict[str, Callable[[Floats, int], float]] = {
    "accuracy": _accuracy,
    "balanced_accuracy": _balanced_accuracy,
    "f1": _of_positive(2),
    "precision": _of_positive(0),
    "recall": _of_positive(1),
    "f1_macro": _macro(2),
    "f1_micro": _accuracy,  # with one label a row, both are the share of rows predicted right
    "f1_weighted": _f1_weighted,
    "precision_macro": _macro(0),
    "recall_macro": _macro(1),
    "matthews_corrcoef": _matthews,
}
_BINARY_ONLY = frozenset({"f1", "precision", "recall"})


# from values --------------------------------------------------------------------------------------------


def _mse(truth: Floats, values: Floats, weights: Floats) -> float:
    return float(np.average((values - truth) ** 2, weights=weights))


def _mae(truth: Floats, values: Floats, weights: Floats) -> float:
    return float(np.average(np.abs(values - truth), weights=weights))


def _median_error(truth: Floats, values: Floats, weights: Floats) -> float:
    errors = np.abs(values - truth)
    if np.ptp(weights) == 0:
        return float(np.median(errors))
    order = np.argsort(errors, kind="stable")
    passed = np.cumsum(weights[order])
    return float(errors[order][np.searchsorted(passed, passed[-1] / 2)])


def _mape(truth: Floats, values: Floats, weights: Floats) -> float:
    shares = np.abs(values - truth) / np.maximum(np.abs(truth), np.finfo(np.float64).eps)
    return float(np.average(shares, weights=weights))


def _rmsle(truth: Floats, values: Floats, weights: Floats) -> float:
    if (truth < 0).any():
        return float("nan")
    # a prediction below zero cannot be right, and counts as zero
    return float(np.sqrt(_mse(np.log1p(truth), np.log1p(np.maximum(values, 0.0)), weights)))


def _r2(truth: Floats, values: Floats, weights: Floats) -> float:
    spread = np.average((truth - np.average(truth, weights=weights)) ** 2, weights=weights)
    return float(1.0 - _mse(truth, values, weights) / spread) if spread > 0 else float("nan")


def _spearman(truth: Floats, values: Floats, weights: Floats) -> float:
    first, second = _ranks(truth), _ranks(values)
    first -= np.average(first, weights=weights)
    second -= np.average(second, weights=weights)
    spread = np.sqrt(np.sum(weights * first**2) * np.sum(weights * second**2))
    return float(np.sum(weights * first * second) / spread) if spread > 0 else float("nan")


def _ranks(values: Floats) -> Floats:
    _, inverse, counts = np.unique(values, return_inverse=True, return_counts=True)
    ends = np.cumsum(counts)
    return ((ends - counts + ends - 1) / 2.0)[inverse]


_VALUE: dict[str, Callable[[Floats, Floats, Floats], float]] = {
    "rmse": lambda truth, values, weights: float(np.sqrt(_mse(truth, values, weights))),
    "mse": _mse,
    "mae": _mae,
    "median_absolute_error": _median_error,
    "mape": _mape,
    "rmsle": _rmsle,
    "r2": _r2,
    "spearman": _spearman,
}
