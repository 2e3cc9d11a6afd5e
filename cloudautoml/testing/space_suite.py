"""SpaceSuite: what every search space must do, and what follows from `decide` for all of them."""

from __future__ import annotations

import math
import random
from types import MappingProxyType

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from cloudautoml.search import Architecture, Option, SearchSpace
from cloudautoml.testing.simulation import every_architecture
from cloudautoml.testing.suite import Suite

_SEEDS = st.integers(0, 2**32)
_ANY = settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
_LISTED = 5_000


def _draw(space: SearchSpace, seed: int) -> Architecture:
    return space.sample(random.Random(seed))  # noqa: S311 - a test


class SpaceSuite(Suite):
    """The contract of `SearchSpace`. A subclass overrides the fixture `space`."""

    @pytest.fixture
    def space(self) -> SearchSpace:
        """The space under test."""
        pytest.fail("override the fixture `space`")

    @_ANY
    @given(seed=_SEEDS)
    def test_sample_is_of_the_space_and_of_the_seed(self, space: SearchSpace, seed: int) -> None:
        """A draw exists, and is the same for the same generator."""
        architecture = _draw(space, seed)
        assert architecture in space
        assert _draw(space, seed) == architecture

    @_ANY
    @given(seed=_SEEDS)
    def test_architecture_is_a_value(self, space: SearchSpace, seed: int) -> None:
        """It comes back from JSON equal, with the same hash and the same key."""
        architecture = _draw(space, seed)
        again = Architecture.from_json(architecture.to_json())
        assert again == architecture
        assert hash(again) == hash(architecture)
        assert again.key == architecture.key
        assert again in space

    @_ANY
    @given(seed=_SEEDS)
    def test_decide_depends_on_the_prefix_alone(self, space: SearchSpace, seed: int) -> None:
        """The same choices lead to the same decision, and they are not changed."""
        made: dict[str, Option] = {}
        for decision, option in space.path(_draw(space, seed)):
            assert space.decide(MappingProxyType(dict(made))) == decision
            assert decision.name not in made
            made[decision.name] = option
        assert space.decide(MappingProxyType(made)) is None

    @_ANY
    @given(seed=_SEEDS)
    def test_mutation_changes_something(self, space: SearchSpace, seed: int) -> None:
        """A mutant is another candidate, unless there is only one way to choose."""
        architecture = _draw(space, seed)
        text = architecture.to_json()
        mutant = space.mutate(architecture, random.Random(seed))  # noqa: S311 - a test
        assert mutant in space
        assert architecture.to_json() == text
        assert mutant == space.mutate(architecture, random.Random(seed))  # noqa: S311 - a test
        if any(len(decision.options) > 1 for decision, _ in space.path(architecture)):
            assert mutant != architecture

    @_ANY
    @given(first=_SEEDS, second=_SEEDS)
    def test_crossover_has_two_parents(self, space: SearchSpace, first: int, second: int) -> None:
        """A child exists; of two equal parents it is their equal."""
        a, b = _draw(space, first), _draw(space, second)
        child = space.crossover(a, b, random.Random(first))  # noqa: S311 - a test
        assert child in space
        assert space.crossover(a, a, random.Random(second)) == a  # noqa: S311 - a test

    @_ANY
    @given(seed=_SEEDS)
    def test_neighbours_are_others(self, space: SearchSpace, seed: int) -> None:
        """Every neighbour exists and is another candidate."""
        architecture = _draw(space, seed)
        for neighbour in space.neighbours(architecture):
            assert neighbour in space
            assert neighbour != architecture

    @_ANY
    @given(first=_SEEDS, second=_SEEDS)
    def test_encoding_tells_candidates_apart(self, space: SearchSpace, first: int, second: int) -> None:
        """Vectors have one length and finite numbers; they are equal for equal candidates only."""
        a, b = _draw(space, first), _draw(space, second)
        one, other = space.encode(a), space.encode(b)
        assert len(one) == len(other)
        assert all(math.isfinite(number) for number in one)
        assert (one == other) == (a == b)

    @_ANY
    @given(seed=_SEEDS)
    def test_decisions_lists_what_can_occur(self, space: SearchSpace, seed: int) -> None:
        """Every decision on the way to a candidate is known beforehand, once."""
        known = [repr(decision) for decision in space.decisions]
        assert len(set(known)) == len(known)
        assert {repr(decision) for decision, _ in space.path(_draw(space, seed))} <= set(known)

    def test_size_counts_the_candidates(self, space: SearchSpace) -> None:
        """The size is exact where it can be counted, and never less than what a walk of draws finds."""
        size = space.size()
        if size is None:
            return  # only trying would tell
        assert size >= 1
        if size <= _LISTED:
            listed = every_architecture(space)
            assert len(set(listed)) == len(listed) == size
            assert all(architecture in space for architecture in listed)
        drawn = {_draw(space, seed) for seed in range(200)}
        assert len(drawn) <= size

    @_ANY
    @given(seed=_SEEDS)
    def test_canonical_is_of_the_space_and_final(self, space: SearchSpace, seed: int) -> None:
        """The representative exists and is its own representative."""
        representative = space.canonical(_draw(space, seed))
        assert representative in space
        assert space.canonical(representative) == representative

    def test_defaults_are_of_the_space(self, space: SearchSpace) -> None:
        """Each well-known candidate exists, in the order of the decisions, once."""
        defaults = list(space.defaults())
        for architecture in defaults:
            assert architecture in space, architecture
        assert len(set(defaults)) == len(defaults)

    def test_foreign_candidates_are_told(self, space: SearchSpace) -> None:
        """What is not of the space is not, and following it says why."""
        architecture = _draw(space, 0)
        foreign = Architecture((*architecture.choices, ("no such decision", 1)))
        assert foreign not in space
        with pytest.raises(ValueError, match="no such decision"):
            list(space.path(foreign))
        assert Architecture(()) not in space
        assert space.name
