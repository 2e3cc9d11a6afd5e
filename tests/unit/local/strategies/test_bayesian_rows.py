"""Candidates as rows: there and back, varied, and told apart by what they compute."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from cloudautoml.search import Architecture, Decision
from cloudautoml.testing.simulation import Branch, TableSpace, every_architecture, small_spaces
from cloudautoml_local.strategies.bayesian_rows import Rows, is_flat

if TYPE_CHECKING:
    from cloudautoml.search import SearchSpace

SPACES = small_spaces()


class Mirrored(TableSpace):
    """Pairs of which the order does not matter."""

    @override
    def canonical(self, architecture: Architecture) -> Architecture:
        options = sorted(str(option) for _, option in architecture.choices)
        return Architecture(tuple(zip(("one", "other"), options, strict=True)))


@pytest.mark.parametrize("space", SPACES.values(), ids=list(SPACES))
def test_a_row_stands_for_one_candidate(space: SearchSpace) -> None:
    rows, candidates = Rows(space), every_architecture(space)
    coded = [rows.row(candidate) for candidate in candidates]
    assert len(set(coded)) == len(candidates)
    assert [rows.architecture(row) for row in coded] == candidates


@pytest.mark.parametrize("space", SPACES.values(), ids=list(SPACES))
def test_variations_are_of_the_space(space: SearchSpace) -> None:
    rows, rng = Rows(space), random.Random(0)
    known = set(map(rows.row, every_architecture(space)))
    for _ in range(200):
        one, other = rows.draw(rng), rows.draw(rng)
        assert {one, rows.mutate(one, rng), rows.mix(one, other, rng)} <= known


def test_a_mutation_changes_one_decision_to_any_other_option() -> None:
    rows, rng = Rows(SPACES["ordered"]), random.Random(0)
    found = {rows.mutate((1, 2), rng) for _ in range(300)}
    assert found == {(x, 2) for x in (0, 2, 3)} | {(1, y) for y in (0, 1, 3, 4)}


def test_a_mixture_takes_from_both() -> None:
    rows, rng = Rows(SPACES["ordered"]), random.Random(0)
    assert {rows.mix((0, 0), (3, 4), rng) for _ in range(100)} == {(0, 0), (0, 4), (3, 0), (3, 4)}


def test_candidates_that_are_the_same_model_have_one_representative() -> None:
    rows = Rows(Mirrored(*(Branch(Decision(name, ("a", "b", "c"))) for name in ("one", "other"))))
    assert rows.representative((2, 0)) == rows.representative((0, 2)) == (0, 2)


def test_a_space_is_flat_when_no_decision_opens_others() -> None:
    assert {name: is_flat(space) for name, space in SPACES.items()} == {
        "categorical": True,
        "ordered": True,
        "conditional": False,
        "fixed": True,
    }


@pytest.mark.parametrize("seed", range(4))
def test_one_candidate_that_makes_every_decision_does_not_make_a_space_flat(seed: int) -> None:
    options = (False, True) if seed % 2 else (True, False)  # whichever is drawn first
    gated = TableSpace(
        Branch(Decision("flag", options)), Branch(Decision(f"rate {seed}", (1, 2, 3)), opened_by=("flag", (True,)))
    )
    assert not is_flat(gated)
    rows, rng = Rows(gated), random.Random(seed)
    known = set(map(rows.row, every_architecture(gated)))
    assert {rows.mutate(rows.draw(rng), rng) for _ in range(50)} <= known
