"""Render: leaderboards, jobs and plans as plain text, HTML for notebooks, and CSV; no heavy imports."""

from __future__ import annotations

import csv
import io
import json
import math
import unicodedata
from html import escape
from typing import TYPE_CHECKING

from cloudautoml.spec.metrics import Goal, get_metric

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.plan import Plan
    from cloudautoml.store import JobRecord

NOTHING = "–"  # noqa: RUF001 - a dash that is as wide as a digit
"""What stands where there is no value."""

_STYLE = """<style>
.cam{font:13px/1.5 system-ui,-apple-system,"Segoe UI",sans-serif;color:inherit;max-width:60em;overflow-x:auto}
.cam .cam-head{margin:0 0 .5em;display:flex;flex-wrap:wrap;gap:.2em .75em;align-items:baseline}
.cam .cam-head b{font-size:14px;font-weight:600}
.cam .cam-quiet{opacity:.65}
.cam .cam-state{border:1px solid;border-radius:9px;padding:0 .6em;font-size:12px}
.cam .cam-succeeded{color:#1a8f5a}
.cam .cam-failed,.cam .cam-error{color:#d0453a}
.cam .cam-cancelled,.cam .cam-warning{color:#b7791f}
.cam table.cam-table{border-collapse:collapse;border:0;margin:0;width:auto;font-size:13px;
color:inherit;font-variant-numeric:tabular-nums}
.cam table.cam-table tr,.cam table.cam-table tbody tr:nth-child(odd){background:none}
.cam table.cam-table th,.cam table.cam-table td{border:0;border-bottom:1px solid rgba(128,128,128,.25);
padding:.3em 1.4em .3em 0;text-align:left;white-space:nowrap;color:inherit;background:none}
.cam table.cam-table th{font-weight:500;opacity:.65;border-bottom-color:rgba(128,128,128,.55)}
.cam table.cam-table .cam-number{text-align:right}
.cam table.cam-table tr.cam-best td{font-weight:600}
.cam table.cam-table tr.cam-out td{opacity:.65}
.cam table.cam-table td.cam-reason{white-space:normal;overflow-wrap:anywhere}
.cam pre{font-size:12px;margin:.3em 0;padding:.6em .8em;border:1px solid rgba(128,128,128,.25);border-radius:6px;
overflow-x:auto;background:none;color:inherit}
</style>"""


# Numbers ---------------------------------------------------------------------------------------------------


def format_numbers(values: Sequence[float | None], *, digits: int = 4) -> list[str]:
    """Write the numbers of a column with the decimals that its largest number needs.

    Args:
        values: The numbers of one column; None where there is none.
        digits: Digits to show of the largest number; one more when it is 1 or above.

    Returns:
        Texts that line up at the decimal point, thousands apart.
    """
    largest = max((abs(value) for value in values if value is not None and math.isfinite(value)), default=0.0)
    exponent = math.floor(math.log10(largest)) if largest else -1
    # one digit more from 1 up, so that a perfect 1.0000 stands beside 0.9876
    decimals = max(0, digits - exponent - (exponent < 0))
    style = f".{digits - 1}e" if exponent < -5 else f",.{decimals}f"
    return [NOTHING if value is None else format(value, style) for value in values]


def format_number(value: float | None, *, digits: int = 4) -> str:
    """Write one number, as `format_numbers` does."""
    return format_numbers([value], digits=digits)[0]


def format_seconds(seconds: float | None) -> str:
    """Write a length of time for people: `3 ms`, `4.2 s`, `2m 05s`, `1h 02m`."""
    if seconds is None:
        return NOTHING
    if seconds < 0.1:
        return f"{seconds * 1000:.0f} ms"
    if seconds < 59.95:
        return f"{seconds:.1f} s"
    minutes, rest = divmod(round(seconds), 60)
    if minutes < 60:
        return f"{minutes}m {rest:02d}s"
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h {minutes:02d}m"


