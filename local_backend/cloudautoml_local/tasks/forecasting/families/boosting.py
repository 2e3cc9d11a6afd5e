"""Gradient boosting of one model for all series and all steps ahead, on lags, means, the calendar and covariates."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.forecasting.families.base import Context, Fitted, Params
    from cloudautoml_local.tasks.forecasting.panel import Floats, Panel
    from cloudautoml_local.tasks.tabular.families.base import Deadline

NAME: Final = "boosting"
PARAMETERS: Final = (
    Decision("rounds", (100, 200, 400, 800), ordered=True),
    Decision("learning_rate", (0.02, 0.05, 0.1), ordered=True),
    Decision("num_leaves", (7, 15, 31, 63), ordered=True),
    Decision("min_data_in_leaf", (5, 20, 80), ordered=True),
    Decision("feature_fraction", (0.6, 0.8, 1.0), ordered=True),
    Decision("log", (False, True)),
    Decision("loss", ("absolute", "squared")),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"rounds": 200, "learning_rate": 0.1, "num_leaves": 31, "min_data_in_leaf": 20, "feature_fraction": 0.8,
     "log": True, "loss": "absolute"},
    {"rounds": 400, "learning_rate": 0.05, "num_leaves": 15, "min_data_in_leaf": 20, "feature_fraction": 0.8,
     "log": False, "loss": "squared"},
)  # fmt: skip
_FILE = "boosting.txt"


@dataclass(frozen=True, slots=True, eq=False)
class FittedBoosting:
    """A booster, and how series become its rows."""

    booster: Any
    params: Params
    context: Context

    def forecast(self, panel: Panel) -> Floats:
        """The next h steps of each series."""
        import numpy as np

        from cloudautoml_local.tasks.forecasting.lagged import rows_ahead
        from cloudautoml_local.tasks.forecasting.transform import bounded, logged, unlogged

        given = logged(panel) if self.params["log"] else panel
        found = np.empty((len(panel), panel.horizon))
        for at in range(len(panel)):
            x, centre, spread = rows_ahead(given, at, self.context)
            made = np.asarray(self.booster.predict(x, num_threads=self.context.threads))
            found[at] = made * spread + centre
        return bounded(unlogged(found, panel) if self.params["log"] else found, panel)

    def save(self, directory: Path) -> None:
        """Write LightGBM's text format."""
        self.booster.save_model(str(directory / _FILE))


def fit(params: Params, panel: Panel, context: Context, *, deadline: Deadline) -> Fitted:
    """Boost for the rounds asked for, or until the time is up."""
    import lightgbm as lgb

    from cloudautoml_local.tasks.forecasting.lagged import rows_past
    from cloudautoml_local.tasks.forecasting.transform import logged

    x, y = rows_past(logged(panel) if params["log"] else panel, context)

    def watch(env: Any) -> None:
        if deadline.passed:
            raise lgb.callback.EarlyStopException(env.iteration, env.evaluation_result_list or [])

    settings = {
        "objective": "l1" if params["loss"] == "absolute" else "l2",
        "learning_rate": params["learning_rate"],
        "num_leaves": params["num_leaves"],
        "min_data_in_leaf": params["min_data_in_leaf"],
        "feature_fraction": params["feature_fraction"],
        "lambda_l2": 1.0,
        "num_threads": context.threads,
        "seed": context.seed,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
    }
    data = lgb.Dataset(x, y, params=settings, free_raw_data=True)
    booster = lgb.train(settings, data, num_boost_round=int(params["rounds"] or 1), callbacks=[watch])
    return FittedBoosting(booster, params, context)


def load(directory: Path, params: Params, context: Context) -> Fitted:
    """Read LightGBM's text format."""
    import lightgbm as lgb

    return FittedBoosting(lgb.Booster(model_file=str(directory / _FILE)), params, context)
