"""The Gaussian process over choices: what it expects, how sure it is, and what it makes of scores."""

from __future__ import annotations

import math
import random

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.search import Decision
from cloudautoml_local.strategies.bayesian_gp import GaussianProcess, expected_improvement, normal_scores

DECISIONS = (
    Decision("matters", tuple("abcd")),
    Decision("width", tuple(range(8)), ordered=True),
    *(Decision(f"idle{number}", tuple("xyz")) for number in range(4)),
)


def drawn(count: int, seed: int) -> np.ndarray:
    rng = random.Random(seed)
    return np.array([[rng.randrange(len(decision.options)) for decision in DECISIONS] for _ in range(count)])


def value(rows: np.ndarray) -> np.ndarray:
    return np.array([0.0, 1.0, -1.0, 0.5])[rows[:, 0]] - ((rows[:, 1] - 4) / 4) ** 2


def taught(count: int = 60) -> GaussianProcess:
    process, rows = GaussianProcess(DECISIONS), drawn(count, 1)
    process.learn(rows, value(rows))
    return process


def test_it_predicts_what_it_has_not_seen() -> None:
    rows = drawn(200, 2)
    mean, _ = taught().predict(rows)
    assert np.corrcoef(mean, value(rows))[0, 1] > 0.95


def test_it_is_surer_of_what_it_has_seen() -> None:
    process = taught(30)
    _, known = process.predict(drawn(30, 1))
    _, unknown = process.predict(drawn(200, 2))
    assert known.max() < 0.3
    assert unknown.mean() > 1.5 * known.mean()


def test_idle_decisions_make_little_difference() -> None:
    process, rows = taught(), drawn(50, 3)
    idle, telling = rows.copy(), rows.copy()
    idle[:, 2:] = (idle[:, 2:] + 1) % 3
    telling[:, 0] = (telling[:, 0] + 1) % 4
    mean = process.predict(rows)[0]
    assert np.abs(process.predict(idle)[0] - mean).mean() < 0.2 * np.abs(process.predict(telling)[0] - mean).mean()


def test_noise_is_told_from_signal() -> None:
    rows = drawn(100, 4)
    noisy = value(rows) + np.random.default_rng(0).normal(0, 0.5, 100)
    process = GaussianProcess(DECISIONS)
    process.learn(rows, noisy)
    fitted = process.predict(rows)[0]
    assert np.abs(fitted - value(rows)).mean() < 0.7 * np.abs(noisy - value(rows)).mean()


def test_a_decision_that_was_not_made_is_between_all_options() -> None:
    process = taught()
    rows = drawn(1, 5)
    ends = np.repeat(rows, 8, axis=0)
    ends[:, 1] = range(8)
    absent = rows.copy()
    absent[0, 1] = -1
    mean, deviation = process.predict(absent)
    assert process.predict(ends)[0].min() - 0.2 < mean[0] < process.predict(ends)[0].max() + 0.2
    assert deviation[0] > process.predict(ends)[1].min()


@pytest.mark.parametrize("values", [np.zeros(5), np.array([1.0] * 4 + [-1.0])])
def test_it_learns_from_next_to_nothing(values: np.ndarray) -> None:
    process = GaussianProcess(DECISIONS)
    process.learn(drawn(5, 6), values)
    mean, deviation = process.predict(drawn(20, 7))
    assert np.isfinite(mean).all()
    assert (deviation > 0).all()


def test_the_improvement_is_what_draws_come_to() -> None:
    draws = np.random.default_rng(0).normal(0.2, 0.7, 400_000)
    expected = expected_improvement(np.array([0.2]), np.array([0.7]), 0.5)
    assert expected[0] == pytest.approx(np.maximum(draws - 0.5, 0).mean(), rel=0.02)


@given(st.lists(st.floats(allow_nan=False), min_size=1, max_size=40))
def test_normal_scores_keep_the_order_and_nothing_else(scores: list[float]) -> None:
    spread = normal_scores(scores)
    assert all(
        (a < b) == (x < y) for a, x in zip(scores, spread, strict=True) for b, y in zip(scores, spread, strict=True)
    )
    assert abs(spread.mean()) < 1 + 1e-9
    assert all(math.isfinite(x) for x in spread)
