"""Rungs: candidates judged at equal fidelity, of which the best few are worth judging at the next one."""

from __future__ import annotations

import math
from bisect import insort
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from cloudautoml.search import FULL, Fidelity

if TYPE_CHECKING:
    from collections.abc import Container

    from cloudautoml.search import Architecture, Trial


def ladder(name: str, least: float | None, eta: float) -> list[Fidelity]:
    """The fidelities from the least to the whole, at equal ratios of cost as near to `eta` as that allows.

    Args:
        name: What is cut.
        least: Its smallest share; what makes the first rung cost a ninth unless given.
        eta: The ratio to aim at.
    """
    exponent = math.log(Fidelity.of(**{name: 0.5}).cost, 0.5)
    least = least if least is not None else 9 ** (-1 / exponent)
    steps = max(1, round(-exponent * math.log(least) / math.log(eta)))
    return [*(Fidelity.of(**{name: least ** (left / steps)}) for left in range(steps, 0, -1)), FULL]


@dataclass(slots=True)
class Rung:
    """The trials of a bracket at one fidelity, best first; equal scores by number, failures last."""

    _trials: list[tuple[float, int, Trial]] = field(default_factory=list["tuple[float, int, Trial]"])
    _climbed: set[int] = field(default_factory=set[int])

    def add(self, trial: Trial) -> None:
        """Take a finished trial."""
        insort(self._trials, (math.inf if trial.score is None else -trial.score, trial.number, trial))

    def promote(self, eta: float, *, known: Container[Architecture], last: bool = False) -> Trial | None:
        """The best trial that is among the best one in `eta` and has not been promoted yet; it counts as promoted.

        Args:
            eta: One in how many goes on.
            known: Candidates that need no promotion.
            last: Whether no more trials will come, so that at least one of them goes on.
        """
        quota = int(len(self._trials) / eta)
        for _, _, trial in self._trials[: max(quota, int(last))]:
            if trial.score is not None and trial.number not in self._climbed:
                self._climbed.add(trial.number)
                if trial.architecture not in known:
                    return trial
        return None


@dataclass(slots=True)
class Bracket:
    """Rungs from one fidelity up to the whole.

    Attributes:
        first: Position of its lowest rung among all fidelities.
        rungs: Its rungs by position; those below the first stay empty.
        spent: What its proposals cost, in whole trainings.
    """

    first: int
    rungs: list[Rung]
    spent: float = 0.0
