"""Gradient boosting by LightGBM, on the tree view with its own handling of categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

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

NAME: Final = "lightgbm"
PARAMETERS: Final = (
    Decision("learning_rate", (0.01, 0.02, 0.03, 0.05, 0.08, 0.12), ordered=True),
    Decision("num_leaves", (6, 10, 16, 24, 31, 48, 64, 96, 128), ordered=True),
    Decision("min_data_in_leaf", (2, 5, 10, 20, 40, 80), ordered=True),
    Decision("feature_fraction", (0.4, 0.55, 0.7, 0.85, 1.0), ordered=True),
    Decision("bagging_fraction", (0.6, 0.8, 1.0), ordered=True),
    Decision("lambda_l2", (0.0, 0.1, 1.0, 5.0, 20.0), ordered=True),
    Decision("extra_trees", (False, True)),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"learning_rate": 0.05, "num_leaves": 31, "min_data_in_leaf": 20, "feature_fraction": 0.85,
     "bagging_fraction": 0.8, "lambda_l2": 1.0, "extra_trees": False},
    {"learning_rate": 0.08, "num_leaves": 64, "min_data_in_leaf": 5, "feature_fraction": 1.0,
     "bagging_fraction": 1.0, "lambda_l2": 1.0, "extra_trees": True},
    {"learning_rate": 0.03, "num_leaves": 96, "min_data_in_leaf": 5, "feature_fraction": 0.7,
     "bagging_fraction": 0.8, "lambda_l2": 5.0, "extra_trees": False},
    {"learning_rate": 0.03, "num_leaves": 10, "min_data_in_leaf": 40, "feature_fraction": 0.55,
     "bagging_fraction": 0.8, "lambda_l2": 5.0, "extra_trees": False},
)  # fmt: skip
_MAX_ROUNDS = 5000
_FILE = "lightgbm.txt"


@dataclass(frozen=True, slots=True, eq=False)
class FittedLightGBM:
    """A booster with the rounds it is to use."""

    booster: Any
    rounds: int
    rate: float = 0.0

    def predict(self, tree: Matrix, dense: Matrix) -> Floats:  # noqa: ARG002 - every family gets both views
        """Probabilities or numbers."""
        import numpy as np

        found = np.asarray(self.booster.predict(tree, num_iteration=self.rounds, num_threads=1), np.float64)
        if found.ndim == 1 and self.booster.params.get("objective", "").startswith("binary"):
            return np.stack([1 - found, found], axis=1)
        return found

    def save(self, directory: Path) -> None:
        """Write LightGBM's text format."""
        self.booster.save_model(str(directory / _FILE), num_iteration=self.rounds)


def fit(
    params: Params, train: Rows, valid: Rows | None, problem: Problem, *, deadline: Deadline, rounds: int | None = None
) -> Fitted:
    """Boost until the validation loss stops falling, the time is up, or `rounds` are done."""
    import lightgbm as lgb

    settings = _settings(params, problem)
    data = lgb.Dataset(
        train.tree,
        train.target,
        weight=train.weight,
        feature_name=[f"f{i}" for i in range(train.tree.shape[1])],
        categorical_feature=problem.categorical,
        params=settings,
    )
    pace = Pace(float(settings["learning_rate"]), deadline)
    patience = Patience(patience_of(pace.rate))
    last = 0

    def watch(env: Any) -> None:
        nonlocal last
        last = env.iteration + 1
        stop = deadline.passed
        if rounds is None and pace.faster(last):
            env.model.reset_parameter({"learning_rate": pace.rate})
            patience.first = patience_of(pace.rate)
        if env.evaluation_result_list:
            stop |= patience.over(last, float(env.evaluation_result_list[0][2]))
        if stop:
            raise lgb.callback.EarlyStopException(env.iteration, env.evaluation_result_list)

    booster = lgb.train(
        settings,
        data,
        num_boost_round=rounds or _MAX_ROUNDS,
        valid_sets=[data.create_valid(valid.tree, valid.target, weight=valid.weight)] if valid is not None else None,
        callbacks=[watch],
    )
    return FittedLightGBM(booster, patience.best_round if valid is not None else last, pace.rate)


def load(directory: Path) -> Fitted:
    """Read LightGBM's text format."""
    import lightgbm as lgb

    booster = lgb.Booster(model_file=str(directory / _FILE))
    booster.params["objective"] = _objective_in(booster)
    return FittedLightGBM(booster, booster.num_trees() // booster.num_model_per_iteration())


def _objective_in(booster: Any) -> str:
    for line in booster.model_to_string(num_iteration=0).splitlines():
        if line.startswith("objective="):
            return str(line.removeprefix("objective="))
    return ""


def _settings(params: Params, problem: Problem) -> dict[str, Any]:
    objective = {"log": "binary" if problem.kind == "binary" else "multiclass", "squared": "l2", "absolute": "l1"}
    settings: dict[str, Any] = {
        **params,
        "objective": objective[problem.loss],
        "metric": {"log": "binary_logloss" if problem.kind == "binary" else "multi_logloss", "squared": "l2",
                   "absolute": "l1"}[problem.loss],
        "bagging_freq": 1,
        "num_threads": problem.threads,
        "seed": problem.seed,
        "deterministic": True,
        "force_col_wise": True,
        "verbosity": -1,
        "feature_pre_filter": False,
    }  # fmt: skip
    if problem.kind == "multiclass":
        settings["num_class"] = problem.classes
    return settings
