"""Graphs as SVG that stands in a page and takes its colours."""

from __future__ import annotations

from html import escape
from itertools import pairwise
from typing import TYPE_CHECKING

from cloudautoml.report.graph import HEIGHT, WIDTH

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.report.graph import Box, Graph

COLORS = {
    "input": "@c7", "add": "@c7", "concat": "@c7", "conv": "@c0", "separable": "@c0", "depthwise": "@c0",
    "dense": "@c3", "recurrent": "@c3", "attention": "@c3", "embedding": "@c3", "pool": "@c1", "global_pool": "@c1",
    "activation": "@c2", "norm": "@c2", "dropout": "@c2", "flatten": "@c2",
}  # fmt: skip
"""What colour a kind of layer has; names of the page's colours."""

_MARGIN = 4


def color_of(kind: str) -> str:
    """Name of the colour of a kind of layer."""
    return COLORS.get(kind, "@c7")


def graph_svg(graph: Graph) -> str:
    """An `svg` element; its colours are those of the page's theme.

    Args:
        graph: What to draw.
    """
    width, height = graph.width + 2 * _MARGIN, graph.height + 2 * _MARGIN
    parts = [
        f'<svg class="graph" viewBox="{-_MARGIN} {-_MARGIN} {width:.0f} {height:.0f}" width="{width:.0f}" '
        f'height="{height:.0f}" role="img" aria-label="{escape(graph.title)}">'
    ]
    parts += [f'<path d="{_curve(path)}"/>' for path in graph.paths]
    parts += [_box(box) for box in graph.boxes.values()]
    return "".join([*parts, "</svg>"])


def _box(box: Box) -> str:
    color = f"var(--{color_of(box.kind).removeprefix('@')})"
    left, top = box.x - WIDTH / 2, box.y - HEIGHT / 2
    lines = [line for line in box.lines if line]
    begin = box.y - 7 * (len(lines) - 1)
    texts = "".join(
        f'<text x="{box.x:.1f}" y="{begin + 14 * at + 4:.1f}"{" class=quiet" if at else ""}>{escape(line)}</text>'
        for at, line in enumerate(lines)
    )
    shape = f'x="{left:.1f}" y="{top:.1f}" width="{WIDTH}" height="{HEIGHT}" rx="7"'
    return f'<rect {shape} style="fill:{color};stroke:{color}"/>{texts}'


def _curve(points: Sequence[tuple[float, float]]) -> str:
    """A smooth line through points that follow each other downwards."""
    (x, y), *_ = points
    parts = [f"M{x:.1f} {y:.1f}"]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (y0 + y1) / 2
        parts.append(f"C{x0:.1f} {middle:.1f} {x1:.1f} {middle:.1f} {x1:.1f} {y1:.1f}")
    return "".join(parts)
