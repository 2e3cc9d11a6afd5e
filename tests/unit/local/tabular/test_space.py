"""The tabular space: everything drawn from it stays in it, and every family's defaults are options."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudautoml.errors import UnknownNameError
from cloudautoml.search import Signature
from cloudautoml_local.spaces.tabular import TabularOptions, TabularSpace, architecture_of, family_of
from cloudautoml_local.tasks.tabular.families import FAMILIES

SPACE = TabularSpace()


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_what_is_drawn_stays_inside(seed: int) -> None:
    rng = random.Random(seed)
    first, second = SPACE.sample(rng), SPACE.sample(rng)
    for found in (first, SPACE.mutate(first, rng), SPACE.crossover(first, second, rng), *SPACE.neighbours(first)):
        assert found in SPACE
        assert len(SPACE.encode(found)) == len(SPACE.encode(first))
    assert SPACE.mutate(first, rng) != first


def test_defaults_are_candidates_each_once() -> None:
    defaults = SPACE.defaults()
    assert all(found in SPACE for found in defaults)
    assert len(set(defaults)) == len(defaults) == sum(len(family.DEFAULTS) for family in FAMILIES.values())


def test_a_family_and_its_parameters_come_back() -> None:
    for name, family in FAMILIES.items():
        for params in family.DEFAULTS:
            assert family_of(architecture_of(name, params)) == (name, params)


def test_families_can_be_chosen() -> None:
    space = TabularSpace(task_type="tabular_regression", families=["linear", "knn"])
    assert {family_of(found)[0] for found in space.defaults()} == {"linear", "knn"}
    assert space.size() == 12 + 12
    with pytest.raises(UnknownNameError, match="lightgmb"):
        TabularSpace(families=["lightgmb"])


def test_a_job_makes_the_space_of_its_target() -> None:
    options = TabularOptions(families=("linear", "knn"))
    space = TabularSpace.create(Signature("table", target="value"), options)
    assert (space.task_type, space.families) == ("tabular_regression", ("linear", "knn"))
    assert TabularSpace.create(Signature("table"), TabularOptions()).task_type == "tabular_classification"
