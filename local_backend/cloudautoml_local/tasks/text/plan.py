"""Plan of the trials of a text job: how many folds, from the size of the data and the time."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cloudautoml_local.tasks.tabular.plan import Plan

if TYPE_CHECKING:
    import numpy.typing as npt

_SPLITS = 5
_USUAL_SECONDS = 300.0
_TRIALS = 8


def plan_trials(*, rows: int, occurrences: int, outputs: int, seconds: float | None) -> Plan:
    """Choose folds and time.

    Args:
        rows: Texts to learn from.
        occurrences: N-grams in all of them.
        outputs: Outputs of a linear model.
        seconds: Time for the whole job; None for no limit.
    """
    usable = _USUAL_SECONDS if seconds is None else max(seconds * 0.4, seconds * 0.85 - 10.0)
    fold_seconds = 0.2 + 4e-8 * occurrences * outputs
    splits = min(_SPLITS, max(2, rows // 2))
    folds = min(splits, max(1, round(2 * usable / (_TRIALS * fold_seconds))))
    return Plan(splits, folds, trial_seconds=None if seconds is None else max(3.0, usable * 0.4))


def deal(
    strata: npt.NDArray[np.int64], groups: npt.NDArray[np.int64], plan: Plan, *, seed: int
) -> npt.NDArray[np.int8]:
    """Which fold each row is validated in; -1 for rows that are never validated.

    Equal texts stay together, since a copy of what was learned proves nothing, and each stratum is dealt out evenly.

    Args:
        strata: The stratum of each row.
        groups: The number of each row's group.
        plan: Splits and folds.
        seed: Seed of the draw.
    """
    rng = np.random.default_rng(seed)
    _, first, numbers = np.unique(groups, return_index=True, return_inverse=True)
    order = rng.permutation(len(first))
    order = order[np.argsort(strata[first][order], kind="stable")]
    dealt = np.empty(len(first), np.int8)
    for start in range(0, len(order), plan.splits):
        block = order[start : start + plan.splits]
        dealt[block] = rng.permutation(plan.splits)[: len(block)]
    found = dealt[numbers]
    return np.where(found < plan.folds, found, -1).astype(np.int8)
