"""What a kind of cell has to say of itself so that a network can be stacked from cells of its kind."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.search import Decision, Option
    from cloudautoml_local.networks.graph import Network, Sketch

Choices = dict[str, str]
"""What is chosen for the cells, by the names of the decisions."""


@dataclass(frozen=True, slots=True)
class Stack:
    """What has been stacked so far.

    Attributes:
        previous: The layer that the last cell ended with.
        before: The one that the cell before it ended with; the stem twice, to begin with.
        shrinkage: How many times larger than `previous` the sides of `before` are.
    """

    previous: str
    before: str
    shrinkage: int = 1

    def and_then(self, output: str, *, stride: int) -> Stack:
        """The stack with one more cell, which ends with this layer and shrinks the sides that much."""
        return Stack(output, self.previous, stride)


@dataclass(frozen=True, slots=True)
class Place:
    """Where a cell goes.

    Attributes:
        name: What the names of its layers begin with.
        role: `normal`, or `reduction` for one that shrinks the sides and whose filters are doubled.
        filters: Filters of its operations.
        stride: How much it shrinks the sides: 2, or 1 for a normal cell and where the sides are too small.
    """

    name: str
    role: Literal["normal", "reduction"]
    filters: int
    stride: int = 1


class CellDesign(ABC):
    """A kind of cell: what is decided, and which layers follow from it.

    Attributes:
        decisions: What is decided, in order; the same whatever has been chosen.
    """

    decisions: tuple[Decision, ...]

    @abstractmethod
    def representative(self, choices: Mapping[str, Option]) -> Choices:
        """The choices that stand for all cells that compute the same."""

    @abstractmethod
    def defaults(self) -> Sequence[Choices]:
        """Cells known to do well."""

    @abstractmethod
    def is_cut(self, choices: Mapping[str, Option]) -> bool:
        """Whether nothing of what goes into a cell comes out; such a cell is drawn as if it were not there."""

    @abstractmethod
    def draw(self, sketch: Sketch, choices: Mapping[str, Option], place: Place, stack: Stack) -> Stack:
        """Add a cell to a network; the stack with it."""

    @abstractmethod
    def overview(self, choices: Mapping[str, Option], filters: int) -> Sequence[tuple[str, Network]]:
        """Each cell that is searched, by itself and with its title: one layer for each of its operations."""
