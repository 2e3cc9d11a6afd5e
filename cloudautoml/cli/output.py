"""Output: what a command prints, and where: data on stdout, the rest on stderr, JSON as one object."""

import json
import math
import os
import sys
import unicodedata
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console

SCHEMA_VERSION = 1
NARROWEST = 40
_READABLE = 24


class ReaderLeftError(Exception):
    """What reads our output (`head`, a pager) has seen enough: no error, and nothing more to print."""


@dataclass(frozen=True)
class Output:
    """The two streams of a command.

    Attributes:
        as_json: Whether stdout carries one JSON object and nothing else.
        quiet: Whether progress is left out.
    """

    as_json: bool = False
    quiet: bool = False

    def data(self, text: str) -> None:
        """Print a result for people.

        Raises:
            ReaderLeftError: Nobody reads any more.
        """
        try:
            print(text, file=sys.stdout, flush=True)  # noqa: T201 - the one place that prints results
        except BrokenPipeError:
            raise ReaderLeftError from None

    def result(self, value: Mapping[str, Any]) -> None:
        """Print the result for programs: one object, with its `schema_version` first."""
        whole = finite({"schema_version": SCHEMA_VERSION, **value})
        self.data(json.dumps(whole, ensure_ascii=False, indent=1, default=str, allow_nan=False))

    def note(self, text: str) -> None:
        """Tell what is going on, unless that is not wanted."""
        if not self.quiet:
            tell(text)

    def warn(self, text: str) -> None:
        """Tell what must not be overlooked."""
        tell(self.paint("yellow", text))

    def paint(self, style: str, text: str) -> str:
        """Text for stderr in a colour, where that is wanted."""
        codes = {"red": "31", "yellow": "33", "green": "32", "dim": "2", "bold": "1"}
        return f"\x1b[{codes[style]}m{text}\x1b[0m" if colourful(sys.stderr) else text

    @property
    def is_live(self) -> bool:
        """Whether stderr is a terminal that a moving display may be drawn on."""
        return sys.stderr.isatty() and not self.quiet and os.environ.get("TERM") != "dumb"

    @cached_property
    def screen(self) -> "Console":
        """The console on stderr."""
        from rich.console import Console

        return Console(stderr=True, highlight=False, no_color=not colourful(sys.stderr), emoji=False, markup=False)


def tell(text: str) -> None:
    """Print on stderr, in lines that fit."""
    print(folded(text, width(sys.stderr)), file=sys.stderr, flush=True)  # noqa: T201


def finite(value: Any) -> Any:
    """A copy in which numbers that JSON cannot hold are null."""
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {str(name): finite(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [finite(inner) for inner in value]
    return value


def colourful(stream: Any) -> bool:
    """Whether colours are wanted on a stream."""
    return stream.isatty() and not os.environ.get("NO_COLOR") and os.environ.get("TERM") != "dumb"


def width(stream: Any) -> int | None:
    """Columns of the terminal behind a stream; None for a file or a pipe, which holds lines of any length."""
    if not stream.isatty():
        return None
    import shutil

    return max(shutil.get_terminal_size().columns, NARROWEST)


def folded(text: str, limit: int | None, *, indent: str = "    ") -> str:
    """Text whose long lines go on, set in, on the next."""
    import textwrap

    if limit is None:
        return text
    wrap = textwrap.TextWrapper(
        limit, subsequent_indent=indent, break_long_words=False, break_on_hyphens=False, drop_whitespace=True
    )
    lines = (line if columns(line) <= limit else wrap.fill(line) for line in text.split("\n"))
    return "\n".join(lines)


def table(header: Sequence[str], rows: Sequence[Sequence[str]]) -> str:
    """An aligned table of two columns or more.

    Where a terminal is too narrow, the last column goes on in the next line, or has lines of its own.
    """
    cells = [[clean(cell) for cell in row] for row in (header, *rows)]
    limit = width(sys.stdout)
    if limit is not None:
        cells = [[*(shortened(cell, limit // 2) for cell in row[:-1]), row[-1]] for row in cells]
    widths = [max(columns(row[number]) for row in cells) for number in range(len(header) - 1)]
    taken = sum(widths) + 2 * len(widths)
    lines: list[str] = []
    for number, row in enumerate(cells):
        left = "".join(cell + " " * (wide - columns(cell) + 2) for cell, wide in zip(row, widths, strict=False))
        if limit is None or taken + columns(row[-1]) <= limit:
            lines.append(f"{left}{row[-1]}".rstrip())
        elif limit - taken >= _READABLE:
            lines.append(folded(f"{left}{row[-1]}", limit, indent=" " * taken))
        else:
            lines += [left.rstrip(), *([folded(f"    {row[-1]}", limit)] if number else [])]
    return "\n".join(lines)


def shortened(text: str, limit: int) -> str:
    """Text of at most so many columns."""
    if columns(text) <= limit:
        return text
    while columns(text) > limit - 1:
        text = text[:-1]
    return f"{text}…"


def clean(text: str) -> str:
    """Text without what moves the cursor or turns the writing direction: names come from data and from vendors."""
    return "".join(char if unicodedata.category(char)[0] != "C" else " " for char in text)


def columns(text: str) -> int:
    """Columns that a text takes on a terminal."""
    wide = sum(unicodedata.east_asian_width(char) in "WF" for char in text)
    return len(text) + wide - sum(unicodedata.combining(char) > 0 for char in text)
