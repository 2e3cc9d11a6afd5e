"""Ridge regression on the last values of a series, all steps ahead at once: shared weights, bent to each series."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.forecasting.families.base import Context, Fitted, Params
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel
    from cloudautoml_local.tasks.tabular.families.base import Deadline

NAME: Final = "linear"
PARAMETERS: Final = (
    Decision("lags", ("two_seasons", "long_season", "three_seasons")),
    Decision("log", (False, True)),
    Decision("strength", (1e-4, 1e-3, 1e-2, 1e-1), ordered=True),
    Decision("local", (0.0, 0.02, 0.1, 0.5, 2.0), ordered=True),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"lags": "long_season", "log": True, "strength": 1e-3, "local": 0.1},
    {"lags": "long_season", "log": False, "strength": 1e-3, "local": 0.5},
    {"lags": "three_seasons", "log": True, "strength": 1e-2, "local": 0.1},
)
_FILE = "linear.npy"
_NOTES = "linear.json"


@dataclass(frozen=True, slots=True, eq=False)
class FittedLinear:
    """Shared weights, and how they are used."""

    weights: Floats
    lags: int
    params: Params
    context: Context

    def forecast(self, panel: Panel) -> Floats:
        """The next h steps of each series."""
        from cloudautoml_local.tasks.forecasting import ridge
        from cloudautoml_local.tasks.forecasting.transform import bounded, logged, unlogged

        given = logged(panel) if self.params["log"] else panel
        found = ridge.forecast(
            given, self.weights, lags=self.lags, season=self.context.season, local=float(self.params["local"] or 0)
        )
        return bounded(unlogged(found, panel) if self.params["log"] else found, panel)

    def save(self, directory: Path) -> None:
        """Write the shared weights."""
        from cloudautoml.data.arrays import write_array
        from cloudautoml.store.files import write_json

        write_json(directory / _NOTES, {"lags": self.lags})
        write_array(directory / _FILE, self.weights)


def fit(params: Params, panel: Panel, context: Context, *, deadline: Deadline) -> Fitted:  # noqa: ARG001 - quick
    """Solve for the weights that serve all series."""
    from cloudautoml_local.tasks.forecasting import ridge
    from cloudautoml_local.tasks.forecasting.transform import logged

    given = logged(panel) if params["log"] else panel
    lags = _lags(params, panel, context)
    weights = ridge.fit_shared(given, lags=lags, season=context.season, strength=float(params["strength"] or 0))
    return FittedLinear(weights, lags, params, context)


def load(directory: Path, params: Params, context: Context) -> Fitted:
    """Read the shared weights."""
    from cloudautoml.data.arrays import read_array
    from cloudautoml.store.files import read_json

    lags = int(read_json(directory / _NOTES)["lags"])
    return FittedLinear(read_array(directory / _FILE), lags, params, context)


def _lags(params: Params, panel: Panel, context: Context) -> int:
    """Values to go by: as asked for, as far as most series have them beside a stretch to learn from."""
    import numpy as np

    season = max(context.season, 4)
    long_season = context.long_season if context.long_season > season else 2 * season
    wanted = {"two_seasons": 2 * season, "long_season": long_season, "three_seasons": 3 * season}[str(params["lags"])]
    room = int(np.median(panel.lengths)) - panel.horizon
    return max(1, min(wanted, room // 2))
