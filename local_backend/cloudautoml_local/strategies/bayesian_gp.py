"""A Gaussian process over choices: what to expect of a candidate, and how sure that is, from those that were tried."""

from __future__ import annotations

import math
from statistics import NormalDist
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import Decision

    Array = np.ndarray[Any, np.dtype[np.floating[Any]]]
    Choices = np.ndarray[Any, np.dtype[np.integer[Any]]]
    """Positions of the chosen options: a row a candidate, a column a decision, -1 where it was not made."""

_MOST_FITTED = 120
"""Trials that the parameters are fitted to."""
_FIRST_STEPS, _MORE_STEPS = 60, 20
_RATE = 0.15
_NOISE = 0.01
"""The share of the variance that is noise, before anything is known of it."""
_JITTER = 1e-6
_ORDERED_POWER = 1.5
"""Between rough (1) and smooth (2)."""


class GaussianProcess:
    """Regression whose kernel multiplies over decisions: candidates are alike that chose alike where it matters.

    Each decision has a weight of its own. Weights, amplitude and noise are fitted to the trials by a fixed number of
    gradient steps on the posterior density, from the last fit on, so that rounding has no say in when it ends.

    Args:
        decisions: What the columns are.
    """

    def __init__(self, decisions: Sequence[Decision]) -> None:
        self._sizes = [len(decision.options) for decision in decisions]
        self._ordered = [decision.ordered for decision in decisions]
        count = len(decisions)
        # with many decisions each matters less, or no two candidates would be alike
        self._prior = np.array([math.log(3.0 / max(1, count) ** 0.5)] * count + [0.0, math.log(_NOISE)])
        self._parameters = self._prior
        self._fitted = 0

    def learn(self, choices: Choices, values: Array) -> None:
        """Condition on trials, the best first; refits the parameters when there are a tenth more of them.

        Args:
            choices: Their choices, of shape (trials, decisions).
            values: Their values, about standard normal.
        """
        if len(values) >= 1.1 * self._fitted:
            fitted = slice(0, _MOST_FITTED)
            self._fit(choices[fitted], values[fitted], _MORE_STEPS if self._fitted else _FIRST_STEPS)
            self._fitted = len(values)
        self._choices = choices
        weights, amplitude, noise = self._natural()
        kernel = amplitude * np.exp(-np.tensordot(weights, self._distances(choices, choices), 1))
        self._inverse = np.linalg.inv(kernel + (noise + _JITTER) * np.eye(len(values)))
        self._mean = _level(self._inverse, values)
        self._pull = self._inverse @ (values - self._mean)

    def predict(self, choices: Choices) -> tuple[Array, Array]:
        """Mean and standard deviation of the values of candidates, without the noise."""
        weights, amplitude, _ = self._natural()
        kernel = amplitude * np.exp(-np.tensordot(weights, self._distances(choices, self._choices), 1))
        variance = amplitude - np.einsum("ij,ij->i", kernel @ self._inverse, kernel)
        return self._mean + kernel @ self._pull, np.sqrt(np.maximum(variance, 1e-12))

    def _natural(self) -> tuple[Array, float, float]:
        natural = np.exp(self._parameters)
        return natural[:-2], float(natural[-2]), float(natural[-1])

    def _distances(self, rows: Choices, columns: Choices) -> Array:
        """How unlike the candidates are in each decision, of shape (decisions, rows, columns)."""
        found = np.empty((len(self._sizes), len(rows), len(columns)))
        for place, (size, ordered) in enumerate(zip(self._sizes, self._ordered, strict=True)):
            one, other = rows[:, place, None], columns[None, :, place]
            if ordered:
                found[place] = (np.abs(one - other) / max(1, size - 1)) ** _ORDERED_POWER
            else:
                found[place] = one != other
            if (one < 0).any() or (other < 0).any():
                # a decision that was not made is as far from every option as the middle of them is
                middle = 0.5 if ordered else (size - 1) / (2 * size)
                found[place] = np.where((one < 0) != (other < 0), middle, found[place])
        return found

    def _fit(self, choices: Choices, values: Array, steps: int) -> None:
        distances = self._distances(choices, choices)
        first = second = np.zeros_like(self._prior)
        for step in range(1, steps + 1):
            slope = self._slope(distances, values)
            first, second = 0.8 * first + 0.2 * slope, 0.95 * second + 0.05 * slope**2
            moved = first / (1 - 0.8**step) / (np.sqrt(second / (1 - 0.95**step)) + 1e-3)
            self._parameters = np.clip(self._parameters + _RATE * moved, self._prior - 5, self._prior + 5)

    def _slope(self, distances: Array, values: Array) -> Array:
        """Of the logarithm of the posterior density of the parameters, which are logarithms themselves."""
        weights, amplitude, noise = self._natural()
        kernel = amplitude * np.exp(-np.tensordot(weights, distances, 1))
        inverse = np.linalg.inv(kernel + (noise + _JITTER) * np.eye(len(values)))
        pull = inverse @ (values - _level(inverse, values))
        gain = np.outer(pull, pull) - inverse
        by_weight = -weights * np.tensordot(distances, gain * kernel, 2)
        slope: Array = 0.5 * np.concatenate([by_weight, [(gain * kernel).sum(), noise * np.trace(gain)]])
        slope -= self._parameters - self._prior
        return slope


def _level(inverse: Array, values: Array) -> float:
    """The mean that explains the values best."""
    return float(inverse.sum(axis=0) @ values / inverse.sum())


def normal_scores(scores: Sequence[float]) -> Array:
    """Scores by their ranks, as a normal distribution would spread them; equal ones alike.

    Whatever the scale of a metric, and however badly some training diverged, the best stay apart from each other.
    """
    known = sorted(scores)
    normal = NormalDist()
    first = {score: place for place, score in reversed(list(enumerate(known)))}
    last = {score: place for place, score in enumerate(known)}
    spread = {score: normal.inv_cdf((0.5 * (first[score] + last[score]) + 0.5) / len(known)) for score in last}
    return np.array([spread[score] for score in scores])


def expected_improvement(mean: Array, deviation: Array, best: float) -> Array:
    """How much better than `best` a candidate is expected to be."""
    gap = (mean - best) / deviation
    below = np.array([0.5 * math.erfc(-value / math.sqrt(2)) for value in gap])
    improvement: Array = (mean - best) * below + deviation * np.exp(-0.5 * gap**2) / math.sqrt(2 * math.pi)
    return improvement