def format_count(value: float | None) -> str:
    """A count in few digits: `812`, `25.3k`, `1.24M`."""
    if value is None:
        return NOTHING
    for limit, unit in ((1e9, "G"), (1e6, "M"), (1e3, "k")):
        if value >= limit:
            return f"{value / limit:.3g}{unit}"
    return f"{value:.3g}"


def arrow(metric: str) -> str:
    """Which way a metric gets better: `↑` or `↓`."""
    return "↑" if get_metric(metric).goal is Goal.MAXIMIZE else "↓"


def natural(metric: str, score: float | None) -> float | None:
    """A higher-is-better score as the metric's natural value."""
    return None if score is None else get_metric(metric).from_score(score)


def cost_columns(board: Leaderboard) -> list[tuple[str, str, Callable[[float | None], str]]]:
    """Costs beside time and size that a leaderboard shows where they are known: name, title, and how they are written.

    The number of parameters always, the others where they are to be minimised.
    """
    columns: list[tuple[str, str, Callable[[float | None], str]]] = [
        ("parameters", "parameters", format_count),
        ("flops", "FLOPs", format_count),
        ("latency_ms", "ms alone", lambda value: format_number(value, digits=2)),
    ]
    return [column for column in columns if column[0] in {"parameters", *board.minimize}]


# Tables ----------------------------------------------------------------------------------------------------

_NUMERIC_FROM = 3  # rank, model and algorithm stand before the numbers


def _table(board: Leaderboard, candidates: Sequence[Candidate]) -> tuple[list[str], list[list[str]]]:
    """The header and the cells of candidates that succeeded."""
    rank = {candidate.model: str(number) for number, candidate in enumerate(board, 1)}
    columns: list[tuple[str, list[str]]] = [
        ("#", [rank[c.model] for c in candidates]),
        ("model", [c.model for c in candidates]),
        ("algorithm", [c.algorithm for c in candidates]),
        (f"{board.metric} {arrow(board.metric)}", _scores(board, [c.score_val for c in candidates])),
        ("holdout", _scores(board, [c.score_holdout for c in candidates])),
        ("fit", [format_seconds(c.fit_seconds) for c in candidates]),
        ("ms/row", [format_number(c.predict_ms_per_row, digits=2) for c in candidates]),
        ("MB", [format_number(c.size_mb, digits=2) for c in candidates]),
        *((title, [text(c.costs.get(name)) for c in candidates]) for name, title, text in cost_columns(board)),
    ]
    if board.minimize:
        front = {candidate.model for candidate in board.front}
        columns.append(("front", ["●" if c.model in front else NOTHING for c in candidates]))
    if paid := sorted({c.cost_source for c in candidates} - {"free"}):
        # an emulated price must never pass for a vendor's
        columns.append((f"USD ({', '.join(paid)})", format_numbers([c.cost_usd for c in candidates], digits=3)))
    kept = [
        (title, cells)
        for number, (title, cells) in enumerate(columns)
        if number < _NUMERIC_FROM or any(cell != NOTHING for cell in cells)
    ]
    return [title for title, _ in kept], [list(row) for row in zip(*(cells for _, cells in kept), strict=True)]


def _scores(board: Leaderboard, scores: Sequence[float | None]) -> list[str]:
    return format_numbers([natural(board.metric, score) for score in scores])


def _scored(board: Leaderboard, limit: int | None) -> tuple[list[Candidate], int]:
    """The first candidates that succeeded, the baselines always among them, and how many are left out."""
    scored = [candidate for candidate in board if candidate.status == "succeeded"]
    shown = [c for number, c in enumerate(scored) if limit is None or number < limit or c.algorithm == "baseline"]
    return shown, len(scored) - len(shown)


def _unscored(board: Leaderboard) -> list[Candidate]:
    return [candidate for candidate in board if candidate.status != "succeeded"]


# Text ------------------------------------------------------------------------------------------------------


