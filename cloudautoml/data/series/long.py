"""Long tables: rows of series with their stamps, values and covariates, as typed arrays that know where they stood."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.data.coerce import coerce, text_values
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import listed, require_columns, short
from cloudautoml.data.series.stamps import read_moments
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.series.schema import Covariate

_SHOWN = 3
_HINTS = {
    "time.unreadable": "write times as 2024-01-31 or 2024-01-31T12:00:00",
    "time.missing": "every row needs a stamp",
    "series.missing": "every row needs its series",
    "target.not_numeric": "name texts that mean missing in data.na_values",
    "column.unreadable": "declare another type in data.types",
}


@dataclass(frozen=True, slots=True, eq=False)
class LongRows:
    """Rows of all series.

    Attributes:
        keys: The distinct values of the columns that tell series apart, sorted; one empty key for one series.
        code: For each of n rows the number of its key.
        utc: N stamps; those with a zone in UTC.
        wall: N stamps as the clock on the wall showed them.
        zoned: Whether stamps carry zones.
        target: N values, NaN where missing.
        sealed: Which rows are marked as sealed; None where no column marks them.
        row: For each row its number in its table, from 1, and below zero for a second table.
        covariates: N rows of the other columns: float64, or `str`.
    """

    keys: list[tuple[str, ...]]
    code: npt.NDArray[np.int64]
    utc: npt.NDArray[np.datetime64]
    wall: npt.NDArray[np.datetime64]
    zoned: bool
    target: npt.NDArray[np.float64]
    sealed: npt.NDArray[np.bool_] | None
    row: npt.NDArray[np.int64]
    covariates: pd.DataFrame

    def __len__(self) -> int:
        return len(self.code)

    def take(self, which: npt.NDArray[Any]) -> LongRows:
        """Some of the rows, in the order given."""
        return LongRows(
            self.keys,
            self.code[which],
            self.utc[which],
            self.wall[which],
            self.zoned,
            self.target[which],
            None if self.sealed is None else self.sealed[which],
            self.row[which],
            self.covariates.iloc[which].reset_index(drop=True),
        )


def place(rows: LongRows, at: int, *, wall: bool = False) -> str:
    """Which series, stamp and row one of the rows is, for a message."""
    stamp = str((rows.wall if wall else rows.utc)[at].astype("datetime64[s]"))
    number = int(rows.row[at])
    table = "row" if number > 0 else "row of the test file"
    return f"{name_of(rows.keys[int(rows.code[at])])}at {stamp}, {table} {abs(number)}"


def name_of(key: tuple[str, ...]) -> str:
    """A series for a message, with a space after it; nothing where there is only one."""
    return f"series {short(key[0] if len(key) == 1 else '/'.join(key))} " if key else ""


def shown(places: Sequence[str]) -> str:
    """A few places for a message."""
    more = f", and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
    return f"{'; '.join(places[:_SHOWN])}{more}"


def read_long(
    raw: pd.DataFrame,
    *,
    target: str,
    time: str,
    series: Sequence[str],
    covariates: Sequence[Covariate],
    where: str,
    second: bool = False,
    future: bool = False,
    sealed: Callable[[pd.DataFrame], npt.NDArray[np.bool_]] | None = None,
) -> tuple[LongRows, list[Finding]]:
    """Type the columns of a long table.

    Args:
        raw: A table as `read_table` gives it.
        target: Column of the values.
        time: Column of the stamps.
        series: Columns that tell series apart.
        covariates: The other columns, and their types.
        where: The table, for messages.
        second: Whether it is the second table of the data.
        future: Whether the target may be missing, even its column.
        sealed: Tells from the table which rows are sealed.

    Returns:
        The rows that have a key and a stamp, sorted by key and then as they stood, and findings.

    Raises:
        DataError: A column is missing.
    """
    import numpy as np
    import pandas as pd

    wanted = [(time, "task.time"), *((name, "task.series") for name in series)]
    wanted += [] if future else [(target, "task.target")]
    require_columns([*wanted, *((c.name, "") for c in covariates)], [str(c) for c in raw.columns], where=where)
    findings: list[Finding] = []
    number = np.arange(1, len(raw) + 1) * (-1 if second else 1)
    moments = read_moments(raw[time])
    _report(findings, "time.unreadable", raw[time], moments.bad, where=where, wanted="time")
    lost = np.isnat(moments.utc) & ~moments.bad
    _report(findings, "time.missing", raw[time], lost, where=where, wanted="time")
    if 0 < moments.zoned.sum() < (~np.isnat(moments.utc)).sum():
        first = int(np.flatnonzero(moments.zoned != moments.zoned[0])[0])
        message = f"some stamps of {where} carry a time zone and some do not: rows 1 and {first + 1} differ"
        findings.append(Finding("time.zones_mixed", Severity.ERROR, message, time, "give all of them a zone, or none"))
    keep = ~np.isnat(moments.utc)
    parts = [text_values(raw[name]) for name in series]
    for name, part in zip(series, parts, strict=True):
        missing = part.isna().to_numpy(dtype=np.bool_)
        _report(findings, "series.missing", raw[name], missing, where=where, wanted="series")
        keep &= ~missing
    values = np.full(len(raw), np.nan)
    if target in raw.columns:
        coerced = coerce(raw[target], ColumnType.NUMERIC)
        _report(findings, "target.not_numeric", raw[target], coerced.bad, where=where, wanted="finite number")
        values = coerced.values.to_numpy(dtype=np.float64)
    others: dict[str, Any] = {}
    for column in covariates:
        coerced = coerce(raw[column.name], column.type)
        _report(
            findings,
            "column.unreadable",
            raw[column.name],
            coerced.bad,
            where=where,
            wanted=f"{column.type.value} value",
        )
        others[column.name] = coerced.values.reset_index(drop=True)
    code, keys = _codes(parts, keep)
    marks = None if sealed is None else sealed(raw)
    frame = pd.DataFrame(others, index=pd.RangeIndex(len(raw)))
    rows = LongRows(keys, code, moments.utc, moments.wall, bool(moments.zoned.any()), values, marks, number, frame)
    order = np.flatnonzero(keep)
    return rows.take(order[np.argsort(code[order], kind="stable")]), findings


def joined(first: LongRows, second: LongRows) -> tuple[LongRows, list[str]]:
    """Both tables as one, the second sealed; series of the second that the first lacks are left out, and returned."""
    import numpy as np
    import pandas as pd

    places = {key: number for number, key in enumerate(first.keys)}
    codes = np.asarray([places.get(key, -1) for key in second.keys], np.int64)[second.code]
    unknown = sorted({name_of(second.keys[int(c)]).strip() for c in np.unique(second.code[codes < 0])})
    second = second.take(np.flatnonzero(codes >= 0))
    codes = codes[codes >= 0]
    both = LongRows(
        first.keys,
        np.concatenate([first.code, codes]),
        np.concatenate([first.utc, second.utc]),
        np.concatenate([first.wall, second.wall]),
        first.zoned or second.zoned,
        np.concatenate([first.target, second.target]),
        np.concatenate([np.zeros(len(first), np.bool_), np.ones(len(second), np.bool_)]),
        np.concatenate([first.row, second.row]),
        pd.concat([first.covariates, second.covariates], ignore_index=True),
    )
    return both.take(np.argsort(both.code, kind="stable")), unknown


def _codes(parts: list[Any], keep: npt.NDArray[np.bool_]) -> tuple[npt.NDArray[np.int64], list[tuple[str, ...]]]:
    import numpy as np

    if not parts:
        return np.zeros(len(keep), np.int64), [()]
    combined = list(zip(*(part.tolist() for part in parts), strict=True))
    keys = sorted({key for key, kept in zip(combined, keep, strict=True) if kept})
    places = {key: number for number, key in enumerate(keys)}
    return np.asarray([places.get(key, 0) for key in combined], np.int64), keys


def _report(
    findings: list[Finding], code: str, raw: pd.Series[Any], bad: npt.NDArray[np.bool_], *, where: str, wanted: str
) -> None:
    if not bad.any():
        return
    import numpy as np

    places = np.flatnonzero(bad)
    values = listed(raw.iloc[places[:_SHOWN]].tolist())
    numbers = ", ".join(str(at + 1) for at in places[:_SHOWN])
    message = f"{len(places):,} of {len(bad):,} rows of {where} have no {wanted}: {values} in row {numbers}"
    findings.append(Finding(code, Severity.ERROR, message, str(raw.name), _HINTS.get(code, "")))
