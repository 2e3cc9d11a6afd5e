"""Graph: the layers of a network as boxes and lines, laid out from top to bottom."""

from __future__ import annotations

from dataclasses import dataclass, field
from itertools import pairwise
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

WIDTH, HEIGHT = 124, 34
"""Size of a box."""
_GAP_X, _GAP_Y = 22, 26
_SWEEPS = 8
_MERGED = {"norm": "norm", "activation": "", "dropout": "dropout", "flatten": "flatten"}
"""Layers that are told in the box of the layer before them, and how."""


@dataclass(slots=True)
class Box:
    """One box.

    Attributes:
        name: Unique in its graph.
        lines: What it says: what it is, and its settings.
        kind: Which colour it has.
        x: Centre.
        y: Centre.
    """

    name: str
    lines: tuple[str, ...]
    kind: str
    x: float = 0.0
    y: float = 0.0


@dataclass(slots=True)
class Graph:
    """A drawing: boxes, and lines through points from one to the next.

    Attributes:
        title: What is drawn.
        boxes: The boxes by name.
        edges: Names of the two ends.
        paths: The points of each edge, in the order of `edges`.
        width: Of the whole drawing.
        height: Of the whole drawing.
    """

    title: str
    boxes: dict[str, Box]
    edges: list[tuple[str, str]]
    paths: list[list[tuple[float, float]]] = field(default_factory=list)
    width: float = 0.0
    height: float = 0.0


def graph_of(title: str, layers: Sequence[Mapping[str, Any]]) -> Graph:
    """The drawing of a network.

    Args:
        title: What it is.
        layers: Its layers in order, each with `name`, `kind`, `inputs` and `settings`. Normalisation, activation and
            dropout go into the box of the layer that they follow, where nothing else reads that.
    """
    readers: dict[str, list[str]] = {}
    for layer in layers:
        for read in layer["inputs"]:
            readers.setdefault(read, []).append(layer["name"])
    stands_for: dict[str, str] = {}
    boxes: dict[str, Box] = {}
    edges: list[tuple[str, str]] = []
    for layer in _without_hub(layers):
        name, kind, inputs = str(layer["name"]), str(layer["kind"]), [str(read) for read in layer["inputs"]]
        into = stands_for.get(inputs[0]) if inputs else None
        if kind in _MERGED and into is not None and len(readers[inputs[0]]) == 1 and boxes[into].kind != "input":
            stands_for[name] = into
            words = _MERGED[kind] or str(layer["settings"].get("function", ""))
            if words and words != "linear":
                boxes[into].lines = (*boxes[into].lines[:1], ", ".join([*boxes[into].lines[1:], words]))
            continue
        stands_for[name] = name
        boxes[name] = Box(name, _lines(name, kind, layer["settings"]), kind)
        edges += [(stands_for[read], name) for read in dict.fromkeys(inputs)]
    graph = Graph(title, boxes, edges)
    _lay_out(graph)
    return graph


