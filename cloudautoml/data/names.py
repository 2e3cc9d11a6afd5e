"""Column names: refuse those that are not there, and say which were probably meant."""

from __future__ import annotations

import difflib
import json
import re
from typing import TYPE_CHECKING

from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

_SHOWN = 12


def short(value: object, width: int = 80) -> str:
    """A value as a person can read it in a message: quoted, and cut when it is long."""
    text = repr(value) if isinstance(value, str) else str(value)
    return text if len(text) <= width else f"{text[: width - 4]}...{text[-1]}"


def listed(names: Iterable[object]) -> str:
    """Names for a message: quoted, with commas, the first dozen only."""
    shown = list(names)
    text = ", ".join(short(name) for name in shown[:_SHOWN])
    return f"{text} and {len(shown) - _SHOWN} more" if len(shown) > _SHOWN else text


def counted(count: int, noun: str) -> str:
    """A number of things: `1 file`, `1,200 files`."""
    return f"{count:,} {noun}" if count == 1 else f"{count:,} {noun}s"


def declare(name: str, kind: str) -> str:
    """What to write in a spec to give a column a type."""
    key = name if re.fullmatch(r"[A-Za-z_][A-Za-z0-9_]*", name) else json.dumps(name, ensure_ascii=False)
    return f"data.types: {{{key}: {kind}}}"


def did_you_mean(name: str, known: Sequence[str]) -> str:
    """A guess at what was meant, ending in a semicolon and a space; empty where nothing is close."""
    folded = {candidate.strip().casefold(): candidate for candidate in known}
    close = difflib.get_close_matches(name.strip().casefold(), folded, n=1)
    return f"did you mean {short(folded[close[0]])}? " if close else ""


def require_columns(wanted: Sequence[tuple[str, str]], known: Sequence[str], *, where: str) -> None:
    """Check that columns exist.

    Args:
        wanted: Pairs of column name and what asks for it, such as `task.target`.
        known: The columns there are.
        where: The table, for the message.

    Raises:
        DataError: Some are missing; all of them are named.
    """
    have = set(known)
    missing = [(name, asker) for name, asker in wanted if name not in have]
    if not missing:
        return
    what = ", ".join(f"{short(name)} ({asker})" if asker else short(name) for name, asker in missing)
    guesses = "".join(did_you_mean(name, known) for name, _ in missing[:_SHOWN])
    raise DataError(
        f"no column {what}" if len(missing) == 1 else f"no columns {what}",
        where=where,
        hint=f"{guesses}the columns are {listed(known)}",
    )
