"""Draws and walks within the limits of a space."""

from __future__ import annotations

import itertools
import random
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from cloudautoml.search import Decision, SearchSpace
from cloudautoml.testing.simulation import every_architecture, large_space, limited_spaces, small_spaces
from cloudautoml_local.strategies.draws import draw_unseen, first_unseen, is_worth_trying, walk

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.search import Architecture, Option


class Endless(SearchSpace):
    """Ten to the thirtieth candidates, all of them too large but for the one in a thousand that ends in 000."""

    name: ClassVar[str] = "endless"
    limits: Mapping[str, float] = {"parameters": 0}

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        return Decision(f"digit{len(prefix)}", tuple(range(10)), ordered=True) if len(prefix) < 30 else None

    @override
    def costs(self, architecture: Architecture) -> Mapping[str, float]:
        return {"parameters": float(sum(option for _, option in architecture.choices[-3:] if isinstance(option, int)))}

    @override
    def size(self) -> int:
        return 10**30


@pytest.mark.parametrize("name", list(small_spaces()))
def test_walk_is_the_space_in_order(name: str) -> None:
    space = small_spaces()[name]
    assert list(walk(space, lambda decision: decision.options)) == every_architecture(space)


def test_walk_of_an_endless_space_starts_at_once() -> None:
    first, second = itertools.islice(walk(Endless(), lambda decision: decision.options), 2)
    assert [option for _, option in first.choices] == [0] * 30
    assert [option for _, option in second.choices] == [0] * 29 + [1]


@given(st.sampled_from(sorted(small_spaces())), st.integers(0, 2**32))
def test_walk_takes_the_options_that_it_is_given(name: str, seed: int) -> None:
    space, rng = small_spaces()[name], random.Random(seed)
    found = list(walk(space, lambda decision: rng.sample(decision.options, len(decision.options))))
    assert len(found) == len(set(found))
    assert set(found) == set(every_architecture(space))


@given(st.sampled_from(["ordered", "conditional"]), st.integers(0, 2**32))
@settings(max_examples=20)
def test_draws_keep_to_the_limits_and_find_everything_within(name: str, seed: int) -> None:
    space, rng = limited_spaces()[name], random.Random(seed)
    seen: set[Architecture] = set()
    while (drawn := draw_unseen(space, seen, rng)) is not None:
        assert is_worth_trying(space, seen, drawn)
        seen.add(drawn)
    assert seen == {each for each in every_architecture(space) if space.refusal(each) is None}


def test_the_few_that_are_allowed_are_found() -> None:
    drawn = [draw_unseen(Endless(), set(), random.Random(seed)) for seed in range(5)]
    assert all(each is not None and [option for _, option in each.choices][-3:] == [0, 0, 0] for each in drawn)


def test_where_nothing_is_allowed_nothing_is_found_in_bounded_time() -> None:
    space = limited_spaces()["nothing allowed"]
    assert draw_unseen(space, set(), random.Random(1)) is None
    endless = Endless()
    endless.limits = {"parameters": -1}
    assert draw_unseen(endless, set(), random.Random(1)) is None


def test_no_more_is_taken_than_is_looked_at() -> None:
    space = large_space()
    candidates = walk(space, lambda decision: decision.options)
    everything = every_architecture(space)
    assert first_unseen(space, set(everything[:7]), candidates) == everything[7]
    assert next(candidates) == everything[8]
