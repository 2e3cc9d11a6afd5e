"""Cells that compute the same have one representative, and only those."""

from __future__ import annotations

import random
from itertools import permutations, product
from typing import TYPE_CHECKING

import numpy as np
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from cloudautoml.search import Architecture, Signature
from cloudautoml_local.networks.cost import flops, parameters
from cloudautoml_local.spaces.cell import CellOptions, CellSpace
from cloudautoml_local.spaces.cell_nasbench201 import EDGES, OPERATIONS, from_arch_string, to_arch_string

if TYPE_CHECKING:
    from collections.abc import Sequence

    from numpy.typing import NDArray

    from cloudautoml_local.networks.graph import Layer, Network

IMAGE = Signature("image", (8, 8, 3), 10)
NASNET = CellSpace(IMAGE, CellOptions())
BENCH = CellSpace(IMAGE, CellOptions(cell="nas_bench_201", cells=1, stages=1))
ANY = settings(max_examples=60, deadline=None)
SEEDS = st.integers(0, 2**32)


SIZE = 5
_WEIGHTS = np.random.default_rng(0).normal(size=(2, len(EDGES), SIZE, SIZE))
_POOL = np.random.default_rng(1).normal(size=(SIZE, SIZE))
_INPUT = np.random.default_rng(2).normal(size=SIZE)


def computed(architecture: Architecture, weights: dict[int, int]) -> NDArray[np.float64]:
    """The output of a cell whose convolutions, by the number of their edge, have these weights."""
    nodes = [_INPUT, *(np.zeros(SIZE) for _ in range(3))]
    for edge, (source, target) in enumerate(EDGES):
        operation = architecture.choices[edge][1]
        if operation == "skip_connect":
            nodes[target] = nodes[target] + nodes[source]
        elif operation == "avg_pool_3x3":
            nodes[target] = nodes[target] + _POOL @ nodes[source]
        elif edge in weights:
            matrix = _WEIGHTS[int(operation == "nor_conv_3x3"), weights[edge]]
            nodes[target] = nodes[target] + np.arcsinh(
                matrix @ nodes[source]
            )  # bends, and forgets nothing as tanh does
    return nodes[3]


def alike(one: NDArray[np.float64], other: NDArray[np.float64]) -> bool:
    """Whether two outputs differ by no more than the order of their sums."""
    return np.allclose(one, other, rtol=1e-9, atol=1e-9)


def convolutions(architecture: Architecture) -> list[int]:
    """Edges with a convolution that the output depends on."""
    every = {edge: edge for edge, (_, option) in enumerate(architecture.choices) if str(option).startswith("nor_conv")}
    whole = computed(architecture, every)
    without = {edge: computed(architecture, {e: w for e, w in every.items() if e != edge}) for edge in every}
    return [edge for edge, output in without.items() if not alike(output, whole)]


def same(one: Architecture, other: Architecture) -> bool:
    """Whether there are weights of one cell with which it computes what the other does."""
    mine, theirs = convolutions(one), convolutions(other)
    if len(mine) != len(theirs):
        return False
    wanted = computed(other, {edge: edge for edge in theirs})
    return any(alike(computed(one, dict(zip(mine, order, strict=True))), wanted) for order in permutations(theirs))


@ANY
@given(seed=SEEDS)
def test_a_representative_computes_the_same(seed: int) -> None:
    architecture = BENCH.sample(random.Random(seed))
    assert same(architecture, BENCH.canonical(architecture))


@ANY
@given(seed=SEEDS, changes=st.integers(1, 3))
@example(seed=3345, changes=1)
def test_cells_with_different_representatives_compute_something_else(seed: int, changes: int) -> None:
    rng = random.Random(seed)
    one = other = BENCH.sample(rng)
    for _ in range(changes):
        other = BENCH.mutate(other, rng)
    assert (BENCH.canonical(one) == BENCH.canonical(other)) == same(one, other)


def every_cell() -> list[Architecture]:
    names = [decision.name for decision in BENCH.decisions]
    return [Architecture(tuple(zip(names, cell, strict=True))) for cell in product(OPERATIONS, repeat=len(EDGES))]


def test_number_of_different_cells() -> None:
    cells = every_cell()
    assert len({BENCH.canonical(cell).to_json() for cell in cells}) == 5_044
    cut = [cell for cell in cells if BENCH.refusal(cell)]
    assert len({BENCH.canonical(cell).to_json() for cell in cut}) == 1


@pytest.mark.parametrize(
    ("one", "other"),
    [
        (
            "|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|none~1|none~2|",
            "|none~0|+|none~0|none~1|+|none~0|none~1|none~2|",
        ),
        (
            "|nor_conv_1x1~0|+|none~0|none~1|+|none~0|skip_connect~1|none~2|",
            "|none~0|+|none~0|none~1|+|nor_conv_1x1~0|none~1|none~2|",
        ),
        (
            "|avg_pool_3x3~0|+|nor_conv_3x3~0|none~1|+|none~0|nor_conv_3x3~1|skip_connect~2|",
            "|nor_conv_3x3~0|+|avg_pool_3x3~0|none~1|+|none~0|skip_connect~1|nor_conv_3x3~2|",
        ),
    ],
)
def test_examples_of_cells_that_are_the_same(one: str, other: str) -> None:
    assert BENCH.canonical(from_arch_string(one)) == BENCH.canonical(from_arch_string(other))


