"""Usable columns: which of them can teach a model anything, and which are left out and why."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import declare, short
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    import pandas as pd

_ID_NAME = re.compile(r"(^|[^a-z])(id|uuid|guid|key|index|idx|row ?(id|no|num|number)?)$|^unnamed: ?\d+$|[a-z]I[dD]$")
_FEWEST_ROWS_FOR_ID = 20
_FEWEST_ROWS_FOR_RUN = 50
_HIGH_CARDINALITY = 1000
_MANY_COLUMNS = 2000
_MOSTLY_MISSING = 0.95


def judge_columns(
    train: pd.DataFrame, types: dict[str, ColumnType], *, declared: frozenset[str]
) -> tuple[list[str], list[Finding]]:
    """Tell which columns are of use.

    Args:
        train: The features of the rows to learn from, typed.
        types: The type of each.
        declared: Columns whose type the user gave; these are left out only when they hold nothing.

    Returns:
        Names of the columns to keep, in order, and findings about the others and about costly ones.
    """
    kept: list[str] = []
    findings: list[Finding] = []
    for name, kind in types.items():
        finding = _useless(train[name], kind, declared=name in declared)
        if finding is None:
            kept.append(name)
            finding = _costly(train[name], kind)
        if finding is not None:
            findings.append(finding)
    if not kept:
        findings.append(
            Finding("columns.none", Severity.ERROR, "no column is left to learn from", hint="give the data features")
        )
    if len(kept) > _MANY_COLUMNS:
        message = f"{len(kept):,} features: training is slow, and some providers refuse so many"
        findings.append(Finding("columns.many", Severity.WARNING, message))
    return kept, findings


def _useless(column: pd.Series[Any], kind: ColumnType, *, declared: bool) -> Finding | None:
    name = str(column.name)
    known = column.dropna()
    if known.empty:
        return Finding("column.empty", Severity.WARNING, "every value is missing; left out", name)
    distinct = int(known.nunique())
    if distinct == 1 and len(known) == len(column):
        return Finding("column.constant", Severity.INFO, f"every value is {short(known.iloc[0])}; left out", name)
    if (
        not declared
        and len(known) >= _FEWEST_ROWS_FOR_ID
        and distinct == len(known)
        and _is_identifier(known, name, kind)
    ):
        return Finding(
            "column.identifier",
            Severity.WARNING,
            f"{distinct:,} values, each once: an identifier, which says nothing about new rows; left out",
            name,
            f"{declare(name, kind)} keeps it",
        )
    return None


def _is_identifier(known: pd.Series[Any], name: str, kind: ColumnType) -> bool:
    """Whether unique values identify rows instead of describing them."""
    if kind is ColumnType.CATEGORICAL:
        return True
    if kind is not ColumnType.NUMERIC:
        return False
    whole = bool((known % 1 == 0).all())
    # sealing rows leaves holes in a running number, so half of it is enough
    run = whole and len(known) >= _FEWEST_ROWS_FOR_RUN and float(known.max() - known.min()) < 2 * len(known)
    named = _ID_NAME.search(name) or _ID_NAME.search(name.lower().replace("_", " "))
    return whole and (run or named is not None)


def _costly(column: pd.Series[Any], kind: ColumnType) -> Finding | None:
    name = str(column.name)
    missing = float(column.isna().mean())
    if missing > _MOSTLY_MISSING:
        return Finding("column.mostly_missing", Severity.INFO, f"{missing:.1%} of the values are missing", name)
    if kind is ColumnType.CATEGORICAL:
        distinct = int(column.nunique())
        if distinct > _HIGH_CARDINALITY and distinct > len(column) / 10:
            message = f"{distinct:,} categories in {len(column):,} rows: most are too rare to learn from"
            return Finding("column.high_cardinality", Severity.WARNING, message, name)
    return None
