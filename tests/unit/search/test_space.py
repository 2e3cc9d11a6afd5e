"""What follows from `decide`: walks, mutation, encoding and the discovery of decisions, over random trees."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, ClassVar

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from typing_extensions import override

from cloudautoml.search import Architecture, Decision, Fidelity, Measurement, Option, SearchSpace
from cloudautoml.testing.simulation import Branch, TableSpace, every_architecture

if TYPE_CHECKING:
    from collections.abc import Mapping

OPTIONS = st.lists(
    st.one_of(st.booleans(), st.integers(-2, 2), st.sampled_from(["a", "b"]), st.none(), st.just(0.5)),
    min_size=1, max_size=3, unique_by=repr,
)  # fmt: skip


@st.composite
def spaces(draw: st.DrawFn) -> TableSpace:
    branches: list[Branch] = []
    for number in range(draw(st.integers(1, 5))):
        decision = Decision(f"d{number}", tuple(draw(OPTIONS)), ordered=draw(st.booleans()))
        opened_by = None
        if branches and draw(st.booleans()):
            opener = draw(st.sampled_from(branches)).decision
            opened_by = (opener.name, tuple(draw(st.lists(st.sampled_from(opener.options), min_size=1))))
        branches.append(Branch(decision, opened_by))
    return TableSpace(*branches)


@settings(deadline=None)
@given(spaces())
def test_everything_listed_is_told_apart(space: TableSpace) -> None:
    listed = every_architecture(space)
    assert len(listed) == space.size() == len(set(listed)) == len({architecture.key for architecture in listed})
    assert all(architecture in space for architecture in listed)
    vectors = {tuple(space.encode(architecture)) for architecture in listed}
    assert len(vectors) == len(listed), "encoding is one to one"
    assert len({len(vector) for vector in vectors}) == 1


@settings(deadline=None)
@given(spaces())
def test_decisions_are_those_that_occur(space: TableSpace) -> None:
    occurring = {repr(decision) for a in every_architecture(space) for decision, _ in space.path(a)}
    assert {repr(decision) for decision in space.decisions} == occurring


@settings(deadline=None)
@given(spaces(), st.integers(0, 1000))
def test_mutants_and_children_exist(space: TableSpace, seed: int) -> None:
    rng = random.Random(seed)
    first, second = space.sample(rng), space.sample(rng)
    mutant, child = space.mutate(first, rng), space.crossover(first, second, rng)
    assert mutant in space
    assert child in space
    parents = {**second.as_dict(), **first.as_dict()}
    assert set(child.as_dict()) <= set(parents) | {branch.decision.name for branch in space.branches}
    assert (mutant == first) == all(len(decision.options) == 1 for decision, _ in space.path(first))


@settings(deadline=None)
@given(spaces(), st.integers(0, 1000))
def test_neighbours_are_one_for_each_other_option(space: TableSpace, seed: int) -> None:
    architecture = space.sample(random.Random(seed))
    neighbours = list(space.neighbours(architecture))
    assert len(neighbours) == sum(len(decision.options) - 1 for decision, _ in space.path(architecture))
    assert len(set(neighbours)) == len(neighbours)


@settings(deadline=None)
@given(spaces(), st.integers(0, 1000))
def test_architecture_comes_back_from_json(space: TableSpace, seed: int) -> None:
    architecture = space.sample(random.Random(seed))
    again = Architecture.from_json(architecture.to_json())
    assert again == architecture
    assert [(name, repr(option)) for name, option in again.choices] == [
        (name, repr(option)) for name, option in architecture.choices
    ]


def test_true_and_one_are_two_options() -> None:
    space = TableSpace(Branch(Decision("x", (True, 1, 1.0))))
    one, two, three = every_architecture(space)
    assert len({one, two, three}) == 3
    assert one != two
    assert space.encode(one) == [1.0, 0.0, 0.0]
    assert space.encode(three) == [0.0, 0.0, 1.0]
    assert Decision("x", (True, 1)).index(1) == 1


def test_order_of_choices_belongs_to_the_value() -> None:
    space = TableSpace(Branch(Decision("a", (0, 1))), Branch(Decision("b", (0, 1))))
    assert Architecture((("a", 0), ("b", 1))) in space
    assert Architecture((("b", 1), ("a", 0))) not in space
    assert Architecture((("a", 0), ("a", 0), ("b", 1))) not in space


def test_decision_behind_equal_next_steps_is_found() -> None:
    space = TableSpace(
        Branch(Decision("a", ("x", "y"))), Branch(Decision("b", (0, 1))), Branch(Decision("c", (7, 8)), ("a", ("y",)))
    )
    assert [decision.name for decision in space.decisions] == ["a", "b", "c"]


class Renamed(SearchSpace):
    """One name, other options: what is chosen first decides how wide the second may be."""

    name: ClassVar[str] = "renamed"

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        if "kind" not in prefix:
            return Decision("kind", ("small", "large"))
        if "width" not in prefix:
            return Decision("width", (1, 2) if prefix["kind"] == "small" else (100, 200, 300), ordered=True)
        return None

    @override
    def size(self) -> int:
        return 5


def test_one_name_may_have_other_options_elsewhere() -> None:
    space = Renamed()
    vectors = [tuple(space.encode(architecture)) for architecture in every_architecture(space)]
    assert len(set(vectors)) == 5


class Endless(SearchSpace):
    name: ClassVar[str] = "endless"

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        return Decision("again", (0, 1))

    @override
    def size(self) -> int:
        return 1


def test_space_that_decides_twice_is_an_error_and_not_a_hang() -> None:
    with pytest.raises(ValueError, match="'again' twice"):
        Endless().sample(random.Random(0))


def test_large_conditional_space_is_discovered() -> None:
    branches = [Branch(Decision(f"d{n}", tuple(range(4)))) for n in range(10)]
    branches += [Branch(Decision(f"e{n}", (0, 1)), (f"d{n}", (3,))) for n in range(10)]
    assert len(TableSpace(*branches).decisions) == 20


@pytest.mark.parametrize("options", [(), (1, 1), ("a", "a"), (float("nan"),), (float("inf"), 1.0)])
def test_bad_options_are_refused(options: tuple[Option, ...]) -> None:
    with pytest.raises(ValueError, match="decision 'x'"):
        Decision("x", options)


def test_path_of_a_foreign_candidate_says_why() -> None:
    space = TableSpace(Branch(Decision("a", (0, 1))))
    with pytest.raises(ValueError, match="a = 5 is not in the space"):
        list(space.path(Architecture((("a", 5),))))
    with pytest.raises(ValueError, match="z cannot be chosen"):
        list(space.path(Architecture((("a", 0), ("z", 1)))))


@pytest.mark.parametrize("cost", [0, -1, 1.1, float("nan"), float("inf")])
def test_fidelity_is_a_share(cost: float) -> None:
    with pytest.raises(ValueError, match="share"):
        Fidelity(cost)


def test_score_is_a_number() -> None:
    with pytest.raises(ValueError, match="NaN"):
        Measurement(float("nan"))
