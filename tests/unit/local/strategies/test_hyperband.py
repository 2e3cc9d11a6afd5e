"""Hyperband: rungs, promotions, brackets, samplers and screening."""

from __future__ import annotations

import itertools
import math
import random
import statistics
from collections import Counter
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest
from analytic_task import AnalyticSpace, score_of
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from typing_extensions import override

from cloudautoml.errors import SpecError, UnknownNameError
from cloudautoml.search import FULL, Architecture, Fidelity, Measurement, Proposal, Trait, Trial, TrialState
from cloudautoml.testing import StrategySuite
from cloudautoml.testing.simulation import CostlySpace, SimulatedTrainer, large_space, quality, simulate, small_spaces
from cloudautoml_local.strategies.evolution import EvolutionSearch
from cloudautoml_local.strategies.hyperband import HyperbandOptions, HyperbandSearch
from cloudautoml_local.strategies.random import RandomSearch
from cloudautoml_local.strategies.rungs import Rung, ladder

if TYPE_CHECKING:
    from cloudautoml.search import SearchSpace, SearchStrategy


def hyperband(seed: int = 0, space: SearchSpace | None = None, **options: Any) -> HyperbandSearch:
    chosen = HyperbandOptions.model_validate(options)
    return HyperbandSearch(space or AnalyticSpace(), seed=seed, options=chosen)


def run(strategy: SearchStrategy, trials: int) -> list[Trial]:
    """Scores grow with the fidelity, more so for the good."""
    found: list[Trial] = []
    while len(found) < trials and (proposals := strategy.ask(1)):
        score = score_of(proposals[0].architecture) * math.sqrt(proposals[0].fidelity.cost)
        found.append(Trial(len(found), proposals[0], TrialState.SUCCEEDED, Measurement(score)))
        strategy.tell(found[-1:])
    return found


def best(trials: list[Trial]) -> float:
    return max(trial.score or 0 for trial in trials if trial.proposal.fidelity == FULL)


SAMPLERS: dict[str, dict[str, Any]] = {
    "bohb": {"sampler": "bayesian", "brackets": 3},
    "evolution": {"sampler": {"type": "evolution", "sample": 5}, "eta": 2, "screen": "flops", "pool": 4},
    "local_search": {"sampler": {"type": "local_search", "start": 3}, "fidelity": "resolution"},
}


