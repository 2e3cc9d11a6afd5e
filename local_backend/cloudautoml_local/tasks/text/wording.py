"""Wording: what every model reads of a text, whatever is in it, and the words it is cut into."""

from __future__ import annotations

import re
import unicodedata
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.data.texts import LONGEST

if TYPE_CHECKING:
    from collections.abc import Iterable

WORD: Final = (
    r"[\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]"
    r"|[^\W\u0e00-\u0eff\u3040-\u30ff\u3400-\u9fff\uf900-\ufaff]+"
    r"|[^\w\s]"
)
"""A word, a sign, or one character of a script that puts no blanks between words."""

_UNREADABLE = re.compile(r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f-\x9f\ud800-\udfff\ufffd]")


def readable(texts: Iterable[Any], *, longest: int = LONGEST) -> list[str]:
    """Texts as models read them: cut, one form of each character, blanks for what is none.

    Args:
        texts: Texts; what is no text, such as a missing one, is empty.
        longest: Characters to keep at most.
    """
    return [_readable(text[:longest]) if isinstance(text, str) else "" for text in texts]


def _readable(text: str) -> str:
    if text.isascii() and text.isprintable():
        return text
    return unicodedata.normalize("NFKC", _UNREADABLE.sub(" ", text))[:LONGEST]
