"""Local search: climbs, keeps several neighbours under way, and starts again on a summit."""

from __future__ import annotations

import statistics
from typing import TYPE_CHECKING, Any

from analytic_task import AnalyticSpace, score_of

from cloudautoml.search import Architecture, Measurement, Proposal, Trait, Trial, TrialState
from cloudautoml_local.strategies.local_search import LocalSearch, LocalSearchOptions
from cloudautoml_local.strategies.random import RandomSearch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import SearchStrategy


def local_search(seed: int = 0, **options: Any) -> LocalSearch:
    return LocalSearch(AnalyticSpace(), seed=seed, options=LocalSearchOptions(**options))


def point(x: int, y: int, family: str = "red") -> Architecture:
    return Architecture((("x", x), ("y", y), ("family", family)))


def told(number: int, proposal: Proposal, score: float | None = None) -> Trial:
    score = score_of(proposal.architecture) if score is None else score
    return Trial(number, proposal, TrialState.SUCCEEDED, Measurement(score))


def search(strategy: SearchStrategy, trials: int, *, lag: int = 1) -> list[Trial]:
    found: list[Trial] = []
    for number in range(trials):
        if number >= lag:
            strategy.tell([found[number - lag]])
        found.extend(told(number, proposal) for proposal in strategy.ask(1))
    return found


def best(trials: Sequence[Trial]) -> float:
    return max(trial.score for trial in trials if trial.score is not None)


def are_neighbours(one: Architecture, other: Architecture) -> bool:
    return sum(a != b for a, b in zip(one.choices, other.choices, strict=True)) == 1


def test_it_finds_better_candidates_than_chance() -> None:
    for lag in (1, 4):
        climbed = [best(search(local_search(seed), 80, lag=lag)) for seed in range(12)]
        drawn = [best(search(RandomSearch(AnalyticSpace(), seed=seed), 80)) for seed in range(12)]
        assert statistics.mean(climbed) > statistics.mean(drawn)
        assert sum(one > other for one, other in zip(climbed, drawn, strict=True)) >= 9


def test_first_come_candidates_by_chance_then_neighbours_of_the_best() -> None:
    trials = search(local_search(start=5), 40)
    assert [trial.proposal.parent for trial in trials[:5]] == [None] * 5
    assert trials[5].proposal.parent == max(trials[:5], key=lambda trial: trial.score or 0).number
    for trial in trials[5:]:
        assert trial.proposal.parent is not None
        parent = trials[trial.proposal.parent]
        assert are_neighbours(trial.architecture, parent.architecture)
        assert parent.score == best(trials[: trial.number]), "every better neighbour is moved to at once"
    assert local_search().gives == {Trait.PARENTS}


def test_warm_starts_count_as_starts() -> None:
    strategy = local_search(start=2)
    strategy.tell([told(0, Proposal(point(3, 3)), 0.1), told(1, Proposal(point(5, 5)), 0.7)])
    assert [proposal.parent for proposal in strategy.ask(3)] == [1, 1, 1]


def test_several_neighbours_may_be_under_way_and_the_first_better_one_wins() -> None:
    strategy = local_search(start=1)
    strategy.tell([told(0, Proposal(point(3, 3)), 0.5)])
    asked = strategy.ask(3)
    strategy.tell([told(2, asked[1], 0.6)])
    assert {proposal.parent for proposal in strategy.ask(2)} == {2}
    strategy.tell([told(1, asked[0], 0.55), told(3, asked[2], 0.8)])  # late: one is worse than the new place
    assert {proposal.parent for proposal in strategy.ask(2)} == {3}


def test_on_a_summit_it_starts_again() -> None:
    strategy = local_search(start=1, restart=2)
    strategy.tell([told(0, Proposal(point(3, 3)), 0.5)])
    around = strategy.ask(40)  # 19 + 19 + 2 neighbours
    assert all(are_neighbours(proposal.architecture, point(3, 3)) for proposal in around)
    early = strategy.ask(1)  # the answers may still bring something better: until then, a start
    assert early[0].parent is None
    strategy.tell([told(number, proposal, 0.1) for number, proposal in enumerate(around, 1)])
    strategy.tell([told(41, early[0], 0.2)])
    second = strategy.ask(1)
    assert second[0].parent is None
    strategy.tell([told(42, second[0], 0.3)])
    assert strategy.ask(1)[0].parent == 42, "it sets out from the better of the two, though the summit was higher"


def test_where_nothing_works_it_draws_on() -> None:
    strategy = local_search(start=1)
    for number in range(30):
        (proposal,) = strategy.ask(1)
        assert proposal.parent is None
        strategy.tell([Trial(number, proposal, TrialState.FAILED, error="why")])
