"""Board: the leaderboard as the cells of a table that can be sorted by any column."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudautoml.render import arrow, cost_columns, format_number, format_numbers, format_seconds, natural

if TYPE_CHECKING:
    from cloudautoml.leaderboard import Candidate, Leaderboard


@dataclass(frozen=True, slots=True)
class Column:
    """A column: its title, and whether it holds numbers."""

    title: str
    number: bool


@dataclass(frozen=True, slots=True)
class Cell:
    """A cell.

    Attributes:
        text: What is read.
        value: What it is sorted by; empty when there is none.
        number: Whether it is a number.
        params: What was chosen, for the cell that names the model.
    """

    text: str
    value: str
    number: bool
    params: tuple[tuple[str, str], ...] = ()


@dataclass(frozen=True, slots=True)
class Row:
    """A row: `best`, `baseline` or neither, and its cells."""

    kind: str
    cells: tuple[Cell, ...]


def board_table(board: Leaderboard) -> tuple[list[Column], list[Row]]:
    """The columns that have something in them, and a row for each candidate that succeeded."""
    scored = [candidate for candidate in board if candidate.status == "succeeded"]
    val = [natural(board.metric, c.score_val) for c in scored]
    hold = [natural(board.metric, c.score_holdout) for c in scored]
    ms, size, cost = (
        [c.predict_ms_per_row for c in scored], [c.size_mb for c in scored], [c.cost_usd for c in scored]
    )  # fmt: skip
    fit = [c.fit_seconds for c in scored]
    columns: list[tuple[Column, list[Cell]]] = [
        (Column("#", number=True), [_number(str(rank), rank) for rank in range(1, len(scored) + 1)]),
        (Column("model", number=False), [Cell(c.model, c.model, number=False, params=_params(c)) for c in scored]),
        (Column("algorithm", number=False), [Cell(c.algorithm, c.algorithm, number=False) for c in scored]),
        _numbers(f"{board.metric} {arrow(board.metric)}", format_numbers(val), val),
        _numbers("holdout", format_numbers(hold), hold),
        _numbers("fit", [format_seconds(value) for value in fit], fit),
        _numbers("ms/row", [format_number(value, digits=2) for value in ms], ms),
        _numbers("MB", [format_number(value, digits=2) for value in size], size),
    ]
    for name, title, written in cost_columns(board):
        values = [c.costs.get(name) for c in scored]
        columns.append(_numbers(title, [written(value) for value in values], values))
    if board.minimize:
        front = {candidate.model for candidate in board.front}
        marks = [("●", 1.0) if c.model in front else ("", None) for c in scored]
        columns.append((Column("front", number=True), [_number(text, value) for text, value in marks]))
    if paid := sorted({c.cost_source for c in scored} - {"free"}):
        columns.append(_numbers(f"USD ({', '.join(paid)})", format_numbers(cost, digits=3), cost))
    kept = [(column, cells) for column, cells in columns if any(cell.value for cell in cells)]
    best = board.best
    kinds = ["best" if c is best else "baseline" if c.algorithm == "baseline" else "" for c in scored]
    rows = [Row(kind, tuple(cells[number] for _, cells in kept)) for number, kind in enumerate(kinds)]
    return [column for column, _ in kept], rows


def _number(text: str, value: float | None) -> Cell:
    return Cell(text, "" if value is None else repr(value), number=True)


def _numbers(title: str, texts: list[str], values: list[float | None]) -> tuple[Column, list[Cell]]:
    return Column(title, number=True), [_number(text, value) for text, value in zip(texts, values, strict=True)]


def _params(candidate: Candidate) -> tuple[tuple[str, str], ...]:
    return tuple((name, _param(value)) for name, value in candidate.params.items())


def _param(value: object) -> str:
    return f"{value:.6g}" if isinstance(value, float) else str(value)
