"""Search figures: how the search went, what each family reached, and what the scores cost."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

from cloudautoml.render import arrow, format_number, format_seconds, natural
from cloudautoml.report.figures import Figure, axis, dots, layout, line, text, window
from cloudautoml.report.verdict import baseline_of
from cloudautoml.spec.metrics import Goal, get_metric

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.leaderboard import Candidate, Leaderboard

_FEWEST = 3  # fewer points are read faster in the table


def search_figures(board: Leaderboard) -> list[Figure]:
    """The charts that a leaderboard gives, those left out for which there is too little."""
    tried = [c for c in board if c.algorithm != "baseline" and _finite(c.score_val)]
    colors = {name: f"@c{number % 8}" for number, name in enumerate(_families(tried))}
    found = (
        _progress(board, tried, colors),
        _families_figure(board, tried, colors),
        _time_figure(board, tried, colors),
        _holdout_figure(board, colors),
    )
    return [figure for figure in found if figure is not None]


def _finite(score: float | None) -> bool:
    return score is not None and math.isfinite(score)


def _families(candidates: Sequence[Candidate]) -> list[str]:
    """Names of the families, the one with the best candidate first."""
    return list(dict.fromkeys(candidate.algorithm for candidate in candidates))


def _value(board: Leaderboard, score: float | None) -> float:
    value = natural(board.metric, score)
    assert value is not None  # callers pass candidates that have a score
    return value


def _hover(board: Leaderboard, candidate: Candidate) -> str:
    lines = [
        f"<b>{text(candidate.model)}</b> {text(candidate.algorithm)}",
        f"{board.metric} {format_number(natural(board.metric, candidate.score_val))}",
    ]
    if candidate.score_holdout is not None:
        lines.append(f"holdout {format_number(natural(board.metric, candidate.score_holdout))}")
    if candidate.fit_seconds is not None:
        lines.append(f"fit in {format_seconds(candidate.fit_seconds)}")
    return "<br>".join(lines)


def _by_family(
    board: Leaderboard, candidates: Sequence[Candidate], colors: dict[str, str], x: str
) -> list[dict[str, Any]]:
    traces: list[dict[str, Any]] = []
    for family, color in colors.items():
        own = [c for c in candidates if c.algorithm == family]
        if own:
            values = [_value(board, c.score_val) for c in own]
            hover = [_hover(board, c) for c in own]
            traces.append(dots([getattr(c, x) for c in own], values, hover, name=text(family), color=color))
    return traces


def _score_axis(board: Leaderboard, values: Sequence[float]) -> dict[str, Any]:
    shown = window(values, lower_is_better=get_metric(board.metric).goal is Goal.MINIMIZE)
    low, high = shown or (min(values), max(values))
    pad = 0.06 * (high - low) or 0.05 * abs(high) or 1.0
    return axis(f"{board.metric} {arrow(board.metric)}") | {"range": [low - pad, high + pad]}


def _outside(values: Sequence[float], scale: dict[str, Any]) -> str:
    low, high = scale["range"]
    count = sum(not low <= value <= high for value in values)
    return f" {count} far worse {'one is' if count == 1 else 'ones are'} outside the chart." if count else ""


def _progress(board: Leaderboard, tried: Sequence[Candidate], colors: dict[str, str]) -> Figure | None:
    trials = sorted((c for c in tried if c.trial is not None), key=lambda c: c.trial or 0)
    # a final model may be a trial trained again: the search itself is the first candidate of each number
    trials = list({candidate.trial: candidate for candidate in reversed(trials)}.values())[::-1]
    if len(trials) < _FEWEST:
        return None
    best_x: list[float] = []
    best_y: list[float] = []
    best = float("-inf")
    for candidate in trials:
        best = max(best, candidate.score_val if candidate.score_val is not None else best)
        best_x.append(candidate.trial or 0)
        best_y.append(_value(board, best))
    values = [_value(board, c.score_val) for c in trials]
    scale = _score_axis(board, values)
    path = line(best_x, best_y, name="best so far", color="@ink")
    path["line"] = {"color": "@ink", "width": 1.5, "shape": "hv"}
    seconds = sum(c.fit_seconds or 0.0 for c in trials)
    note = f"{len(trials)} candidates with a score, {format_seconds(seconds)} of training in all."
    base = baseline_of(board)
    shapes: list[dict[str, Any]] = []
    if base is not None and _finite(base.score_val):
        level = _value(board, base.score_val)
        low, high = scale["range"]
        if low <= level <= high:
            note += " The dotted line is the baseline."
            shapes.append(
                {"type": "line", "xref": "paper", "x0": 0, "x1": 1, "y0": level, "y1": level,
                 "line": {"color": "@quiet", "width": 1, "dash": "dot"}}
            )  # fmt: skip
        else:
            note += f" The baseline, {format_number(level)}, is far outside."
    x = axis("trial") | {"range": [-0.6, best_x[-1] + 0.6], "showgrid": False}
    picture = layout(x, scale, height=340, legend=True) | {"shapes": shapes}
    return Figure(
        "progress", "Search", note + _outside(values, scale), [*_by_family(board, trials, colors, "trial"), path],
        picture, wide=True,
    )  # fmt: skip


def _families_figure(board: Leaderboard, tried: Sequence[Candidate], colors: dict[str, str]) -> Figure | None:
    if len(colors) < 2 or len(tried) < _FEWEST:
        return None
    names = [text(name) for name in reversed(colors)]
    traces: list[dict[str, Any]] = []
    for family, color in colors.items():
        own = [c for c in tried if c.algorithm == family]
        values = [_value(board, c.score_val) for c in own]
        hover = [_hover(board, c) for c in own]
        label = [text(family)] * len(own)
        faint = {"color": color, "size": 7, "opacity": 0.35}
        large = {"color": color, "size": 11, "opacity": 1}
        traces.append(dots(values[1:], label[1:], hover[1:]) | {"marker": faint})
        traces.append(dots(values[:1], label[:1], hover[:1]) | {"marker": large})
    values = [_value(board, c.score_val) for c in tried]
    scale = _score_axis(board, values)
    y = axis("") | {"type": "category", "categoryorder": "array", "categoryarray": names, "ticklabelstandoff": 8}
    note = "Each dot is a candidate; the large one is its family's best." + _outside(values, scale)
    return Figure("families", "Families", note, traces, layout(scale, y, height=max(320, 90 + 34 * len(names))))


def _time_figure(board: Leaderboard, tried: Sequence[Candidate], colors: dict[str, str]) -> Figure | None:
    timed = [c for c in tried if c.fit_seconds]
    if len(timed) < _FEWEST:
        return None
    values = [_value(board, c.score_val) for c in timed]
    scale = _score_axis(board, values)
    x = axis("seconds of training") | {"type": "log", "showgrid": False}
    seconds = [c.fit_seconds or 1.0 for c in timed]
    if max(seconds) > 30 * min(seconds):
        x["dtick"] = 1  # powers of ten are enough
    note = "What a better score costs in training." + _outside(values, scale)
    return Figure(
        "time", "Training time", note, _by_family(board, timed, colors, "fit_seconds"), layout(x, scale, height=320)
    )


def _holdout_figure(board: Leaderboard, colors: dict[str, str]) -> Figure | None:
    both = [c for c in board if _finite(c.score_val) and _finite(c.score_holdout) and c.algorithm in colors]
    if len(both) < _FEWEST:
        return None
    xs = [_value(board, c.score_val) for c in both]
    ys = [_value(board, c.score_holdout) for c in both]
    minimize = get_metric(board.metric).goal is Goal.MINIMIZE
    shown = window([*xs, *ys], lower_is_better=minimize)
    low, high = shown or (min(*xs, *ys), max(*xs, *ys))
    pad = 0.05 * (high - low) or 0.05 * abs(high) or 1.0
    ends = [low - pad, high + pad]
    diagonal = line(ends, ends, color="@line")
    points = [
        dots([x for x, c in zip(xs, both, strict=True) if c.algorithm == family],
             [y for y, c in zip(ys, both, strict=True) if c.algorithm == family],
             [_hover(board, c) for c in both if c.algorithm == family], name=text(family), color=color)
        for family, color in colors.items()
    ]  # fmt: skip
    x_axis = axis(f"{board.metric}, validation") | {"range": ends}
    y_axis = axis(f"{board.metric}, holdout") | {"range": ends}
    side = "above" if minimize else "below"
    note = f"On the line, validation told the truth; {side} it, the model did worse on the sealed rows."
    return Figure("holdout", "Validation and holdout", note, [diagonal, *points], layout(x_axis, y_axis, height=320))
