"""Bayesian search: learns, repeats nothing, and repeats itself exactly."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, ClassVar

import pytest
from analytic_task import AnalyticSpace, score_of
from typing_extensions import override

from cloudautoml.search import Decision, Measurement, Proposal, SearchSpace, SearchStrategy, Trial, TrialState
from cloudautoml_local.strategies.bayesian import BayesianOptions, BayesianSearch
from cloudautoml_local.strategies.random import RandomSearch

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudautoml.search import Architecture, Option


class Families(SearchSpace):
    """Five families of thirteen parameters each, as a table's space has."""

    name: ClassVar[str] = "families"

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        if not prefix:
            return Decision("family", tuple("abcde"))
        position = len(prefix)
        if position > 13:
            return None
        return Decision(f"{prefix['family']}.{position}", tuple(range(12)), ordered=position % 3 > 0)

    @override
    def size(self) -> int:
        return 5 * 12**13


def search(
    strategy: SearchStrategy, score: Callable[[Architecture], float | None], *, trials: int, lag: int = 1
) -> list[Trial]:
    """Run a search whose results are told `lag` trials late."""
    found: list[Trial] = []
    for number in range(trials):
        if number >= lag:
            strategy.tell([found[number - lag]])
        proposals = strategy.ask(1)
        if not proposals:
            break
        value = score(proposals[0].architecture)
        state = TrialState.FAILED if value is None else TrialState.SUCCEEDED
        found.append(Trial(number, proposals[0], state, None if value is None else Measurement(value)))
    return found


def best(trials: list[Trial]) -> float:
    return max(trial.score for trial in trials if trial.score is not None)


def test_it_finds_better_candidates_than_chance() -> None:
    seeds = range(12)
    learned = [best(search(BayesianSearch(AnalyticSpace(), seed=s), score_of, trials=60, lag=4)) for s in seeds]
    drawn = [best(search(RandomSearch(AnalyticSpace(), seed=s), score_of, trials=60, lag=4)) for s in seeds]
    assert statistics.mean(learned) > statistics.mean(drawn)
    assert sum(one > other for one, other in zip(learned, drawn, strict=True)) >= 9
    assert statistics.mean(learned) > 0.995


def test_it_repeats_nothing_and_ends_with_the_space() -> None:
    trials = search(BayesianSearch(AnalyticSpace(), seed=0), score_of, trials=1300)
    assert len(trials) == len({trial.architecture for trial in trials}) == 1200


@pytest.mark.parametrize("lag", [1, 4])
def test_the_same_calls_give_the_same_proposals(lag: int) -> None:
    first, second = (search(BayesianSearch(AnalyticSpace(), seed=7), score_of, trials=40, lag=lag) for _ in range(2))
    assert first == second
    assert first != search(BayesianSearch(AnalyticSpace(), seed=8), score_of, trials=40, lag=lag)


def test_candidates_that_fail_are_avoided() -> None:
    def score(architecture: Architecture) -> float | None:
        return None if architecture["family"] == "blue" else score_of(architecture)

    trials = search(BayesianSearch(AnalyticSpace(), seed=2), score, trials=80)
    late = [trial for trial in trials[40:] if trial.score is None]
    assert len(late) <= 7  # by chance it would be a third of forty


def test_a_search_in_which_all_fail_goes_on_by_chance() -> None:
    trials = search(BayesianSearch(AnalyticSpace(), seed=2), lambda _: None, trials=40)
    assert len({trial.architecture for trial in trials}) == 40


def test_warm_starts_inform_it() -> None:
    space = AnalyticSpace()
    strategy = BayesianSearch(space, seed=3, options=BayesianOptions(startup=5))
    warm = [proposal.architecture for proposal in RandomSearch(space, seed=3).ask(30)]
    strategy.tell([Trial(n, Proposal(a), TrialState.SUCCEEDED, Measurement(score_of(a))) for n, a in enumerate(warm)])
    proposed = [proposal.architecture for proposal in strategy.ask(20)]
    assert not set(proposed) & set(warm)
    assert statistics.mean(map(score_of, proposed)) > statistics.mean(map(score_of, warm))


def test_a_suggestion_stays_quick_after_many_trials() -> None:
    strategy = BayesianSearch(Families(), seed=1)
    search(strategy, lambda a: float(sum(o for _, o in a.choices if isinstance(o, int))), trials=500)
    spent: list[float] = []
    for _ in range(9):
        began = time.process_time()
        strategy.ask(1)
        spent.append(time.process_time() - began)
    assert statistics.median(spent) < 0.02
