"""Random search without replacement."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar

from analytic_task import AnalyticSpace
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from cloudautoml.search import Architecture, Decision, Measurement, Proposal, SearchSpace, Trial, TrialState
from cloudautoml_local.strategies.draws import draw_unseen
from cloudautoml_local.strategies.random import RandomSearch

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.search import Option


class Lopsided(SearchSpace):
    """One branch holds a single candidate, the other a hundred; sampling meets the first half of the time."""

    name: ClassVar[str] = "lopsided"

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        if "branch" not in prefix:
            return Decision("branch", ("single", "many"))
        if prefix["branch"] == "many" and "leaf" not in prefix:
            return Decision("leaf", tuple(range(100)), ordered=True)
        return None

    @override
    def size(self) -> int:
        return 101


class Folded(Lopsided):
    """Leaves that differ by fifty are the same model."""

    @override
    def canonical(self, architecture: Architecture) -> Architecture:
        leaf = architecture.as_dict().get("leaf")
        if not isinstance(leaf, int):
            return architecture
        return Architecture((("branch", "many"), ("leaf", leaf % 50)))


@given(st.integers(0, 2**32))
@settings(max_examples=10, deadline=None)
def test_a_small_space_is_exhausted_each_candidate_once(seed: int) -> None:
    strategy = RandomSearch(Lopsided(), seed=seed)
    proposals = [proposal for _ in range(30) for proposal in strategy.ask(5)]
    assert len(proposals) == len({proposal.architecture for proposal in proposals}) == 101
    assert list(strategy.ask(1)) == []


def test_candidates_that_are_the_same_model_count_once() -> None:
    space = Folded()
    proposals = RandomSearch(space, seed=1).ask(200)
    assert len(proposals) == len({space.canonical(proposal.architecture) for proposal in proposals}) == 51


def test_what_is_told_is_not_proposed() -> None:
    space = AnalyticSpace()
    first = RandomSearch(space, seed=9).ask(1)[0]
    strategy = RandomSearch(space, seed=9)
    strategy.tell([Trial(0, first, TrialState.SUCCEEDED, Measurement(0.5))])
    assert first not in strategy.ask(50)


def test_seeds_decide() -> None:
    space = AnalyticSpace()
    assert RandomSearch(space, seed=1).ask(9) == RandomSearch(space, seed=1).ask(9)
    assert RandomSearch(space, seed=1).ask(9) != RandomSearch(space, seed=2).ask(9)


def test_a_draw_finds_the_last_candidate() -> None:
    space = Lopsided()
    everything = {proposal.architecture for proposal in RandomSearch(space, seed=0).ask(101)}
    last = Architecture((("branch", "many"), ("leaf", 42)))
    assert draw_unseen(space, everything - {last}, random.Random(0)) == last
    assert draw_unseen(space, everything, random.Random(0)) is None
    assert Proposal(last) in RandomSearch(space, seed=0).ask(101)
