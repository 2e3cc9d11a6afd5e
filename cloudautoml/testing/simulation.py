"""Simulation: small spaces and a trainer with an analytic landscape and virtual time, to run searches in an instant."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.polling import FakeClock
from cloudautoml.search import (
    Architecture,
    Decision,
    Measurement,
    Option,
    SearchSpace,
    Trainer,
    Trial,
    TrialFailedError,
    TrialState,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cloudautoml.search import Fidelity, Proposal, SearchStrategy


@dataclass(frozen=True, slots=True)
class Branch:
    """A decision of a `TableSpace`, and when it has to be made.

    Attributes:
        decision: The decision.
        opened_by: Name of an earlier decision, and the options of it that open this one; None for always.
    """

    decision: Decision
    opened_by: tuple[str, tuple[Option, ...]] | None = None


class TableSpace(SearchSpace):
    """A space that is written down as a table of decisions.

    Args:
        branches: The decisions, in order.
    """

    name: ClassVar[str] = "table"

    def __init__(self, *branches: Branch) -> None:
        self.branches = branches

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        for branch in self.branches:
            if branch.decision.name in prefix:
                continue
            if branch.opened_by is None:
                return branch.decision
            opener, options = branch.opened_by
            if opener in prefix and any(repr(prefix[opener]) == repr(option) for option in options):
                return branch.decision
        return None

    @override
    def size(self) -> int:
        if all(branch.opened_by is None for branch in self.branches):
            return math.prod(len(branch.decision.options) for branch in self.branches)
        return len(every_architecture(self))


class CostlySpace(TableSpace):
    """A table of decisions whose candidates have a known number of parameters, from 1 to 100: a fixed function of them.

    Args:
        branches: The decisions, in order.
        most: The most parameters that are allowed; any number unless given.
    """

    name: ClassVar[str] = "costly"

    def __init__(self, *branches: Branch, most: float | None = None) -> None:
        super().__init__(*branches)
        self.limits = {} if most is None else {"parameters": most}

    @override
    def costs(self, architecture: Architecture) -> Mapping[str, float]:
        return {"parameters": 1.0 + round(99 * quality(architecture, salt="parameters"))}


def every_architecture(space: SearchSpace, *, limit: int = 100_000) -> list[Architecture]:
    """All candidates of a small space, depth first.

    Args:
        space: The space.
        limit: The most that may be listed.

    Raises:
        ValueError: There are more.
    """
    found: list[Architecture] = []
    paths: list[dict[str, Option]] = [{}]
    while paths:
        made = paths.pop()
        decision = space.decide(made)
        if decision is None:
            found.append(Architecture(tuple(made.items())))
            if len(found) > limit:
                msg = f"the space has more than {limit} candidates"
                raise ValueError(msg)
            continue
        paths.extend({**made, decision.name: option} for option in reversed(decision.options))
    return found


def small_spaces() -> dict[str, TableSpace]:
    """A few spaces, by name, each with a property that strategies stumble over."""
    return {
        "categorical": TableSpace(
            Branch(Decision("kind", ("a", "b", "c"))),
            Branch(Decision("flag", (True, 1, None))),
        ),
        "ordered": TableSpace(
            Branch(Decision("width", (8, 16, 32, 64), ordered=True)),
            Branch(Decision("rate", (1e-4, 1e-3, 1e-2, 0.1, 1.0), ordered=True)),
        ),
        "conditional": TableSpace(
            Branch(Decision("family", ("linear", "tree", "net"))),
            Branch(Decision("depth", (2, 4, 8), ordered=True), ("family", ("tree",))),
            Branch(Decision("layers", (1, 2), ordered=True), ("family", ("net",))),
            Branch(Decision("scale", (False, True))),
            Branch(Decision("width", (16, 32), ordered=True), ("layers", (2,))),
        ),
        "fixed": TableSpace(Branch(Decision("only", ("one",)))),
    }


def large_space() -> TableSpace:
    """A space of 65 536 candidates: too many to list, few enough to have a known best."""
    return TableSpace(*(Branch(Decision(f"d{number}", (0, 1, 2, 3), ordered=number % 2 == 0)) for number in range(8)))


def limited_spaces() -> dict[str, CostlySpace]:
    """Spaces, by name, of whose candidates some take more parameters than is allowed."""
    small = small_spaces()
    return {
        "ordered": CostlySpace(*small["ordered"].branches, most=60),
        "conditional": CostlySpace(*small["conditional"].branches, most=60),
        "nothing allowed": CostlySpace(*small["categorical"].branches, most=0),
        "large": CostlySpace(*large_space().branches, most=40),
    }


@dataclass
class SimulatedTrainer(Trainer):
    """Trains nothing: the score of a candidate is a fixed function of its choices, and time is only counted.

    A candidate's quality lies in [0, 1]: the mean of a fixed number a choice. Training climbs towards it along
    an exponential curve of `steps` steps; a low fidelity stops earlier on that curve.

    Attributes:
        place: What `directory` is.
        clock: Moves by the time that training would have taken.
        steps: Steps of a training at full fidelity.
        seconds: Seconds of a training at full fidelity.
        candidates: What `space` is.
        minimize: Costs to tell of each candidate: fixed functions of its choices, at odds with its quality.
        broken: Says of a candidate that it cannot be trained.
        calls: The fidelity of each training.
    """

    place: Path
    clock: FakeClock = field(default_factory=FakeClock)
    steps: int = 10
    seconds: float = 60.0
    candidates: SearchSpace = field(default_factory=lambda: large_space())  # noqa: PLW0108 - it is defined below
    minimize: tuple[str, ...] = ()
    broken: Callable[[Architecture], bool] = lambda _: False
    calls: list[Fidelity] = field(default_factory=list)

    @property
    @override
    def directory(self) -> Path:
        return self.place

    @property
    @override
    def space(self) -> SearchSpace:
        return self.candidates

    @override
    def curve_length(self, fidelity: Fidelity) -> int:
        return max(1, round(self.steps * fidelity.cost))

    @override
    def proxies(self, architecture: Architecture) -> Mapping[str, float]:
        if self.broken(architecture):
            raise TrialFailedError("error", "the simulated candidate cannot be built")
        # what a proxy is: right more often than not
        size = round(1000 * (0.5 * quality(architecture) + 0.5 * quality(architecture, salt="size"))) + 1
        return {"parameters": size, "flops": 10.0 * size, "synflow": float(size), "naswot": float(size)}

    @override
    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        self.calls.append(fidelity)
        if self.broken(architecture):
            raise TrialFailedError("nan", "the simulated loss is not a number")
        top, started = quality(architecture), self.clock.now()
        curve: list[float] = []
        head_start = 2 if parent is not None else 0
        for step in range(1, self.curve_length(fidelity) + 1):
            self.clock.sleep(self.seconds / self.steps)
            curve.append(top * (1 - math.exp(-3 * (step + head_start) / self.steps)))
            if on_step is not None and not on_step(step, curve[-1]):
                break
        if len(curve) < self.curve_length(fidelity):
            fidelity = fidelity.cut(epochs=len(curve) / self.curve_length(fidelity))
        costs = {name: 1 + 99 * quality(architecture, salt=name) for name in self.minimize}
        return Measurement(
            curve[-1], curve=tuple(curve), seconds=self.clock.now() - started, fidelity=fidelity, costs=costs
        )


def quality(architecture: Architecture, *, salt: str = "") -> float:
    """What training a candidate for ever would come to, in [0, 1]; the same in every process.

    Args:
        architecture: The candidate.
        salt: Another one makes another landscape.
    """
    shares = [
        int.from_bytes(hashlib.sha256(f"{salt}{name}={option!r}".encode()).digest()[:4], "big") / 2**32
        for name, option in architecture.choices
    ]
    return sum(shares) / len(shares)


def judge(proposal: Proposal, number: int, trainer: Trainer) -> Trial:
    """Run one proposal as a trial, without an estimator.

    Args:
        proposal: What a strategy asked for.
        number: Number of the trial.
        trainer: Trains it.
    """
    try:
        measurement = trainer.train(proposal.architecture, fidelity=proposal.fidelity)
    except TrialFailedError as exc:
        return Trial(number, proposal, TrialState.FAILED, error=str(exc))
    return Trial(number, proposal, TrialState.SUCCEEDED, measurement)


def simulate(strategy: SearchStrategy, trainer: Trainer, *, rounds: int, batch: int = 1, first: int = 0) -> list[Trial]:
    """Search until the strategy has nothing left or the rounds are over.

    Args:
        strategy: The strategy.
        trainer: Trains its proposals.
        rounds: Calls of `ask` at most.
        batch: Proposals to ask for at once; they are told together.
        first: Number of the first trial.
    """
    trials: list[Trial] = []
    for _ in range(rounds):
        proposals = strategy.ask(batch)
        if not proposals:
            break
        number = first + len(trials)
        told = [judge(proposal, number + offset, trainer) for offset, proposal in enumerate(proposals)]
        trials += told
        strategy.tell(told)
    return trials


def asked(trials: Sequence[Trial]) -> list[tuple[str, float, int | None]]:
    """What was proposed, for comparing searches: the candidate's JSON, its fidelity's cost and its parent."""
    return [(t.architecture.to_json(), t.proposal.fidelity.cost, t.proposal.parent) for t in trials]
