"""Transforms: series on a scale on which they change by about as much at any level, and their forecasts back."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel

_FARTHEST = 2.0
"""How far, in multiples of its range, a forecast may leave what a series has been."""


def logged(panel: Panel) -> Panel:
    """The series as logarithms, where all their values are above zero."""
    return replace(panel, values=[np.log(one) if one.min() > 0 else one for one in panel.values])


def unlogged(found: Floats, panel: Panel) -> Floats:
    """Forecasts of `logged(panel)` on the scale of the panel."""
    positive = np.asarray([one.min() > 0 for one in panel.values])[:, None]
    return np.asarray(np.where(positive, np.exp(np.clip(found, -700, 700)), found))


def bounded(found: Floats, panel: Panel) -> Floats:
    """Forecasts that stay within reach of what each series has been, and at zero or above where it always was."""
    low = np.asarray([one.min() for one in panel.values])[:, None]
    high = np.asarray([one.max() for one in panel.values])[:, None]
    room = _FARTHEST * np.maximum(high - low, 1e-9 * np.abs(high))
    floor = np.where(low >= 0, 0.0, low - room)
    return np.clip(
        np.nan_to_num(found, nan=0.0, posinf=1e300, neginf=-1e300), np.maximum(low - room, floor), high + room
    )
