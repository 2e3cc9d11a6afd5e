"""Exponential smoothing with a trend and a season, of all series at once."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision
from cloudautoml_local.tasks.forecasting.families.worked_out import WorkedOut

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.forecasting.families.base import Context, Fitted, Params
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel
    from cloudautoml_local.tasks.tabular.families.base import Deadline

NAME: Final = "ets"
PARAMETERS: Final = (
    Decision("trend", ("none", "damped", "linear", "auto")),
    Decision("season", ("short", "long")),
    Decision("log", (False, True)),
    Decision("damping", (0.85, 0.92, 0.96, 0.98), ordered=True),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"trend": "auto", "season": "short", "log": False, "damping": 0.96},
    {"trend": "none", "season": "short", "log": True, "damping": 0.96},
    {"trend": "none", "season": "long", "log": True, "damping": 0.96},
    {"trend": "auto", "season": "short", "log": True, "damping": 0.92},
)


def rule(panel: Panel, params: Params, context: Context) -> Floats:
    """Each series by the weights, and where asked for by the trend, that would have forecast its last steps best."""
    import numpy as np

    from cloudautoml_local.tasks.forecasting.smoothing import Form, smooth
    from cloudautoml_local.tasks.forecasting.transform import bounded, logged, unlogged

    given = logged(panel) if params["log"] else panel
    season, choice = context.season_of(params), str(params["trend"])
    trends = ("none", "damped", "linear") if choice == "auto" else (choice,)
    found = np.empty((len(panel), panel.horizon))
    lengths = panel.lengths
    # a series needs two seasons to start from
    kinds = np.where(lengths >= 2 * season + 2, season, np.where(lengths >= 2 * context.season + 2, context.season, 1))
    for kind in np.unique(kinds):
        which = np.flatnonzero(kinds == kind)
        values = [given.values[at] for at in which]
        made = [
            smooth(values, Form(trend, int(kind), float(params["damping"] or 1)), panel.horizon)  # type: ignore[arg-type]
            for trend in trends
        ]
        best = np.argmin([error for _, error in made], axis=0)
        found[which] = np.stack([forecast for forecast, _ in made])[best, np.arange(len(which))]
    return bounded(unlogged(found, panel) if params["log"] else found, panel)


def fit(params: Params, panel: Panel, context: Context, *, deadline: Deadline) -> Fitted:  # noqa: ARG001
    """Nothing is learned beforehand."""
    return WorkedOut(rule, params, context)


def load(directory: Path, params: Params, context: Context) -> Fitted:  # noqa: ARG001 - nothing was written
    """The rule again."""
    return WorkedOut(rule, params, context)
