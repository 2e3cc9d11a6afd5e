"""The cells of NAS-Bench-201: an operation on each edge between four nodes, and which cells are the same."""

from __future__ import annotations

import re
from functools import cache
from itertools import permutations, product
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from cloudautoml.search import Architecture, Decision
from cloudautoml_local.networks.graph import Sketch
from cloudautoml_local.spaces.cell_design import CellDesign, Choices, Place, Stack
from cloudautoml_local.spaces.cell_operations import conv_norm, operate, outline, relu_conv_norm, total

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.search import Option
    from cloudautoml_local.networks.graph import Network

OPERATIONS: Final = ("none", "skip_connect", "nor_conv_1x1", "nor_conv_3x3", "avg_pool_3x3")
"""What an edge may do, in the order of the paper."""
EDGES: Final = ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))
"""The edges, in the order of the paper's strings."""

_INPUT, *_INNER, _OUTPUT = range(4)
_RESNET: Final = "|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|none~1|skip_connect~2|"

_Edge = tuple[int, int]
_Cell = dict[_Edge, str]
"""Edges by their two nodes, with what they do."""


class NasBench201Cells(CellDesign):
    """The cell of Dong and Yang (2020), and their fixed residual block for the reductions."""

    decisions = tuple(Decision(f"normal.edge_{source}_{target}", OPERATIONS) for source, target in EDGES)

    @override
    def representative(self, choices: Mapping[str, Option]) -> Choices:
        chosen = _representatives()[tuple(str(choices[decision.name]) for decision in self.decisions)]
        return {decision.name: operation for decision, operation in zip(self.decisions, chosen, strict=True)}

    @override
    def defaults(self) -> Sequence[Choices]:
        return [{name: str(option) for name, option in from_arch_string(_RESNET).choices}]

    @override
    def is_cut(self, choices: Mapping[str, Option]) -> bool:
        return not _effective(self._cell(choices))

    def _cell(self, choices: Mapping[str, Option]) -> _Cell:
        return {edge: str(choices[decision.name]) for edge, decision in zip(EDGES, self.decisions, strict=True)}

    @override
    def draw(self, sketch: Sketch, choices: Mapping[str, Option], place: Place, stack: Stack) -> Stack:
        if place.role == "reduction":
            return stack.and_then(_residual_block(sketch, stack.previous, place), stride=place.stride)
        cell = _effective(self._cell(choices))
        made = {_INPUT: stack.previous}
        for node in (*_INNER, _OUTPUT):
            parts = [
                operate(
                    sketch, operation, made[source], name=f"{place.name}.edge_{source}_{node}", filters=place.filters
                )
                for (source, target), operation in cell.items()
                if target == node
            ]
            if parts:
                made[node] = total(sketch, parts, name=f"{place.name}.node{node}")
        return stack.and_then(made.get(_OUTPUT, stack.previous), stride=1)

    @override
    def overview(self, choices: Mapping[str, Option], filters: int) -> Sequence[tuple[str, Network]]:
        sketch = Sketch()
        made = {_INPUT: sketch.add("activation", "input", name="previous cell", function="linear")}
        cell = _effective(self._cell(choices))
        for node in (*_INNER, _OUTPUT):
            parts = [
                outline(sketch, operation, made[source], name=f"edge_{source}_{node}", filters=filters)
                for (source, target), operation in cell.items()
                if target == node
            ]
            if parts:
                made[node] = total(sketch, parts, name=f"node{node}")
        return [("normal cell", sketch.finish())]


def to_arch_string(architecture: Architecture) -> str:
    """A cell the way the paper writes it: `|nor_conv_3x3~0|+|none~0|nor_conv_3x3~1|+|skip_connect~0|...`."""
    parts = [
        "".join(
            f"|{architecture[decision.name]}~{source}"
            for decision, (source, target) in zip(NasBench201Cells.decisions, EDGES, strict=True)
            if target == node
        )
        for node in (*_INNER, _OUTPUT)
    ]
    return "+".join(f"{part}|" for part in parts)


