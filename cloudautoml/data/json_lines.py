"""JSON lines: one object a line, numbers kept digit by digit, every defect with its line."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any, NoReturn

from cloudautoml.data.names import short
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


class _Number(str):
    """The digits of a number, as they were written."""

    __slots__ = ()


class _RepeatedKeyError(ValueError):
    """A key occurs twice in one object."""


def parse_json_lines(data: bytes, *, na_values: tuple[str, ...], where: str) -> pd.DataFrame:
    """Read JSON lines.

    Args:
        data: Content of the file, UTF-8.
        na_values: Texts that mean "missing".
        where: The file, for messages.

    Returns:
        `str` columns for text and for numbers (which are inferred later), `boolean` for booleans; a key that a
        line lacks is missing there.

    Raises:
        DataError: A line is not one flat JSON object, or a column mixes text, numbers and booleans.
    """
    missing = frozenset(na_values)
    columns: dict[str, _Column] = {}
    rows = 0
    for line, raw in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        if not raw.strip():
            continue
        for name, value in _object(raw, f"{where}:{line}").items():
            column = columns.get(name)
            if column is None:
                column = columns[name] = _Column(name)
            column.add(rows, None if isinstance(value, str) and value in missing else value, f"{where}:{line}")
        rows += 1
    if not columns:
        raise DataError("no line holds a JSON object with keys", where=where)
    import pandas as pd

    return pd.DataFrame({name: column.series(rows) for name, column in columns.items()})


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


class _Column:
    """The values of one key, and the kind that they share."""

    def __init__(self, name: str) -> None:
        self.name = name
        self.kind: type | None = None
        self.rows: list[int] = []
        self.values: list[Any] = []

    def add(self, row: int, value: Any, where: str) -> None:
        if value is None:
            return
        kind = type(value)
        if kind in {dict, list}:
            raise DataError(
                f"column {short(self.name)} holds a nested {'object' if kind is dict else 'array'}",
                where=where,
                hint="flatten it into plain columns",
            )
        if self.kind is None:
            self.kind = kind
        elif kind is not self.kind:
            names = {bool: "a boolean", str: "text", _Number: "a number"}
            raise DataError(
                f"column {short(self.name)} holds {names[kind]}, and {names[self.kind]} before",
                where=where,
                hint="give the column one type; data.na_values names texts that mean missing",
            )
        if kind is str:
            try:
                value.encode()
            except UnicodeEncodeError as exc:
                raise DataError(
                    f"column {short(self.name)} holds half a character ({exc.reason})", where=where
                ) from exc
        self.rows.append(row)
        self.values.append(value)

    def series(self, rows: int) -> pd.Series[Any]:
        import pandas as pd

        values = pd.Series(self.values, index=self.rows, dtype="boolean" if self.kind is bool else "str")
        return values.reindex(range(rows))
