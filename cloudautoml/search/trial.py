"""Trial: one candidate, what was spent on it and how well it did."""

from __future__ import annotations

import math
from collections.abc import Mapping  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass, field
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from cloudautoml.search.space import Architecture

_NOTHING: Mapping[str, float] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Fidelity:
    """How faithfully a candidate is judged; cheaper is less faithful.

    Attributes:
        cost: Share of the full cost, in (0, 1]; orders the fidelities.
        settings: What is cut, by name (`epochs`, `rows`, `resolution`, ...), each to a share in (0, 1] of the full
            value: a strategy need not know how many epochs a task trains. Empty at full cost.
    """

    cost: float = 1.0
    settings: Mapping[str, float] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        if not 0 < self.cost <= 1:
            msg = "the cost of a fidelity is a share in (0, 1]"
            raise ValueError(msg)
        if not all(0 < share <= 1 for share in self.settings.values()):
            msg = "a fidelity cuts to shares in (0, 1]"
            raise ValueError(msg)

    @classmethod
    def of(cls, **shares: float) -> Fidelity:
        """A fidelity that cuts these to shares of their full values, with the cost that follows.

        Raises:
            ValueError: A share is not in (0, 1].
        """
        kept = {name: share for name, share in sorted(shares.items()) if share != 1}
        return cls(math.prod(share ** _COST_EXPONENTS.get(name, 1) for name, share in kept.items()), kept)

    def cut(self, **shares: float) -> Fidelity:
        """This fidelity with these cut to shares of what it leaves of them."""
        return Fidelity.of(**{**self.settings, **{n: self.settings.get(n, 1.0) * s for n, s in shares.items()}})

    def share(self, name: str) -> float:
        """What is left of something, 1 where it is not cut."""
        return self.settings.get(name, 1.0)


_COST_EXPONENTS = {"resolution": 2, "width": 2}
"""How the cost of training grows with what is cut, where it is not in proportion."""


FULL = Fidelity()
"""Nothing cut."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a strategy asks to have judged.

    Attributes:
        architecture: The candidate.
        fidelity: How faithfully to judge it.
        parent: Number of the trial it descends from, for estimators that inherit weights; of the same candidate at
            a lower fidelity, where it goes on from there.
    """

    architecture: Architecture
    fidelity: Fidelity = FULL
    parent: int | None = None


@dataclass(frozen=True, slots=True)
class Measurement:
    """What an estimator found out.

    Attributes:
        score: The objective, higher is better whatever the metric; not NaN.
        metrics: Natural values of all metrics that were computed, by canonical name.
        curve: Scores along training, in order; empty where there is no such thing.
        seconds: Wall-clock seconds it took.
        fidelity: How faithful it is; lower than what was asked for where training was ended early.
        costs: What using the model takes, lower is better: `parameters`, `flops`, `latency_ms`, `size_mb`, as far as
            they are known. What a strategy is told are those to be minimised.
        predicted: Whether the score is a prediction, and nothing was trained.
        details: Anything else worth showing: rounds, rates, what was inherited.
    """

    score: float
    metrics: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    curve: tuple[float, ...] = ()
    seconds: float = 0.0
    fidelity: Fidelity = FULL
    costs: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    predicted: bool = False
    details: Mapping[str, str | int | float | bool | None] = field(default_factory=lambda: MappingProxyType({}))

    def __post_init__(self) -> None:
        if self.score != self.score:
            msg = "a score cannot be NaN; raise TrialFailedError instead"
            raise ValueError(msg)


class TrialState(StrEnum):
    """Where a trial stands."""

    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    SKIPPED = "skipped"  # never started: a duplicate, or the budget ended first

    @property
    def is_finished(self) -> bool:
        """Whether nothing more will happen to it."""
        return self is not TrialState.RUNNING


@dataclass(frozen=True, slots=True)
class Trial:
    """A proposal with its number and its outcome.

    Attributes:
        number: Position in the search, from 0, in the order of asking.
        proposal: What was asked for.
        state: Where it stands.
        measurement: What was found out; only when it succeeded.
        error: Why it failed or was skipped.
    """

    number: int
    proposal: Proposal
    state: TrialState
    measurement: Measurement | None = None
    error: str | None = None

    @property
    def architecture(self) -> Architecture:
        """The candidate."""
        return self.proposal.architecture

    @property
    def score(self) -> float | None:
        """The objective, higher is better; None unless it succeeded."""
        return self.measurement.score if self.measurement else None


class TrialFailedError(Exception):
    """Training this candidate gave nothing usable; the search goes on.

    Args:
        reason: Short word for the leaderboard: `nan`, `oom`, `timeout`, `error`, `lost`.
        message: What happened.
    """

    def __init__(self, reason: str, message: str) -> None:
        self.reason = reason
        super().__init__(f"{reason}: {message}")


class TrialSkippedError(TrialFailedError):
    """Training this candidate is not worth it; it counts against no budget of trials.

    Args:
        message: Why.
    """

    def __init__(self, message: str) -> None:
        super().__init__("skipped", message)
