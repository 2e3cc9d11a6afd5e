"""Fresh candidates for a search over fidelities: any sampler proposes them, and untrained costs may rank them."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cloudautoml.search import FULL, Proposal, TrialState
from cloudautoml_local.strategies.draws import draw_unseen, is_worth_trying

if TYPE_CHECKING:
    import random
    from collections.abc import Callable

    from cloudautoml.search import Architecture, SearchSpace, SearchStrategy, Trial

_ENOUGH = 10
"""Successes at a fidelity after which its results are what the sampler learns from."""
_TRIES = 100
"""Known candidates that the sampler may propose before one is drawn by chance."""


class FreshCandidates:
    """What has not been tried at any fidelity, as a sampler proposes it.

    The sampler learns from one fidelity at a time, as in BOHB (Falkner et al., 2018): the highest one with enough
    successes. When that changes, a new sampler is told everything anew. What was judged at a lower fidelity alone is
    told as failed: it was stopped there because others were better, or will be told again.

    Args:
        space: Where they come from.
        sampler: Makes a sampler for a fidelity, the same one for the same number.
        screen: The cost by which a pool of candidates is ranked, the highest first; None for no ranking.
        pool: Candidates to draw at once.
    """

    def __init__(
        self, space: SearchSpace, sampler: Callable[[int], SearchStrategy], *, screen: str | None, pool: int
    ) -> None:
        self._space = space
        self._make = sampler
        self._level = 0
        self._sampler = sampler(0)
        self._screen = screen
        self._size = pool
        self._pool: list[Proposal] = []  # the next one last
        self._seen: set[Architecture] = set()
        self._told: list[tuple[Trial, int]] = []
        self._successes: dict[int, int] = {}
        self._is_exhausted = False

    def draw(self, rng: random.Random) -> Proposal | None:
        """The next candidate, or None when nothing is left: the same from then on.

        Args:
            rng: Source of a draw by chance, where the sampler has nothing new.
        """
        if not self._pool and not self._is_exhausted:
            self._fill(rng)
            self._is_exhausted = not self._pool
        return self._pool.pop() if self._pool else None

    def know(self, architecture: Architecture) -> None:
        """Do not propose a candidate."""
        self._seen.add(self._space.canonical(architecture))

    def tell(self, trial: Trial, rung: int) -> None:
        """Learn from a finished trial.

        Args:
            trial: The trial.
            rung: The position of its fidelity, from 0 for the lowest.
        """
        self.know(trial.architecture)
        self._told.append((trial, rung))
        if trial.score is not None:
            self._successes[rung] = self._successes.get(rung, 0) + 1
        level = max((known for known, count in self._successes.items() if count >= _ENOUGH), default=0)
        if level > self._level:
            self._level = level
            self._sampler = self._make(level)
            judged = {known.architecture for known, at in self._told if at >= level}
            for known, at in self._told:
                if at >= level or known.architecture not in judged:
                    self._pass_on(known, at)
        else:
            self._pass_on(trial, rung)

    def _pass_on(self, trial: Trial, rung: int) -> None:
        whole = replace(trial, proposal=replace(trial.proposal, fidelity=FULL))
        if rung < self._level:
            stopped = replace(whole, state=TrialState.FAILED, measurement=None, error="not judged at this fidelity")
            self._sampler.tell([stopped])
        elif rung == self._level:
            score = None if trial.measurement is None else replace(trial.measurement, costs={})  # scores alone count
            self._sampler.tell([replace(whole, measurement=score)])

    def _new(self, rng: random.Random) -> Proposal | None:
        for _ in range(_TRIES):
            proposal = next(iter(self._sampler.ask(1)), None)
            if proposal is None:
                break
            if is_worth_trying(self._space, self._seen, proposal.architecture):
                self.know(proposal.architecture)
                return proposal
        drawn = draw_unseen(self._space, self._seen, rng)
        if drawn is None:
            return None
        self.know(drawn)
        return Proposal(drawn)

    def _fill(self, rng: random.Random) -> None:
        while len(self._pool) < self._size and (proposal := self._new(rng)) is not None:
            self._pool.append(proposal)
        if self._screen is not None:
            cost = self._screen
            self._pool.sort(key=lambda proposal: self._space.costs(proposal.architecture).get(cost, 0.0))
