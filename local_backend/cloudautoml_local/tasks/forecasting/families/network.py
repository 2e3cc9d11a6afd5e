"""A network of dense layers on the last values of a series, all steps ahead at once, learned from all series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.forecasting.families.base import Context, Fitted, Params
    from cloudautoml_local.tasks.forecasting.panel import Panel
    from cloudautoml_local.tasks.tabular.families.base import Deadline

NAME: Final = "network"
PARAMETERS: Final = (
    Decision("lags", ("two_seasons", "long_season")),
    Decision("units", (64, 128, 256), ordered=True),
    Decision("layers", (1, 2, 3), ordered=True),
    Decision("learning_rate", (3e-4, 1e-3, 3e-3), ordered=True),
    Decision("epochs", (10, 20, 40), ordered=True),
    Decision("log", (False, True)),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"lags": "long_season", "units": 128, "layers": 2, "learning_rate": 1e-3, "epochs": 20, "log": True},
    {"lags": "two_seasons", "units": 128, "layers": 2, "learning_rate": 1e-3, "epochs": 20, "log": False},
)


def fit(params: Params, panel: Panel, context: Context, *, deadline: Deadline) -> Fitted:
    """Train it."""
    from cloudautoml_local.spaces.neural import Recipe
    from cloudautoml_local.tasks.forecasting.training import fit_network, usable_lags

    season = max(context.season, 4)
    longer = context.long_season if context.long_season > season else 4 * season
    lags = usable_lags(panel, longer if params["lags"] == "long_season" else 2 * season)

    def build() -> Any:
        import keras

        kinds: Any = keras
        first = made = kinds.Input((lags, 1))
        made = kinds.layers.Flatten()(made)
        straight = kinds.layers.Dense(panel.horizon)(made)
        for _ in range(int(params["layers"] or 1)):
            made = kinds.layers.Dense(int(params["units"] or 1), activation="relu")(made)
        bent = kinds.layers.Dense(panel.horizon, kernel_initializer="zeros")(made)
        return kinds.Model(first, kinds.layers.Add()([straight, bent]))

    recipe = Recipe(learning_rate=float(params["learning_rate"] or 0), batch_size=128)
    epochs = int(params["epochs"] or 1)
    return fit_network(
        panel, build, recipe, context, lags=lags, log=bool(params["log"]), epochs=epochs, deadline=deadline
    )


def load(directory: Path, params: Params, context: Context) -> Fitted:  # noqa: ARG001 - its notes are beside it
    """Read Keras's own format."""
    from cloudautoml_local.tasks.forecasting.training import load_fitted

    return load_fitted(directory, context)
