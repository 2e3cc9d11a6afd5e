"""Exponential smoothing of many series at once: level, trend and season, weights chosen by forecasts of the past."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from cloudautoml_local.tasks.forecasting.panel import Floats, aligned

Trend = Literal["none", "damped", "linear"]

_LEVELS = (0.02, 0.06, 0.12, 0.25, 0.5, 0.8)
_SLOPES = (0.01, 0.05, 0.2)
_SEASONS = (0.02, 0.08, 0.2, 0.4)
_MOST_CELLS = 4_000_000


@dataclass(frozen=True, slots=True)
class Form:
    """What a smoothing keeps track of.

    Attributes:
        trend: Whether the level has a slope, and whether that fades.
        season: Steps of a season; 1 for none.
        damping: What remains of a fading slope after a step.
    """

    trend: Trend
    season: int
    damping: float = 0.96

    @property
    def phi(self) -> float:
        """What remains of the slope after a step."""
        return {"none": 0.0, "damped": self.damping, "linear": 1.0}[self.trend]

    def weights(self) -> Floats:
        """The candidates: a x 3 weights of the newest value in level, slope and season."""
        slopes = (0.0,) if self.trend == "none" else _SLOPES
        seasons = (0.0,) if self.season == 1 else _SEASONS
        return np.asarray(list(itertools.product(_LEVELS, slopes, seasons)))


def smooth(values: list[Floats], form: Form, horizon: int) -> tuple[Floats, Floats]:
    """Forecast every series by the weights that would have forecast its last steps best.

    Args:
        values: The series, none shorter than two seasons.
        form: What to keep track of.
        horizon: Steps to forecast.

    Returns:
        S x h forecasts, and for each series the mean absolute error of its own past forecasts.
    """
    weights = form.weights()
    size = max(1, _MOST_CELLS // (len(weights) * (form.season + 4 + 2 * horizon)))
    parts = [_smooth(values[at : at + size], form, weights, horizon) for at in range(0, len(values), size)]
    return np.concatenate([part[0] for part in parts]), np.concatenate([part[1] for part in parts])


def _smooth(values: list[Floats], form: Form, weights: Floats, horizon: int) -> tuple[Floats, Floats]:
    shortest = min(len(one) for one in values)
    matrix, _ = aligned(values, form.season)
    count, length = matrix.shape
    # forecasts from up to three earlier moments decide, each of which leaves two seasons to start from
    least = max(2 * form.season, 4)
    test = min(horizon, max(1, shortest - least))
    origins = [length - test * back for back in (1, 2, 3) if shortest - test * back >= least] or [length - test]
    state = _State(matrix, form, weights)
    error = np.zeros((count, len(weights)))
    for step in range(length):
        if step in origins:
            found = state.forecast(step, test)
            error += np.abs(found - matrix[:, None, step : step + test]).mean(axis=2) / len(origins)
        state.update(step, matrix[:, step])
    best = error.argmin(axis=1)
    found = state.forecast(length, horizon)[np.arange(count), best]
    return found, error[np.arange(count), best]


class _State:
    """Levels, slopes and seasons of all series under all candidates."""

    def __init__(self, matrix: Floats, form: Form, weights: Floats) -> None:
        count, season = len(matrix), form.season
        self.form = form
        self.alpha, self.beta, self.gamma = (weights[None, :, part] for part in range(3))
        first = matrix[:, :season]
        level = first.mean(axis=1) if season > 1 else matrix[:, 0]
        cycles = matrix[:, : season * max(1, min(3, matrix.shape[1] // season))].reshape(count, -1, season)
        cycle = (cycles - cycles.mean(axis=2, keepdims=True)).mean(axis=1) if season > 1 else np.zeros((count, 1))
        self.level = np.repeat(level[:, None], len(weights), axis=1)
        self.slope = np.zeros_like(self.level)
        self.season = np.repeat(cycle[:, None, :], len(weights), axis=1)

    def update(self, step: int, value: Floats) -> None:
        """Take in the values of a step."""
        phase, phi = step % self.form.season, self.form.phi
        expected = self.level + phi * self.slope
        error = value[:, None] - expected - self.season[:, :, phase]
        self.level = expected + self.alpha * error
        self.slope = phi * self.slope + self.alpha * self.beta * error
        if self.form.season > 1:
            self.season[:, :, phase] += self.gamma * (1 - self.alpha) * error

    def forecast(self, step: int, horizon: int) -> Floats:
        """The next steps: s x a x h."""
        ahead = np.cumsum(self.form.phi ** np.arange(1, horizon + 1)) if self.form.phi else np.zeros(horizon)
        phases = (step + np.arange(horizon)) % self.form.season
        found: Floats = self.level[:, :, None] + self.slope[:, :, None] * ahead + self.season[:, :, phases]
        return found


def seasonal_shape(matrix: Floats, season: int) -> npt.NDArray[np.float64]:
    """What a season adds to each of its steps: s x season, about zero, phases counted from the first column.

    The trend is taken off by a moving average over one season.
    """
    count, length = matrix.shape
    if season < 2 or length < 2 * season:
        return np.zeros((count, max(1, season)))
    kernel = np.ones(season) if season % 2 else np.concatenate(([0.5], np.ones(season - 1), [0.5]))
    kernel /= kernel.sum()
    sums = np.concatenate((np.zeros((count, 1)), np.cumsum(matrix, axis=1)), axis=1)
    half = len(kernel) // 2
    flat = (sums[:, season:] - sums[:, :-season]) / season
    trend = flat if season % 2 else (flat[:, 1:] + flat[:, :-1]) / 2
    rest = matrix[:, half : half + trend.shape[1]] - trend
    phases = (np.arange(rest.shape[1]) + half) % season
    shape = np.stack([rest[:, phases == phase].mean(axis=1) for phase in range(season)], axis=1)
    return np.asarray(shape - shape.mean(axis=1, keepdims=True))
