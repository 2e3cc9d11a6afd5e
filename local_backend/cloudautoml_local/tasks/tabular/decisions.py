"""Decisions: factors on the probabilities so that the label taken is the best one for the metric, not the likeliest."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cloudautoml.scoring import classification_metric, confusion

if TYPE_CHECKING:
    from cloudautoml.scoring import Codes, Floats

TUNED = frozenset({"balanced_accuracy", "f1", "f1_macro", "f1_weighted", "recall_macro", "matthews_corrcoef"})
"""Metrics of labels whose best decision is not simply the likeliest class, and that no trivial decision wins."""

_THRESHOLDS = 60
_POWERS = (0.0, 0.25, 0.5, 0.75, 1.0)
_WORTHWHILE = 0.002


def tune_scales(
    metric: str, truth: Codes, probabilities: Floats, *, weights: Floats | None = None, positive: int = 1
) -> tuple[float, ...]:
    """Choose a factor for each class, on rows that the model did not learn from.

    One number is chosen from a few, whatever the number of classes, so that little can be overfitted: a
    threshold for two classes, else how far to weigh classes up by their rarity.

    Returns:
        A factor a class; empty where taking the likeliest class is as good.
    """
    if metric not in TUNED or not np.isfinite(probabilities).all():
        return ()
    classes = probabilities.shape[1]
    choices: list[tuple[float, ...]]
    if classes == 2:
        grid = np.unique(np.quantile(probabilities[:, 1], np.linspace(0.02, 0.98, _THRESHOLDS)))
        grid = grid[(grid > 1e-6) & (grid < 1 - 1e-6)]
        choices = [(1.0, float((1 - threshold) / threshold)) for threshold in grid]
    else:
        share = confusion(truth, truth, classes, weights=weights).diagonal()
        share = np.maximum(share / share.sum(), 1e-6)
        choices = [tuple(float(scale) for scale in share**-power / (share**-power).max()) for power in _POWERS]
    values = np.array(
        [
            classification_metric(
                metric,
                truth,
                probabilities,
                weights=weights,
                positive=positive,
                predicted=decide(probabilities, scales),
            )
            for scales in choices
        ]
    )
    plain = classification_metric(metric, truth, probabilities, weights=weights, positive=positive)
    if classes == 2 and len(values) >= 5:
        # the mean of neighbours: a single lucky threshold is no better than those beside it
        values = np.convolve(np.pad(values, 2, mode="edge"), np.ones(5) / 5, mode="valid")
    if not len(values) or not np.isfinite(values).any() or np.nanmax(values) < plain + _WORTHWHILE:
        return ()
    return choices[int(np.nanargmax(values))]


def decide(probabilities: Floats, scales: tuple[float, ...]) -> Codes:
    """The codes of the labels to take."""
    scaled = probabilities * np.asarray(scales) if scales else probabilities
    return np.asarray(scaled.argmax(axis=1), np.int64)
