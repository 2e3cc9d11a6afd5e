"""Text to tokens: a simple rule for sentences that come as text, with the place of every token in it."""

from __future__ import annotations

import re

_TOKEN = re.compile(
    r"""
    (?:https?://|www\.)\S*[^\s.,;:!?)\]'"]     # an address
    | [\w.+-]+@[\w-]+(?:\.[\w-]+)+             # an address for mail
    | [@\#]\w+                                 # a name or a topic of social media
    | (?:[^\W\d_]\.){2,}                       # letters with dots: U.S.
    | \d+(?:[.,:/-]\d+)*                       # a number, a date, a time
    | (?:[^\W\d_]|_)\w*(?:-\w+)*               # a word, with its hyphens
    | '(?:s|m|d|ll|re|ve|t)\b                  # what English hangs on a word
    | (\S)\1*                                  # a sign, or a row of the same
    """,
    re.VERBOSE | re.IGNORECASE,
)


def tokenise(text: str) -> tuple[tuple[str, ...], tuple[tuple[int, int], ...]]:
    """Cut a text into tokens.

    Returns:
        The tokens, and for each its first character and the one after its last.
    """
    found = list(_TOKEN.finditer(text))
    return tuple(match[0] for match in found), tuple(match.span() for match in found)
