"""Ridge regression from the last values of a series to its next ones: over all series, then bent towards each."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel

_TINY = 1e-9
_MOST_ROWS = 400_000


def windows(values: Floats, lags: int, horizon: int, *, every: int = 1) -> tuple[Floats, Floats]:
    """All pairs of neighbouring stretches of a series: n x lags before, n x horizon after, the latest first."""
    from numpy.lib.stride_tricks import sliding_window_view

    both = sliding_window_view(values, lags + horizon)[::-1][::every]
    return both[:, :lags], both[:, lags:]


def scaled(before: Floats, season: int) -> tuple[Floats, Floats, Floats]:
    """Stretches about zero and of spread one, and the n x 1 centres and spreads that were taken out.

    The centre is the mean of the last season, or of a few values where there is none.
    """
    near = before[:, -max(season, min(4, before.shape[1])) :]
    centre = near.mean(axis=1, keepdims=True)
    spread = np.abs(before - centre).mean(axis=1, keepdims=True)
    spread = np.where(spread > _TINY * (1 + np.abs(centre)), spread, 1.0)
    return (before - centre) / spread, centre, spread


def fit_shared(panel: Panel, *, lags: int, season: int, strength: float) -> Floats:
    """Weights that serve all series: (lags + ahead + 1) x h.

    Series that are too short for a pair of stretches count only with those they have.
    """
    horizon = panel.horizon
    size = lags + _ahead_columns(panel) + 1
    gram, cross = np.zeros((size, size)), np.zeros((size, horizon))
    rows = sum(max(0, len(one) - lags - horizon + 1) for one in panel.values)
    every = max(1, rows // _MOST_ROWS)
    for at in range(len(panel)):
        if len(panel.values[at]) < lags + horizon:
            continue
        x, y = _pairs(panel, at, lags=lags, season=season, every=every)
        gram += x.T @ x
        cross += x.T @ y
    return _solve(gram, cross, strength, rows / every)


def forecast(panel: Panel, shared: Floats, *, lags: int, season: int, local: float, every: int = 1) -> Floats:
    """Forecast each series from its last values: s x h.

    Args:
        panel: The series.
        shared: What `fit_shared` gave.
        lags: Values to go by; a shorter series is continued backwards by its first season.
        season: Steps of a season.
        local: How strongly the weights of a series are held to the shared ones, as a share of its windows; 0 for no
            weights of its own.
        every: Take every how many-th window of a series for its own weights.
    """
    found = np.empty((len(panel), panel.horizon))
    for at, values in enumerate(panel.values):
        weights = shared
        if local and len(values) >= lags + panel.horizon + 2:
            x, y = _pairs(panel, at, lags=lags, season=season, every=every)
            weights = shared + _own(x, y - x @ shared, local)
        whole = values
        if len(values) < lags:
            cycle = values[: season if len(values) >= season else 1]
            lacking = lags - len(values)
            whole = np.concatenate([cycle[(np.arange(lacking) - lacking) % len(cycle)], values])
        x, centre, spread = scaled(whole[None, -lags:], season)
        parts = [x, np.ones((1, 1))]
        if columns := _ahead_columns(panel):
            parts.insert(1, panel.ahead[at][-panel.horizon :].reshape(1, columns))
        found[at] = (np.hstack(parts) @ weights * spread + centre)[0]
    return found


def _own(x: Floats, rest: Floats, local: float) -> Floats:
    """What a series adds to the shared weights, from what those leave over."""
    if len(x) >= x.shape[1]:
        gram = x.T @ x
        gram.flat[:: len(gram) + 1] += local * len(x)
        return np.asarray(np.linalg.solve(gram, x.T @ rest), np.float64)
    inner = x @ x.T  # fewer windows than weights: the same solution, from the smaller side
    inner.flat[:: len(inner) + 1] += local * len(x)
    return np.asarray(x.T @ np.linalg.solve(inner, rest))


def _pairs(panel: Panel, at: int, *, lags: int, season: int, every: int) -> tuple[Floats, Floats]:
    before, after = windows(panel.values[at], lags, panel.horizon, every=every)
    x, centre, spread = scaled(before, season)
    parts = [x, np.ones((len(x), 1))]
    if columns := _ahead_columns(panel):
        rows = panel.ahead[at][: len(panel.values[at])]
        future = np.lib.stride_tricks.sliding_window_view(rows[lags:], panel.horizon, axis=0)
        parts.insert(1, future.transpose(0, 2, 1)[::-1][::every].reshape(len(x), columns))
    # a target far off would outweigh all others
    return np.hstack(parts), np.clip((after - centre) / spread, -20, 20)


def _ahead_columns(panel: Panel) -> int:
    return panel.horizon * (panel.ahead[0].shape[1] if panel.ahead else 0)


def _solve(gram: Floats, cross: Floats, strength: float, rows: float) -> Floats:
    gram = gram.copy()
    gram.flat[:: len(gram) + 1] += max(strength * rows, _TINY)
    return np.asarray(np.linalg.solve(gram, cross), np.float64)
