"""CSV: every field as the text that it is, and every defect with its line."""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.data.arrow import raw_from_arrow
from cloudautoml.data.names import short
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.spec import CsvDialect

_LARGEST_BLOCK = 2**31 - 1
_DELIMITERS = (";", "\t", "|", ",")


def parse_csv(data: bytes, dialect: CsvDialect, *, where: str) -> pd.DataFrame:
    """Read CSV as text.

    Args:
        data: Content of the file.
        dialect: How it is written; nothing is guessed beyond the byte-order mark.
        where: The file, for messages.

    Returns:
        A frame of `str` columns.

    Raises:
        DataError: With the line, and the byte offset where it can be told.
    """
    plain, start = _decoded(data, dialect.encoding, where)
    return _Text(plain, dialect, where, start).frame()


def _decoded(data: bytes, encoding: str, where: str) -> tuple[bytes, int | None]:
    """The content as UTF-8 without a byte-order mark, and where in the file it starts; None if it was transcoded."""
    try:
        name = codecs.lookup(encoding).name
    except LookupError:
        raise DataError(
            f"no encoding {encoding!r} is known",
            where=where,
            hint="set data.csv.encoding to utf-8, latin-1 or cp1252",
        ) from None
    transcoded = name not in {"utf-8", "utf-8-sig", "ascii"}
    marked = len(codecs.BOM_UTF8) if not transcoded and data.startswith(codecs.BOM_UTF8) else 0
    plain = data[marked:]
    try:
        text = plain.decode("utf-8" if name == "utf-8-sig" else name)
        if transcoded:
            plain = text.removeprefix("\ufeff").encode()
    except UnicodeError as exc:
        start = exc.start if isinstance(exc, UnicodeDecodeError) else 0
        reason = exc.reason if isinstance(exc, UnicodeDecodeError) else str(exc)
        raise DataError(
            f"byte {marked + start} ({data[marked + start : marked + start + 1]!r}) is not {encoding}: {reason}",
            where=f"{where}:{_line(plain, start)}",
            hint="set data.csv.encoding to what the file is written in, such as latin-1 or cp1252",
        ) from exc
    if (nul := plain.find(b"\0")) >= 0:
        raise DataError(
            f"byte {marked + nul} is NUL, which has no place in a CSV file",
            where=f"{where}:{_line(plain, nul)}",
            hint="if the file is UTF-16, set data.csv.encoding to utf-16; otherwise the file is damaged",
        )
    return plain, (None if transcoded else marked)


def _line(data: bytes, position: int) -> int:
    """The line that a byte is on, from 1."""
    return len(re.findall(rb"\r\n|\n|\r", data[:position])) + 1


