"""Painting: the charts of a report and the drawings of networks as PNG, SVG or PDF files, by matplotlib."""

from __future__ import annotations

import html
import io
import re
from itertools import pairwise
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConfigError, MissingExtraError
from cloudautoml.report.graph import HEIGHT, WIDTH
from cloudautoml.report.graph_svg import color_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.report.figures import Figure
    from cloudautoml.report.graph import Graph

FORMATS = ("png", "svg", "pdf")
_COLORS = {
    "@ink": "#16181d", "@quiet": "#5f6673", "@line": "#e3e6eb", "@paper": "#ffffff", "@wash": "#f6f7f9",
    "@accent": "#3257d6", "@c0": "#3257d6", "@c1": "#d4722a", "@c2": "#23876b", "@c3": "#9449c4", "@c4": "#c43d5d",
    "@c5": "#1b86a8", "@c6": "#a98300", "@c7": "#6b7280", "@c8": "#16181d",
}  # fmt: skip
_DASHES = {"dot": ":", "dash": "--"}
_INCHES = 1 / 96


def painted(figure: Figure, *, form: str) -> bytes:
    """A chart as a file.

    Args:
        figure: The chart.
        form: `png`, `svg` or `pdf`.

    Raises:
        MissingExtraError: matplotlib is not installed.
        ConfigError: There is no such format.
    """
    height = float(figure.layout.get("height", 320)) * _INCHES
    canvas = _canvas(width=8.0, height=height + 0.6, form=form)
    axes = canvas.add_subplot()
    dated = figure.layout.get("xaxis", {}).get("type") == "date"
    for trace in figure.data:
        _PAINTERS[str(trace.get("type", "scatter"))](axes, {**trace, "x": _moments(trace["x"])} if dated else trace)
    for shape in figure.layout.get("shapes", ()):
        at, look = shape["y0"], shape["line"]
        axes.axhline(at, color=_color(look["color"]), linewidth=1, linestyle=_DASHES.get(look.get("dash", ""), "-"))
    _axis(axes.xaxis, axes.set_xlim, axes.set_xscale, figure.layout.get("xaxis", {}))
    _axis(axes.yaxis, axes.set_ylim, axes.set_yscale, figure.layout.get("yaxis", {}))
    for side in ("top", "right"):
        axes.spines[side].set_visible(False)
    for side in ("left", "bottom"):
        axes.spines[side].set_color(_COLORS["@line"])
    axes.tick_params(colors=_COLORS["@quiet"], labelsize=9)
    axes.set_title(figure.title, loc="left", fontsize=12, color=_COLORS["@ink"], fontweight="bold")
    if figure.layout.get("showlegend") and axes.get_legend_handles_labels()[1]:
        axes.legend(frameon=False, fontsize=9, labelcolor=_COLORS["@quiet"])
    canvas.tight_layout()
    return _file(canvas, form)


def drawn(graphs: Sequence[Graph], *, form: str) -> bytes:
    """Drawings of networks side by side as a file.

    Args:
        graphs: What to draw, at least one.
        form: `png`, `svg` or `pdf`.

    Raises:
        MissingExtraError: matplotlib is not installed.
        ConfigError: There is no such format.
    """
    from matplotlib.patches import FancyBboxPatch, PathPatch
    from matplotlib.path import Path as Outline

    gap, top = 40.0, 30.0
    width = sum(graph.width for graph in graphs) + gap * (len(graphs) - 1) + 16
    height = max(graph.height for graph in graphs) + top + 16
    canvas = _canvas(width=width * _INCHES, height=height * _INCHES, form=form)
    axes = canvas.add_axes((0, 0, 1, 1))
    axes.set_xlim(-8, width - 8)
    axes.set_ylim(height - 8 - top, -8 - top)
    axes.set_axis_off()
    left = 0.0
    for graph in graphs:
        axes.text(left, -14, graph.title, fontsize=9, fontweight="bold", color=_COLORS["@ink"])
        for path in graph.paths:
            points, codes = _bezier([(x + left, y) for x, y in path], Outline)
            axes.add_patch(
                PathPatch(Outline(points, codes), facecolor="none", edgecolor=_COLORS["@quiet"], linewidth=1)
            )
        for box in graph.boxes.values():
            color = _COLORS[color_of(box.kind)]
            corner = (box.x + left - WIDTH / 2, box.y - HEIGHT / 2)
            round_box = "round,pad=0,rounding_size=7"
            for alpha, edge, face in ((0.12, "none", color), (1.0, color, "none")):
                axes.add_patch(
                    FancyBboxPatch(
                        corner, WIDTH, HEIGHT, boxstyle=round_box, facecolor=face, edgecolor=edge, alpha=alpha
                    )
                )
            lines = [line for line in box.lines if line]
            for at, line in enumerate(lines):
                y = box.y + 13 * (at - (len(lines) - 1) / 2)
                size, ink = (8, "@ink") if at == 0 else (6.5, "@quiet")
                axes.text(box.x + left, y, line, ha="center", va="center", fontsize=size, color=_COLORS[ink])
        left += graph.width + gap
    return _file(canvas, form)


