"""Problems: outputs become predictions, and predictions scores."""

from __future__ import annotations

from dataclasses import asdict, replace
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cloudautoml.search import Signature
from cloudautoml_local.tasks.neural.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path

CLASSES = Problem(Signature("table", (3,), 3), "accuracy", ("a", "b", "c"))
NUMBER = Problem(Signature("table", (3,), 1, "value"), "rmse", loss="squared", centre=10.0, spread=2.0)


def test_logits_become_probabilities() -> None:
    found = CLASSES.predictions(np.array([[0.0, 0.0, 0.0], [1000.0, 0.0, 0.0]]), logits=True)
    assert found == pytest.approx(np.array([[1 / 3] * 3, [1, 0, 0]]))


@pytest.mark.parametrize(("outputs", "logits"), [([[0.25]], False), ([[-1.0986123]], True)])
def test_one_output_is_the_second_of_two_classes(outputs: list[list[float]], logits: bool) -> None:
    binary = replace(CLASSES, classes=("no", "yes"))
    assert binary.predictions(np.array(outputs), logits=logits) == pytest.approx(np.array([[0.75, 0.25]]))


def test_numbers_come_back_on_their_own_scale() -> None:
    target = np.array([8.0, 10.0, 14.0])
    assert NUMBER.predictions(NUMBER.wanted(target), logits=True) == pytest.approx(target)
    logarithm = replace(NUMBER, logarithm=True, centre=2.0, spread=0.5)
    assert logarithm.predictions(logarithm.wanted(target), logits=True) == pytest.approx(target, rel=1e-5)


def test_examples_of_an_unknown_class_do_not_count() -> None:
    found = np.eye(3)
    assert CLASSES.score(np.array([0, 1, -1]), found, None) == 1.0
    assert CLASSES.score(np.array([0, 2, -1]), found, np.array([3.0, 1.0, 9.0])) == 0.75


def test_what_cannot_be_scored_is_the_worst() -> None:
    assert NUMBER.score(np.array([1.0]), np.array([np.nan]), None) == -np.inf
    assert NUMBER.score(np.array([1.0]), np.array([3.0]), None) == -2.0


def test_it_comes_back_from_disk(tmp_path: Path) -> None:
    for problem in (CLASSES, NUMBER):
        problem.save(tmp_path)
        assert Problem.load(tmp_path) == problem
        assert Problem.from_dict(asdict(problem)) == problem
