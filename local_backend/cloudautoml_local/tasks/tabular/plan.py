"""Plan of the trials: how many folds, and how long one trial may take, from the size of the table and the budget."""

from __future__ import annotations

from dataclasses import dataclass

_USUAL_SECONDS = 300.0
_SPLITS = 8
_STRONG_TRIALS = 9
"""Trials of boosted trees that are to fit into the time, at the least."""


@dataclass(frozen=True, slots=True)
class Plan:
    """How trials are run.

    Attributes:
        splits: Parts that the rows are dealt into; each model learns from all but one.
        folds: Parts that are validated on, one model each; with all of them it is a cross-validation.
        trial_seconds: Seconds that one trial may take; None without a time for the job, so that the clock has no part
            in the result.
    """

    splits: int
    folds: int
    trial_seconds: float | None


def plan_trials(*, rows: int, columns: int, outputs: int, seconds: float | None) -> Plan:
    """Choose folds and time.

    Args:
        rows: Training rows.
        columns: Columns of the tree view.
        outputs: Trees per boosting round.
        seconds: Time for the whole job; None for no limit.
    """
    budget = seconds if seconds is not None else max(_USUAL_SECONDS, rows * columns * outputs / 2_000)
    # about ten seconds go for starting and about a tenth for the end, whatever the budget
    usable = max(budget * 0.4, budget - 10.0 - 0.1 * budget)
    # a boosted model takes about ten microseconds a cell and output, plus its overhead; two are trained at a time
    fold_seconds = 0.1 + rows * columns * outputs * 1e-5
    affordable = 2 * usable / (_STRONG_TRIALS * 1.5 * fold_seconds)
    splits = min(_SPLITS, max(2, rows // 2))
    # a second fold halves the luck of the draw, so it is worth more than a few more candidates
    folds = 1 if affordable < 0.8 else min(splits, max(2, round(affordable)))
    return Plan(splits, folds, trial_seconds=None if seconds is None else max(2.0, usable * 0.3))
