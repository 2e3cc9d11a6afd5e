"""Calibration: scores that order examples well become probabilities that can be believed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import numpy.typing as npt

    Floats = npt.NDArray[np.float64]

_MOST_ROWS = 20_000
_TINY = 1e-12


@dataclass(frozen=True, slots=True)
class Calibration:
    """One line through the scores.

    Attributes:
        slope: How much a score counts.
        start: Added to it, where there are two classes, or labels; 0 otherwise.
    """

    slope: float = 1.0
    start: float = 0.0

    def probabilities(self, scores: Floats, *, labels: bool) -> Floats:
        """What scores mean.

        Args:
            scores: n x classes.
            labels: Whether each column is a label by itself; otherwise a row sums to 1.
        """
        from scipy.special import expit, softmax

        if labels:
            return np.asarray(expit(scores * self.slope + self.start))
        lines = scores * self.slope
        if scores.shape[1] == 2:
            lines = lines + np.array([0.0, self.start])
        return np.asarray(softmax(lines, axis=1))


def calibrate(scores: Floats, wanted: npt.NDArray[np.bool_], *, labels: bool) -> Calibration:
    """The line that makes the truth likeliest, judged on rows that the model did not learn from.

    Two numbers at most are found on all of them, so that little can be overfitted.

    Args:
        scores: n x classes.
        wanted: n x classes: whether the row is of the class.
        labels: Whether each column is a label by itself.
    """
    from scipy.optimize import minimize

    if not len(scores):
        return Calibration()
    step = -(-len(scores) // _MOST_ROWS)
    scores, wanted = scores[::step], wanted[::step]
    shifts = labels or scores.shape[1] == 2
    spread = float(scores.std()) or 1.0

    def made(point: Floats) -> Calibration:
        return Calibration(float(np.exp(np.clip(point[0], -5, 5))) / spread, float(point[1]) if shifts else 0.0)

    def loss(point: Floats) -> float:
        found = made(point).probabilities(scores, labels=labels)
        likely = np.where(wanted, found, 1 - found) if labels else found[wanted]
        # a little pull towards no line at all keeps few rows from being taken for certainty
        return float(-np.log(np.maximum(likely, _TINY)).mean() + 1e-3 * float(point @ point))

    start = np.zeros(2 if shifts else 1)
    found = minimize(loss, start, method="Nelder-Mead", options={"maxiter": 80, "xatol": 1e-2, "fatol": 1e-5})
    return made(np.asarray(found.x))