def test_a_convolution_read_twice_is_not_two() -> None:
    twice = from_arch_string("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|none~0|skip_connect~1|skip_connect~2|")
    two = from_arch_string("|nor_conv_3x3~0|+|nor_conv_3x3~0|none~1|+|none~0|skip_connect~1|skip_connect~2|")
    assert BENCH.canonical(twice) != BENCH.canonical(two)
    assert BENCH.costs(twice)["parameters"] < BENCH.costs(two)["parameters"]


@ANY
@given(seed=SEEDS, searched=st.sampled_from([BENCH, NASNET]))
def test_a_representative_costs_no_more(seed: int, searched: CellSpace) -> None:
    architecture = searched.sample(random.Random(seed))
    ours, theirs = searched.canonical(architecture), architecture
    one, other = (searched.network(a, IMAGE) for a in (ours, theirs))
    assert parameters(one, IMAGE) == parameters(other, IMAGE)
    assert flops(one, IMAGE) <= flops(other, IMAGE)


@ANY
@given(seed=SEEDS)
def test_arch_strings_come_back(seed: int) -> None:
    architecture = BENCH.sample(random.Random(seed))
    text = to_arch_string(architecture)
    assert from_arch_string(text) == architecture
    assert text.count("|") == 9
    assert text.count("+") == 2


@pytest.mark.parametrize(
    "text",
    [
        "",
        "|none~0|",
        "|none~0|+|none~0|none~1|+|none~0|none~1|conv~2|",
        "|none~1|+|none~0|none~1|+|none~0|none~1|none~2|",
    ],
)
def test_what_is_no_arch_string_is_refused(text: str) -> None:
    with pytest.raises(ValueError, match="is not a cell"):
        from_arch_string(text)


def relabelled(architecture: Architecture, rng: random.Random) -> Architecture:
    """The same NASNet cells, their nodes in another possible order and the sides of some swapped."""
    made: dict[str, str] = {}
    for role in ("normal", "reduction"):
        positions = {"before": "before", "previous": "previous"}
        while len(positions) < 6:
            name = rng.choice([f"node{n}" for n in range(1, 5) if f"node{n}" not in positions])
            sides = [
                (str(architecture[f"{role}.{name}.input{side}"]), str(architecture[f"{role}.{name}.operation{side}"]))
                for side in (1, 2)
            ]
            if any(read not in positions for read, _ in sides):
                continue
            positions[name] = f"node{len(positions) - 1}"
            for side, (read, done) in enumerate(rng.sample(sides, 2), start=1):
                made[f"{role}.{positions[name]}.input{side}"] = positions[read]
                made[f"{role}.{positions[name]}.operation{side}"] = done
    return Architecture(tuple((name, made[name]) for name, _ in architecture.choices))


@ANY
@given(seed=SEEDS)
def test_isomorphic_cells_of_nasnet_are_one(seed: int) -> None:
    rng = random.Random(seed)
    architecture = NASNET.sample(rng)
    other = relabelled(architecture, rng)
    assert other in NASNET
    assert NASNET.canonical(other) == NASNET.canonical(architecture)


@ANY
@given(seed=SEEDS)
def test_a_representative_of_nasnet_is_the_same_graph(seed: int) -> None:
    architecture = NASNET.sample(random.Random(seed))
    one, other = (NASNET.network(a, IMAGE) for a in (architecture, NASNET.canonical(architecture)))
    assert graph(one) == graph(other)


@ANY
@given(seed=SEEDS)
def test_another_cell_of_nasnet_is_another_graph(seed: int) -> None:
    rng = random.Random(seed)
    one = NASNET.sample(rng)
    other = NASNET.mutate(one, rng)
    if NASNET.canonical(one) != NASNET.canonical(other):
        assert graph(NASNET.network(one, IMAGE)) != graph(NASNET.network(other, IMAGE))


def graph(network: Network) -> tuple[Sequence[int], int]:
    """What of a network does not depend on names and on the order of inputs."""
    above: dict[str, int] = {}
    for layer in network:
        above[layer.name] = hash((_kind(layer), tuple(sorted(above[name] for name in layer.inputs))))
    below: dict[str, list[int]] = {layer.name: [] for layer in network}
    seen: dict[str, int] = {}
    for layer in reversed(network.layers):
        seen[layer.name] = hash((_kind(layer), above[layer.name], tuple(sorted(below[layer.name]))))
        for name in layer.inputs:
            below[name].append(seen[layer.name])
    return sorted(seen.values()), above[network.layers[-1].name]


def _kind(layer: Layer) -> tuple[str, tuple[tuple[str, str], ...]]:
    return layer.kind, tuple(sorted((name, repr(setting)) for name, setting in layer.settings.items()))
