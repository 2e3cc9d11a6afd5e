"""Gradient boosting by XGBoost, on the tree view with its own handling of categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from typing_extensions import override

from cloudautoml.search import Decision
from cloudautoml_local.tasks.tabular.families.base import (
    Deadline,
    Fitted,
    Pace,
    Params,
    Patience,
    Problem,
    Rows,
    patience_of,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.tabular.families.base import Floats, Matrix

NAME: Final = "xgboost"
PARAMETERS: Final = (
    Decision("learning_rate", (0.01, 0.02, 0.03, 0.05, 0.08, 0.12), ordered=True),
    Decision("max_depth", (3, 4, 5, 6, 7, 8, 10), ordered=True),
    Decision("min_child_weight", (0.5, 1.0, 3.0, 8.0, 20.0), ordered=True),
    Decision("colsample", (0.4, 0.55, 0.7, 0.85, 1.0), ordered=True),
    Decision("subsample", (0.6, 0.8, 1.0), ordered=True),
    Decision("reg_lambda", (0.1, 1.0, 5.0, 20.0), ordered=True),
    Decision("gamma", (0.0, 0.05, 0.5), ordered=True),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"learning_rate": 0.05, "max_depth": 6, "min_child_weight": 1.0, "colsample": 0.7, "subsample": 0.8,
     "reg_lambda": 1.0, "gamma": 0.0},
    {"learning_rate": 0.05, "max_depth": 4, "min_child_weight": 3.0, "colsample": 0.55, "subsample": 0.8,
     "reg_lambda": 5.0, "gamma": 0.0},
    {"learning_rate": 0.03, "max_depth": 8, "min_child_weight": 3.0, "colsample": 0.55, "subsample": 0.6,
     "reg_lambda": 1.0, "gamma": 0.0},
)  # fmt: skip
_MAX_ROUNDS = 5000
_FILE = "xgboost.ubj"


@dataclass(frozen=True, slots=True, eq=False)
class FittedXGBoost:
    """A booster with the rounds it is to use."""

    booster: Any
    rounds: int
    rate: float = 0.0

    def predict(self, tree: Matrix, dense: Matrix) -> Floats:  # noqa: ARG002 - every family gets both views
        """Probabilities or numbers."""
        import numpy as np

        data = _matrix(tree, self.booster.feature_types)
        found = np.asarray(self.booster.predict(data, iteration_range=(0, self.rounds)), np.float64)
        if found.ndim == 1 and '"binary:logistic"' in self.booster.save_config():
            return np.stack([1 - found, found], axis=1)
        return found

    def save(self, directory: Path) -> None:
        """Write XGBoost's binary JSON."""
        self.booster[: self.rounds].save_model(directory / _FILE)


def fit(
    params: Params, train: Rows, valid: Rows | None, problem: Problem, *, deadline: Deadline, rounds: int | None = None
) -> Fitted:
    """Boost until the validation loss stops falling, the time is up, or `rounds` are done."""
    import xgboost as xgb
    from xgboost.callback import TrainingCallback

    types = ["c" if levels else "float" for levels in problem.levels]
    data = _matrix(train.tree, types, train.target, train.weight)
    pace = Pace(float(params["learning_rate"] or 1.0), deadline)
    patience = Patience(patience_of(pace.rate))

    class Watch(TrainingCallback):
        @override
        def after_iteration(self, model: Any, epoch: int, evals_log: Any) -> bool:
            stop = deadline.passed
            if rounds is None and pace.faster(epoch + 1):
                model.set_param("learning_rate", pace.rate)
                patience.first = patience_of(pace.rate)
            for log in evals_log.values():
                stop |= patience.over(epoch + 1, next(iter(log.values()))[-1])
            return stop

    booster = xgb.train(
        _settings(params, problem),
        data,
        num_boost_round=rounds or _MAX_ROUNDS,
        evals=[(_matrix(valid.tree, types, valid.target, valid.weight), "valid")] if valid is not None else [],
        callbacks=[Watch()],
        verbose_eval=False,
    )
    used = patience.best_round if valid is not None else booster.num_boosted_rounds()
    return FittedXGBoost(booster, used, pace.rate)


def load(directory: Path) -> Fitted:
    """Read XGBoost's binary JSON."""
    import xgboost as xgb

    booster = xgb.Booster(params={"nthread": 1})
    booster.load_model(directory / _FILE)
    return FittedXGBoost(booster, booster.num_boosted_rounds())


def _matrix(tree: Matrix, types: list[str], target: Floats | None = None, weight: Floats | None = None) -> Any:
    import xgboost as xgb

    return xgb.DMatrix(tree, target, weight=weight, feature_types=types, enable_categorical=True)


def _settings(params: Params, problem: Problem) -> dict[str, Any]:
    objective = {
        "log": "binary:logistic" if problem.kind == "binary" else "multi:softprob",
        "squared": "reg:squarederror",
        "absolute": "reg:absoluteerror",
    }
    metric = {"log": "logloss" if problem.kind == "binary" else "mlogloss", "squared": "rmse", "absolute": "mae"}
    settings: dict[str, Any] = {
        "eta": params["learning_rate"],
        "max_depth": params["max_depth"],
        "min_child_weight": params["min_child_weight"],
        "colsample_bynode": params["colsample"],
        "subsample": params["subsample"],
        "lambda": params["reg_lambda"],
        "gamma": params["gamma"],
        "objective": objective[problem.loss],
        "eval_metric": metric[problem.loss],
        "tree_method": "hist",
        "nthread": problem.threads,
        "seed": problem.seed,
        "verbosity": 0,
    }
    if problem.kind == "multiclass":
        settings["num_class"] = problem.classes
    return settings
