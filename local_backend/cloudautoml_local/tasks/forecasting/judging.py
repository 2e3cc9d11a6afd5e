"""Judging forecasts of the past: every series at every moment counts alike."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cloudautoml.scoring_series import forecast_metrics

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cloudautoml_local.tasks.forecasting.panel import Floats


def judged(
    truth: Floats,
    found: Floats,
    scale: Floats,
    *,
    quantiles: Floats | None = None,
    levels: Sequence[float] = (),
    names: Iterable[str] | None = None,
) -> dict[str, float]:
    """All metrics of forecasts that are defined.

    Args:
        truth: (w x) s x h values; NaN where there is none.
        found: Forecasts of them; where one is missing its truth does not count.
        scale: (W x) s numbers that MASE divides by.
        quantiles: (W x) s x h x q forecasts.
        levels: Their levels.
        names: Metrics wanted; all unless given.
    """
    horizon = truth.shape[-1]
    made = np.isfinite(found)
    flat = None if quantiles is None else quantiles.reshape(-1, horizon, quantiles.shape[-1])
    return forecast_metrics(
        np.where(made, truth, np.nan).reshape(-1, horizon),
        np.where(made, found, 0.0).reshape(-1, horizon),
        quantiles=None if flat is None else np.nan_to_num(flat),
        levels=levels,
        scale=scale.reshape(-1),
        names=names,
    )
