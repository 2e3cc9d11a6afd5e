"""Intervals and differences: against scipy on the same resamples, and their coverage by simulation."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from cloudautoml.comparison.resample import (
    Interval,
    interval,
    jackknifed_scores,
    resample_count,
    resampled_scores,
    wins,
)

if TYPE_CHECKING:
    import numpy.typing as npt


def mean_of(values: npt.NDArray[np.float64]):  # noqa: ANN201
    return lambda rows: float(values[rows].mean())


def test_the_interval_is_the_one_of_scipy() -> None:
    rng = np.random.default_rng(3)
    values = rng.exponential(size=80)
    ours = interval(
        float(values.mean()),
        resampled_scores([mean_of(values)], rows=80, seed=1)[0],
        jackknifed=jackknifed_scores(mean_of(values), rows=80),
    )
    theirs = stats.bootstrap(
        (values,), np.mean, n_resamples=resample_count(80), method="BCa", rng=np.random.default_rng(1)
    ).confidence_interval
    assert ours is not None
    assert (ours.low, ours.high) == pytest.approx((theirs.low, theirs.high), rel=0.02)


def test_a_paired_difference_is_the_one_of_scipy_on_the_same_resamples() -> None:
    rng = np.random.default_rng(5)
    first = rng.normal(1.0, 1.0, 60)
    second = first - 0.1 + rng.normal(0, 0.2, 60)
    drawn = resampled_scores([mean_of(first), mean_of(second)], rows=60, seed=9)
    rows = np.random.default_rng(9)
    again = np.array([
        (first[which] - second[which]).mean()
        for which in (rows.integers(0, 60, 60) for _ in range(drawn.shape[1]))
    ])  # fmt: skip
    assert np.allclose(drawn[0] - drawn[1], again)
    theirs = stats.bootstrap(
        (first, second),
        lambda a, b, axis: np.mean(a - b, axis=axis),
        n_resamples=0,
        bootstrap_result=_distribution(again),
        method="percentile",
        paired=True,
        vectorized=True,
    ).confidence_interval
    assert np.quantile(drawn[0] - drawn[1], [0.025, 0.975]) == pytest.approx([theirs.low, theirs.high])
    assert wins(drawn[0], drawn[1]) == pytest.approx(np.mean(again > 0))


def _distribution(values: npt.NDArray[np.float64]):  # noqa: ANN202
    class Known:
        bootstrap_distribution = values

    return Known()


def test_ninety_five_of_a_hundred_intervals_hold_the_truth() -> None:
    rng = np.random.default_rng(11)
    truth, holds, draws = 0.8, 0, 200
    for draw in range(draws):
        right = (rng.random(150) < truth).astype(np.float64)
        found = interval(
            float(right.mean()),
            resampled_scores([mean_of(right)], rows=150, seed=draw)[0],
            jackknifed=jackknifed_scores(mean_of(right), rows=150),
        )
        holds += found is not None and truth in found
    low, high = stats.binom.interval(0.999, draws, 0.95)
    assert low <= holds <= high


def test_groups_are_drawn_whole() -> None:
    groups = np.repeat(np.arange(10), 5)
    seen: list[npt.NDArray[np.int64]] = []

    def look(rows: npt.NDArray[np.int64]) -> float:
        seen.append(rows)
        return 0.0

    resampled_scores([look], rows=50, seed=0, groups=groups)
    for rows in seen[:20]:
        counts = np.bincount(rows, minlength=50).reshape(10, 5)
        assert (counts == counts[:, :1]).all()
        assert len(rows) == 50


def test_a_score_that_is_seldom_defined_has_no_interval() -> None:
    found = np.full(1000, np.nan)
    found[:100] = 0.5
    assert interval(0.5, found) is None
    assert interval(float("nan"), np.ones(1000)) is None
    assert interval(0.5, np.full(1000, 0.5)) == Interval(0.5, 0.5)


@given(st.lists(st.floats(-1e6, 1e6), min_size=20, max_size=60), st.integers(0, 2**32 - 1))
@settings(max_examples=25, deadline=None)
def test_an_interval_is_in_order_and_within_what_was_drawn(values: list[float], seed: int) -> None:
    rows = np.array(values)
    drawn = resampled_scores([mean_of(rows)], rows=len(rows), seed=seed)[0][:400]
    found = interval(float(rows.mean()), drawn)
    assert found is None or (drawn.min() <= found.low <= found.high <= drawn.max())


def test_large_holdouts_are_drawn_less_often() -> None:
    assert [resample_count(rows) for rows in (10, 5_000, 10_000, 10_000_000)] == [2000, 2000, 1000, 400]
    assert math.isnan(wins(np.array([np.nan]), np.array([1.0])))
