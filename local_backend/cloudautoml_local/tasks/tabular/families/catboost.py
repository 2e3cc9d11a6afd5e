"""Gradient boosting by CatBoost, on the tree view; categories are encoded by their ordered target statistics."""

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

NAME: Final = "catboost"
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
    rate: float = 0.0

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
    pace = Pace(float(params["learning_rate"] or 1.0), deadline)
    pools = [_pool(train.tree, problem.categorical, train.target, train.weight)]
    if valid is not None:
        pools.append(_pool(valid.tree, problem.categorical, valid.target, valid.weight))
    model, again = _boost(params, pools, problem, pace, deadline=deadline, rounds=rounds)
    if again:  # its learning rate cannot be changed on the way
        model, _ = _boost(params, pools, problem, pace, deadline=deadline, rounds=rounds)
    return FittedCatBoost(model, int(model.tree_count_), pace.rate)


def _boost(
    params: Params, pools: list[Any], problem: Problem, pace: Pace, *, deadline: Deadline, rounds: int | None
) -> tuple[Any, bool]:
    """A model, and whether it was given up because the learning rate had to be raised."""
    import catboost

    patience = Patience(patience_of(pace.rate))
    again = False

    class Watch:
        def after_iteration(self, info: Any) -> bool:
            nonlocal again
            stop = deadline.passed
            again = rounds is None and pace.faster(info.iteration)
            for log in (info.metrics or {}).get("validation", {}).values():
                stop |= patience.over(info.iteration, float(log[-1]))
            return not (stop or again)

    loss = {"log": "Logloss" if problem.kind == "binary" else "MultiClass", "squared": "RMSE", "absolute": "MAE"}
    model = catboost.CatBoost(
        {
            **params,
            "learning_rate": pace.rate,
            "iterations": rounds or _MAX_ROUNDS,
            "loss_function": loss[problem.loss],
            "eval_metric": loss[problem.loss],
            "boosting_type": "Plain",
            "max_ctr_complexity": 1,
            "bootstrap_type": "MVS" if problem.kind != "multiclass" else "Bernoulli",
            "subsample": 0.8,
            "use_best_model": len(pools) > 1,
            "random_seed": problem.seed % 2**31,
            "thread_count": problem.threads,
            "allow_writing_files": False,
            "logging_level": "Silent",
        }
    )
    model.fit(pools[0], eval_set=pools[1] if len(pools) > 1 else None, callbacks=[Watch()])
    return model, again


def load(directory: Path) -> Fitted:
    """Read CatBoost's binary format."""
    import catboost

    model: Any = catboost.CatBoost()
    model.load_model(str(directory / _FILE), format="cbm")
    return FittedCatBoost(model, int(model.tree_count_ or 0))


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
