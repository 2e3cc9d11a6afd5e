"""Pareto fronts, ranks and crowding."""

from __future__ import annotations

import math

from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.search.pareto import crowding, dominates, front, order, ranks

VALUES = st.one_of(st.integers(0, 4).map(float), st.just(math.inf))
"""Few, so that there are ties."""
POINTS = st.integers(1, 3).flatmap(lambda axes: st.lists(st.tuples(*[VALUES] * axes), max_size=25))


@given(POINTS)
def test_front_holds_exactly_what_nothing_dominates(points: list[tuple[float, ...]]) -> None:
    found = front(points)
    assert found == sorted(found)
    for at, point in enumerate(points):
        assert (at in found) == (not any(dominates(other, point) for other in points))
    assert bool(found) == bool(points)


@given(POINTS)
def test_ranks_are_fronts_peeled_off(points: list[tuple[float, ...]]) -> None:
    found = ranks(points)
    assert {at for at, rank in enumerate(found) if rank == 0} == set(front(points))
    for at, point in enumerate(points):
        above = [found[other] for other, rival in enumerate(points) if dominates(rival, point)]
        assert found[at] == max(above, default=-1) + 1


@given(POINTS)
def test_order_is_by_rank_and_complete(points: list[tuple[float, ...]]) -> None:
    found = order(points)
    assert sorted(found) == list(range(len(points)))
    ranked = ranks(points)
    assert [ranked[at] for at in found] == sorted(ranked)


@given(st.lists(VALUES.map(lambda value: (value,)), max_size=30))
def test_order_of_one_axis_is_by_value_then_by_position(points: list[tuple[float, ...]]) -> None:
    assert order(points) == sorted(range(len(points)), key=lambda at: (points[at], at))


@given(POINTS)
def test_crowding_is_never_negative_nor_undefined(points: list[tuple[float, ...]]) -> None:
    distances = crowding(points)
    assert len(distances) == len(points)
    assert all(distance >= 0 for distance in distances)


def test_crowding_prefers_the_ends_and_the_lonely() -> None:
    points = [(0.0, 10.0), (1.0, 9.0), (2.0, 8.0), (6.0, 3.0), (10.0, 0.0)]
    distances = crowding(points)
    assert distances[0] == distances[4] == math.inf
    assert distances[1] == 2 / 10 + 2 / 10
    assert distances[3] == 8 / 10 + 8 / 10
    assert order(points) == [0, 4, 3, 2, 1]


def test_an_unknown_cost_crowds_nobody() -> None:
    assert crowding([(0.0, 1.0), (1.0, 0.5), (2.0, math.inf), (3.0, 0.0)])[1] == 2 / 3 + 1.0
