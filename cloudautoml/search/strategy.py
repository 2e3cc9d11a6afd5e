"""Search strategy: which candidate to try next, by ask and tell."""

from __future__ import annotations

import random
from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, ClassVar

from cloudautoml.spec.base import SpecModel

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search.space import SearchSpace
    from cloudautoml.search.traits import Trait
    from cloudautoml.search.trial import Proposal, Trial


class StrategyOptions(SpecModel):
    """Options of a strategy, as written beside `type` in a spec; a strategy subclasses it."""


class SearchStrategy(ABC):
    """Proposes candidates and learns from their outcomes.

    The contract, which `cloudautoml.testing.StrategySuite` checks:

    * The proposals depend only on the space, the options, the seed and the sequence of calls. A search that
      was killed is rebuilt by making the same calls again, so nothing else has to be saved.
    * `ask` may be called several times before any `tell`: trials run in parallel. It may return fewer
      proposals than asked for, and returns none at all when nothing is left to try.
    * `tell` receives finished trials, in the order of their numbers; also failed and skipped ones, and also
      trials that this strategy did not propose (warm starts). Those it has not asked for count as knowledge.
    * A told measurement's `costs` are those to be minimised beside the score; a strategy that is
      `multi_objective` looks for the Pareto front, and costs nobody wants minimised are not told.

    Args:
        space: Where the candidates come from.
        seed: Seed of everything that is drawn.
        options: Options of the class's `options_type`.
    """

    name: ClassVar[str]
    """Registry key."""
    paper: ClassVar[str] = ""
    """Where the method is from: authors, year, and where to find it."""
    options_type: ClassVar[type[StrategyOptions]] = StrategyOptions
    """Model of the options; unknown ones are refused before anything runs."""
    multi_objective: bool = False
    """Whether it can look for a Pareto front, or what it proposes depends on no score at all."""

    @property
    def needs(self) -> frozenset[Trait]:
        """What it relies on: the fidelities that it asks for."""
        return frozenset()

    @property
    def gives(self) -> frozenset[Trait]:
        """What an estimator may rely on: `PARENTS`, where its proposals have some."""
        return frozenset()

    def __init__(self, space: SearchSpace, *, seed: int, options: StrategyOptions | None = None) -> None:
        self.space = space
        self.seed = seed
        self.options = options if options is not None else self.options_type()
        self._draws = 0

    def next_rng(self) -> random.Random:
        """A fresh generator for the next draw, the same one at the same point of the same search."""
        self._draws += 1
        return random.Random(f"{self.name}:{self.seed}:{self._draws}")  # noqa: S311 - a search, not a secret

    @abstractmethod
    def ask(self, count: int) -> Sequence[Proposal]:
        """Up to `count` candidates to try next."""

    @abstractmethod
    def tell(self, trials: Sequence[Trial]) -> None:
        """Learn from finished trials."""
