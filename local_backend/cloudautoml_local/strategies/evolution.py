"""Evolution: candidates that win tournaments have children, and a population forgets its oldest."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, NamedTuple

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import Proposal, SearchStrategy, StrategyOptions, Trait
from cloudautoml.search.pareto import order
from cloudautoml_local.strategies.draws import draw_unseen, is_worth_trying

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from cloudautoml.search import Architecture, SearchSpace, Trial

_TRIES = 30
"""Mutations of a child, one upon the other, that may all be known before a candidate is drawn by chance."""


class EvolutionOptions(StrategyOptions):
    """Options of the evolution."""

    population: Annotated[int, Field(ge=1)] = 30
    """Candidates that are alive at most."""
    sample: Annotated[int, Field(ge=1)] = 15
    """Candidates that meet in a tournament, whose best one becomes a parent; as many are drawn by chance at first."""
    mutation: Annotated[float, Field(ge=0, le=1)] = 1.0
    """Chance that a child changes one decision; one that would equal a known candidate always does."""
    crossover: Annotated[float, Field(ge=0, le=1)] = 0.0
    """Chance that a child mixes the decisions of two parents before it is mutated."""
    remove: Literal["oldest", "worst"] = "oldest"
    """Who makes room for the younger; where costs are to be minimised it is always the worst, or the front is lost."""


class _Member(NamedTuple):
    """A candidate that is alive."""

    number: int
    architecture: Architecture
    point: tuple[float, ...]


class EvolutionSearch(SearchStrategy):
    """Changes the winners of tournaments a little; the oldest die, so that luck does not last.

    Regularised evolution. Candidates are drawn by chance until there are enough for a tournament (trials told
    beforehand count), so that the population grows by children and a budget of 50 trials is no random search. Those
    that failed are dead. No candidate is proposed twice: a child that
    is known is mutated again. Where costs are to be minimised beside the score, a tournament is won by the earlier
    Pareto front and within a front by the less crowded (NSGA-II, Deb et al., 2002), and the worst make room.
    """

    name: ClassVar[str] = "evolution"
    paper: ClassVar[str] = "Real et al., 2019, arXiv:1802.01548"
    options_type: ClassVar[type[StrategyOptions]] = EvolutionOptions
    multi_objective: bool = True

    def __init__(self, space: SearchSpace, *, seed: int, options: StrategyOptions | None = None) -> None:
        super().__init__(space, seed=seed, options=options)
        self._seen: set[Architecture] = set()
        self._alive: list[_Member] = []
        self._ranked: list[_Member] = []

    @property
    @override
    def gives(self) -> frozenset[Trait]:
        return frozenset({Trait.PARENTS})

    @override
    def ask(self, count: int) -> Sequence[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < count:
            rng = self.next_rng()
            proposal = self._child(rng) if self._ranked and len(self._seen) >= self._founders else None
            if proposal is None:
                drawn = draw_unseen(self.space, self._seen, rng)
                if drawn is None:
                    break
                proposal = Proposal(drawn)
            self._seen.add(self.space.canonical(proposal.architecture))
            proposals.append(proposal)
        return proposals

    @override
    def tell(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            self._seen.add(self.space.canonical(trial.architecture))
            if trial.measurement is None:
                continue
            costs = trial.measurement.costs
            point = (-trial.measurement.score, *(costs[name] for name in sorted(costs)))
            self._alive.append(_Member(trial.number, trial.architecture, point))
            while len(self._alive) > self._options.population:
                self._alive.remove(self._rank()[-1] if self._removes_worst else self._alive[0])
        self._ranked = self._rank()

    @property
    def _options(self) -> EvolutionOptions:
        assert isinstance(self.options, EvolutionOptions)
        return self.options

    @property
    def _founders(self) -> int:
        return min(self._options.sample, self._options.population)

    @property
    def _removes_worst(self) -> bool:
        return self._options.remove == "worst" or len(self._alive[-1].point) > 1

    def _rank(self) -> list[_Member]:
        axes = max((len(member.point) for member in self._alive), default=0)
        points = [member.point + (math.inf,) * (axes - len(member.point)) for member in self._alive]
        return [self._alive[position] for position in order(points)]

    def _child(self, rng: random.Random) -> Proposal | None:
        parent = self._winner(rng)
        child = parent.architecture
        if rng.random() < self._options.crossover:
            child = self.space.crossover(child, self._winner(rng).architecture, rng)
        if rng.random() < self._options.mutation:
            child = self.space.mutate(child, rng)
        for _ in range(_TRIES):
            if is_worth_trying(self.space, self._seen, child):
                return Proposal(child, parent=parent.number)
            child = self.space.mutate(child, rng)
        return None

    def _winner(self, rng: random.Random) -> _Member:
        """The best of a tournament."""
        entrants = rng.sample(range(len(self._ranked)), min(self._options.sample, len(self._ranked)))
        return self._ranked[min(entrants)]