@dataclass(frozen=True, slots=True)
class _Text:
    """CSV in UTF-8, with what it takes to read it and to point at a place in it."""

    data: bytes
    dialect: CsvDialect
    where: str
    start: int | None

    def frame(self) -> pd.DataFrame:
        self._check_dialect()
        self._check_quotes()
        first = self._first_record()
        names = self._names(first)
        return raw_from_arrow(self._table(names), where=self.where)

    def _error(self, message: str, position: int, hint: str = "") -> DataError:
        place = "" if self.start is None else f" (byte {self.start + position})"
        return DataError(message + place, where=f"{self.where}:{_line(self.data, position)}", hint=hint or None)

    def _check_dialect(self) -> None:
        for field in ("delimiter", "quote"):
            value = getattr(self.dialect, field)
            if not value.isascii() or value in "\r\n\0":
                raise DataError(
                    f"data.csv.{field} cannot be {value!r}", where=self.where, hint="use one ASCII character"
                )
        if self.dialect.delimiter == self.dialect.quote:
            raise DataError("data.csv.delimiter and data.csv.quote are the same", where=self.where)

    def _field(self) -> str:
        """Pattern of one well-formed field: quoted, or plain and not opening with a quote."""
        q, d = re.escape(self.dialect.quote), re.escape(self.dialect.delimiter)
        return rf"(?:{q}[^{q}]*+(?:{q}{q}[^{q}]*+)*+{q}|[^{q}{d}\r\n][^{d}\r\n]*+)?+"

    def _separator(self) -> str:
        """Pattern of what ends a field."""
        return rf"{re.escape(self.dialect.delimiter)}|\r\n|\n|\r"

    def _check_quotes(self) -> None:
        """Refuse what a lenient parser would swallow: a quote that never closes, text after a closing one."""
        quote = self.dialect.quote.encode()
        if quote not in self.data:
            return
        field = self._field()
        well = re.match(rf"(?:{field}(?:{self._separator()}))*+{field}".encode(), self.data)
        end = well.end() if well else 0
        if end < len(self.data):
            after = self.data[end : end + 1].decode("utf-8", "replace")
            if after in _DELIMITERS:  # a file of quoted fields that is read with another delimiter
                raise self._error(
                    f"{after!r} after a closing quote, where {self.dialect.delimiter!r} or the end of the line is due",
                    end,
                    f"set data.csv.delimiter to {after!r} if the file is written with it",
                )
            what = (
                "a quote opens here and never closes"
                if self.data.startswith(quote, end)
                else "text after a closing quote"
            )
            raise self._error(what, end, "a quote inside a quoted field is written twice")

    def _records(self) -> Any:
        """Pairs of position and fields of each record that is not an empty line."""
        quote = self.dialect.quote.encode()
        token = re.compile(rf"({self._field()})({self._separator()}|\Z)".encode())
        fields: list[bytes] = []
        start = 0
        for match in token.finditer(self.data):
            text = match[1]
            fields.append(text[1:-1].replace(quote * 2, quote) if text[:1] == quote else text)
            if match[2] == self.dialect.delimiter.encode():
                continue
            if fields != [b""] or text:
                yield start, fields
            fields, start = [], match.end()

    def _first_record(self) -> list[str]:
        for _, fields in self._records():
            return [field.decode() for field in fields]
        raise DataError("the file holds empty lines only", where=self.where)

    def _names(self, first: list[str]) -> list[str]:
        if len(first) == 1 and self.dialect.header:
            for other in _DELIMITERS:
                if other in first[0] and other != self.dialect.delimiter:
                    raise DataError(
                        f"one column named {short(first[0])}: the file seems to be written with {other!r} "
                        f"and is read with {self.dialect.delimiter!r}",
                        where=f"{self.where}:1",
                        hint=f"set data.csv.delimiter to {other!r}",
                    )
        if not self.dialect.header:
            return [f"f{i}" for i in range(len(first))]
        if empty := [i + 1 for i, name in enumerate(first) if not name.strip()]:
            raise DataError(
                f"column {empty[0]} has no name" if len(empty) == 1 else f"columns {empty} have no name",
                where=f"{self.where}:1",
                hint="name it; a frame's index is left out with to_csv(index=False)",
            )
        seen: dict[str, int] = {}
        for i, name in enumerate(first):
            if name in seen:
                raise DataError(
                    f"columns {seen[name] + 1} and {i + 1} are both named {short(name)}",
                    where=f"{self.where}:1",
                    hint="rename one",
                )
            seen[name] = i
        return first

    def _table(self, names: list[str]) -> Any:
        import pyarrow as pa
        from pyarrow import csv

        keys = [str(i) for i in range(len(names))]
        quoted = self.dialect.quote.encode() in self.data
        parse = csv.ParseOptions(
            delimiter=self.dialect.delimiter,
            quote_char=self.dialect.quote,
            newlines_in_values=quoted,
            ignore_empty_lines=len(names) > 1,
        )
        convert = csv.ConvertOptions(
            column_types=dict.fromkeys(keys, pa.large_string()), strings_can_be_null=False, check_utf8=False
        )
        for block in (1 << 20, min(len(self.data) + 2, _LARGEST_BLOCK)):
            reading = csv.ReadOptions(column_names=keys, block_size=block)
            try:
                table = csv.read_csv(
                    pa.BufferReader(self.data), read_options=reading, parse_options=parse, convert_options=convert
                )
            except pa.ArrowInvalid as exc:
                if "straddling" in str(exc) and block < len(self.data):
                    continue
                raise self._ragged(len(names), exc) from exc
            return table.slice(1 if self.dialect.header else 0).rename_columns(names)
        raise DataError("one field is larger than 2 GiB", where=self.where)

    def _ragged(self, width: int, cause: Exception) -> DataError:
        for position, fields in self._records():
            if len(fields) != width:
                return self._error(
                    f"{len(fields)} fields where the first line has {width}",
                    position,
                    "a field that holds the delimiter must be quoted",
                )
        return DataError(f"the file does not read as CSV: {cause}", where=self.where)
