"""Extremely randomised trees by scikit-learn, on the tree view with target-encoded categories."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.tabular.families.base import Deadline, Fitted, Params, Problem, Rows

NAME: Final = "extra_trees"
PARAMETERS: Final = (
    Decision("max_features", (0.15, 0.3, 0.5, 0.75, 1.0), ordered=True),
    Decision("min_samples_leaf", (1, 2, 4, 8, 16), ordered=True),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"max_features": 0.5, "min_samples_leaf": 2},
    {"max_features": 1.0, "min_samples_leaf": 1},
)
_TREES = 300


def fit(
    params: Params,
    train: Rows,
    valid: Rows | None,  # noqa: ARG001 - nothing here stops early
    problem: Problem,
    *,
    deadline: Deadline,
    rounds: int | None = None,
) -> Fitted:
    """Grow 300 trees, or as many as the time allows."""
    from cloudautoml_local.tasks.tabular.forest import grow

    return grow("ExtraTrees", params, train, problem, deadline=deadline, rounds=rounds, most=_TREES)


def load(directory: Path) -> Fitted:
    """Read the arrays of the trees."""
    from cloudautoml_local.tasks.tabular.forest import load_forest

    return load_forest(directory)
