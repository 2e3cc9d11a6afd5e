"""Gradient boosting by CatBoost, on the tree view; categories are encoded by their ordered target statistics."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision
from cloudautoml_local.tasks.tabular.families.base import Deadline, Fitted, Params, Patience, Problem, Rows

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.tabular.families.base import Floats, Matrix, View

NAME: Final = "catboost"
VIEWS: Final[tuple[View, ...]] = ("tree",)
PARAMETERS: Final = (
    Decision("learning_rate", (0.02, 0.03, 0.05, 0.08, 0.12), ordered=True),
    Decision("depth", (4, 5, 6, 7, 8), ordered=True),
    Decision("l2_leaf_reg", (1.0, 3.0, 7.0, 15.0), ordered=True),
    Decision("random_strength", (0.5, 1.0, 3.0), ordered=True),
    Decision("rsm", (0.5, 0.75, 1.0), ordered=True),
    Decision("one_hot_max_size", (2, 10, 40), ordered=True),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"learning_rate": 0.08, "depth": 6, "l2_leaf_reg": 3.0, "random_strength": 1.0, "rsm": 1.0,
     "one_hot_max_size": 10},
    {"learning_rate": 0.08, "depth": 4, "l2_leaf_reg": 7.0, "random_strength": 1.0, "rsm": 0.75,
     "one_hot_max_size": 2},
    {"learning_rate": 0.05, "depth": 8, "l2_leaf_reg": 3.0, "random_strength": 1.0, "rsm": 0.5,
     "one_hot_max_size": 40},
)  # fmt: skip
_MAX_ROUNDS = 3000
_FILE = "catboost.cbm"


@dataclass(frozen=True, slots=True, eq=False)
class FittedCatBoost:
    """A model with the rounds it is to use."""

    model: Any
    rounds: int

    def predict(self, tree: Matrix, dense: Matrix) -> Floats:  # noqa: ARG002 - every family gets both views
        """Probabilities or numbers."""
        import numpy as np

        pool = _pool(tree, self.model.get_cat_feature_indices())
        if self.model.get_all_params().get("loss_function") in {"Logloss", "MultiClass"}:
            found = self.model.predict(pool, prediction_type="Probability", thread_count=1)
        else:
            found = self.model.predict(pool, thread_count=1)
        return np.asarray(found, np.float64)

    def save(self, directory: Path) -> None:
        """Write CatBoost's binary format."""
        self.model.save_model(str(directory / _FILE), format="cbm")


def fit(
    params: Params, train: Rows, valid: Rows | None, problem: Problem, *, deadline: Deadline, rounds: int | None = None
) -> Fitted:
    """Boost until the validation loss stops falling, the time is up, or `rounds` are done."""
    import catboost

    patience = Patience(max(20, int(3 / float(params["learning_rate"] or 1))), 0.1)

    class Watch:
        def after_iteration(self, info: Any) -> bool:
            stop = deadline.passed
            for log in (info.metrics or {}).get("validation", {}).values():
                stop |= patience.over(info.iteration, float(log[-1]))
            return not stop

    loss = {"log": "Logloss" if problem.kind == "binary" else "MultiClass", "squared": "RMSE", "absolute": "MAE"}
    model = catboost.CatBoost(
        {
            **params,
            "iterations": rounds or _MAX_ROUNDS,
            "loss_function": loss[problem.loss],
            "eval_metric": loss[problem.loss],
            "boosting_type": "Plain",
            "max_ctr_complexity": 1,
            "bootstrap_type": "MVS" if problem.kind != "multiclass" else "Bernoulli",
            "subsample": 0.8,
            "use_best_model": valid is not None,
            "random_seed": problem.seed % 2**31,
            "thread_count": problem.threads,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }
    )
    categorical = problem.categorical
    model.fit(
        _pool(train.tree, categorical, train.target, train.weight),
        eval_set=_pool(valid.tree, categorical, valid.target, valid.weight) if valid is not None else None,
        callbacks=[Watch()],
    )
    return FittedCatBoost(model, int(model.tree_count_))


def load(directory: Path) -> Fitted:
    """Read CatBoost's binary format."""
    import catboost

    model = catboost.CatBoost()
    model.load_model(str(directory / _FILE), format="cbm")
    return FittedCatBoost(model, int(model.tree_count_))


def _pool(tree: Matrix, categorical: list[int], target: Floats | None = None, weight: Floats | None = None) -> Any:
    import catboost
    import numpy as np
    import pandas as pd

    if not categorical:
        return catboost.Pool(tree, target, weight=weight)
    wanted = set(categorical)
    columns = {
        i: np.nan_to_num(tree[:, i], nan=-1.0).astype(np.int32) if i in wanted else tree[:, i]
        for i in range(tree.shape[1])
    }
    return catboost.Pool(pd.DataFrame(columns), target, weight=weight, cat_features=categorical)
