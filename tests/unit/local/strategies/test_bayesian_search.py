"""Bayesian search: learns, repeats nothing, and repeats itself exactly."""

from __future__ import annotations

import statistics
import time
from typing import TYPE_CHECKING, Any, ClassVar

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


class Limited(AnalyticSpace):
    """Points whose costs are known."""

    @override
    def costs(self, architecture: Architecture) -> Mapping[str, float]:
        return {"parameters": float(architecture["x"] or 0)}


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


def bayesian(space: SearchSpace, seed: int, **options: Any) -> BayesianSearch:
    return BayesianSearch(space, seed=seed, options=BayesianOptions(**options))


@pytest.mark.parametrize("model", ["gp", "tpe"])
def test_it_finds_better_candidates_than_chance(model: str) -> None:
    seeds = range(12)
    learned = [best(search(bayesian(AnalyticSpace(), s, model=model), score_of, trials=60, lag=4)) for s in seeds]
    drawn = [best(search(RandomSearch(AnalyticSpace(), seed=s), score_of, trials=60, lag=4)) for s in seeds]
    assert statistics.mean(learned) > statistics.mean(drawn)
    assert sum(one > other for one, other in zip(learned, drawn, strict=True)) >= 9
    assert statistics.mean(learned) > 0.995


def test_it_repeats_nothing_and_ends_with_the_space() -> None:
    trials = search(bayesian(AnalyticSpace(), 0, model="tpe"), score_of, trials=1300)
    assert len(trials) == len({trial.architecture for trial in trials}) == 1200


def test_the_space_decides_on_the_model() -> None:
    def scored(architecture: Architecture) -> float:
        return float(sum(option for _, option in architecture.choices if isinstance(option, int)))

    for space, model in ((AnalyticSpace(), "gp"), (Families(), "tpe")):
        other = {"gp": "tpe", "tpe": "gp"}[model]
        searched = search(BayesianSearch(space, seed=1), scored, trials=20)
        assert searched == search(bayesian(space, 1, model=model), scored, trials=20)
        assert searched != search(bayesian(space, 1, model=other), scored, trials=20)


@pytest.mark.parametrize("lag", [1, 4])
def test_the_same_calls_give_the_same_proposals(lag: int) -> None:
    first, second = (search(BayesianSearch(AnalyticSpace(), seed=7), score_of, trials=40, lag=lag) for _ in range(2))
    assert first == second
    assert first != search(BayesianSearch(AnalyticSpace(), seed=8), score_of, trials=40, lag=lag)


@pytest.mark.parametrize("model", ["gp", "tpe"])
def test_candidates_that_fail_are_avoided(model: str) -> None:
    def score(architecture: Architecture) -> float | None:
        return None if architecture["family"] == "blue" else score_of(architecture)

    trials = search(bayesian(AnalyticSpace(), 2, model=model), score, trials=80)
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


def test_one_diverged_training_does_not_hide_the_differences_between_the_others() -> None:
    def score(architecture: Architecture) -> float:
        return -1e300 if architecture["family"] == "blue" else score_of(architecture)

    trials = search(BayesianSearch(AnalyticSpace(), seed=4), score, trials=60)
    assert best(trials) > 0.99


def test_pending_candidates_are_taken_to_turn_out_as_expected() -> None:
    strategy = BayesianSearch(AnalyticSpace(), seed=5)
    search(strategy, score_of, trials=30)
    asked = [proposal.architecture for proposal in strategy.ask(12)]
    assert len(set(asked)) == 12
    assert statistics.mean(map(score_of, asked)) > 0.9  # not a crowd, and not a flight either


@pytest.mark.parametrize("model", ["gp", "tpe"])
def test_limits_are_kept(model: str) -> None:
    space = Limited()
    space.limits = {"parameters": 12}
    trials = search(bayesian(space, 1, model=model), lambda a: float(a["x"] or 0), trials=60)
    assert all(space.refusal(trial.architecture) is None for trial in trials)
    assert best(trials) == 12


@pytest.mark.parametrize("space", [Families(), AnalyticSpace()])
def test_a_suggestion_stays_quick_after_many_trials(space: SearchSpace) -> None:
    strategy = BayesianSearch(space, seed=1)
    drawn = [proposal.architecture for proposal in RandomSearch(space, seed=1).ask(500)]
    scores = [float(sum(o for _, o in a.choices if isinstance(o, int))) for a in drawn]
    told = zip(drawn, scores, strict=True)
    strategy.tell([Trial(n, Proposal(a), TrialState.SUCCEEDED, Measurement(s)) for n, (a, s) in enumerate(told)])
    strategy.ask(1)  # the first one also fits the process
    spent: list[float] = []
    for _ in range(9):
        began = time.process_time()
        strategy.ask(1)
        spent.append(time.process_time() - began)
    assert statistics.median(spent) < 0.05
