"""Part figures: the best model by parts: class by class, step by step ahead, series by series."""

from __future__ import annotations

import contextlib
from typing import TYPE_CHECKING, Any

from cloudautoml.render import format_number
from cloudautoml.report.figures import Figure, axis, dots, layout, line, text

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_CLASSES = 30
_SERIES = 6
_METRICS = 3
_NOT_METRICS = frozenset({"class", "support", "step"})


def part_figures(evaluation: Mapping[str, Any]) -> list[Figure]:
    """The charts that the parts of an evaluation give; each is left out when its part is missing.

    Args:
        evaluation: `task/evaluation.json`: `per_class` (a list with `class`, `support` and metrics), `horizon` (a list
            with `step` and metrics) and `forecasts` (a list with `series`, `time`, `truth`, `predicted`, `low`, `high`,
            `history_time` and `history`).
    """
    figures: list[Figure] = []
    # a file of another version costs its own chart, not the whole report
    with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
        figures += _classes(evaluation.get("per_class", []))
    with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
        figures += _horizon(evaluation.get("horizon", []))
    for number, forecast in enumerate(evaluation.get("forecasts", [])[:_SERIES], 1):
        with contextlib.suppress(KeyError, TypeError, ValueError, AttributeError):
            figures.append(_forecast(forecast, number))
    return figures


def _metrics(parts: Sequence[Mapping[str, Any]]) -> list[str]:
    """The metrics that any part has, in the order in which they are told."""
    names = dict.fromkeys(name for part in parts for name in part if name not in _NOT_METRICS)
    return [name for name in names if any(isinstance(part.get(name), (int, float)) for part in parts)]


def _classes(parts: Sequence[Mapping[str, Any]]) -> list[Figure]:
    names = _metrics(parts)
    if len(parts) < 2 or not names:
        return []
    deciding = "f1" if "f1" in names else names[0]
    ordered = sorted(parts, key=lambda part: (part.get(deciding) is None, part.get(deciding) or 0.0))
    shown = ordered[:_CLASSES][::-1]  # the worst stands at the top
    labels = [text(part["class"], longest=28) for part in shown]
    traces: list[dict[str, Any]] = []
    for number, name in enumerate(names[:_METRICS]):
        known = [(place, part) for place, part in enumerate(shown) if part.get(name) is not None]
        hover = [f"{labels[place]}<br>{name} {format_number(float(part[name]))}" for place, part in known]
        hover = [
            f"{what}<br>{part['support']:,} of them" if "support" in part else what
            for what, (_, part) in zip(hover, known, strict=True)
        ]
        values = [float(part[name]) for _, part in known]
        trace = dots(values, [place for place, _ in known], hover, name=name, color=f"@c{number}")
        traces.append(trace | {"showlegend": True})
    y = axis("") | {"tickvals": list(range(len(shown))), "ticktext": labels, "ticklabelstandoff": 8}
    note = f"Worst first, by {deciding}."
    if len(parts) > _CLASSES:
        note += f" The worst {_CLASSES} of {len(parts)}."
    picture = layout(axis("") | {"range": [-0.02, 1.02]}, y, height=90 + 26 * len(shown), legend=True)
    return [Figure("per_class", "Class by class", note, traces, picture, wide=len(shown) > 10)]


def _horizon(steps: Sequence[Mapping[str, Any]]) -> list[Figure]:
    names = _metrics(steps)
    if len(steps) < 2 or not names:
        return []
    name = next((metric for metric in ("mase", "smape") if metric in names), names[0])
    known = [step for step in steps if step.get(name) is not None]
    xs, ys = [int(step["step"]) for step in known], [float(step[name]) for step in known]
    hover = [f"step {x}<br>{name} {format_number(y)}" for x, y in zip(xs, ys, strict=True)]
    picture = layout(axis("steps ahead"), axis(name) | {"rangemode": "tozero"}, height=300)
    note = "How the error grows with the distance."
    return [Figure("horizon", "Error by step ahead", note, [line(xs, ys), dots(xs, ys, hover)], picture)]


def _forecast(forecast: Mapping[str, Any], number: int) -> Figure:
    times, predicted = list(forecast["time"]), list(forecast["predicted"])
    traces: list[dict[str, Any]] = []
    if forecast.get("low") and forecast.get("high"):
        traces.append(
            line([*times, *times[::-1]], [*forecast["high"], *list(forecast["low"])[::-1]])
            | {"fill": "toself", "fillcolor": "@accent", "line": {"color": "@accent", "width": 0}, "opacity": 0.15}
        )
    if forecast.get("history"):
        traces.append(line(list(forecast["history_time"]), list(forecast["history"]), color="@quiet", name="history"))
    if any(value is not None for value in forecast.get("truth", [])):
        traces.append(line(times, list(forecast["truth"]), color="@ink", name="truth"))
    hover = [f"{time}<br>predicted {format_number(float(value))}" for time, value in zip(times, predicted, strict=True)]
    traces += [line(times, predicted, name="predicted"), dots(times, predicted, hover) | {"showlegend": False}]
    name = text(forecast.get("series") or "", longest=60)
    title = f"Forecast of {name}" if name else "Forecast"
    note = "The shade is the range between the lowest and the highest quantile." if forecast.get("low") else ""
    x = axis("") | {"type": "date"}
    return Figure(f"forecast_{number}", title, note, traces, layout(x, axis(""), height=300, legend=True))
