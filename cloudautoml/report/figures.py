"""Figures: what all charts of a report share: their layout, their colours, and how text gets into them safely."""

from __future__ import annotations

import math
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

COLORS = ("@ink", "@quiet", "@line", "@paper", "@accent", "@wash", *(f"@c{number}" for number in range(9)))
"""Names of colours that the page turns into those of its light or dark theme."""

_LONGEST = 40


@dataclass(frozen=True, slots=True)
class Figure:
    """One chart.

    Attributes:
        key: Name, unique in the page.
        title: What it shows.
        note: How to read it, or what is worth seeing in it.
        data: Plotly's traces.
        layout: Plotly's layout.
        wide: Whether it takes a whole row of the page.
    """

    key: str
    title: str
    note: str
    data: Sequence[Mapping[str, Any]]
    layout: Mapping[str, Any]
    wide: bool = False


def text(value: object, *, longest: int = _LONGEST) -> str:
    """A text for a chart, where plotly would read markup: cut in the middle when long, then escaped."""
    plain = str(value)
    if len(plain) > longest:
        half = (longest - 1) // 2
        plain = f"{plain[:half]}…{plain[-half:]}"
    return escape(plain, quote=False)  # plotly reads &lt; &gt; and &amp; alone


def axis(title: str) -> dict[str, Any]:
    """An axis with a title, thin lines and nothing else."""
    return {
        "title": {"text": title, "standoff": 8, "font": {"size": 12}},
        "gridcolor": "@line",
        "linecolor": "@line",
        "zeroline": False,
        "ticks": "",
        "automargin": True,
        "fixedrange": True,
    }


def layout(x: Mapping[str, Any], y: Mapping[str, Any], *, height: int = 300, legend: bool = False) -> dict[str, Any]:
    """A layout with two axes."""
    return {
        "height": height,
        "margin": {"l": 8, "r": 8, "t": 8, "b": 8},
        "paper_bgcolor": "rgba(0,0,0,0)",
        "plot_bgcolor": "rgba(0,0,0,0)",
        "font": {"size": 12, "color": "@quiet"},
        "hoverlabel": {"bgcolor": "@paper", "bordercolor": "@line", "font": {"color": "@ink"}},
        "legend": {"orientation": "h", "x": 0, "y": 1.02, "yanchor": "bottom", "itemclick": False},
        "showlegend": legend,
        "xaxis": dict(x),
        "yaxis": dict(y),
    }


def line(x: Sequence[float], y: Sequence[float], *, name: str = "", color: str = "@accent") -> dict[str, Any]:
    """A line; its points say nothing of their own."""
    return {
        "type": "scatter",
        "mode": "lines",
        "x": list(x),
        "y": list(y),
        "name": name,
        "showlegend": bool(name),
        "line": {"color": color, "width": 2},
        "hoverinfo": "skip",
    }


def dots(
    x: Sequence[Any], y: Sequence[Any], hover: Sequence[str], *, name: str = "", color: str = "@accent"
) -> dict[str, Any]:
    """Points, each with a text for the mouse."""
    return {
        "type": "scatter",
        "mode": "markers",
        "x": list(x),
        "y": list(y),
        "name": name,
        "text": list(hover),
        "hovertemplate": "%{text}<extra></extra>",
        "marker": {"color": color, "size": 7, "opacity": 0.8},
    }


def window(values: Sequence[float], *, lower_is_better: bool) -> tuple[float, float] | None:
    """The part of an axis that matters when a few values are so bad that the rest would look alike.

    Args:
        values: The values along the axis.
        lower_is_better: Which end is the good one.

    Returns:
        The ends of the axis, low and high; None when all values fit well together.
    """
    known = sorted(value for value in values if math.isfinite(value))
    if len(known) < 4:
        return None
    if not lower_is_better:
        known = [-value for value in reversed(known)]
    best, usual, worst = known[0], known[round((len(known) - 1) * 0.75)], known[-1]
    spread = usual - best
    if not spread or worst - best <= 4 * spread:
        return None
    low, high = best - 0.15 * spread, best + 2 * spread
    return (low, high) if lower_is_better else (-high, -low)
