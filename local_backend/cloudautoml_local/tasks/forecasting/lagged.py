"""Lagged rows: each step ahead of each moment of a series as one row of a table, on a scale of its own."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cloudautoml_local.tasks.forecasting.families.base import Context
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel

MOST_ROWS = 200_000
"""Rows that are enough to learn from."""

_FARTHEST = 20.0
_TINY = 1e-9


def rows_past(panel: Panel, context: Context) -> tuple[npt.NDArray[np.float32], Floats]:
    """Rows of moments that are past, so that what followed is known: n x f, and n targets."""
    each = max(1, MOST_ROWS // (len(panel) * panel.horizon))
    parts: list[Floats] = []
    wanted: list[Floats] = []
    for at, values in enumerate(panel.values):
        last = len(values) - 1
        first = max(1, min(2 * context.season, last // 2))
        if last < first:
            continue
        # near moments with fewer steps known after them count with those
        moments = np.unique(np.linspace(first, last, min(each, last - first + 1)).round().astype(np.int64))
        x, centre, spread = _rows(panel, at, moments, context)
        places = (moments[:, None] + np.arange(panel.horizon)).ravel()
        known = places < len(values)
        y = (values[np.minimum(places, last)] - np.repeat(centre, panel.horizon)) / np.repeat(spread, panel.horizon)
        parts.append(x[known])
        wanted.append(np.clip(y[known], -_FARTHEST, _FARTHEST))
    return np.concatenate(parts).astype(np.float32), np.concatenate(wanted)


def rows_ahead(panel: Panel, series: int, context: Context) -> tuple[npt.NDArray[np.float32], float, float]:
    """The h rows of what is to come of one series, and the centre and spread of their scale."""
    x, centre, spread = _rows(panel, series, np.asarray([len(panel.values[series])]), context)
    return x.astype(np.float32), float(centre[0]), float(spread[0])


def _rows(panel: Panel, series: int, moments: npt.NDArray[np.int64], context: Context) -> tuple[Floats, Floats, Floats]:
    """Rows of all steps after each moment (the number of values known then), moment by moment."""
    values, horizon = panel.values[series], panel.horizon
    sums, squares = (np.concatenate(([0.0], np.cumsum(v))) for v in (values, values**2))

    def mean(sums_: Floats, steps: int) -> Floats:
        begin = np.maximum(moments - steps, 0)
        return (sums_[moments] - sums_[begin]) / np.maximum(moments - begin, 1)

    near = max(context.season, 4)
    centre = mean(sums, near)
    wide = mean(sums, 2 * near)
    spread = np.sqrt(np.maximum(mean(squares, 2 * near) - wide**2, 0.0))
    spread = np.where(spread > _TINY * (1 + np.abs(centre)), spread, 1.0)

    ahead = np.arange(1, horizon + 1)
    columns: list[Floats] = []

    def value(places: npt.NDArray[np.int64]) -> None:
        taken = np.where(places >= 0, values[np.clip(places, 0, len(values) - 1)], np.nan)
        columns.append((taken - centre[:, None]) / spread[:, None])

    places = moments[:, None] + ahead - 1
    for season in dict.fromkeys((context.season, context.long_season)):
        if season > 1:
            newest = places - season * ((ahead - 1) // season + 1)
            for back in range(3 if season == context.season else 2):
                value(newest - back * season)
    for back in (1, 2, 3):
        value(np.broadcast_to(moments[:, None] - back, places.shape))
    means = [(mean(sums, steps) - centre) / spread for steps in (3, 3 * near, 7 * near)]
    columns += [np.broadcast_to(one[:, None], places.shape) for one in means]
    columns.append(np.broadcast_to(ahead.astype(np.float64), places.shape))
    columns += _calendar(panel, series, places)
    columns += [
        panel.ahead[series][:, c][places_in(places, panel, series)] for c in range(panel.ahead[series].shape[1])
    ]
    columns += [np.full(places.shape, fixed) for fixed in panel.static[series]]
    return np.stack([column.ravel() for column in columns], axis=1), centre, spread


def places_in(places: npt.NDArray[np.int64], panel: Panel, series: int) -> npt.NDArray[np.int64]:
    """Places within what is known ahead of a series."""
    return np.minimum(places, len(panel.ahead[series]) - 1)


def _calendar(panel: Panel, series: int, places: npt.NDArray[np.int64]) -> list[Floats]:
    stamps = panel.stamps(series)
    days = stamps.astype("datetime64[D]")
    months = stamps.astype("datetime64[M]")
    parts = (
        (stamps - days).astype("timedelta64[m]").astype(np.float64),
        (days.astype(np.int64) % 7).astype(np.float64),
        (days - months.astype("datetime64[D]")).astype(np.float64),
        (months.astype(np.int64) % 12).astype(np.float64),
    )
    at = np.minimum(places, len(stamps) - 1)
    return [part[at] for part in parts]