def leaderboard_text(board: Leaderboard, *, limit: int | None = 20) -> str:
    """A leaderboard as an aligned table, best first, failed candidates with their reasons at the end.

    Args:
        board: The leaderboard.
        limit: Candidates that succeeded, and others, to show at most; None for all. A baseline is always shown.
    """
    lines = [f"Leaderboard of {_clean(board.job)}: {board.metric} {arrow(board.metric)}"]
    shown, left_out = _scored(board, limit)
    if shown:
        header, rows = _table(board, shown)
        lines += _aligned([header, *rows])
    if left_out:
        lines.append(f"... and {left_out} more")
    failed = _unscored(board)
    lines += [f"{c.status}: {_clean(c.model)}: {_clean(c.reason) or 'no reason given'}" for c in failed[:limit]]
    if limit is not None and len(failed) > limit:
        lines.append(f"... and {len(failed) - limit} more that did not succeed")
    if not len(board):
        lines.append("no candidates yet")
    return "\n".join(lines)


def _aligned(rows: list[list[str]]) -> list[str]:
    cells = [[_clean(cell) for cell in row] for row in rows]
    widths = [max(_width(row[column]) for row in cells) for column in range(len(cells[0]))]
    left = {1, 2}  # names; numbers stand at the right
    return [
        "  ".join(
            cell + " " * (width - _width(cell)) if column in left else " " * (width - _width(cell)) + cell
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ).rstrip()
        for row in cells
    ]


def _clean(text: str) -> str:
    """Text without characters that move the cursor, colour a terminal or turn the writing direction."""
    kept = (char if unicodedata.category(char)[0] != "C" else " " for char in text)
    return " ".join("".join(kept).split())


