"""Page: a comparison as one HTML file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.comparison.verdict import verdict
from cloudautoml.render import arrow, format_number, format_numbers, format_seconds
from cloudautoml.report.figures import Figure, axis, dots, layout, line, text
from cloudautoml.report.page import rendered
from cloudautoml.spec.metrics import Goal, get_metric
from cloudautoml.store.files import write_bytes

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.comparison.contest import Comparison, Contestant
    from cloudautoml.comparison.resample import Interval


def write_comparison(comparison: Comparison, path: Path) -> None:
    """Write a comparison as a page that needs no network and no other file.

    Raises:
        StorageError: The file cannot be written.
    """
    write_bytes(path, comparison_html(comparison).encode())


def comparison_html(comparison: Comparison) -> str:
    """A comparison as a page."""
    metric = get_metric(comparison.metric)
    figures = [figure for figure in (_intervals(comparison), _optimism(comparison), _costs(comparison)) if figure]
    return rendered(
        "comparison.html",
        figures,
        comparison=comparison,
        verdict=verdict(comparison),
        metric=metric,
        arrow=arrow(metric.name),
        better="higher" if metric.goal is Goal.MAXIMIZE else "lower",
        rows=[_row(comparison, contestant) for contestant in _scored(comparison)],
        rest=[contestant for contestant in comparison.contestants if contestant.score is None],
        charts_below=figures,
    )


def _scored(comparison: Comparison) -> list[Contestant]:
    return [contestant for contestant in comparison.contestants if contestant.score is not None]


def _row(comparison: Comparison, contestant: Contestant) -> dict[str, Any]:
    """The cells of a table's row, as text."""
    cost = "" if contestant.cost is None else f"{contestant.cost:.2f} USD"
    return {
        "provider": contestant.provider,
        "model": contestant.model,
        "kind": "baseline" if contestant.provider == "baseline" else "best" if contestant.behind is None else "",
        "score": format_number(comparison.natural(contestant.score)),
        "interval": span(comparison, contestant.interval),
        "behind": "" if contestant.behind is None else format_number(contestant.behind),
        "behind_interval": "" if (apart := contestant.behind_interval) is None else _ends(apart.low, apart.high),
        "beaten": "" if contestant.beaten is None else f"{contestant.beaten:.0%}",
        "ties": contestant.ties,
        "own": "" if contestant.own_score is None else format_number(comparison.natural(contestant.own_score)),
        "job": "" if contestant.fit_seconds is None else format_seconds(contestant.fit_seconds),
        "alone": "" if contestant.ms_per_row is None else " / ".join(f"{value:.1f}" for value in contestant.ms_per_row),
        "batch": "" if contestant.rows_per_second is None else f"{contestant.rows_per_second:,.0f}",
        "size": "" if contestant.size_mb is None else format_number(contestant.size_mb, digits=2),
        "cost": "emulated" if contestant.cost_source == "emulated" else cost,
    }


def span(comparison: Comparison, interval: Interval | None) -> str:
    """An interval in the metric's own values, the lower one first."""
    if interval is None:
        return ""
    ends = [comparison.natural(interval.low) or 0.0, comparison.natural(interval.high) or 0.0]
    return _ends(min(ends), max(ends))


def _ends(low: float, high: float) -> str:
    return " to ".join(format_numbers([low, high]))


def _intervals(comparison: Comparison) -> Figure | None:
    shown = [contestant for contestant in _scored(comparison) if contestant.interval is not None][::-1]
    if not shown:
        return None
    traces: list[dict[str, Any]] = []
    for place, contestant in enumerate(shown):
        assert contestant.interval is not None
        ends = [comparison.natural(value) or 0.0 for value in (contestant.interval.low, contestant.interval.high)]
        color = "@quiet" if contestant.provider == "baseline" else "@accent"
        value = comparison.natural(contestant.score) or 0.0
        told = f"{text(contestant.provider)}<br>{format_number(value)}<br>{span(comparison, contestant.interval)}"
        traces += [line(ends, [place, place], color=color), dots([value], [place], [told], color=color)]
    names = [text(f"{contestant.provider} {contestant.job}".strip(), longest=28) for contestant in shown]
    y = axis("") | {"tickvals": list(range(len(shown))), "ticktext": names, "showgrid": False, "ticklabelstandoff": 8}
    y["range"] = [-0.6, len(shown) - 0.4]
    note = "Each line holds the score in 95 of 100 draws of the sealed rows. Lines that overlap may still differ: \
the table has the difference to the leader, drawn together."
    picture = layout(axis(comparison.metric), y, height=110 + 42 * len(shown))
    return Figure("intervals", "Scores on the sealed rows", note, traces, picture, wide=True)


def _optimism(comparison: Comparison) -> Figure | None:
    shown = [contestant for contestant in _scored(comparison) if contestant.own_score is not None][::-1]
    if not shown:
        return None
    own = [comparison.natural(contestant.own_score) or 0.0 for contestant in shown]
    ours = [comparison.natural(contestant.score) or 0.0 for contestant in shown]
    places = list(range(len(shown)))
    traces = [line([own[place], ours[place]], [place, place], color="@line") for place in places]
    for name, values, color in (("its own word", own, "@c1"), ("on the sealed rows", ours, "@accent")):
        traces.append(dots(values, places, [format_number(value) for value in values], name=name, color=color))
    y = axis("") | {"tickvals": places, "ticktext": [text(c.provider) for c in shown], "showgrid": False}
    y["range"] = [-0.6, len(shown) - 0.4]
    note = "What each provider says of its best model, and what that scores on rows nobody has seen."
    picture = layout(axis(comparison.metric), y, height=130 + 38 * len(shown), legend=True)
    return Figure("optimism", "Promised and kept", note, traces, picture)


def _costs(comparison: Comparison) -> Figure | None:
    shown = [c for c in _scored(comparison) if c.provider != "baseline" and c.fit_seconds is not None]
    if len(shown) < 2:
        return None
    front = set(map(id, comparison.pareto))
    traces: list[dict[str, Any]] = []
    for number, contestant in enumerate(shown):
        value, seconds = comparison.natural(contestant.score) or 0.0, contestant.fit_seconds or 0.0
        told = f"{text(contestant.provider)}<br>{format_number(value)} in {format_seconds(seconds)}"
        trace = dots([seconds], [value], [told], name=text(contestant.provider), color=f"@c{number % 8}")
        trace["marker"] |= {"size": 11 if id(contestant) in front else 7}
        traces.append(trace)
    picture = layout(axis("seconds of the whole job"), axis(comparison.metric), height=300, legend=True)
    note = "Large: nobody else is better in score, price and time for a row at once."
    return Figure("costs", "Score and time", note, traces, picture)
