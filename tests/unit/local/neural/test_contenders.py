"""Contenders: which candidates a cheaper look has judged are trained whole."""

from __future__ import annotations

import pytest
from neural_jobs import TinySpace, ended, tiny

from cloudautoml.search import FULL, Fidelity, Measurement, Signature
from cloudautoml_local.tasks.neural.contenders import expected_seconds, reached, worth_training

SPACE = TinySpace(Signature("image"))
CANDIDATES = [tiny(units, rate) for units in (4, 16, 64) for rate in (1e-3, 1e-2)]


def numbers(*found: Measurement) -> list[int]:
    trials = [ended(i, one, CANDIDATES[i % len(CANDIDATES)]) for i, one in enumerate(found)]
    return [trial.number for trial in worth_training(trials, SPACE)]


def test_nothing_is_trained_again_where_all_were_trained_whole() -> None:
    assert numbers(Measurement(0.9), Measurement(0.8), Measurement(0.7)) == []


def test_the_closest_looks_come_first() -> None:
    first, second = Fidelity.of(epochs=1 / 9), Fidelity.of(epochs=1 / 3)
    found = [Measurement(0.9, fidelity=first), *(Measurement(s, fidelity=second) for s in (0.5, 0.7, 0.6))]
    assert numbers(*found) == [2, 3, 1]


def test_only_those_that_look_better_than_the_best_whole_one() -> None:
    cheap = Fidelity.of(rows=0.1)
    assert numbers(Measurement(0.8), Measurement(0.7, fidelity=cheap), Measurement(0.85, fidelity=cheap)) == [2]


def test_predictions_and_inherited_weights_are_no_whole_training() -> None:
    inherited = Measurement(0.9, details={"inherited": 3})
    predicted = Measurement(0.95, predicted=True)
    assert reached(predicted) < reached(inherited) < reached(Measurement(0.1)) == 1
    assert numbers(predicted, inherited, Measurement(0.5)) == [1, 0]


def test_a_candidate_is_trained_once() -> None:
    cheap = Fidelity.of(epochs=0.5)
    trials = [ended(i, Measurement(0.5, fidelity=cheap), tiny()) for i in range(3)]
    assert len(worth_training(trials, SPACE)) == 1
    assert worth_training([*trials, ended(3, Measurement(0.4), tiny())], SPACE) == []


def test_of_many_trials_one_is_enough() -> None:
    cheap = Fidelity.of(epochs=0.5)
    trials = [ended(i, Measurement(i / 200, fidelity=cheap), CANDIDATES[i % 6]) for i in range(120)]
    assert [trial.number for trial in worth_training(trials, SPACE)] == [119]


def test_the_time_it_takes_follows_from_the_look() -> None:
    third = ended(0, Measurement(0.5, seconds=10, fidelity=Fidelity.of(epochs=1 / 3)))
    assert expected_seconds(third) == pytest.approx(37)
    assert expected_seconds(ended(1, Measurement(0.5, fidelity=FULL, predicted=True))) == 0
