"""Contenders: which candidates are worth training whole before one of them wins."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import Measurement, SearchSpace, Trial

_MANY = 100
_FEW_AGAIN = 3


def reached(found: Measurement) -> float:
    """How faithful a measurement is: the share of the full cost; 0 for a prediction, 1 for a whole training."""
    if found.predicted:
        return 0.0
    if found.fidelity.cost >= 1 and "inherited" in found.details:
        return 0.999  # trained whole, from a start that others did not have
    return found.fidelity.cost


def worth_training(trials: Sequence[Trial], space: SearchSpace) -> list[Trial]:
    """Trials that only a cheaper look has judged, and that may be better than any that was trained whole; best first.

    Where some have been trained whole, those that scored higher on a cheaper look, or are predicted to; where none has,
    the best of those that were looked at most closely. A few where there were few trials, since then the cheaper look
    tells less; else one.
    """
    scored = [(trial, trial.measurement) for trial in trials if trial.measurement is not None]
    whole = [(trial, found) for trial, found in scored if reached(found) >= 1]
    bar = max((found.score for _, found in whole), default=-math.inf)
    known = {space.canonical(trial.architecture) for trial, _ in whole}
    others = [(trial, found) for trial, found in scored if reached(found) < 1 and found.score > bar]
    others.sort(key=lambda pair: (-reached(pair[1]), -pair[1].score, pair[0].number))
    chosen: list[Trial] = []
    for trial, _ in others:
        candidate = space.canonical(trial.architecture)
        if candidate not in known:
            known.add(candidate)
            chosen.append(trial)
    return chosen[: _FEW_AGAIN if len(scored) < _MANY else 1]


def expected_seconds(trial: Trial) -> float:
    """Seconds that training a trial's candidate whole is likely to take; 0 where there is nothing to go by."""
    found = trial.measurement
    if found is None or found.predicted:
        return 0.0
    return 1.2 * found.seconds / found.fidelity.cost + 1.0
