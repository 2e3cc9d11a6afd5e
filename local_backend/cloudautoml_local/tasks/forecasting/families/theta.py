"""The theta method: the season taken off, the rest smoothed and given half of its trend."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision
from cloudautoml_local.tasks.forecasting.families.worked_out import WorkedOut

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.forecasting.families.base import Context, Fitted, Params
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel
    from cloudautoml_local.tasks.tabular.families.base import Deadline

NAME: Final = "theta"
PARAMETERS: Final = (
    Decision("season", ("short", "long")),
    Decision("log", (False, True)),
    Decision("trend", (0.0, 0.25, 0.5, 1.0), ordered=True),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"season": "long", "log": True, "trend": 0.0},
    {"season": "short", "log": False, "trend": 0.5},
    {"season": "short", "log": True, "trend": 0.5},
)


def rule(panel: Panel, params: Params, context: Context) -> Floats:
    """The seasonal shape, plus a smoothed level, plus a share of the slope of the line through all values."""
    import numpy as np

    from cloudautoml_local.tasks.forecasting.panel import aligned
    from cloudautoml_local.tasks.forecasting.smoothing import Form, seasonal_shape, smooth
    from cloudautoml_local.tasks.forecasting.transform import bounded, logged, unlogged

    given = logged(panel) if params["log"] else panel
    season = context.season_of(params)
    found = np.empty((len(panel), panel.horizon))
    lengths = panel.lengths
    kinds = np.where(lengths >= 2 * season + 2, season, np.where(lengths >= 2 * context.season + 2, context.season, 1))
    for kind in np.unique(kinds):
        which = np.flatnonzero(kinds == kind)
        matrix, starts = aligned([given.values[at] for at in which], int(kind))
        shape = seasonal_shape(matrix, int(kind))
        rest = matrix - shape[:, np.arange(matrix.shape[1]) % kind]
        flat = [row[start:] for row, start in zip(rest, starts, strict=True)]
        slope = np.asarray([_slope(one) for one in flat])[:, None] * float(params["trend"] or 0)
        level, _ = smooth(flat, Form("none", 1), panel.horizon)
        phases = (matrix.shape[1] + np.arange(panel.horizon)) % kind
        found[which] = level + slope * np.arange(1, panel.horizon + 1) + shape[:, phases]
    return bounded(unlogged(found, panel) if params["log"] else found, panel)


def _slope(values: Floats) -> float:
    import numpy as np

    steps = np.arange(len(values)) - (len(values) - 1) / 2
    return float(steps @ values / max(1e-9, float(steps @ steps)))


def fit(params: Params, panel: Panel, context: Context, *, deadline: Deadline) -> Fitted:  # noqa: ARG001
    """Nothing is learned beforehand."""
    return WorkedOut(rule, params, context)


def load(directory: Path, params: Params, context: Context) -> Fitted:  # noqa: ARG001 - nothing was written
    """The rule again."""
    return WorkedOut(rule, params, context)
