"""Trial: one candidate, what was spent on it and how well it did."""

from __future__ import annotations

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
        settings: What was cut, such as `{"epochs": 3}` or `{"data_fraction": 0.1}`; empty at full cost.
    """

    cost: float = 1.0
    settings: Mapping[str, float] = field(default_factory=lambda: _NOTHING)

    def __post_init__(self) -> None:
        if not 0 < self.cost <= 1:
            msg = "the cost of a fidelity is a share in (0, 1]"
            raise ValueError(msg)


FULL = Fidelity()
"""Nothing cut."""


@dataclass(frozen=True, slots=True)
class Proposal:
    """What a strategy asks to have judged.

    Attributes:
        architecture: The candidate.
        fidelity: How faithfully to judge it.
        parent: Number of the trial it descends from, for estimators that inherit weights.
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
        fidelity: How faithful it is.
        details: Anything else worth showing: sizes, rounds, parameters counts.
    """

    score: float
    metrics: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    curve: tuple[float, ...] = ()
    seconds: float = 0.0
    fidelity: Fidelity = FULL
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
