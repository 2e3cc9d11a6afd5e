"""JSON lines: one object a line, numbers kept digit by digit, every defect with its line."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any, NoReturn, cast

from cloudautoml.data.arrow import raw_from_arrow
from cloudautoml.data.names import short
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

_CHUNK = 10_000
"""Lines that are held as Python objects at a time."""


class _Number(str):
    """The digits of a number, as they were written."""

    __slots__ = ()


class _RepeatedKeyError(ValueError):
    """A key occurs twice in one object."""


def parse_json_lines(
    data: bytes, *, na_values: tuple[str, ...], where: str, lists: Collection[str] = ()
) -> pd.DataFrame:
    """Read JSON lines.

    Args:
        data: Content of the file, UTF-8.
        na_values: Texts that mean "missing".
        where: The file, for messages.
        lists: Keys that may hold lists of labels; each becomes text in the form of `labels.label_set`.

    Returns:
        `str` columns for text and for numbers (which are inferred later), `boolean` for booleans; a key that a
        line lacks is missing there.

    Raises:
        DataError: A line is not one flat JSON object, or a column mixes text, numbers and booleans.
    """
    missing = frozenset(na_values)
    columns: dict[str, _Column] = {}
    chunk: list[tuple[int, dict[str, Any]]] = []
    rows = 0
    for line, raw in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        if raw.strip():
            row = _object(raw, f"{where}:{line}")
            chunk.append((line, row | {name: _joined(row[name]) for name in lists if name in row}))
        if len(chunk) == _CHUNK:
            _add(columns, chunk, rows, missing, where)
            rows, chunk = rows + _CHUNK, []
    _add(columns, chunk, rows, missing, where)
    if not columns:
        raise DataError("no line holds a JSON object with keys", where=where)
    import pyarrow as pa

    return raw_from_arrow(pa.table({name: column.array() for name, column in columns.items()}), where=where)


def _joined(value: Any) -> Any:
    """A list of plain values as text; what is no such list, as it is."""
    if not isinstance(value, list) or any(isinstance(item, (list, dict)) for item in cast("list[object]", value)):
        return value
    from cloudautoml.data.labels import label_set

    return label_set(cast("list[object]", value))


def _object(raw: bytes, where: str) -> dict[str, Any]:
    try:
        value = _DECODER.decode(raw.decode())
    except UnicodeDecodeError as exc:
        raise DataError(f"byte {exc.start} of the line is not UTF-8 ({exc.reason})", where=where) from exc
    except _RepeatedKeyError as exc:
        raise DataError(f"the key {short(str(exc))} occurs twice", where=where) from exc
    except RecursionError as exc:
        raise DataError("the line is nested too deeply", where=where) from exc
    except ValueError as exc:
        raise DataError(f"the line is not JSON: {exc}", where=where, hint="write one JSON object a line") from exc
    if not isinstance(value, dict):
        raise DataError(
            f"the line holds {type(value).__name__}, not an object", where=where, hint="write one JSON object a line"
        )
    return value


def _pairs(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    made = dict(pairs)
    if len(made) < len(pairs):
        seen: set[str] = set()
        for name, _ in pairs:
            if name in seen:
                raise _RepeatedKeyError(name)
            seen.add(name)
    return made


def _constant(text: str) -> NoReturn:
    msg = f"{text} is not a JSON value; write null, or a number"
    raise ValueError(msg)


_DECODER = json.JSONDecoder(object_pairs_hook=_pairs, parse_int=_Number, parse_float=_Number, parse_constant=_constant)


_KINDS: dict[type, str] = {
    bool: "a boolean",
    str: "text",
    _Number: "a number",
    dict: "a nested object",
    list: "a nested array",
}


class _Column:
    """The values of one key, kept compactly chunk by chunk, and the kind that they share."""

    def __init__(self, name: str, *, before: int) -> None:
        self.name = name
        self.kind: type | None = None
        self.chunks: list[Any] = []
        self.before = before

    def add(self, values: list[Any]) -> int | None:
        """Take a chunk of values; the position of the first that does not fit, None when all do."""
        import pyarrow as pa

        kinds = set(map(type, values)) - {type(None)}
        if self.kind is None and kinds:
            self.kind = next(type(value) for value in values if value is not None)
        if kinds - {self.kind} or self.kind in {dict, list}:
            return next(i for i, value in enumerate(values) if _unfit(value, self.kind))
        self.chunks.append(pa.array(values, type=pa.bool_() if self.kind is bool else pa.large_string()))
        return None

    def array(self) -> Any:
        """All values, those missing before the key first occurred included."""
        import pyarrow as pa

        kind = pa.bool_() if self.kind is bool else pa.large_string()
        return pa.chunked_array([pa.nulls(self.before, kind), *(chunk.cast(kind) for chunk in self.chunks)])


def _unfit(value: Any, kind: type | None) -> bool:
    return value is not None and (type(value) is not kind or kind in {dict, list})


def _add(
    columns: dict[str, _Column],
    chunk: list[tuple[int, dict[str, Any]]],
    before: int,
    missing: frozenset[str],
    where: str,
) -> None:
    """Add some lines to the columns; a new key makes a new column."""
    for name in dict.fromkeys(name for _, row in chunk for name in row):
        columns.setdefault(name, _Column(name, before=before))
    for name, column in columns.items():
        values = [row.get(name) for _, row in chunk]
        values = [None if type(value) is str and value in missing else value for value in values]
        try:
            unfit = column.add(values)
        except UnicodeEncodeError as exc:
            unfit = next(i for i, value in enumerate(values) if isinstance(value, str) and _is_broken(value))
            message = f"column {short(name)} holds half a character ({exc.reason})"
            raise DataError(message, where=f"{where}:{chunk[unfit][0]}") from exc
        if unfit is not None:
            raise _mixed(column, values[unfit], f"{where}:{chunk[unfit][0]}")


def _is_broken(text: str) -> bool:
    return any("\ud800" <= character <= "\udfff" for character in text)


def _mixed(column: _Column, value: Any, where: str) -> DataError:
    kind = type(value)
    if kind in {dict, list}:
        message, hint = f"column {short(column.name)} holds {_KINDS[kind]}", "flatten it into plain columns"
    else:
        message = f"column {short(column.name)} holds {_KINDS[kind]}, and {_KINDS[column.kind or kind]} before"
        hint = "give the column one type; data.na_values names texts that mean missing"
    return DataError(message, where=where, hint=hint)
