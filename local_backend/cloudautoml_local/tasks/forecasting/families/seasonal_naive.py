"""The seasons just past, again: what every forecast has to beat."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision
from cloudautoml_local.tasks.forecasting.families.worked_out import WorkedOut

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.forecasting.families.base import Context, Fitted, Params
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel
    from cloudautoml_local.tasks.tabular.families.base import Deadline

NAME: Final = "seasonal_naive"
PARAMETERS: Final = (
    Decision("season", ("short", "long")),
    Decision("seasons", (1, 2, 3, 5), ordered=True),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"season": "short", "seasons": 1},
    {"season": "long", "seasons": 1},
    {"season": "short", "seasons": 3},
)


def rule(panel: Panel, params: Params, context: Context) -> Floats:
    """The mean of the last few seasons, step by step; of a series without a whole season its last value."""
    import numpy as np

    found = np.empty((len(panel), panel.horizon))
    for at, values in enumerate(panel.values):
        season = next((s for s in (context.season_of(params), context.season) if len(values) >= s), 1)
        whole = max(1, min(int(params["seasons"] or 1), len(values) // season))
        cycle = values[len(values) - whole * season :].reshape(whole, season).mean(axis=0)
        found[at] = cycle[np.arange(panel.horizon) % season]
    return found


def fit(params: Params, panel: Panel, context: Context, *, deadline: Deadline) -> Fitted:  # noqa: ARG001
    """Nothing is learned beforehand."""
    return WorkedOut(rule, params, context)


def load(directory: Path, params: Params, context: Context) -> Fitted:  # noqa: ARG001 - nothing was written
    """The rule again."""
    return WorkedOut(rule, params, context)
