"""Hyperband: many candidates judged cheaply, the best of them ever more faithfully, without waiting for a rung."""

from __future__ import annotations

from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from cloudautoml import registry
from cloudautoml.errors import SpecError
from cloudautoml.search import Proposal, SearchStrategy, StrategyOptions, Trait
from cloudautoml.spec.search import Part
from cloudautoml_local.parts import check_options
from cloudautoml_local.strategies.fresh import FreshCandidates
from cloudautoml_local.strategies.rungs import Bracket, Rung, ladder

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import Architecture, Fidelity, SearchSpace, Trial


class HyperbandOptions(StrategyOptions):
    """Options of Hyperband."""

    fidelity: Literal["epochs", "rows", "folds", "resolution", "width", "cells"] = "epochs"
    """What is cut at first."""
    min: Annotated[float, Field(gt=0, lt=1)] | None = None
    """Its smallest share, where candidates start; what costs a ninth of a whole training unless given."""
    eta: Annotated[float, Field(ge=2)] = 3
    """One candidate in how many goes on to the next fidelity; about the ratio of their costs, too."""
    brackets: Annotated[int, Field(ge=1)] = 1
    """Brackets, which start at ever higher fidelities and spend alike, in case the lowest ones mislead."""
    sampler: Part = Part(type="random")
    """The strategy that proposes new candidates; `{type: bayesian, model: tpe}` makes it BOHB."""
    screen: Literal["parameters", "flops"] | None = None
    """Rank new candidates by this cost, the largest first, before any is trained; not ranked unless given."""
    pool: Annotated[int, Field(ge=1)] = 1000
    """New candidates that are drawn at once to be ranked; of a sampler that learns take few."""

    @model_validator(mode="after")
    def _brackets_fit(self) -> Self:
        rungs = len(ladder(self.fidelity, self.min, self.eta))
        if self.brackets > rungs:
            msg = f"brackets: there are {rungs} fidelities to start at; a smaller `min` or `eta` makes more"
            raise ValueError(msg)
        return self


class HyperbandSearch(SearchStrategy):
    """Judges many candidates at a low fidelity and promotes the best third of them, whenever there is one.

    Asynchronous successive halving (ASHA) in the brackets of Hyperband (Li et al., 2017), with any strategy as the
    source of new candidates. Candidates are compared at equal fidelity alone. The last fidelity is the whole; a
    promoted candidate goes on from where its training ended. When no new candidates are left, at least one of every
    rung is promoted, and the search ends.
    """

    name: ClassVar[str] = "hyperband"
    paper: ClassVar[str] = "Li et al., 2018, arXiv:1810.05934"
    options_type: ClassVar[type[StrategyOptions]] = HyperbandOptions

    def __init__(self, space: SearchSpace, *, seed: int, options: StrategyOptions | None = None) -> None:
        super().__init__(space, seed=seed, options=options)
        chosen = self._options
        self._fidelities = ladder(chosen.fidelity, chosen.min, chosen.eta)
        self._brackets = [Bracket(first, [Rung() for _ in self._fidelities]) for first in range(chosen.brackets)]
        self._sampler_type = registry.strategy_type(chosen.sampler.type, where="search.strategy.sampler")
        self._sampler_options = check_options(
            chosen.sampler, self._sampler_type.options_type, where="search.strategy.sampler"
        )
        sampler = self._sampler(0)
        if sampler.needs:
            raise SpecError(
                f"{chosen.sampler.type!r} cuts fidelities itself, and cannot propose candidates to hyperband",
                where="search.strategy.sampler",
            )
        self._sampler_gives = sampler.gives
        self._fresh = FreshCandidates(
            space, self._sampler, screen=chosen.screen, pool=chosen.pool if chosen.screen is not None else 1
        )
        self._home: dict[Architecture, Bracket] = {}
        self._known: list[set[Architecture]] = [set() for _ in self._fidelities]
        self._pending: set[tuple[Architecture, int]] = set()

    @property
    def _options(self) -> HyperbandOptions:
        assert isinstance(self.options, HyperbandOptions)
        return self.options

    def _sampler(self, level: int) -> SearchStrategy:
        return self._sampler_type(self.space, seed=self.seed + level, options=self._sampler_options)

    @property
    @override
    def needs(self) -> frozenset[Trait]:
        needed = {Trait(self._options.fidelity)}
        if self._options.screen is not None:
            needed.add(Trait.PROXIES)  # costs are among them
        return frozenset(needed)

    @property
    @override
    def gives(self) -> frozenset[Trait]:
        return self._sampler_gives

    @override
    def ask(self, count: int) -> Sequence[Proposal]:
        proposals: list[Proposal] = []
        while len(proposals) < count:
            proposal = self._promotion() or self._start()
            if proposal is None and not self._pending:
                proposal = self._promotion(last=True)
            if proposal is None:
                break
            proposals.append(proposal)
        return proposals

    @override
    def tell(self, trials: Sequence[Trial]) -> None:
        for trial in trials:
            architecture = trial.architecture
            rung = self._rung(trial.proposal.fidelity)
            if rung is None:
                self._fresh.know(architecture)
                continue
            self._pending.discard((architecture, rung))
            self._known[rung].add(architecture)
            self._home.setdefault(architecture, self._brackets[0]).rungs[rung].add(trial)
            self._fresh.tell(trial, rung)

    def _rung(self, fidelity: Fidelity) -> int | None:
        """The position of a fidelity; None for a foreign one."""
        return self._fidelities.index(fidelity) if fidelity in self._fidelities else None

    def _promotion(self, *, last: bool = False) -> Proposal | None:
        for rung in range(len(self._fidelities) - 2, -1, -1):
            for bracket in self._brackets:
                trial = bracket.rungs[rung].promote(self._options.eta, known=self._known[rung + 1], last=last)
                if trial is not None:
                    return self._ask(Proposal(trial.architecture, parent=trial.number), rung + 1, bracket)
        return None

    def _start(self) -> Proposal | None:
        fresh = self._fresh.draw(self.next_rng())
        if fresh is None:
            return None
        bracket = min(self._brackets, key=lambda bracket: bracket.spent)
        self._home[fresh.architecture] = bracket
        return self._ask(fresh, bracket.first, bracket)

    def _ask(self, proposal: Proposal, rung: int, bracket: Bracket) -> Proposal:
        bracket.spent += self._fidelities[rung].cost
        self._known[rung].add(proposal.architecture)
        self._pending.add((proposal.architecture, rung))
        return Proposal(proposal.architecture, self._fidelities[rung], proposal.parent)
