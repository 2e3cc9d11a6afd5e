"""Scoring of forecasts: every metric that a forecasting job can be sorted by, from plain arrays.

Averages are taken as the M4 competition takes them where it does: `smape`, `mase`, `mape` and `mae` are computed for
each series and then averaged over series, each of which counts alike. `rmse`, `mse`, `wape`, `r2` and
`weighted_quantile_loss` pool the steps of all series. `smape` and `mape` of one step are shares (0 to 2, and 0 up);
both are multiplied by one hundred, `wape` is not: M4's tables give sMAPE in per cent.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

Floats = npt.NDArray[np.float64]

FORECAST_METRICS = ("mase", "smape", "mape", "mae", "rmse", "mse", "wape", "r2", "weighted_quantile_loss")
"""The metrics that can be computed, by their canonical names."""


def seasonal_scale(history: Floats, season: int) -> float:
    """What MASE divides by: the mean absolute difference of values one season apart.

    Args:
        history: N values before the forecast.
        season: Steps of a season; where the history is no longer than one, neighbours are compared.

    Returns:
        Above zero, or NaN for a history that repeats itself exactly, of which no error is a fair multiple.
    """
    known = history[~np.isnan(history)]
    lag = season if len(known) > season else 1
    if len(known) <= lag:
        return float("nan")
    scale = float(np.mean(np.abs(known[lag:] - known[:-lag])))
    return scale if scale > 0 else float("nan")


def forecast_metrics(
    truth: Floats,
    mean: Floats,
    *,
    quantiles: Floats | None = None,
    levels: Sequence[float] = (),
    scale: Floats | None = None,
    names: Iterable[str] | None = None,
) -> dict[str, float]:
    """All metrics of forecasts that are defined, by name.

    Args:
        truth: S x h values of s series; NaN where there is none, which does not count.
        mean: S x h forecasts.
        quantiles: S x h x q forecasts of quantiles, for `weighted_quantile_loss`.
        levels: Their q levels.
        scale: What MASE divides by, one a series, as `seasonal_scale` gives it; a NaN leaves its series out.
        names: Metrics wanted; all unless given.
    """
    wanted = FORECAST_METRICS if names is None else tuple(names)
    known = ~np.isnan(truth)
    if not known.any() or not np.isfinite(mean[known]).all():
        return {}
    found: dict[str, float] = {}
    error = np.where(known, mean - truth, np.nan)
    for name in wanted:
        if name == "weighted_quantile_loss":
            value = _quantile_loss(truth, quantiles, levels)
        elif name == "mase":
            value = _mase(error, scale)
        else:
            value = _POINT[name](truth, mean, error)
        if np.isfinite(value):
            found[name] = value
    return found


def _by_series(values: Floats) -> float:
    """Mean over the steps of each series, then over series."""
    known = ~np.isnan(values)
    counts = known.sum(axis=1)
    rows = counts > 0
    return float(np.mean(np.where(known, values, 0.0).sum(axis=1)[rows] / counts[rows])) if rows.any() else float("nan")


def _smape(truth: Floats, mean: Floats, error: Floats) -> float:
    total = np.abs(truth) + np.abs(mean)
    shares = np.divide(2 * np.abs(error), total, out=np.zeros_like(error), where=total > 0)
    return 100 * _by_series(np.where(np.isnan(error), np.nan, shares))


def _mape(truth: Floats, _mean: Floats, error: Floats) -> float:
    if (truth == 0).any():
        return float("nan")  # a share of nothing
    return 100 * _by_series(np.abs(error) / np.abs(truth))


def _mae(_truth: Floats, _mean: Floats, error: Floats) -> float:
    return _by_series(np.abs(error))


def _mase(error: Floats, scale: Floats | None) -> float:
    return float("nan") if scale is None else _by_series(np.abs(error) / scale[:, None])


def _mse(_truth: Floats, _mean: Floats, error: Floats) -> float:
    return float(np.nanmean(error**2))


def _rmse(_truth: Floats, _mean: Floats, error: Floats) -> float:
    return float(np.sqrt(np.nanmean(error**2)))


def _wape(truth: Floats, _mean: Floats, error: Floats) -> float:
    total = float(np.nansum(np.abs(truth)))
    return float(np.nansum(np.abs(error))) / total if total > 0 else float("nan")


def _r2(truth: Floats, _mean: Floats, error: Floats) -> float:
    spread = float(np.nansum((truth - np.nanmean(truth)) ** 2))
    return 1 - float(np.nansum(error**2)) / spread if spread > 0 else float("nan")


def _quantile_loss(truth: Floats, quantiles: Floats | None, levels: Sequence[float]) -> float:
    """Twice the pinball loss of all steps over the sum of the truth, averaged over levels."""
    total = float(np.nansum(np.abs(truth)))
    if quantiles is None or not len(levels) or total <= 0:
        return float("nan")
    level = np.asarray(levels, np.float64)
    below = truth[:, :, None] - quantiles
    return float(np.mean(2 * np.nansum(np.maximum(level * below, (level - 1) * below), axis=(0, 1)) / total))


_POINT = {"smape": _smape, "mape": _mape, "mae": _mae, "mse": _mse, "rmse": _rmse, "wape": _wape, "r2": _r2}
