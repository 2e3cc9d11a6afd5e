"""Ensemble selection after Caruana et al. (2004): add, with replacement, whatever helps most, judged out of fold."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Floats = npt.NDArray[np.float64]

_STEPS = 40
_TOLERANCE = 1e-12


def select_ensemble(
    predictions: Sequence[Floats],
    score: Callable[[Floats], float],
    *,
    steps: int = _STEPS,
    seconds: float | None = None,
) -> list[float]:
    """Choose weights of candidates so that their average scores best.

    Starts from the best candidate and adds one at a time, each as often as it helps; the shortest prefix with
    the best score is kept, so the ensemble is never worse than its best member on these rows.

    Args:
        predictions: For each candidate, predictions of the same rows, none of them learned from.
        score: Scores predictions; higher is better.
        steps: Additions to try.
        seconds: Time to stop after.

    Returns:
        A weight for each candidate; they sum to 1.
    """
    end = time.monotonic() + (seconds if seconds is not None else 1e9)
    counts = np.zeros(len(predictions), np.int64)
    total = np.zeros_like(predictions[0])
    best_score, best_counts = -np.inf, counts.copy()
    for step in range(1, steps + 1):
        scores = [score((total + one) / step) for one in predictions]
        chosen = int(np.argmax(scores))
        counts[chosen] += 1
        total += predictions[chosen]
        if scores[chosen] > best_score + _TOLERANCE:
            best_score, best_counts = scores[chosen], counts.copy()
        if time.monotonic() > end:
            break
    return [float(weight) for weight in best_counts / best_counts.sum()]
