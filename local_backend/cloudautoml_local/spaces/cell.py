"""The micro space: a cell for the places where sides are kept and one for where they shrink, stacked to networks."""

from __future__ import annotations

import random
from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal, Self

from pydantic import Field, model_validator
from typing_extensions import override

from cloudautoml.search import Architecture, SpaceOptions, Trait
from cloudautoml_local.networks.graph import Sketch
from cloudautoml_local.spaces.cell_design import CellDesign, Place, Stack
from cloudautoml_local.spaces.cell_nasbench201 import NasBench201Cells
from cloudautoml_local.spaces.cell_nasnet import NasnetCells
from cloudautoml_local.spaces.cell_operations import conv_norm
from cloudautoml_local.spaces.neural import RECIPE_DECISIONS, NetworkSpace, Recipe

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.search import Decision, InputKind, Option, Signature
    from cloudautoml_local.networks.graph import Network

_SMALLEST_REDUCED = 3
"""Sides below this are not halved: less than two places would be left."""


class CellOptions(SpaceOptions):
    """Options of the space of cells."""

    cell: Literal["nasnet", "nas_bench_201"] = "nasnet"
    """Kind of cell: `nasnet`, two cells of nodes that add two operations, or `nas_bench_201`, one cell of six edges."""
    nodes: Annotated[int, Field(ge=1, le=5)] = 4
    """Nodes of a `nasnet` cell, from 1 to 5."""
    cells: Annotated[int, Field(ge=1)] = 2
    """Normal cells of each stage."""
    stages: Annotated[int, Field(ge=1)] = 3
    """Stages, with a reduction between two of them that halves the sides and doubles the filters."""
    filters: Annotated[int, Field(ge=1)] = 16
    """Filters in the first stage."""
    recipe: Literal["fixed", "searched"] = "fixed"
    """Whether all cells are trained alike, or how to train is searched too."""

    @model_validator(mode="after")
    def _nodes_are_of_nasnet(self) -> Self:
        if self.cell == "nas_bench_201" and "nodes" in self.model_fields_set:
            msg = "a nas_bench_201 cell has four nodes; leave out `nodes`, or choose the cell nasnet"
            raise ValueError(msg)
        return self


class CellSpace(NetworkSpace):
    """Cells that are stacked to networks; what is decided does not depend on how many are stacked.

    Cells that compute the same count as one. A cell that lets nothing through is refused.
    """

    name: ClassVar[str] = "cell"
    paper: ClassVar[str] = "Zoph et al., 2018, CVPR"
    inputs: ClassVar[frozenset[InputKind]] = frozenset({"image", "sequence"})
    options_type: ClassVar[type[SpaceOptions]] = CellOptions
    traits: frozenset[Trait] = NetworkSpace.traits | {Trait.CELLS}

    @property
    def _chosen(self) -> CellOptions:
        assert isinstance(self.options, CellOptions)
        return self.options

    @cached_property
    def _design(self) -> CellDesign:
        if self._chosen.cell == "nasnet":
            return NasnetCells(self._chosen.nodes, reduction=self._chosen.stages > 1)
        return NasBench201Cells()

    @cached_property
    @override
    def decisions(self) -> tuple[Decision, ...]:
        return (*self._design.decisions, *(RECIPE_DECISIONS if self._chosen.recipe == "searched" else ()))

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        return self.decisions[len(prefix)] if len(prefix) < len(self.decisions) else None

    @override
    def size(self) -> int:
        return prod(len(decision.options) for decision in self.decisions)

    @override
    def defaults(self) -> Sequence[Architecture]:
        usual = Recipe()
        recipe = {decision.name: getattr(usual, decision.name) for decision in RECIPE_DECISIONS}
        unused = random.Random(0)  # noqa: S311 - everything is wanted, nothing is drawn
        return [self.complete({**choices, **recipe}, unused) for choices in self._design.defaults()]

    @override
    def canonical(self, architecture: Architecture) -> Architecture:
        made = architecture.as_dict()
        made.update(self._design.representative(made))
        return Architecture(tuple(made.items()))

    @override
    def refusal(self, architecture: Architecture) -> str | None:
        if self._design.is_cut(architecture.as_dict()):
            return "nothing of what goes into a cell comes out of it"
        return super().refusal(architecture)

    @override
    def network(
        self, architecture: Architecture, signature: Signature, *, width: float = 1.0, cells: float = 1.0
    ) -> Network:
        choices = architecture.as_dict()
        filters = max(1, round(self._chosen.filters * width))
        repeats = max(1, round(self._chosen.cells * cells))
        shortest = min(signature.shape[:2] if signature.kind == "image" else signature.shape[:1])
        sketch = Sketch()
        stack = _stem(sketch, signature, filters)
        for stage in range(1, self._chosen.stages + 1):
            if stage > 1:
                filters *= 2
                stride = 2 if shortest >= _SMALLEST_REDUCED else 1
                shortest = -(-shortest // stride)
                sketch.part = f"reduction {stage - 1}"
                place = Place(f"stage{stage}.reduction", "reduction", filters, stride)
                stack = self._design.draw(sketch, choices, place, stack)
            for repeat in range(1, repeats + 1):
                sketch.part = f"normal {(stage - 1) * repeats + repeat}"
                place = Place(f"stage{stage}.cell{repeat}", "normal", filters)
                stack = self._design.draw(sketch, choices, place, stack)
        sketch.part = ""
        _head(sketch, signature, stack.previous)
        return sketch.finish()

    @override
    def overview(self, architecture: Architecture) -> Sequence[tuple[str, Network]]:
        return self._design.overview(architecture.as_dict(), self._chosen.filters)


def _stem(sketch: Sketch, signature: Signature, filters: int) -> Stack:
    source = "input"
    if signature.kind == "sequence" and len(signature.shape) == 1:
        source = sketch.add("embedding", source, name="stem.embedding", size=filters)
    stem = conv_norm(sketch, source, name="stem", filters=filters, kernel=3)
    return Stack(stem, stem)


def _head(sketch: Sketch, signature: Signature, source: str) -> None:
    source = sketch.add("norm", source, name="head.norm", type="batch")
    source = sketch.add("activation", source, name="head.relu", function="relu")
    source = sketch.add("global_pool", source, name="head.pool", op="average")
    source = sketch.add("dense", source, name="head.dense", units=signature.outputs)
    function = {"classes": "softmax", "labels": "sigmoid", "value": "linear"}[signature.target]
    sketch.add("activation", source, name="output", function=function)
