"""KerasTuner's oracles as strategies."""

from __future__ import annotations

import gc
import importlib.util
import tempfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any

import pytest
from pydantic import ValidationError

from cloudautoml.errors import MissingExtraError, SpecError
from cloudautoml.search import SearchSpace, TrialState
from cloudautoml.testing.simulation import (
    SimulatedTrainer,
    asked,
    every_architecture,
    large_space,
    simulate,
    small_spaces,
)
from cloudautoml_local.strategies.keras_tuner import KerasTunerOptions, KerasTunerSearch

if TYPE_CHECKING:
    from pathlib import Path


def search(space: SearchSpace | None = None, *, seed: int = 3, **options: Any) -> KerasTunerSearch:
    return KerasTunerSearch(space or large_space(), seed=seed, options=KerasTunerOptions.model_validate(options))


@pytest.fixture
def places(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Where temporary folders are made."""
    folder = tmp_path / "temporary"
    folder.mkdir()
    monkeypatch.setattr(tempfile, "tempdir", str(folder))
    return folder


@pytest.mark.parametrize("oracle", ["grid", "keras_tuner.oracles:RandomSearchOracle"])
@pytest.mark.parametrize("name", ["conditional", "categorical"])
def test_every_oracle_exhausts_a_small_space(tmp_path: Path, oracle: str, name: str) -> None:
    space = small_spaces()[name]
    found = [
        asked(simulate(search(space, oracle=oracle), SimulatedTrainer(tmp_path), rounds=40, batch=2)) for _ in range(2)
    ]
    assert found[0] == found[1]
    assert len(found[0]) == len(every_architecture(space)) == len({architecture for architecture, *_ in found[0]})


def test_bayesian_learns_from_failures_and_from_others(tmp_path: Path) -> None:
    trainer = SimulatedTrainer(tmp_path, broken=lambda architecture: architecture["width"] == 64)
    space = small_spaces()["ordered"]
    warm = simulate(search(space, seed=8), trainer, rounds=6)
    strategy = search(space, oracle="bayesian", arguments={"num_initial_points": 2})
    strategy.tell(warm)
    trials = simulate(strategy, trainer, rounds=2)
    assert {trial.architecture for trial in trials}.isdisjoint(trial.architecture for trial in warm)
    known = strategy._oracle.trials.values()
    assert len(known) >= 8
    states = {trial.status for trial in known}
    assert states == {"COMPLETED", *({"FAILED"} if any(t.state is TrialState.FAILED for t in (*warm, *trials)) else ())}
    assert max(trial.score for trial in known if trial.score is not None) == max(
        trial.score for trial in (*warm, *trials) if trial.score is not None
    )


def test_nothing_is_left_behind(tmp_path: Path, places: Path) -> None:
    import sys

    import keras_tuner

    strategy = search()
    simulate(strategy, SimulatedTrainer(tmp_path), rounds=5)
    (place,) = places.iterdir()
    assert list(place.iterdir()) == [], "its state is not written twice a trial"
    engine = sys.modules[keras_tuner.Oracle.__module__]
    oracles = len(engine.LOCKS)
    assert oracles >= 1
    del strategy
    gc.collect()
    assert list(places.iterdir()) == []
    assert len(engine.LOCKS) == oracles - 1


def test_nothing_is_printed(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    simulate(search(), SimulatedTrainer(tmp_path, broken=lambda _: True), rounds=10)
    assert capsys.readouterr().out == ""


def test_error_in_an_oracle_locks_nobody_out(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    strategy = search()

    def fail(_trial: str) -> None:
        raise ValueError("the oracle fails")

    with monkeypatch.context() as patch:
        patch.setattr(strategy._oracle, "populate_space", fail)
        with pytest.raises(ValueError, match="the oracle fails"):
            strategy.ask(1)
    with ThreadPoolExecutor(1) as pool:
        assert pool.submit(strategy.ask, 1).result(timeout=60)


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"oracle": "json:loads"}, "'json:loads' is not an oracle of KerasTuner"),
        ({"arguments": {"no_such_argument": 1}}, "RandomSearchOracle: .*no_such_argument"),
    ],
)
def test_what_is_no_oracle_is_refused(options: dict[str, Any], problem: str) -> None:
    with pytest.raises(SpecError, match=problem):
        search(**options)


@pytest.mark.parametrize("oracle", ["hyperband", "keras_tuner.oracles:HyperbandOracle"])
def test_hyperband_is_refused_with_the_way_to_have_it(oracle: str) -> None:
    with pytest.raises(ValidationError, match="the strategy 'hyperband' does it here"):
        KerasTunerOptions(oracle=oracle)


def test_unknown_oracle_is_told_the_known_ones() -> None:
    with pytest.raises(ValidationError, match="KerasTuner's oracles are random, bayesian, grid"):
        KerasTunerOptions(oracle="bayes")


def test_missing_library_is_an_extra(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(MissingExtraError, match="keras_tuner") as caught:
        KerasTunerOptions()
    assert caught.value.hint == "pip install 'cloudautoml[local]'"
