"""The cells of the NASNet space: nodes that add two operations, each on an input of its choice."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, Literal

from typing_extensions import override

from cloudautoml.search import Decision
from cloudautoml_local.networks.graph import Sketch
from cloudautoml_local.spaces.cell_design import CellDesign, Choices, Place, Stack
from cloudautoml_local.spaces.cell_operations import operate, outline, relu_conv_norm

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from cloudautoml.search import Option
    from cloudautoml_local.networks.graph import Network

OPERATIONS: Final = (
    "skip_connect",
    "sep_conv_3x3",
    "sep_conv_5x5",
    "sep_conv_7x7",
    "dil_conv_3x3",
    "dil_conv_5x5",
    "avg_pool_3x3",
    "max_pool_3x3",
)
"""What a node may do to an input."""
CELL_INPUTS: Final = ("before", "previous")
"""What every node may read: the output of the cell before the previous one, and of the previous one."""

_Role = Literal["normal", "reduction"]
_Node = tuple[tuple[int, int], ...]
"""The two positions that a node reads, each with the position of the operation."""
_DARTS: Final[Mapping[_Role, str]] = {
    "normal": "before sep_conv_3x3 previous sep_conv_3x3, before sep_conv_3x3 previous sep_conv_3x3, "
    "previous sep_conv_3x3 before skip_connect, before skip_connect node1 dil_conv_3x3",
    "reduction": "before max_pool_3x3 previous max_pool_3x3, node1 skip_connect previous max_pool_3x3, "
    "before max_pool_3x3 node1 skip_connect, node1 skip_connect previous max_pool_3x3",
}
"""What Liu et al. (2019) found by gradients, written node by node."""


class NasnetCells(CellDesign):
    """Normal and reduction cells after Zoph et al. (2018).

    A node reads two of the cell's inputs and the earlier nodes, does an operation to each and adds the two. The nodes
    that no other reads are joined to be the cell's output.

    Args:
        nodes: Nodes of a cell.
        reduction: Whether there are reduction cells.
    """

    def __init__(self, nodes: int, *, reduction: bool) -> None:
        self.nodes = nodes
        self.roles: tuple[_Role, ...] = ("normal", "reduction") if reduction else ("normal",)
        self.decisions = tuple(
            decision
            for role in self.roles
            for node in range(1, nodes + 1)
            for side in (1, 2)
            for decision in (
                Decision(f"{role}.node{node}.input{side}", self._readable(node)),
                Decision(f"{role}.node{node}.operation{side}", OPERATIONS),
            )
        )

    @staticmethod
    def _readable(node: int) -> tuple[str, ...]:
        return (*CELL_INPUTS, *(f"node{earlier}" for earlier in range(1, node)))

    def _sides(self, choices: Mapping[str, Option], role: _Role, node: int) -> Iterator[tuple[int, str, str]]:
        """Number, input and operation of the two sides of a node."""
        for side in (1, 2):
            name = f"{role}.node{node}."
            yield side, str(choices[f"{name}input{side}"]), str(choices[f"{name}operation{side}"])

    @override
    def representative(self, choices: Mapping[str, Option]) -> Choices:
        readable = self._readable(self.nodes + 1)
        found: Choices = {}
        for role in self.roles:
            nodes = [
                tuple((readable.index(read), OPERATIONS.index(done)) for _, read, done in self._sides(choices, role, n))
                for n in range(1, self.nodes + 1)
            ]
            for number, node in enumerate(_smallest(nodes), start=1):
                for side, (read, done) in enumerate(node, start=1):
                    found[f"{role}.node{number}.input{side}"] = readable[read]
                    found[f"{role}.node{number}.operation{side}"] = OPERATIONS[done]
        return found

    @override
    def defaults(self) -> Sequence[Choices]:
        cells = [self._read({role: self._residual(role) for role in self.roles})]
        if self.nodes == _DARTS["normal"].count(",") + 1:
            cells.append(self._read(_DARTS))
        return cells

    def _residual(self, role: _Role) -> str:
        """A cell of residual blocks: each node adds what it reads to what it makes of that."""
        beside = "skip_connect" if role == "normal" else "max_pool_3x3"
        first = f"previous sep_conv_3x3 previous {beside}"
        rest = (f"node{node} sep_conv_3x3 node{node} skip_connect" for node in range(1, self.nodes))
        return ", ".join((first, *rest))

    def _read(self, cells: Mapping[_Role, str]) -> Choices:
        """Choices written as in `_DARTS`."""
        words = (word for role in self.roles for node in cells[role].split(", ") for word in node.split())
        return {decision.name: word for decision, word in zip(self.decisions, words, strict=True)}

    @override
    def is_cut(self, choices: Mapping[str, Option]) -> bool:
        return False

    @override
    def draw(self, sketch: Sketch, choices: Mapping[str, Option], place: Place, stack: Stack) -> Stack:
        def calibrated(source: str, name: str, stride: int) -> str:
            name = f"{place.name}.{name}"
            return relu_conv_norm(sketch, source, name=name, filters=place.filters, kernel=1, stride=stride)

        made = {
            "before": calibrated(stack.before, "before", stack.shrinkage),
            "previous": calibrated(stack.previous, "previous", 1),
        }
        for node in range(1, self.nodes + 1):
            name = f"{place.name}.node{node}"
            parts = [
                operate(
                    sketch,
                    done,
                    made[read],
                    name=f"{name}.op{side}",
                    filters=place.filters,
                    stride=place.stride if read in CELL_INPUTS else 1,
                )
                for side, read, done in self._sides(choices, place.role, node)
            ]
            made[f"node{node}"] = sketch.add("add", *parts, name=name)
        return stack.and_then(
            self._joined(sketch, choices, place.role, made, f"{place.name}.concat"), stride=place.stride
        )

    def _joined(
        self, sketch: Sketch, choices: Mapping[str, Option], role: _Role, made: Mapping[str, str], name: str
    ) -> str:
        """The nodes that no other reads."""
        nodes = range(1, self.nodes + 1)
        read = {source for node in nodes for _, source, _ in self._sides(choices, role, node)}
        loose = [made[f"node{node}"] for node in nodes if f"node{node}" not in read]
        return sketch.add("concat", *loose, name=name) if len(loose) > 1 else loose[0]

    @override
    def overview(self, choices: Mapping[str, Option], filters: int) -> Sequence[tuple[str, Network]]:
        return [(f"{role} cell", self._outline(choices, role, filters)) for role in self.roles]

    def _outline(self, choices: Mapping[str, Option], role: _Role, filters: int) -> Network:
        sketch = Sketch()
        titles = zip(CELL_INPUTS, ("cell before that", "previous cell"), strict=True)
        made = {read: sketch.add("activation", "input", name=title, function="linear") for read, title in titles}
        for node in range(1, self.nodes + 1):
            parts = [
                outline(sketch, done, made[read], name=f"node{node}.op{side}", filters=filters)
                for side, read, done in self._sides(choices, role, node)
            ]
            made[f"node{node}"] = sketch.add("add", *parts, name=f"node{node}")
        self._joined(sketch, choices, role, made, "concat")
        return sketch.finish()


def _smallest(nodes: Sequence[_Node]) -> list[_Node]:
    """The nodes in the order, and with the sides in the order, that read least: the same for isomorphic cells.

    Nodes are placed one by one, each after those that it reads: always the one that reads least, and where several
    read the same, each of them is tried.
    """

    def place(positions: dict[int, int], placed: list[_Node]) -> list[_Node]:
        if len(placed) == len(nodes):
            return placed
        ready = {
            number: tuple(sorted((positions[read], done) for read, done in node))
            for number, node in enumerate(nodes, start=len(CELL_INPUTS))
            if number not in positions and all(read in positions for read, _ in node)
        }
        least = min(ready.values())
        return min(
            place({**positions, number: len(positions)}, [*placed, least])
            for number, node in ready.items()
            if node == least
        )

    return place({position: position for position in range(len(CELL_INPUTS))}, [])
