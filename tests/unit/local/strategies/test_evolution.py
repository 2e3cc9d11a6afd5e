"""Evolution: parents win, the oldest or the worst die, and costs are weighed by their Pareto front."""

from __future__ import annotations

import statistics
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from analytic_task import AnalyticSpace, score_of

from cloudautoml.search import Architecture, Measurement, Proposal, Trait, Trial, TrialState
from cloudautoml.testing.simulation import SimulatedTrainer, large_space, quality, simulate
from cloudautoml_local.strategies.evolution import EvolutionOptions, EvolutionSearch
from cloudautoml_local.strategies.random import RandomSearch

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import SearchStrategy


def evolution(seed: int = 0, **options: Any) -> EvolutionSearch:
    return EvolutionSearch(AnalyticSpace(), seed=seed, options=EvolutionOptions(**options))


def point(x: int, y: int) -> Architecture:
    return Architecture((("x", x), ("y", y), ("family", "red")))


def told(number: int, architecture: Architecture, score: float | None, **costs: float) -> Trial:
    if score is None:
        return Trial(number, Proposal(architecture), TrialState.FAILED, error="why")
    return Trial(number, Proposal(architecture), TrialState.SUCCEEDED, Measurement(score, costs=costs))


def search(strategy: SearchStrategy, trials: int) -> list[Trial]:
    found: list[Trial] = []
    for number in range(trials):
        for proposal in strategy.ask(1):
            found.append(Trial(number, proposal, TrialState.SUCCEEDED, Measurement(score_of(proposal.architecture))))
            strategy.tell(found[-1:])
    return found


def best(trials: Sequence[Trial]) -> float:
    return max(trial.score for trial in trials if trial.score is not None)


def differences(one: Architecture, other: Architecture) -> int:
    return sum(a != b for a, b in zip(one.choices, other.choices, strict=True))


def test_it_finds_better_candidates_than_chance() -> None:
    evolved = [best(search(evolution(seed), 80)) for seed in range(12)]
    drawn = [best(search(RandomSearch(AnalyticSpace(), seed=seed), 80)) for seed in range(12)]
    assert statistics.mean(evolved) > statistics.mean(drawn)
    assert sum(one > other for one, other in zip(evolved, drawn, strict=True)) >= 9


def test_first_come_candidates_by_chance_then_children_of_told_parents() -> None:
    trials = search(evolution(), 60)
    assert [trial.proposal.parent for trial in trials[:15]] == [None] * 15
    for trial in trials[15:]:
        assert trial.proposal.parent is not None
        assert trial.proposal.parent < trial.number
        assert 1 <= differences(trial.architecture, trials[trial.proposal.parent].architecture) <= 3
    assert evolution().gives == {Trait.PARENTS}


def test_warm_starts_are_founders() -> None:
    strategy = evolution()
    strategy.tell([told(number, point(number, 0), 0.1 * number) for number in range(15)])
    assert [proposal.parent for proposal in strategy.ask(3)] == [14, 14, 14]


@pytest.mark.parametrize(("remove", "parent"), [("oldest", 3), ("worst", 0)])
def test_who_makes_room(remove: str, parent: int) -> None:
    strategy = evolution(population=3, sample=3, remove=remove)
    strategy.tell([told(number, point(number, number), score) for number, score in enumerate([0.9, 0.1, 0.2, 0.5])])
    assert {proposal.parent for proposal in strategy.ask(5)} == {parent}


def test_failed_candidates_are_no_parents_and_take_no_room() -> None:
    strategy = evolution(population=3, sample=3)
    strategy.tell([told(0, point(1, 1), 0.5), *(told(number, point(2, number), None) for number in range(1, 9))])
    proposals = strategy.ask(5)
    assert {proposal.parent for proposal in proposals} == {0}
    assert not {proposal.architecture for proposal in proposals} & {point(2, number) for number in range(1, 9)}


def test_crossover_alone_mixes_two_parents() -> None:
    strategy = evolution(population=2, sample=1, crossover=1.0, mutation=0.0)
    strategy.tell([told(0, point(1, 1), 0.5), told(1, point(9, 9), 0.5)])
    mixed = {proposal.architecture for proposal in strategy.ask(2)}
    assert mixed & {point(1, 9), point(9, 1)}


def test_a_cost_can_decide() -> None:
    strategy = evolution(population=20, sample=20)
    strategy.tell([told(number, point(number, 0), 0.5, parameters=20.0 - number) for number in range(20)])
    assert {proposal.parent for proposal in strategy.ask(4)} == {19}


def test_the_front_outlives_its_elders() -> None:
    strategy = evolution(population=3, sample=3)
    strategy.tell([told(0, point(0, 0), 0.9, parameters=9.0), told(1, point(1, 1), 0.1, parameters=1.0)])
    strategy.tell([told(number, point(number, number), 0.05, parameters=20.0) for number in range(2, 10)])
    assert {proposal.parent for proposal in strategy.ask(20)} <= {0, 1}


def volume(trials: Sequence[Trial]) -> float:
    """What a front of quality and parameters dominates, within quality 0 and 100 parameters."""
    measured = [trial.measurement for trial in trials if trial.measurement is not None]
    found, top = 0.0, 0.0
    for measurement in sorted(measured, key=lambda each: (each.costs["parameters"], -each.score)):
        found += max(0.0, measurement.score - top) * (100 - measurement.costs["parameters"])
        top = max(top, measurement.score)
    return found


def test_the_front_it_finds_is_better_than_that_of_chance() -> None:
    def front(strategy: SearchStrategy) -> float:
        return volume(simulate(strategy, SimulatedTrainer(Path(), minimize=("parameters",)), rounds=100))

    evolved = [front(EvolutionSearch(large_space(), seed=seed)) for seed in range(8)]
    drawn = [front(RandomSearch(large_space(), seed=seed)) for seed in range(8)]
    assert sum(one > other for one, other in zip(evolved, drawn, strict=True)) >= 7
    assert statistics.mean(evolved) > 1.05 * statistics.mean(drawn)


def test_a_small_population_keeps_the_search_near_the_top() -> None:
    trials = simulate(EvolutionSearch(large_space(), seed=1), SimulatedTrainer(Path()), rounds=150)
    late = [quality(trial.architecture) for trial in trials[100:]]
    assert statistics.mean(late) > statistics.mean(quality(trial.architecture) for trial in trials[:15]) + 0.1