class TestWithSamplers(StrategySuite):
    @pytest.fixture(params=list(SAMPLERS))
    @override
    def options(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return SAMPLERS[request.param]

    @pytest.fixture
    @override
    def strategy_type(self) -> type[SearchStrategy]:
        return HyperbandSearch


@given(st.sampled_from(["epochs", "rows", "resolution", "width"]), st.none() | st.floats(0.001, 0.9), st.floats(2, 16))
def test_ladder_climbs_from_the_least_to_the_whole_in_even_steps(name: str, least: float | None, eta: float) -> None:
    rungs = ladder(name, least, eta)
    assert len(rungs) >= 2
    assert rungs[-1] == FULL
    ratios = [high.cost / low.cost for low, high in itertools.pairwise(rungs)]
    assert max(ratios) == pytest.approx(min(ratios))
    assert rungs[0].share(name) == pytest.approx(least) if least is not None else rungs[0].cost == pytest.approx(1 / 9)
    assert len(rungs) == 2 or eta ** (2 / 3) - 1e-9 <= ratios[0] <= eta**2


def test_ladders_that_users_expect() -> None:
    assert [rung.share("epochs") for rung in ladder("epochs", None, 3)] == pytest.approx([1 / 9, 1 / 3, 1])
    assert [rung.share("resolution") for rung in ladder("resolution", None, 3)] == pytest.approx([1 / 3, 3**-0.5, 1])
    assert [rung.share("rows") for rung in ladder("rows", 0.1, 10)] == pytest.approx([0.1, 1])


@given(st.lists(st.none() | st.integers(0, 5), max_size=20), st.integers(2, 4))
def test_a_rung_promotes_each_of_its_best_once(scores: list[int | None], eta: int) -> None:
    rung = Rung()
    for number, score in enumerate(scores):
        architecture = Architecture((("number", number),))
        measurement = None if score is None else Measurement(float(score))
        state = TrialState.FAILED if score is None else TrialState.SUCCEEDED
        rung.add(Trial(number, Proposal(architecture), state, measurement))
    promoted: list[int] = []
    while (trial := rung.promote(eta, known=set())) is not None:
        promoted.append(trial.number)
    ranked = sorted((-score, number) for number, score in enumerate(scores) if score is not None)
    assert promoted == [number for _, number in ranked[: len(scores) // eta]]
    last = rung.promote(eta, known=set(), last=True)
    assert (last is not None) == (bool(ranked) and len(scores) < eta)


def test_the_best_third_goes_on_as_soon_as_there_is_one() -> None:
    trials = run(hyperband(), 60)
    costs = [trial.proposal.fidelity.cost for trial in trials]
    assert costs[:4] == pytest.approx([1 / 9, 1 / 9, 1 / 9, 1 / 3])
    assert costs.count(1.0) >= 3
    for trial in trials:
        if trial.proposal.fidelity.cost > 0.2:
            assert trial.proposal.parent is not None
            parent = trials[trial.proposal.parent]
            assert parent.architecture == trial.architecture
            rivals = [t for t in trials[: trial.number] if t.proposal.fidelity == parent.proposal.fidelity]
            rank = sorted(rivals, key=lambda rival: -(rival.score or 0)).index(parent)
            assert rank < len(rivals) // 3


def test_the_same_trainings_find_better_candidates_than_chance() -> None:
    def within(strategy: SearchStrategy, budget: float) -> list[Trial]:
        trials = run(strategy, 200)
        spent = list(itertools.accumulate(trial.proposal.fidelity.cost for trial in trials))
        return [trial for trial, so_far in zip(trials, spent, strict=True) if so_far <= budget]

    halved = [within(hyperband(seed), 40) for seed in range(20)]
    drawn = [within(RandomSearch(AnalyticSpace(), seed=seed), 40) for seed in range(20)]
    assert all(len({trial.architecture for trial in trials}) > 80 for trials in halved)
    assert statistics.mean(map(best, halved)) > statistics.mean(map(best, drawn))


def test_brackets_start_ever_higher_and_spend_alike() -> None:
    trials = run(hyperband(brackets=3), 200)
    started = {t.architecture: t.proposal.fidelity.cost for t in trials if t.proposal.parent is None}
    spent: dict[float, float] = {}
    for trial in trials:
        start = started[trial.architecture]
        spent[start] = spent.get(start, 0.0) + trial.proposal.fidelity.cost
    assert sorted(spent) == pytest.approx([1 / 9, 1 / 3, 1])
    assert max(spent.values()) - min(spent.values()) <= 1
    counts = Counter(round(1 / cost) for cost in started.values())
    assert counts[9] > counts[3] > counts[1]
    with pytest.raises(ValidationError, match="there are 3 fidelities to start at"):
        HyperbandOptions(brackets=4)


def test_when_the_space_ends_the_best_has_been_judged_in_full() -> None:
    space = CostlySpace(*large_space().branches[:2])
    trials = simulate(hyperband(space=space), SimulatedTrainer(Path()), rounds=1000)
    assert len({trial.architecture for trial in trials}) == 16
    full = [trial.architecture for trial in trials if trial.proposal.fidelity == FULL]
    assert max(map(quality, full)) == max(quality(trial.architecture) for trial in trials)
    counts = [sum(trial.proposal.fidelity == rung for trial in trials) for rung in ladder("epochs", None, 3)]
    assert counts[0] == 16 > 2 * counts[1] > 2 * counts[2] > 0


def test_a_single_candidate_climbs_to_the_top() -> None:
    trials = simulate(hyperband(space=small_spaces()["fixed"]), SimulatedTrainer(Path()), rounds=10)
    assert [trial.proposal.fidelity for trial in trials] == ladder("epochs", None, 3)
    assert [trial.proposal.parent for trial in trials] == [None, 0, 1]


def test_a_sampler_that_learns_helps() -> None:
    def late(sampler: str) -> float:
        means: list[float] = []
        for seed in range(5):
            trials = run(hyperband(seed, sampler=sampler), 150)
            fresh = [trial for trial in trials if trial.proposal.fidelity.cost < 0.2][50:]
            means.append(statistics.mean(score_of(trial.architecture) for trial in fresh))
        return statistics.mean(means)

    by_chance = late("random")
    assert all(late(sampler) > by_chance + 0.03 for sampler in ("evolution", "local_search"))


class Recorder(RandomSearch):
    """Remembers what it was told."""

    made: list[Recorder]

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self.told: list[Trial] = []
        self.made.append(self)

    @override
    def tell(self, trials: Any) -> None:
        self.told += trials
        super().tell(trials)


def test_the_sampler_learns_from_the_highest_fidelity_with_enough_results(monkeypatch: pytest.MonkeyPatch) -> None:
    made: list[Recorder] = []
    monkeypatch.setattr(Recorder, "made", made, raising=False)
    monkeypatch.setattr("cloudautoml.registry.strategy_type", lambda *_, **__: Recorder)
    trials = run(hyperband(), 200)
    made = [recorder for recorder in made if recorder.told]
    assert len(made) == 3
    for recorder, level in zip(made, ladder("epochs", None, 3), strict=True):
        known = {trial.number: trial for trial in recorder.told}
        succeeded = [number for number, trial in known.items() if trial.state is TrialState.SUCCEEDED]
        assert succeeded
        assert all(trials[number].proposal.fidelity == level for number in succeeded)
        assert all(trials[n].proposal.fidelity.cost < level.cost for n in known if n not in succeeded)
        assert all(trial.proposal.fidelity == FULL for trial in recorder.told), "to the sampler it is the whole"


def test_the_largest_of_a_pool_come_first() -> None:
    space = CostlySpace(*large_space().branches)
    strategy = hyperband(space=space, screen="parameters", pool=500)
    assert strategy.needs == {Trait.EPOCHS, Trait.PROXIES}
    sizes = [space.costs(proposal.architecture)["parameters"] for proposal in strategy.ask(20)]
    usual = [space.costs(space.sample(random.Random(seed)))["parameters"] for seed in range(500)]
    assert sizes == sorted(sizes, reverse=True)
    assert min(sizes) > statistics.quantiles(usual, n=10)[-1]


def test_a_warm_start_in_full_is_known_and_no_rival_of_the_cheap() -> None:
    warm = Architecture((("x", 13), ("y", 4), ("family", "green")))
    strategy = hyperband()
    strategy.tell([Trial(0, Proposal(warm), TrialState.SUCCEEDED, Measurement(1.0))])
    proposals = [*strategy.ask(1300)]
    assert len(proposals) == 1199
    assert warm not in {proposal.architecture for proposal in proposals}
    strategy.tell([Trial(n, p, TrialState.SUCCEEDED, Measurement(0.1)) for n, p in enumerate(proposals[:3], 1)])
    (promoted,) = strategy.ask(1)
    assert promoted == Proposal(proposals[0].architecture, ladder("epochs", None, 3)[1], 1)


def test_a_foreign_fidelity_is_knowledge_alone() -> None:
    strategy = hyperband()
    cheap = Proposal(AnalyticSpace().defaults()[0], Fidelity.of(rows=0.5))
    strategy.tell([Trial(number, cheap, TrialState.SUCCEEDED, Measurement(1.0)) for number in range(9)])
    proposals = strategy.ask(1300)
    assert cheap.architecture not in {proposal.architecture for proposal in proposals}
    assert {proposal.parent for proposal in proposals} == {None}


def test_wrong_samplers_are_refused() -> None:
    with pytest.raises(SpecError, match="cuts fidelities itself"):
        hyperband(sampler="hyperband")
    with pytest.raises(SpecError, match="unknown option 'populaton'") as caught:
        hyperband(sampler={"type": "evolution", "populaton": 3})
    assert caught.value.where == "search.strategy.sampler.populaton"
    with pytest.raises(UnknownNameError):
        hyperband(sampler="evolutoin")


def test_it_gives_the_parents_of_its_sampler() -> None:
    assert hyperband().gives == frozenset()
    strategy = hyperband(sampler={"type": "evolution", "sample": 5})
    assert strategy.gives == EvolutionSearch(AnalyticSpace(), seed=0).gives
    trials = run(strategy, 60)
    born = [t for t in trials if t.proposal.parent is not None and t.proposal.fidelity.cost < 0.2]
    assert born
    assert all(trial.proposal.parent in range(trial.number) for trial in born)
