"""Intervals: how far forecasts have been off in the past says how far they may be, at each step and quantile."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml_local.tasks.forecasting.panel import Floats

_OWN = 0.5


@dataclass(frozen=True, slots=True)
class Intervals:
    """Quantiles of errors in multiples of a spread that each series has.

    Attributes:
        levels: The q quantiles, ascending.
        offsets: H rows of q multiples, ascending in each.
        ratio: Spread of a series that was not learned from, as a multiple of what MASE divides by.
    """

    levels: tuple[float, ...]
    offsets: tuple[tuple[float, ...], ...]
    ratio: float

    def quantiles(self, mean: Floats, spread: Floats) -> Floats:
        """Quantiles of forecasts: s x h x q, never descending.

        Args:
            mean: S x h forecasts.
            spread: The spread of each series.
        """
        made = mean[:, :, None] + spread[:, None, None] * np.asarray(self.offsets)
        return np.sort(made, axis=2)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Intervals:
        """Read what `to_dict` wrote."""
        offsets = tuple(tuple(map(float, row)) for row in saved["offsets"])
        return cls(tuple(map(float, saved["levels"])), offsets, float(saved["ratio"]))


def fit_intervals(error: Floats, scale: Floats, levels: Sequence[float]) -> tuple[Intervals, Floats]:
    """Intervals of a forecaster, from its errors on windows of the past.

    Args:
        error: W x s x h errors, truth less forecast; NaN where there is none.
        scale: For each series what MASE divides by; NaN where it is not defined.
        levels: Quantiles wanted, ascending.

    Returns:
        The intervals, and the spread of each series: half its own usual error, half that of its like.
    """
    size = np.abs(error)
    own = _mean(size, axis=(0, 2))
    known = np.isfinite(own) & np.isfinite(scale)
    ratio = float(np.median(own[known] / scale[known])) if known.any() else 1.0
    typical = ratio * scale
    fallback = np.where(np.isfinite(own), own, 0.0)
    spread = np.where(known, _OWN * own + (1 - _OWN) * typical, np.where(np.isfinite(typical), typical, fallback))
    spread = np.where(spread > 0, spread, 0.0)
    usable = spread > 0
    shares = error[:, usable] / spread[usable][None, :, None]
    horizon = error.shape[2]
    if not np.isfinite(shares).any():
        return Intervals(tuple(levels), tuple((0.0,) * len(levels) for _ in range(horizon)), ratio), spread
    growth = _growth(_mean(np.abs(shares), axis=(0, 1)))
    pooled = (shares / growth).ravel()
    pooled = pooled[np.isfinite(pooled)]
    # few windows of the past are a small sample of what may come
    count = int(np.isfinite(shares).any(axis=2).sum())
    wider = np.sqrt(1 + 2 / max(1, count))
    offsets = growth[:, None] * (wider * np.quantile(pooled, levels))[None, :]
    return Intervals(tuple(levels), tuple(tuple(map(float, row)) for row in offsets), ratio), spread


def spread_of(scale: Floats, intervals: Intervals) -> Floats:
    """The spread of series that were not learned from."""
    return np.nan_to_num(intervals.ratio * scale)


def _mean(values: Floats, axis: tuple[int, ...]) -> Floats:
    known = np.isfinite(values)
    count = known.sum(axis=axis)
    total = np.where(known, values, 0.0).sum(axis=axis)
    return np.where(count > 0, total / np.maximum(count, 1), np.nan)


def _growth(by_step: Floats) -> Floats:
    """How errors grow with the steps ahead, smoothed, and one on average."""
    known = np.isfinite(by_step)
    filled = np.where(known, by_step, np.nanmean(by_step))
    padded = np.concatenate((filled[:1], filled, filled[-1:]))
    smooth = (padded[:-2] + padded[1:-1] + padded[2:]) / 3
    mean = smooth.mean()
    return np.maximum(smooth / mean, 0.1) if mean > 0 else np.ones_like(smooth)
