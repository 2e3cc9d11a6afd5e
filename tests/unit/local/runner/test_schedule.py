"""The order of trials: a function of results, whatever the timing."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from analytic_task import AnalyticSpace, score_of
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from cloudautoml.search import Architecture, Measurement, Proposal, SearchStrategy, Trial, TrialState
from cloudautoml_local.schedule import Schedule
from cloudautoml_local.strategies.bayesian import BayesianOptions, BayesianSearch

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

SPACE = AnalyticSpace()


def point(x: int, y: int = 0) -> Architecture:
    return Architecture((("x", x), ("y", y), ("family", "red")))


def ended(trial: Trial) -> Trial:
    return Trial(trial.number, trial.proposal, TrialState.SUCCEEDED, Measurement(score_of(trial.architecture)))


class Scripted(SearchStrategy):
    """Proposes what it was given, and keeps what it is told."""

    name = "scripted"

    def __init__(self, script: Sequence[Architecture | None]) -> None:
        super().__init__(SPACE, seed=0)
        self.script = list(script)
        self.calls: list[str] = []

    @override
    def ask(self, count: int) -> Sequence[Proposal]:
        self.calls.append("ask")
        architecture = self.script.pop(0) if self.script else None
        return [] if architecture is None else [Proposal(architecture)]

    @override
    def tell(self, trials: Sequence[Trial]) -> None:
        self.calls.extend(f"tell {trial.number} {trial.state.value} {trial.score}" for trial in trials)


def run(schedule: Schedule, rng: random.Random, *, count: int) -> list[Trial]:
    """Run trials that end in a drawn order."""
    running: list[Trial] = []
    while len(schedule.trials) < count or running:
        while schedule.ready and len(schedule.trials) < count:
            trial = schedule.propose()
            if trial is not None and not trial.state.is_finished:
                running.append(trial)
        if not running:
            break
        schedule.finish(ended(running.pop(rng.randrange(len(running)))))
    return list(schedule.trials)


def bayesian(window: int, recorded: Mapping[int, Trial] | None = None) -> Schedule:
    strategy = BayesianSearch(SPACE, seed=5, options=BayesianOptions(startup=4))
    return Schedule(SPACE, strategy, warm_start=SPACE.defaults(), window=window, recorded=recorded)


@given(st.randoms(use_true_random=False), st.integers(1, 6))
@settings(max_examples=25, deadline=None)
def test_trials_do_not_depend_on_the_order_in_which_others_end(rng: random.Random, window: int) -> None:
    expected = run(bayesian(window), random.Random(0), count=14)
    assert run(bayesian(window), rng, count=14) == expected


@given(st.randoms(use_true_random=False), st.sets(st.integers(0, 13)))
@settings(max_examples=25, deadline=None)
def test_recorded_results_bring_a_search_back_to_where_it_was(rng: random.Random, kept: set[int]) -> None:
    expected = run(bayesian(4), random.Random(0), count=14)
    schedule = bayesian(4, {number: expected[number] for number in kept})
    assert run(schedule, rng, count=14) == expected
    assert not schedule.diverged


def test_a_trial_is_chosen_knowing_exactly_those_outside_its_window() -> None:
    strategy = Scripted([point(x) for x in range(4)])
    schedule = Schedule(SPACE, strategy, window=2)
    first, second = schedule.propose(), schedule.propose()
    assert first is not None
    assert second is not None
    schedule.finish(ended(second))
    assert not schedule.ready  # the third may not be chosen before the first has ended
    schedule.finish(ended(first))
    assert schedule.ready
    assert schedule.propose() is not None
    assert strategy.calls == ["ask", "ask", f"tell 0 succeeded {first and score_of(first.architecture)}", "ask"]
    assert schedule.told == 1


def test_a_candidate_that_is_known_is_not_trained_again_and_told_as_the_first_one_ended() -> None:
    strategy = Scripted([point(3), point(3), point(4)])
    schedule = Schedule(SPACE, strategy, window=1)
    first = schedule.propose()
    assert first is not None
    schedule.finish(ended(first))
    copy = schedule.propose()
    assert copy is not None
    assert (copy.state, copy.error) == (TrialState.SKIPPED, "the same model as trial 0")
    assert schedule.propose() is not None
    score = score_of(point(3))
    assert strategy.calls == ["ask", f"tell 0 succeeded {score}", "ask", f"tell 1 succeeded {score}", "ask"]


def test_a_strategy_that_only_repeats_itself_is_exhausted() -> None:
    schedule = Schedule(SPACE, Scripted([point(3)] * 1000), window=1)
    trials = run(schedule, random.Random(0), count=500)
    assert schedule.exhausted
    assert len(trials) == 101


def test_a_strategy_may_wait_for_results_before_it_goes_on() -> None:
    strategy = Scripted([point(0), point(1), None, None, point(2)])
    schedule = Schedule(SPACE, strategy, window=4)
    trials = run(schedule, random.Random(0), count=3)
    assert [trial.architecture for trial in trials] == [point(0), point(1), point(2)]
    assert [call.partition(" ")[0] for call in strategy.calls] == ["ask", "ask", "ask", "tell", "ask", "tell", "ask"]


def test_warm_starts_come_first_and_are_told() -> None:
    strategy = Scripted([point(9)])
    schedule = Schedule(SPACE, strategy, warm_start=[point(7), point(8)], window=1)
    trials = run(schedule, random.Random(0), count=3)
    assert [trial.architecture for trial in trials] == [point(7), point(8), point(9)]
    assert [call.partition(" ")[0] for call in strategy.calls] == ["tell", "tell", "ask"]


def test_what_another_version_has_chosen_counts() -> None:
    recorded = {0: ended(Trial(0, Proposal(point(1)), TrialState.RUNNING))}
    schedule = Schedule(SPACE, Scripted([point(2)]), window=1, recorded=recorded)
    assert schedule.propose() == recorded[0]
    assert schedule.diverged


@pytest.mark.parametrize("window", [1, 3])
def test_an_empty_search_is_exhausted_at_once(window: int) -> None:
    schedule = Schedule(SPACE, Scripted([]), window=window)
    assert schedule.propose() is None
    assert schedule.exhausted
    assert not schedule.ready


class Bounded(AnalyticSpace):
    """The same points, of which those far to the right are too large."""

    limits: Mapping[str, float] = {"parameters": 100.0}


def test_a_candidate_that_breaks_a_limit_is_never_trained_and_says_by_how_much() -> None:
    strategy = Scripted([point(3), point(15), point(4)])
    schedule = Schedule(Bounded(), strategy, window=1)
    trials = run(schedule, random.Random(0), count=3)
    assert [trial.state for trial in trials] == [TrialState.SUCCEEDED, TrialState.SKIPPED, TrialState.SUCCEEDED]
    assert trials[1].error == "parameters is 160, at most 100"


def test_a_space_in_which_nothing_keeps_the_limits_ends_the_search() -> None:
    strategy = Scripted([point(19, y % 20) for y in range(400)])
    schedule = Schedule(Bounded(), strategy, window=1)
    trials = run(schedule, random.Random(0), count=400)
    assert schedule.exhausted
    assert 50 < len(trials) < 200
    assert all(trial.state is TrialState.SKIPPED for trial in trials)


@pytest.mark.parametrize("minimize", [(), ("parameters",)])
def test_a_strategy_is_told_the_costs_that_are_to_be_minimised_and_no_others(minimize: tuple[str, ...]) -> None:
    told: list[Mapping[str, float]] = []

    class Listening(Scripted):
        @override
        def tell(self, trials: Sequence[Trial]) -> None:
            told.extend(trial.measurement.costs for trial in trials if trial.measurement)

    schedule = Schedule(SPACE, Listening([point(1), point(2), point(3)]), window=1, minimize=minimize)
    for _ in range(3):
        trial = schedule.propose()
        assert trial is not None
        costs = {"parameters": 10.0, "flops": 20.0}
        measured = Measurement(0.5, costs=costs)
        schedule.finish(Trial(trial.number, trial.proposal, TrialState.SUCCEEDED, measured))
    assert told == [dict.fromkeys(minimize, 10.0)] * 2
    first = schedule.trials[0].measurement
    assert first is not None
    assert set(first.costs) == {"parameters", "flops"}, "what is recorded keeps them all"
