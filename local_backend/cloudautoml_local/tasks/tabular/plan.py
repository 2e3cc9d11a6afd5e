"""Plan of the trials: how many folds, and how long one trial may take, from the size of the table and the budget."""

from __future__ import annotations

from dataclasses import dataclass

_USUAL_SECONDS = 600.0


@dataclass(frozen=True, slots=True)
class Plan:
    """How trials are run.

    Attributes:
        folds: Folds of the cross-validation; 1 for a single set of validation rows.
        validation: With one fold, the share of rows to validate on.
        trial_seconds: Seconds that one trial may take.
    """

    folds: int
    validation: float
    trial_seconds: float


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
    # one boosted fold costs about a microsecond a cell and output, plus its overhead
    fold_cost = 0.15 + rows * columns * outputs * 1.5e-6
    affordable = usable * 0.25 / fold_cost
    most = 8 if rows < 2_500 else 5
    count = next((folds for folds in (most, 5, 4, 3) if folds <= affordable), 1)
    return Plan(folds=count, validation=0.2 if rows < 100_000 else 0.1, trial_seconds=max(2.0, usable * 0.25))
