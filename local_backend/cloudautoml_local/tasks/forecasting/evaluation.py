"""Evaluation of the best forecaster for the report: how good it is at each step ahead, and a few of its forecasts."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml_local.tasks.forecasting.judging import judged

if TYPE_CHECKING:
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel
    from cloudautoml_local.tasks.forecasting.series import JobSeries

_SHOWN = 6
_USUAL = ("mase", "smape", "mae", "rmse")


def by_step(truth: Floats, found: Floats, scale: Floats, metric: str) -> list[dict[str, float]]:
    """A few metrics for each step ahead, the one that decides among them: `step` from 1.

    Args:
        truth: (w x) s x h values.
        found: Forecasts of them.
        scale: (W x) s numbers that MASE divides by.
        metric: The metric that decides.
    """
    names = [name for name in dict.fromkeys((metric, *_USUAL)) if name != "weighted_quantile_loss"]
    rows: list[dict[str, float]] = []
    for step in range(truth.shape[-1]):
        here = judged(truth[..., step : step + 1], found[..., step : step + 1], scale, names=names)
        rows.append({"step": step + 1, **here})
    return rows


def by_part(truth: Floats, found: Floats, scale: Floats, metric: str) -> dict[str, dict[str, float]]:
    """The same as `Candidate.metrics_by_part` has it: `step 1` and so on."""
    rows = by_step(truth, found, scale, metric)
    return {f"step {row['step']:.0f}": {n: v for n, v in row.items() if n != "step"} for row in rows}


def some_forecasts(
    series: JobSeries, panel: Panel, *, truth: Floats, mean: Floats, quantiles: Floats, scale: Floats
) -> list[dict[str, Any]]:
    """Up to six series with what was forecast and what came, from the best forecast to the worst.

    Args:
        series: The job's series.
        panel: The series up to the moment of the forecast.
        truth: S x h values that came.
        mean: S x h forecasts.
        quantiles: S x h x q forecasts.
        scale: What MASE divides by.
    """
    error = np.nanmean(np.where(np.isnan(truth), np.nan, np.abs(truth - mean)), axis=1) / scale
    order = np.argsort(error)
    order = order[np.isfinite(error[order])]
    if not len(order):
        return []
    chosen = order[np.unique(np.linspace(0, len(order) - 1, min(_SHOWN, len(order))).round().astype(int))]
    shown: list[dict[str, Any]] = []
    for at in chosen.tolist():
        stamps = panel.stamps(at)
        before = panel.values[at][-max(3 * panel.horizon, 2 * series.info.season) :]
        times = [str(stamp.astype("datetime64[s]")) for stamp in stamps]
        shown.append(
            {
                "series": "/".join(series.keys[at]) or series.schema.target,
                "time": times[-panel.horizon :],
                "truth": _plain(truth[at]),
                "predicted": _plain(mean[at]),
                "low": _plain(quantiles[at, :, 0]),
                "high": _plain(quantiles[at, :, -1]),
                "history_time": times[: -panel.horizon][-len(before) :],
                "history": _plain(before),
            }
        )
    return shown


def _plain(values: Floats) -> list[float | None]:
    return [float(f"{value:.6g}") if np.isfinite(value) else None for value in values]