def from_arch_string(text: str) -> Architecture:
    """The cell that the paper writes like this.

    Raises:
        ValueError: It is not written so.
    """
    read = re.findall(r"(\w+)~(\d)", text)
    cell = Architecture(
        tuple((decision.name, name) for decision, (name, _) in zip(NasBench201Cells.decisions, read, strict=False))
    )
    if len(read) != len(EDGES) or not {name for name, _ in read} <= set(OPERATIONS) or to_arch_string(cell) != text:
        msg = f"{text!r} is not a cell of NAS-Bench-201; one looks like {_RESNET}"
        raise ValueError(msg)
    return cell


def _residual_block(sketch: Sketch, source: str, place: Place) -> str:
    """The reduction of the paper: two convolutions beside a pooling and a pointwise one."""
    name, filters, stride = place.name, place.filters, place.stride
    first = relu_conv_norm(sketch, source, name=f"{name}.first", filters=filters, kernel=3, stride=stride)
    second = relu_conv_norm(sketch, first, name=f"{name}.second", filters=filters, kernel=3)
    pooled = sketch.add("pool", source, name=f"{name}.pool", op="average", size=2, stride=stride)
    beside = conv_norm(sketch, pooled, name=f"{name}.shortcut", filters=filters, kernel=1)
    return sketch.add("add", beside, second, name=f"{name}.add")


def _effective(cell: _Cell) -> _Cell:
    """The edges that bring something of the input to the output."""
    used = _used(tuple(edge for edge in EDGES if cell[edge] != "none"))
    return {edge: cell[edge] for edge in used}


@cache
def _used(edges: tuple[_Edge, ...]) -> tuple[_Edge, ...]:
    """Of some edges, in order, those on a path from the input to the output."""
    reached = {_INPUT}
    for source, target in edges:
        if source in reached:
            reached.add(target)
    useful = {_OUTPUT}
    for source, target in reversed(edges):
        if target in useful:
            useful.add(source)
    return tuple((source, target) for source, target in edges if source in reached and target in useful)


@cache
def _representatives() -> dict[tuple[str, ...], tuple[str, ...]]:
    """The first cell that computes the same, of all 15,625: the one with the fewest poolings, then edges."""
    cells = sorted(product(OPERATIONS, repeat=len(EDGES)), key=_effort)
    functions = [_function(_effective(dict(zip(EDGES, cell, strict=True)))) for cell in cells]
    first: dict[str, tuple[str, ...]] = {}
    return {cell: first.setdefault(function, cell) for cell, function in zip(cells, functions, strict=True)}


def _effort(cell: tuple[str, ...]) -> tuple[int, int]:
    return cell.count("avg_pool_3x3"), len(EDGES) - cell.count("none")


def _function(cell: _Cell) -> str:
    """What a cell computes, in words that are equal for equal functions.

    A convolution has weights of its own: read twice it counts twice, and two of a kind are two. So where several do
    the same to the same, they are numbered, in the way that reads least.
    """
    plain, said = _say(cell, {})
    alike: dict[str, list[_Edge]] = {}
    for edge, words in said.items():
        alike.setdefault(words, []).append(edge)
    groups = [edges for edges in alike.values() if len(edges) > 1]
    if not groups:
        return plain
    orders = product(*(permutations(edges) for edges in groups))
    return min(_say(cell, {edge: n for group in order for n, edge in enumerate(group)})[0] for order in orders)


def _say(cell: _Cell, numbers: Mapping[_Edge, int]) -> tuple[str, dict[_Edge, str]]:
    """The output in words, and those of each convolution; these may have numbers."""
    nodes: list[list[str]] = [["x"], [], [], []]
    said: dict[_Edge, str] = {}
    for (source, target), operation in cell.items():
        if operation == "skip_connect":
            nodes[target] += nodes[source]
        elif operation == "avg_pool_3x3":  # the mean of a sum is the sum of the means
            nodes[target] += [f"{operation}({term})" for term in nodes[source]]
        else:
            words = f"{operation}{numbers.get((source, target), '')}({'+'.join(sorted(nodes[source]))})"
            said[source, target] = words
            nodes[target].append(words)
    return "+".join(sorted(nodes[_OUTPUT])), said