def _canvas(*, width: float, height: float, form: str) -> Any:
    if form not in FORMATS:
        raise ConfigError(f"a picture is a {', '.join(FORMATS)}, not {form!r}")
    try:
        from matplotlib.figure import Figure as Canvas
    except ModuleNotFoundError as exc:
        raise MissingExtraError("local", "matplotlib") from exc
    return Canvas(figsize=(width, height), dpi=96)  # not pyplot, which keeps figures for ever and wants a display


def _file(canvas: Any, form: str) -> bytes:
    import matplotlib as mpl

    stream = io.BytesIO()
    # texts stay texts, and neither the time nor a random id makes two files of the same picture differ
    with mpl.rc_context({"svg.fonttype": "none", "svg.hashsalt": "cloudautoml"}):
        canvas.savefig(stream, format=form, dpi=192, metadata={"Date": None} if form == "svg" else None)
    return stream.getvalue()


def _color(name: object) -> str:
    return _COLORS.get(str(name), str(name))


def _plain(label: object) -> str:
    return html.unescape(str(label))


def _moments(stamps: Sequence[str]) -> Any:
    """Stamps as matplotlib reads them."""
    import numpy as np

    return np.array([re.sub(r"(Z|[+-]\d\d:\d\d)$", "", stamp) for stamp in stamps], "datetime64[us]")


def _axis(axis: Any, limit: Any, scale: Any, wanted: Mapping[str, Any]) -> None:
    axis.set_label_text(_plain(wanted.get("title", {}).get("text", "")), color=_COLORS["@quiet"], fontsize=10)
    if wanted.get("type") == "log":
        scale("log")
    elif "dtick" in wanted:
        from matplotlib.ticker import MultipleLocator

        axis.set_major_locator(MultipleLocator(wanted["dtick"]))
    if "ticktext" in wanted:
        axis.set_ticks(wanted["tickvals"], labels=[_plain(label) for label in wanted["ticktext"]])
    if "range" in wanted:
        limit(*wanted["range"])
    if wanted.get("showgrid", True) and wanted.get("type") != "category":
        axis.grid(visible=True, color=_COLORS["@line"], linewidth=0.8)
        axis.axes.set_axisbelow(True)


def _scatter(axes: Any, trace: Mapping[str, Any]) -> None:
    mode, look = str(trace.get("mode", "markers")), dict(trace.get("line", {}))
    marker = dict(trace.get("marker", {}))
    name = _plain(trace["name"]) if trace.get("name") and trace.get("showlegend", True) else None
    if trace.get("fill") == "toself":
        color = _color(trace.get("fillcolor", "@accent"))
        axes.fill(trace["x"], trace["y"], color=color, alpha=trace.get("opacity", 1.0), linewidth=0)
        return
    if "lines" in mode:
        axes.plot(
            trace["x"], trace["y"], color=_color(look.get("color", "@accent")), linewidth=look.get("width", 1.5),
            alpha=trace.get("opacity", 1.0), drawstyle="steps-post" if look.get("shape") == "hv" else "default",
            label=name, marker="o" if "markers" in mode else None, markersize=4,
        )  # fmt: skip
        return
    axes.scatter(
        [_plain(x) if isinstance(x, str) else x for x in trace["x"]],
        [_plain(y) if isinstance(y, str) else y for y in trace["y"]],
        s=float(marker.get("size", 7)) ** 2 * 0.7, color=_color(marker.get("color", "@accent")),
        alpha=marker.get("opacity", 0.8), linewidths=0, label=name, zorder=3,
    )  # fmt: skip


def _bar(axes: Any, trace: Mapping[str, Any]) -> None:
    color = _color(trace.get("marker", {}).get("color", "@accent"))
    if trace.get("orientation") == "h":
        axes.barh([_plain(name) for name in trace["y"]], trace["x"], color=color)
    else:
        axes.bar(trace["x"], trace["y"], color=color, width=trace.get("width", 0.8))


def _heatmap(axes: Any, trace: Mapping[str, Any]) -> None:
    from matplotlib.colors import LinearSegmentedColormap

    shades = LinearSegmentedColormap.from_list("shades", [_COLORS["@wash"], _COLORS["@accent"]])
    axes.imshow(trace["z"], cmap=shades, aspect="auto")
    axes.set_xticks(range(len(trace["x"])), [_plain(name) for name in trace["x"]])
    axes.set_yticks(range(len(trace["y"])), [_plain(name) for name in trace["y"]])


_PAINTERS = {"scatter": _scatter, "bar": _bar, "heatmap": _heatmap}


def _bezier(points: Sequence[tuple[float, float]], outline: Any) -> tuple[list[tuple[float, float]], list[int]]:
    made, codes = [points[0]], [outline.MOVETO]
    for (x0, y0), (x1, y1) in pairwise(points):
        middle = (y0 + y1) / 2
        made += [(x0, middle), (x1, middle), (x1, y1)]
        codes += [outline.CURVE4] * 3
    return made, codes
