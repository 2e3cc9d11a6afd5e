"""Optuna's samplers as strategies."""

from __future__ import annotations

import importlib.util
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError
from typing_extensions import override

from cloudautoml.errors import MissingExtraError, SpecError
from cloudautoml.search import Measurement, SearchSpace, Trial, TrialState
from cloudautoml.testing import StrategySuite
from cloudautoml.testing.simulation import SimulatedTrainer, asked, large_space, quality, simulate, small_spaces
from cloudautoml_local.strategies.optuna import OptunaOptions, OptunaSearch

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.search import SearchStrategy


def search(space: SearchSpace | None = None, *, seed: int = 3, **options: Any) -> OptunaSearch:
    return OptunaSearch(space or large_space(), seed=seed, options=OptunaOptions.model_validate(options))


class TestSamplers(StrategySuite):
    """The default runs with all other strategies; these are the other samplers that need nothing more."""

    @pytest.fixture
    @override
    def strategy_type(self) -> type[SearchStrategy]:
        return OptunaSearch

    @pytest.fixture(params=["nsgaii", "random", "qmc"])
    @override
    def options(self, request: pytest.FixtureRequest) -> dict[str, Any]:
        return {"sampler": request.param}


def test_failures_are_avoided(tmp_path: Path) -> None:
    trainer = SimulatedTrainer(tmp_path, broken=lambda architecture: architecture["d1"] in {0, 1, 2})
    trials = simulate(search(), trainer, rounds=80)
    late = [trial.state for trial in trials[40:]]
    assert late.count(TrialState.SUCCEEDED) > 2 * sum(t.state is TrialState.SUCCEEDED for t in trials[:20])


def test_finds_more_than_chance(tmp_path: Path) -> None:
    best = {
        sampler: sum(
            max(quality(t.architecture) for t in simulate(search(seed=seed, sampler=sampler), trainer, rounds=60))
            for seed in range(3)
            for trainer in [SimulatedTrainer(tmp_path)]
        )
        for sampler in ("tpe", "random")
    }
    assert best["tpe"] > best["random"]


@pytest.mark.parametrize(("options", "rounds"), [({}, 60), ({"sampler": "tpe"}, 10)], ids=["default", "tpe"])
def test_costs_are_weighed(tmp_path: Path, options: dict[str, Any], rounds: int) -> None:
    trainer = SimulatedTrainer(tmp_path, minimize=("parameters",))
    found = search(**options)
    trials = simulate(found, trainer, rounds=rounds, batch=2)
    assert [direction.name for direction in found._study.directions] == ["MAXIMIZE", "MINIMIZE"]
    assert len(trials) == 2 * rounds
    assert len(found._study.best_trials) > 1, "a front, not one best"
    again = simulate(search(**options), SimulatedTrainer(tmp_path, minimize=("parameters",)), rounds=rounds, batch=2)
    assert asked(again) == asked(trials)


def test_a_trial_without_its_costs_is_no_evidence(tmp_path: Path) -> None:
    trainer, strategy = SimulatedTrainer(tmp_path, minimize=("parameters",)), search()
    simulate(strategy, trainer, rounds=1)
    (proposal,) = strategy.ask(1)
    strategy.tell([Trial(1, proposal, TrialState.SUCCEEDED, Measurement(0.5))])
    assert [trial.state.name for trial in strategy._study.trials] == ["COMPLETE", "FAIL"]


def test_trials_of_others_are_knowledge(tmp_path: Path) -> None:
    trainer, strategy = SimulatedTrainer(tmp_path), search()
    trials = simulate(search(seed=9), trainer, rounds=20)
    strategy.tell(trials)
    known = strategy._study.trials
    assert [trial.value for trial in known] == [trial.score for trial in trials]
    assert set(known[0].params.values()) <= {0, 1, 2, 3}


def test_what_it_repeats_is_answered_from_memory(tmp_path: Path) -> None:
    strategy = search(small_spaces()["ordered"])
    trials = simulate(strategy, SimulatedTrainer(tmp_path), rounds=50)
    assert len(trials) == 20
    assert len(strategy._study.trials) > 20, "repeated, and told the score again"
    assert {trial.value for trial in strategy._study.trials} == {trial.score for trial in trials}


@pytest.mark.parametrize(("sampler", "several"), [("qmc", False), ("tpe", True), ("nsgaii", True)])
def test_which_samplers_weigh_costs_is_known_before_any_is_told(sampler: str, several: bool) -> None:
    assert search(sampler=sampler).multi_objective is several


def test_any_sampler_by_its_path(tmp_path: Path) -> None:
    trainer = SimulatedTrainer(tmp_path)
    by_path = simulate(search(sampler="optuna.samplers:TPESampler"), trainer, rounds=20)
    assert asked(by_path) == asked(simulate(search(), trainer, rounds=20))
    given = {"n_startup_trials": 2, "n_ei_candidates": 3}
    assert asked(simulate(search(arguments=given), trainer, rounds=20)) != asked(by_path)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"sampler": "json:loads"}, "'json:loads' is not a sampler of Optuna"),
        ({"arguments": {"no_such_argument": 1}}, "TPESampler: .*no_such_argument"),
    ],
)
def test_what_is_no_sampler_is_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(SpecError, match=problem):
        search(**options)


def test_unknown_sampler_is_told_the_known_ones() -> None:
    with pytest.raises(ValidationError, match="Optuna's samplers are tpe, random"):
        OptunaOptions(sampler="tpee")


def test_what_is_missing_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    there = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "torch" else there(name))
    with pytest.raises(ValidationError, match="'gp' needs torch, which is not installed: pip install torch"):
        OptunaOptions(sampler="gp")
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="optuna") as caught:
        OptunaOptions()
    assert caught.value.hint == "pip install 'cloudautoml[optuna]'"


def test_the_settings_of_others_stay() -> None:
    import optuna

    optuna.logging.set_verbosity(optuna.logging.DEBUG)
    try:
        search().ask(2)
        assert optuna.logging.get_verbosity() == optuna.logging.DEBUG
    finally:
        optuna.logging.set_verbosity(optuna.logging.INFO)