def _width(text: str) -> int:
    """Columns of a terminal that a text takes."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)


# CSV -------------------------------------------------------------------------------------------------------

_FORMULA = ("=", "+", "-", "@", "\t", "\r", "'")


def leaderboard_csv(board: Leaderboard) -> str:
    """A leaderboard as CSV with every field of its rows; nested fields are JSON.

    A text that a spreadsheet would run as a formula, or that starts with an apostrophe, gets an apostrophe in
    front; taking one leading apostrophe away gives the text back.
    """
    rows = board.rows()
    lines: list[list[object]] = [list(rows[0])] if rows else []
    lines += [[_csv_cell(value) for value in row.values()] for row in rows]
    return "".join(_csv_line(cells) + "\n" for cells in lines)


def _csv_line(cells: Sequence[object]) -> str:
    line = io.StringIO(newline="")
    # only with both as the line's end are fields quoted that have either in them
    csv.writer(line, lineterminator="\r\n").writerow(cells)
    return line.getvalue().removesuffix("\r\n")


def _csv_cell(value: object) -> object:
    if isinstance(value, dict):
        return json.dumps(value, ensure_ascii=False)
    if isinstance(value, str) and value.startswith(_FORMULA):
        return f"'{value}"
    return value


# HTML ------------------------------------------------------------------------------------------------------


def leaderboard_html(board: Leaderboard, *, limit: int | None = 20) -> str:
    """A leaderboard as HTML for a notebook, light or dark.

    Args:
        board: The leaderboard.
        limit: As for `leaderboard_text`.
    """
    metric = get_metric(board.metric)
    better = "higher" if metric.goal is Goal.MAXIMIZE else "lower"
    head = f"<b>Leaderboard</b><span class=cam-quiet>{escape(board.job)}</span>"
    head += f"<span class=cam-quiet>{escape(metric.name)}: {escape(metric.description)}, {better} is better</span>"
    return f"<div class=cam>{_STYLE}<div class=cam-head>{head}</div>{_board_table(board, limit)}</div>"


def job_html(record: JobRecord, board: Leaderboard) -> str:
    """A job as HTML for a notebook: where it stands, and its leaderboard so far."""
    state = escape(record.state.value)
    head = [f"<b>{escape(record.id)}</b>", f'<span class="cam-state cam-{state}">{state}</span>']
    if record.phase and not record.state.is_terminal:
        head.append(f"<span class=cam-quiet>{escape(record.phase)}</span>")
    if record.progress is not None and not record.state.is_terminal:
        head.append(f"<span class=cam-quiet>{record.progress:.0%}</span>")
    took = ((record.ended or record.updated) - record.created).total_seconds()
    head.append(f"<span class=cam-quiet>{escape(record.provider)}</span>")
    head.append(f"<span class=cam-quiet>{format_seconds(took)}</span>")
    reason = f"<div class=cam-{state}>{escape(record.reason)}</div>" if record.reason else ""
    body = _board_table(board, 20)
    return f"<div class=cam>{_STYLE}<div class=cam-head>{''.join(head)}</div>{reason}{body}</div>"


def _board_table(board: Leaderboard, limit: int | None) -> str:
    if not len(board):
        return "<span class=cam-quiet>no candidates yet</span>"
    shown, left_out = _scored(board, limit)
    failed = _unscored(board)
    out: list[str] = []
    header, rows = _table(board, shown)
    if shown:
        best = board.best.model if board.best else ""
        out += ["<tr>", *(_cell("th", column, title) for column, title in enumerate(header)), "</tr>"]
        for candidate, row in zip(shown, rows, strict=True):
            out.append("<tr class=cam-best>" if candidate.model == best else "<tr>")
            out += [*(_cell("td", column, text) for column, text in enumerate(row)), "</tr>"]
    width = max(len(header) - 3, 1)
    if left_out:
        out.append(f'<tr class=cam-out><td></td><td colspan="{width + 2}">and {left_out} more</td></tr>')
    for candidate in failed[:limit]:
        out.append(f"<tr class=cam-out><td>{NOTHING}</td><td>{escape(candidate.model)}</td>")
        out.append(f"<td>{escape(candidate.algorithm)}</td>")
        reason = f"{candidate.status}: {candidate.reason or 'no reason given'}"
        out.append(f'<td class=cam-reason colspan="{width}">{escape(reason)}</td></tr>')
    if limit is not None and len(failed) > limit:
        rest = f"and {len(failed) - limit} more that did not succeed"
        out.append(f'<tr class=cam-out><td></td><td colspan="{width + 2}">{rest}</td></tr>')
    return f"<table class=cam-table>{''.join(out)}</table>"


def _cell(tag: str, column: int, text: str) -> str:
    number = " class=cam-number" if column >= _NUMERIC_FROM else ""
    return f"<{tag}{number}>{escape(text)}</{tag}>"


def plan_html(plan: Plan) -> str:
    """A plan as HTML for a notebook: what would be sent, what it may cost, what is refused."""
    cost = plan.cost
    amount = "no bound" if cost.amount is None else f"at most {cost.amount} {cost.currency}"
    dated = f", prices of {cost.rate_date:%Y-%m-%d}" if cost.rate_date else ""
    out = [f"<b>Plan for {escape(plan.provider)}</b>", f"<span>{escape(amount)}</span>"]
    out.append(f"<span class=cam-quiet>{escape(cost.basis + dated)}</span>")
    body = [f"<div class=cam-error>refused: {escape(str(gap))}</div>" for gap in plan.gaps]
    body += [f"<div class=cam-{f.severity.value}>{escape(str(f))}</div>" for f in plan.findings]
    body += [f"<div>{escape(note)}</div>" for note in plan.notes]
    for request in plan.to_dict()["requests"]:
        text = json.dumps(request["body"], indent=2, ensure_ascii=False, default=str)
        body.append(f"<details><summary>{escape(request['operation'])}</summary><pre>{escape(text)}</pre></details>")
    return f"<div class=cam>{_STYLE}<div class=cam-head>{''.join(out)}</div>{''.join(body)}</div>"
