"""Inference: what type each raw column is, and why it is not the one that a person might expect."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.data.arrow import arrow_compute
from cloudautoml.data.coerce import NUMBER, arrow_text, parse_times
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import declare, short
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    import pandas as pd

EXACT = 2**53
"""Whole numbers up to this size are exact in float64."""

_INFINITY = r"^[+-]?(?i:inf|infinity)$"
_LEADING_ZERO = r"^[+-]?0\d"
_LONG_INTEGER = r"^[+-]?\d{16,}$"
_AMBIGUOUS_DATE = r"^\d{1,2}/\d{1,2}/\d{2,4}$"
_MOSTLY = 0.9
_WORDS_OF_TEXT = 3.0
_LENGTH_OF_TEXT = 50.0
_SHARE_OF_TEXT = 0.3
_FEWEST_TEXTS = 20
_SPELLINGS = 32  # no more ways than this to write true and false in upper and lower case


def infer_type(column: pd.Series[Any]) -> tuple[ColumnType, list[Finding]]:
    """Infer the type of one raw column.

    Whole numbers that float64 cannot hold and numbers with leading zeros stay text, so that no digit is lost.

    Args:
        column: A column as `read_table` gives it; its name goes into the findings.

    Returns:
        The type, and findings about what was seen on the way.
    """
    import pandas as pd

    name, dtype = str(column.name), column.dtype
    if isinstance(dtype, pd.StringDtype):
        return _infer_text(name, column)
    if pd.api.types.is_numeric_dtype(dtype) and not pd.api.types.is_bool_dtype(dtype):
        return _infer_numbers(name, column)
    if isinstance(dtype, pd.CategoricalDtype):
        return ColumnType.CATEGORICAL, []
    return (ColumnType.BOOLEAN if pd.api.types.is_bool_dtype(dtype) else ColumnType.DATETIME), []


def _infer_numbers(name: str, column: pd.Series[Any]) -> tuple[ColumnType, list[Finding]]:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_float_dtype(column.dtype):
        infinite = np.isinf(column.to_numpy(dtype=np.float64, na_value=np.nan))
        return ColumnType.NUMERIC, [_infinite(name, "inf")] if bool(infinite.any()) else []
    known = column.dropna()
    largest = max((int(known.max()), int(known.min())), key=abs) if len(known) else 0
    if abs(largest) > EXACT:
        return ColumnType.CATEGORICAL, [_large(name, largest)]
    return ColumnType.NUMERIC, []


def _infer_text(name: str, column: pd.Series[Any]) -> tuple[ColumnType, list[Finding]]:

    pc = arrow_compute()

    import pyarrow as pa

    text = pc.utf8_trim_whitespace(arrow_text(column))
    text = text.filter(pc.fill_null(pc.not_equal(text, ""), False))
    unique = pc.unique(text)
    if not len(unique):
        return ColumnType.CATEGORICAL, []
    number = _matches(unique, NUMBER)
    infinite = _matches(unique, _INFINITY)
    if pc.all(pc.or_(number, infinite)).as_py() and pc.any(number).as_py():
        return _number_like(name, unique, number)
    if len(unique) <= _SPELLINGS and set(pc.utf8_lower(unique).to_pylist()) <= {"true", "false"}:
        return ColumnType.BOOLEAN, []
    times = parse_times(unique.to_pandas()).notna().to_numpy()
    if bool(times.all()):
        return ColumnType.DATETIME, []
    findings = [
        *_mostly(name, "numbers", text, unique, number),
        *_mostly(name, "times", text, unique, pa.array(times)),
    ]
    if pc.all(_matches(unique, _AMBIGUOUS_DATE)).as_py():
        findings.append(_ambiguous(name, unique[0].as_py()))
    return (ColumnType.TEXT if _is_prose(text, len(unique)) else ColumnType.CATEGORICAL), findings


def _matches(values: Any, pattern: str) -> Any:
    pc = arrow_compute()

    return pc.match_substring_regex(values, pattern)


def _number_like(name: str, unique: Any, number: Any) -> tuple[ColumnType, list[Finding]]:
    import pyarrow as pa

    pc = arrow_compute()

    zeros = unique.filter(_matches(unique, _LEADING_ZERO))
    if len(zeros):
        message = f"numbers with leading zeros such as {zeros[0].as_py()!r} are kept as categories"
        hint = f"{declare(name, 'numeric')} reads them as numbers"
        return ColumnType.CATEGORICAL, [Finding("column.leading_zeros", Severity.INFO, message, name, hint)]
    long = unique.filter(_matches(unique, _LONG_INTEGER)).to_pylist()
    large = [digits for digits in long if abs(int(digits)) > EXACT]
    if large:
        return ColumnType.CATEGORICAL, [_large(name, large[0])]
    values = pc.cast(pc.if_else(number, unique, pa.scalar(None, pa.large_string())), pa.float64())
    finite = pc.fill_null(pc.is_finite(values), False)
    beyond = unique.filter(pc.invert(finite)).to_pylist()
    return ColumnType.NUMERIC, [_infinite(name, beyond[0])] if beyond else []


def _is_prose(text: Any, distinct: int) -> bool:
    """Many different values of several words, or long ones."""
    pc = arrow_compute()

    if distinct < _FEWEST_TEXTS or distinct < _SHARE_OF_TEXT * len(text):
        return False
    sample = text.slice(0, 10_000)
    words = pc.mean(pc.count_substring_regex(sample, r"\S+")).as_py()
    return bool(words >= _WORDS_OF_TEXT or pc.mean(pc.utf8_length(sample)).as_py() >= _LENGTH_OF_TEXT)


def _infinite(name: str, value: str) -> Finding:
    return Finding(
        "column.infinite",
        Severity.ERROR,
        f"{short(value)} is no finite number",
        name,
        "replace it, or name it in data.na_values to read it as missing",
    )


def _large(name: str, value: object) -> Finding:
    return Finding(
        "column.large_integers",
        Severity.WARNING,
        f"whole numbers such as {value} have more digits than a float64 holds and are kept as categories",
        name,
        f"{declare(name, 'numeric')} reads them as numbers and rounds",
    )


def _mostly(name: str, kind: str, text: Any, unique: Any, readable: Any) -> list[Finding]:
    """Say when nearly all values are of a kind, and one that is not."""
    pc = arrow_compute()
    if not pc.any(readable).as_py():
        return []
    rows = int(pc.sum(pc.is_in(text, value_set=unique.filter(readable))).as_py())
    if rows < _MOSTLY * len(text):
        return []
    other = unique.filter(pc.invert(readable))[0].as_py()
    message = f"{rows:,} of {len(text):,} values are {kind} and {short(other)} is not, so all are categories"
    hint = "name the texts that mean missing in data.na_values"
    return [Finding(f"column.mostly_{kind}", Severity.WARNING, message, name, hint)]


def _ambiguous(name: str, value: str) -> Finding:
    return Finding(
        "column.ambiguous_dates",
        Severity.WARNING,
        f"{value!r} may be day/month or month/day, so it is not read as a date",
        name,
        "write dates as 2024-01-31",
    )