def _without_hub(layers: Sequence[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """A cell's inputs as inputs: the layer that they all pass on is of no interest."""
    first, rest = layers[0], layers[1:]
    passed = [layer for layer in rest if first["name"] in layer["inputs"]]
    if not passed or not all(_is_linear(layer) for layer in passed):
        return list(layers)
    names = {layer["name"] for layer in passed}
    return [{**layer, "kind": "input", "inputs": []} if layer["name"] in names else layer for layer in rest]


def _is_linear(layer: Mapping[str, Any]) -> bool:
    return bool(layer["kind"] == "activation" and layer["settings"].get("function") == "linear")


def _lines(name: str, kind: str, settings: Mapping[str, Any]) -> tuple[str, ...]:
    kernel = settings.get("kernel")
    by = f" {kernel}×{kernel}" if kernel is not None else ""  # noqa: RUF001 - as kernels are written
    size = settings.get("filters") or settings.get("units") or settings.get("size")
    plain = name.rpartition(".")[2].replace("_", " ")
    says: dict[str, Callable[[], tuple[str, ...]]] = {
        "input": lambda: (plain,),
        "add": lambda: ("+",),
        "concat": lambda: ("concatenate",),
        "pool": lambda: (f"{settings.get('op', '')} pool {settings.get('size', 3)}",),
        "global_pool": lambda: (f"global {settings.get('op', '')} pool",),
        "dropout": lambda: (f"dropout {settings.get('rate', '')}",),
        "activation": lambda: (plain if settings.get("function") == "linear" else str(settings.get("function", "")),),
        "norm": lambda: (f"{settings.get('type', 'batch')} norm",),
        "recurrent": lambda: (f"{settings.get('cell', '')} {settings.get('units', '')}",),
    }
    if kind in says:
        return says[kind]()
    words = f"{kind.replace('_', ' ')}{by}"
    stride = settings.get("stride", 1)
    more = [str(size)] if size is not None else []
    more += [f"stride {stride}"] if stride != 1 else []
    return (words, ", ".join(more)) if more else (words,)


def _lay_out(graph: Graph) -> None:
    """Place the boxes in rows below those that they read, with few crossings; bend long edges around boxes."""
    rank = dict.fromkeys(graph.boxes, 0)
    for name in graph.boxes:  # the boxes stand in topological order
        rank[name] = max((rank[start] + 1 for start, end in graph.edges if end == name), default=0)
    chains: list[list[str]] = []
    rows: list[list[str]] = [[] for _ in range(max(rank.values(), default=0) + 1)]
    for name, row in rank.items():
        rows[row].append(name)
    for number, (start, end) in enumerate(graph.edges):
        bends = [f"bend {number} {row}" for row in range(rank[start] + 1, rank[end])]
        for bend, row in zip(bends, range(rank[start] + 1, rank[end]), strict=True):
            rows[row].append(bend)
        chains.append([start, *bends, end])
    above: dict[str, list[str]] = {}
    below: dict[str, list[str]] = {}
    for chain in chains:
        for upper, lower in pairwise(chain):
            above.setdefault(lower, []).append(upper)
            below.setdefault(upper, []).append(lower)
    x = _columns(rows, above, below)
    left = min(x.values(), default=0.0) - WIDTH / 2
    y = {name: row * (HEIGHT + _GAP_Y) + HEIGHT / 2 for row, names in enumerate(rows) for name in names}
    for box in graph.boxes.values():
        box.x, box.y = x[box.name] - left, y[box.name]
    for chain in chains:
        points = [(x[name] - left, y[name]) for name in chain]
        points[0] = (points[0][0], points[0][1] + HEIGHT / 2)
        points[-1] = (points[-1][0], points[-1][1] - HEIGHT / 2)
        graph.paths.append(points)
    graph.width = max((place - left for place in x.values()), default=0.0) + WIDTH / 2
    graph.height = len(rows) * (HEIGHT + _GAP_Y) - _GAP_Y


def _columns(rows: list[list[str]], above: Mapping[str, list[str]], below: Mapping[str, list[str]]) -> dict[str, float]:
    """Where each name stands in its row: near what it is joined to, and at a distance from its neighbours."""
    step = WIDTH + _GAP_X
    x = {name: (at - (len(row) - 1) / 2) * step for row in rows for at, name in enumerate(row)}
    for sweep in range(_SWEEPS):
        joined = above if sweep % 2 == 0 else below
        for row in rows if sweep % 2 == 0 else reversed(rows):
            wanted = {
                name: sum(x[other] for other in joined[name]) / len(joined[name]) if joined.get(name) else x[name]
                for name in row
            }
            row.sort(key=lambda name: wanted[name])
            _spread(row, wanted, x)
    return x


def _spread(row: Sequence[str], wanted: Mapping[str, float], x: dict[str, float]) -> None:
    """Put names where they want to be, moved apart where they would overlap, the row as a whole centred on that."""
    placed: list[float] = []
    for before, name in zip([None, *row], row, strict=False):
        least = None if before is None else placed[-1] + _distance(before, name)
        placed.append(wanted[name] if least is None else max(wanted[name], least))
    shift = sum(wanted[name] for name in row) / len(row) - sum(placed) / len(placed) if row else 0.0
    for name, place in zip(row, placed, strict=True):
        x[name] = place + shift


def _distance(one: str, other: str) -> float:
    bends = one.startswith("bend ") + other.startswith("bend ")
    return (WIDTH + _GAP_X, WIDTH / 2 + _GAP_X, _GAP_X)[bends]
