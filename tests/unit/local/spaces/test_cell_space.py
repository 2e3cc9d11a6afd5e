"""The space of cells: what can be decided, and that every candidate is a sound network of the size asked for."""

from __future__ import annotations

import random

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError
from typing_extensions import override

from cloudautoml.search import Architecture, Signature, Trait
from cloudautoml.testing import SpaceSuite
from cloudautoml_local.networks.cost import effects, parameters, shapes
from cloudautoml_local.spaces.cell import CellOptions, CellSpace
from cloudautoml_local.spaces.cell_nasbench201 import from_arch_string

IMAGE = Signature("image", (8, 8, 1), 10)
SIGNATURES = [
    IMAGE,
    Signature("image", (33, 20, 3), 4),
    Signature("image", (1, 3, 1), 2, "labels"),
    Signature("sequence", (21,), 3, vocabulary=50),
    Signature("sequence", (9, 4), 1, "value"),
]
OPTIONS = {
    "nasnet": CellOptions(),
    "one node, nothing reduced": CellOptions(nodes=1, stages=1),
    "five nodes": CellOptions(nodes=5, cells=1, stages=2),
    "nas_bench_201": CellOptions(cell="nas_bench_201"),
    "recipe": CellOptions(cell="nas_bench_201", recipe="searched"),
}
ANY = settings(max_examples=25, deadline=None)
SEEDS = st.integers(0, 2**32)


def space(options: CellOptions, signature: Signature = IMAGE) -> CellSpace:
    return CellSpace(signature, options)


class TestCellSpace(SpaceSuite):
    @pytest.fixture(params=list(OPTIONS))
    @override
    def space(self, request: pytest.FixtureRequest) -> CellSpace:
        return space(OPTIONS[request.param])


@ANY
@given(
    options=st.sampled_from(list(OPTIONS.values())),
    signature=st.sampled_from(SIGNATURES),
    seed=SEEDS,
    width=st.sampled_from([0.01, 0.5, 1.0]),
    cells=st.sampled_from([0.1, 1.0]),
)
def test_every_candidate_is_a_sound_network(
    options: CellOptions, signature: Signature, seed: int, width: float, cells: float
) -> None:
    searched = space(options, signature)
    architecture = searched.sample(random.Random(seed))
    network = searched.network(architecture, signature, width=width, cells=cells)
    assert shapes(network, signature)["output"] == (signature.outputs,)
    assert all(effect.shape for effect in effects(network, signature).values())
    assert min(min(shape) for shape in shapes(network, signature).values()) >= 1
    assert parameters(network, signature) <= searched.costs(architecture)["parameters"]


@pytest.mark.parametrize("kind", ["nasnet", "nas_bench_201"])
def test_sides_are_halved_while_two_places_are_left(kind: str) -> None:
    def sides(signature: Signature) -> list[int]:
        searched = space(CellOptions.model_validate({"cell": kind, "stages": 4, "cells": 1}), signature)
        network = searched.network(searched.defaults()[0], signature)
        found = shapes(network, signature)
        return [
            found[[layer.name for layer in network if layer.name.startswith(f"stage{n}.cell")][-1]][0]
            for n in range(1, 5)
        ]

    assert sides(Signature("image", (32, 32, 3), 10)) == [32, 16, 8, 4]
    assert sides(Signature("image", (8, 8, 1), 10)) == [8, 4, 2, 2]
    assert sides(Signature("sequence", (5,), 2, vocabulary=9)) == [5, 3, 2, 2]


@pytest.mark.parametrize("kind", ["nasnet", "nas_bench_201"])
def test_cells_and_filters_follow_the_options_and_the_shares(kind: str) -> None:
    searched = space(CellOptions.model_validate({"cell": kind, "cells": 4, "filters": 12}))
    architecture = searched.defaults()[0]

    def parts(cells: float) -> list[str]:
        network = searched.network(architecture, IMAGE, cells=cells)
        return list(dict.fromkeys(layer.part for layer in network if layer.part))

    assert Trait.CELLS in searched.traits
    assert Trait.WIDTH in searched.traits
    assert parts(0.01) == ["normal 1", "reduction 1", "normal 2", "reduction 2", "normal 3"]
    assert parts(0.5)[:4] == ["normal 1", "normal 2", "reduction 1", "normal 3"]
    assert sum(part.startswith("normal") for part in parts(1.0)) == 12
    half = searched.network(architecture, IMAGE, width=0.5)
    assert {layer.settings["filters"] for layer in half if "filters" in layer.settings} == {6, 12, 24}


