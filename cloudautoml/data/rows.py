"""Typed rows: one raw table with every column read as its type, and the rows that have a target."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.data.coerce import coerce
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.labels import label_sets
from cloudautoml.data.names import require_columns, short
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.data.roles import Roles

_MOST = 0.5


def typed_rows(
    raw: pd.DataFrame, types: dict[str, ColumnType], roles: Roles, *, where: str
) -> tuple[pd.DataFrame, list[Finding]]:
    """Read every column of a raw table as its type.

    Args:
        raw: A table as `read_table` gives it.
        types: Type of every column but target and weight; ignored ones are read as text where there are any.
        roles: What the target and the weight are.
        where: `data.train` or `data.test`, for messages.

    Returns:
        The rows that have a target, with a `RangeIndex`, and findings about values that could not be read.

    Raises:
        DataError: A column that is not ignored is missing.
    """
    import pandas as pd

    have = [str(name) for name in raw.columns]
    require_columns([(name, "") for name, kind in types.items() if kind is not ColumnType.IGNORE], have, where=where)
    findings: list[Finding] = []
    columns: dict[str, pd.Series[Any]] = {}
    for name, kind in types.items():
        if name in have:
            columns[name], found = _read(raw[name], kind, where)
            findings += found
    kind = ColumnType.CATEGORICAL if roles.classification else ColumnType.NUMERIC
    if roles.separator is not None:
        columns[roles.target] = label_sets(raw[roles.target], separator=roles.separator)
    else:
        columns[roles.target], found = _read(raw[roles.target], kind, where, code="target.not_numeric")
        findings += found
    if roles.weight is not None:
        columns[roles.weight], found = _read(raw[roles.weight], ColumnType.NUMERIC, where, code="weight.not_numeric")
        findings += found
    frame = pd.DataFrame(columns, index=raw.index)
    known = frame[roles.target].notna()
    findings += _missing_targets(roles.target, int((~known).sum()), len(frame), where)
    return (frame if bool(known.all()) else frame.loc[known].reset_index(drop=True)), findings


_HINTS = {
    "column.unreadable": "declare another type in data.types, or name texts that mean missing in data.na_values",
    "target.not_numeric": "use tabular_classification for classes, or name texts that mean missing in data.na_values",
    "weight.not_numeric": "a weight is a number, zero or above",
}


def _read(
    column: pd.Series[Any], kind: ColumnType, where: str, *, code: str = "column.unreadable"
) -> tuple[pd.Series[Any], list[Finding]]:
    coerced = coerce(column, kind)
    bad = int(coerced.bad.sum())
    if not bad:
        return coerced.values, []
    row = int(coerced.bad.argmax())
    wanted = "a finite number" if kind is ColumnType.NUMERIC else f"a {kind.value}"
    message = (
        f"{bad:,} {'value' if bad == 1 else 'values'} of {where} cannot be read as {wanted}: "
        f"the first is {short(column.iloc[row])} in row {row + 1}"
    )
    return coerced.values, [Finding(code, Severity.ERROR, message, str(column.name), _HINTS[code])]


def _missing_targets(target: str, missing: int, rows: int, where: str) -> list[Finding]:
    if not missing:
        return []
    count = f"{missing:,} of {rows:,} rows of {where} have no target"
    if missing > _MOST * rows:
        return [Finding("target.missing", Severity.ERROR, count, target, "is it the right column?")]
    return [Finding("target.missing", Severity.WARNING, f"{count} and are left out", target)]
