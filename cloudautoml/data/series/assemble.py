"""Assembly: rows on their grid become the frames that are learned from, and those that are sealed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.series.fill import carried, filled
from cloudautoml.data.series.grid import names
from cloudautoml.data.series.long import place, shown

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.series.grid import Line
    from cloudautoml.data.series.long import LongRows
    from cloudautoml.data.series.schema import SeriesSchema

FEWEST = 3
"""Steps that a series must have to be learned from, beside those that are validated on."""


@dataclass(slots=True)
class _Seen:
    """What is worth telling of the series, gathered while they are split."""

    short: list[tuple[str, ...]] = field(default_factory=list)
    empty: list[tuple[str, ...]] = field(default_factory=list)
    missing: list[str] = field(default_factory=list)
    gaps: list[str] = field(default_factory=list)
    late: list[str] = field(default_factory=list)
    changing: dict[str, list[str]] = field(default_factory=dict)
    future: int = 0
    longer: int = 0


def divided(
    found: Sequence[Line], rows: LongRows, schema: SeriesSchema, *, seal: bool
) -> tuple[pd.DataFrame, pd.DataFrame | None, list[Finding]]:
    """Split every series, and fill what is learned from; what is sealed keeps its gaps.

    Args:
        found: The series on their grids.
        rows: Their rows.
        schema: The columns.
        seal: Whether the last steps are sealed.

    Returns:
        Rows to learn from, sealed rows (None without), and findings.
    """
    import pandas as pd

    seen = _Seen()
    learned: list[pd.DataFrame] = []
    sealed: list[pd.DataFrame] = []
    for line in found:
        values = np_where(line.rows, rows.target)
        known = _known(values)
        if not len(known):
            seen.empty.append(line.key)
            continue
        begin, end = int(known[0]), int(known[-1]) + 1
        seen.future += len(values) - end
        cut = _cut(line, rows, end, schema.horizon, seen) if seal else end
        # what is learned from ends with a value that is known
        before = known[known < cut]
        stop = int(before[-1]) + 1 if len(before) else begin
        if stop - begin < schema.horizon + FEWEST:
            seen.short.append(line.key)
            continue
        frame = _frame(line, rows, schema, slice(begin, stop))
        frame[schema.target], made = filled(values[begin:stop], schema.frequency.season)
        for at in np_true(made):
            row = int(line.rows[begin + at])
            stamp = f"{names([line.key])} at {line.stamps[begin + at].astype('datetime64[s]')}"
            (seen.missing if row >= 0 else seen.gaps).append(place(rows, row) if row >= 0 else stamp)
        for name in (c.name for c in schema.static):
            if frame[name].dropna().nunique() > 1:
                seen.changing.setdefault(name, []).append(names([line.key]))
        learned.append(frame)
        if seal and cut < end:
            sealed.append(_frame(line, rows, schema, slice(cut, min(end, cut + schema.horizon))))
    columns = schema.order
    train = pd.concat(learned, ignore_index=True)[columns] if learned else pd.DataFrame(columns=columns)
    holdout = pd.concat(sealed, ignore_index=True)[columns] if sealed else None
    return train, holdout, _findings(seen, schema, len(found))


def np_true(flags: npt.NDArray[np.bool_]) -> list[int]:
    """The places that are true."""
    import numpy as np

    return [int(at) for at in np.flatnonzero(flags)]


def np_where(at: npt.NDArray[np.int64], values: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
    """The values at places, NaN at -1."""
    import numpy as np

    return np.where(at >= 0, values[np.maximum(at, 0)], np.nan) if len(values) else np.full(len(at), np.nan)


def _known(values: npt.NDArray[np.float64]) -> npt.NDArray[np.int64]:
    import numpy as np

    return np.flatnonzero(~np.isnan(values)).astype(np.int64)


def _cut(line: Line, rows: LongRows, end: int, horizon: int, seen: _Seen) -> int:
    """Where the sealed steps of a series begin."""
    import numpy as np

    if rows.sealed is None:
        return end - horizon
    at = line.rows[:end]
    marks = rows.sealed[np.maximum(at, 0)]
    marked = np.flatnonzero((at >= 0) & marks)
    if not len(marked):
        return end
    cut = int(marked[0])
    after = np.flatnonzero((at >= 0) & ~marks)
    if len(after) and after[-1] > cut:
        seen.late.append(place(rows, int(at[after[-1]])))
    seen.longer += int(end - cut > horizon)
    return cut


def _frame(line: Line, rows: LongRows, schema: SeriesSchema, part: slice) -> pd.DataFrame:
    import numpy as np
    import pandas as pd

    at = line.rows[part]
    columns: dict[str, Any] = {
        name: pd.Series([value] * len(at), dtype="str") for name, value in zip(schema.series, line.key, strict=True)
    }
    columns[schema.time] = line.stamps[part]
    columns[schema.target] = np_where(at, rows.target)
    found = rows.covariates.iloc[np.maximum(at, 0)].reset_index(drop=True)
    for column in schema.covariates:
        values = found[column.name].where(pd.Series(at >= 0))
        columns[column.name] = carried(values)
    return pd.DataFrame(columns)


def _findings(seen: _Seen, schema: SeriesSchema, count: int) -> list[Finding]:
    found: list[Finding] = []
    how = "filled from their neighbours, or from a season before in long gaps"
    if short := seen.short:
        severity = Severity.ERROR if len(short) * 5 > count else Severity.WARNING
        message = (
            f"{len(short):,} of {count:,} series are too short to learn from: {names(short)}; beside what is sealed "
            f"a series needs {schema.horizon + FEWEST} steps, {schema.horizon} of them to validate on"
        )
        found.append(Finding("series.short", severity, message, hint="shorten task.horizon, or leave them out"))
    if seen.empty:
        message = f"{len(seen.empty):,} series have no value at all and are left out: {names(seen.empty)}"
        found.append(Finding("series.empty", Severity.WARNING, message, schema.target))
    if seen.future:
        message = f"{seen.future:,} steps at the ends of series have no value, and are taken for the future"
        found.append(Finding("target.future", Severity.INFO, message, schema.target))
    if seen.missing:
        message = f"{len(seen.missing):,} values are missing and were {how}: {shown(seen.missing)}"
        found.append(Finding("target.missing", Severity.WARNING, message, schema.target))
    if seen.gaps:
        message = f"{len(seen.gaps):,} steps have no row and were {how}: {shown(seen.gaps)}"
        found.append(Finding("time.gaps", Severity.WARNING, message, schema.time))
    if seen.late:
        message = f"{len(seen.late):,} series go on after their sealed rows: {shown(seen.late)}"
        found.append(Finding("holdout.not_last", Severity.ERROR, message, hint="only the latest rows can be sealed"))
    if seen.longer:
        message = f"{seen.longer:,} series have more sealed rows than the horizon has steps; the first ones count"
        found.append(Finding("holdout.longer", Severity.INFO, message))
    for name, where in seen.changing.items():
        message = f"the column changes within {len(where):,} series, of which the last value is used: {shown(where)}"
        hint = "a column that changes and is known beforehand belongs in task.known_ahead"
        found.append(Finding("static.changes", Severity.WARNING, message, name, hint))
    return found
