"""CoNLL files: a token a line, its tag in the last column, and an empty line after each sentence."""

from __future__ import annotations

import codecs
from typing import TYPE_CHECKING

from cloudautoml.data.names import short
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator

_DOCUMENT = "-DOCSTART-"


def parse_conll(data: bytes, *, where: str, tagged: bool = True) -> list[tuple[str, list[str], list[str]]]:
    """Read sentences in columns that tabs or blanks separate.

    Lines that mark a document and comments (`# key = value`) are left out.

    Args:
        data: Content of the file, UTF-8.
        where: The file, for messages.
        tagged: Whether every token must have a tag.

    Returns:
        For each sentence its first line (`line 12`), its tokens and its tags; no tags where lines have one column.

    Raises:
        DataError: A line is not text, or has no tag, or another number of columns than those before.
    """
    sentences: list[tuple[str, list[str], list[str]]] = []
    tokens: list[str] = []
    tags: list[str] = []
    first, width = 1, 0
    for number, line in _lines(data, where):
        fields = [field.strip() for field in line.split("\t")] if "\t" in line.strip() else line.split()
        if not fields or fields[0] == _DOCUMENT or (line.startswith("# ") and "=" in line):
            if tokens and (not fields or fields[0] == _DOCUMENT):
                sentences.append((f"line {first}", tokens, tags))
                tokens, tags = [], []
            continue
        width = width or len(fields)
        if len(fields) != width or not fields[0]:
            message = f"the line has {len(fields)} columns, and {width} before: {short(line.strip())}"
            hint = "each line is a token and its tag; an empty line ends a sentence"
            raise DataError(message, where=f"{where}:{number}", hint=hint)
        if width < 2 and tagged:
            raise DataError(
                f"there is one column, so no tag: {short(line.strip())}",
                where=f"{where}:{number}",
                hint="write the token first and its tag last, with a tab or a blank between",
            )
        first = first if tokens else number
        tokens.append(fields[0])
        if width > 1:
            tags.append(fields[-1])
    if tokens:
        sentences.append((f"line {first}", tokens, tags))
    if not sentences:
        raise DataError("the file holds no sentence", where=where)
    return sentences


def _lines(data: bytes, where: str) -> Iterator[tuple[int, str]]:
    for number, raw in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        try:
            yield number, raw.decode()
        except UnicodeDecodeError as exc:
            message = f"byte {exc.start} of the line is not UTF-8 ({exc.reason})"
            raise DataError(message, where=f"{where}:{number}") from exc
