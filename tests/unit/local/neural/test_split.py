"""Splits: in proportion, whole groups, and smaller shares within larger ones."""

from __future__ import annotations

import numpy as np
import pytest

from cloudautoml_local.tasks.neural.split import fewer, set_apart


def test_each_class_is_split_in_proportion() -> None:
    target = np.repeat([0, 1, 2], [500, 50, 10])
    learned, valid = set_apart(target, classes=3, seed=1)
    assert np.array_equal(np.sort(np.concatenate([learned, valid])), np.arange(560))
    assert np.bincount(target[valid]).tolist() == [100, 10, 2]


def test_a_number_is_split_over_its_whole_range() -> None:
    target = np.random.default_rng(0).normal(size=1000) ** 3
    _, valid = set_apart(target, classes=0, seed=1)
    assert len(valid) == pytest.approx(200, abs=20)
    assert abs(np.median(target[valid]) - np.median(target)) < 0.1


def test_whole_groups_are_set_apart() -> None:
    groups = np.repeat(np.arange(20), 7)
    learned, valid = set_apart(np.zeros(140, np.int64), classes=2, groups=groups, seed=3)
    assert not set(groups[learned]) & set(groups[valid])
    assert 14 <= len(valid) <= 42


@pytest.mark.parametrize("target", [[0, 1], [0, 0, 1], [5.0, 6.0]])
def test_both_sides_have_examples(target: list[float]) -> None:
    learned, valid = set_apart(np.asarray(target), classes=2 if isinstance(target[0], int) else 0, seed=0)
    assert len(learned)
    assert len(valid)


def test_the_seed_draws() -> None:
    target = np.tile([0, 1], 100)
    first, again, other = (set_apart(target, classes=2, seed=seed)[1].tolist() for seed in (1, 1, 2))
    assert first == again
    assert first != other


def test_fewer_rows_keep_every_class_and_lie_within_more_rows() -> None:
    target = np.repeat([0, 1, 2], [900, 90, 3])
    small, large = (fewer(target, share, classes=3, seed=4) for share in (0.1, 0.3))
    assert set(target[small]) == {0, 1, 2}
    assert set(small) <= set(large)
    assert len(small) == pytest.approx(100, abs=3)
    assert len(fewer(target, 1.0, classes=3, seed=4)) == 993