@ANY
@given(kind=st.sampled_from(["nasnet", "nas_bench_201"]), seed=SEEDS)
def test_what_stays_keeps_its_name(kind: str, seed: int) -> None:
    searched = space(CellOptions.model_validate({"cell": kind, "stages": 1}))
    rng = random.Random(seed)
    old = searched.sample(rng)
    new = searched.mutate(old, rng)
    (changed,) = [name for name, option in old.choices if new[name] != option]
    place = changed.replace("normal.", ".").replace("operation", "op").split(".input")[0]
    before, after = ({layer.name: layer for layer in searched.network(a, IMAGE)} for a in (old, new))
    kept = {
        name
        for name in before
        if ".cell" in name and place not in name and not name.endswith(("concat", "node1", "node2", "node3"))
    }
    for name in kept & set(after):
        assert before[name].kind == after[name].kind
        assert before[name].settings == after[name].settings
    if kind == "nasnet":
        # every node of the last cell is used, whatever the others do; calibrated inputs may be left out, and so may
        # the cell before, when no node reads it any more
        assert all(name in after for name in kept if ".cell2.node" in name)


def test_a_larger_kernel_has_the_name_of_the_smaller_one() -> None:
    searched = space(CellOptions())
    small = searched.defaults()[0]
    large = searched.complete({**small.as_dict(), "normal.node1.operation1": "sep_conv_5x5"}, random.Random(0))
    old, new = (searched.network(architecture, IMAGE) for architecture in (small, large))
    assert [layer.name for layer in old] == [layer.name for layer in new]
    grown = [layer.name for layer in old if layer != new[layer.name]]
    assert "stage1.cell1.node1.op1.sep_conv.first.separable" in grown
    assert all("node1.op1.sep_conv" in name for name in grown)


@pytest.mark.parametrize("kind", ["nasnet", "nas_bench_201"])
def test_default_cells_are_shown_one_by_one(kind: str) -> None:
    searched = space(CellOptions.model_validate({"cell": kind}))
    for architecture in searched.defaults():
        shown = dict(searched.overview(architecture))
        assert list(shown) == (["normal cell", "reduction cell"] if kind == "nasnet" else ["normal cell"])
        for cell in shown.values():
            assert shapes(cell, Signature("image", (8, 8, 16), 1))[cell.layers[-1].name][:2] == (8, 8)
            named = {layer.name.rpartition(".")[2] for layer in cell}
            assert named & {"sep_conv_3x3", "nor_conv_3x3", "max_pool_3x3"}


def test_a_cell_that_lets_nothing_through_is_refused() -> None:
    searched = space(CellOptions(cell="nas_bench_201"))
    cut = from_arch_string("|nor_conv_3x3~0|+|none~0|none~1|+|none~0|none~1|skip_connect~2|")
    assert "comes out" in str(searched.refusal(cut))
    assert searched.refusal(searched.defaults()[0]) is None
    assert shapes(searched.network(cut, IMAGE), IMAGE)["output"] == (10,)  # yet nothing breaks
    assert searched.overview(cut)


def test_limits_refuse_too() -> None:
    searched = space(CellOptions())
    architecture = searched.defaults()[0]
    searched.limits = {"parameters": searched.costs(architecture)["parameters"] - 1}
    assert "parameters" in str(searched.refusal(architecture))


def test_sizes() -> None:
    assert space(OPTIONS["nas_bench_201"]).size() == 15_625
    assert space(OPTIONS["recipe"]).size() == 15_625 * 4**3
    assert space(CellOptions(nodes=1, stages=1)).size() == (2 * 8) ** 2
    assert space(CellOptions(nodes=2, stages=2)).size() == ((2 * 8) ** 2 * (3 * 8) ** 2) ** 2


def test_recipe_is_decided_last() -> None:
    searched = space(OPTIONS["recipe"])
    architecture = searched.defaults()[0]
    assert architecture.choices[-3:] == (("learning_rate", 3e-3), ("batch_size", 64), ("weight_decay", 1e-4))
    recipe = searched.recipe(Architecture((*architecture.choices[:-1], ("weight_decay", 0.0))))
    assert recipe is not None
    assert recipe.weight_decay == 0.0


@pytest.mark.parametrize(
    ("options", "problem"),
    [
        ({"cell": "nas_bench_201", "nodes": 3}, "four nodes"),
        ({"nodes": 6}, "less than or equal to 5"),
        ({"cells": 0}, "greater than or equal to 1"),
        ({"cell": "darts"}, "nasnet"),
    ],
)
def test_wrong_options_are_refused(options: dict[str, object], problem: str) -> None:
    with pytest.raises(ValidationError, match=problem):
        CellOptions.model_validate(options)
