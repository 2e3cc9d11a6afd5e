"""Columns: the data profile as rows of a table, each with a picture small enough to stand in a line of text."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.render import format_number

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_WIDTH, _HEIGHT = 120, 24
_MOST = 200
_LONGEST = 32


@dataclass(frozen=True, slots=True)
class ColumnRow:
    """One column of the data.

    Attributes:
        name: Its name.
        type: How it is understood.
        target: Whether it is what is predicted.
        missing: Share of missing values, in [0, 1].
        distinct: Number of different values.
        summary: Its range or its most frequent values.
        bars: Heights of the little histogram, as (x, y, width, height) of an SVG of 120 by 24.
    """

    name: str
    type: str
    target: bool
    missing: float
    distinct: int | None
    summary: str
    bars: tuple[tuple[float, float, float, float], ...]


def column_rows(profile: Mapping[str, Any]) -> list[ColumnRow]:
    """The target and then the features, 200 at most."""
    rows: list[ColumnRow] = []
    target = profile.get("target")
    if isinstance(target, dict):
        rows.append(_row(cast("dict[str, Any]", target), target=True))
    rows += [_row(column, target=False) for column in profile.get("columns", [])[:_MOST]]
    return rows


def _row(column: Mapping[str, Any], *, target: bool) -> ColumnRow:
    return ColumnRow(
        name=str(column.get("name", "")),
        type=str(column.get("type", "")),
        target=target,
        missing=float(column.get("missing") or 0.0),
        distinct=column.get("distinct"),
        summary=_summary(column),
        bars=_bars(_counts(column)),
    )


def _counts(column: Mapping[str, Any]) -> list[float]:
    if histogram := column.get("histogram"):
        return [float(count) for count in histogram["counts"]]
    if classes := column.get("classes"):
        return sorted((float(count) for count in classes.values()), reverse=True)
    return [float(item["count"]) for item in column.get("top", [])]


def _bars(counts: Sequence[float]) -> tuple[tuple[float, float, float, float], ...]:
    if len(counts) < 2 or not max(counts):
        return ()
    counts = counts[:30]
    step = _WIDTH / max(len(counts), 8)  # two bars are not two walls
    tallest = max(counts)
    bars: list[tuple[float, float, float, float]] = []
    for number, count in enumerate(counts):
        height = max(_HEIGHT * count / tallest, 1.0 if count else 0.0)  # a rare value is still seen
        bars.append((round(number * step, 1), round(_HEIGHT - height, 1), round(step - 1, 1), round(height, 1)))
    return tuple(bars)


def _summary(column: Mapping[str, Any]) -> str:
    if quantiles := column.get("quantiles"):
        low, middle, high = (quantiles.get(name) for name in ("0", "0.5", "1"))
        if all(isinstance(value, (int, float)) for value in (low, middle, high)):
            return f"{_value(low)} to {_value(high)}, median {_value(middle)}"
        return f"{_moment(low)} to {_moment(high)}"
    top = [f"{_short(str(item['value']))} ({item['count']:,})" for item in column.get("top", [])[:3]]
    if (words := column.get("words")) is not None:
        return f"{words:g} words on average"
    more = (column.get("distinct") or 0) - len(top)
    return ", ".join(top) + (f" and {more:,} more" if more > 0 and top else "")


def _value(value: float) -> str:
    return f"{value:,.0f}" if value == round(value) and abs(value) < 1e15 else format_number(value)


def _short(value: str) -> str:
    return value if len(value) <= _LONGEST else f"{value[: _LONGEST - 1]}…"


def _moment(stamp: object) -> str:
    return str(stamp).replace("T", " ").removesuffix(".000000").removesuffix(" 00:00:00")
