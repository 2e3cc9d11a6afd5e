"""Encoding: sentences as arrays of word ids, character ids and what words look like, for networks."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

Ids = npt.NDArray[np.int32]
Looks = npt.NDArray[np.float32]

CHARACTERS = 14
"""Characters of a word that are read: its first and its last ones, where it is longer."""
LOOKS = 8
"""Numbers that say what a word looks like."""

_ABSENT, _UNKNOWN = 0, 1
_FIRST = 2
_LEAST_WORDS = 2
_LEAST_CHARACTERS = 3


@dataclass(frozen=True, slots=True, eq=False)
class Batch:
    """Sentences of up to T tokens, padded behind.

    Attributes:
        words: n x T ids of words in small letters; 0 where there is no token.
        characters: n x T x `CHARACTERS` ids; 0 behind the last.
        looks: n x T x `LOOKS` of zeros and ones.
    """

    words: Ids
    characters: Ids
    looks: Looks


@dataclass(frozen=True, slots=True, eq=False)
class Encoder:
    """Turns tokens into ids: 0 is no token, 1 one that is not known.

    Attributes:
        words: Ids of words.
        characters: Ids of characters.
    """

    words: Mapping[str, int]
    characters: Mapping[str, int]

    @classmethod
    def of(cls, sentences: Sequence[Sequence[str]]) -> Encoder:
        """Words and characters that occur often enough to be learned."""
        words = Counter(token.lower() for tokens in sentences for token in tokens)
        characters = Counter(character for tokens in sentences for token in tokens for character in token)
        return cls(_numbered(words, _LEAST_WORDS), _numbered(characters, _LEAST_CHARACTERS))

    def encode(self, sentences: Sequence[Sequence[str]]) -> Batch:
        """The arrays of some sentences."""
        shape = (len(sentences), max(1, *map(len, sentences)) if sentences else 1)
        words = np.zeros(shape, np.int32)
        characters = np.zeros((*shape, CHARACTERS), np.int32)
        looks = np.zeros((*shape, LOOKS), np.float32)
        for row, tokens in enumerate(sentences):
            for place, token in enumerate(tokens):
                words[row, place] = self.words.get(token.lower(), _UNKNOWN)
                half = CHARACTERS // 2
                read = token if len(token) <= CHARACTERS else token[:half] + token[-half:]
                characters[row, place, : len(read)] = [self.characters.get(c, _UNKNOWN) for c in read]
                looks[row, place] = _look(token, place)
        return Batch(words, characters, looks)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {"words": list(self.words), "characters": list(self.characters)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Encoder:
        """Read what `to_dict` wrote."""
        words, characters = (
            {str(name): number for number, name in enumerate(saved[part], start=_FIRST)}
            for part in ("words", "characters")
        )
        return cls(words, characters)

    @property
    def sizes(self) -> tuple[int, int]:
        """Number of ids of words and of characters."""
        return len(self.words) + _FIRST, len(self.characters) + _FIRST


def batches(
    lengths: Sequence[int], *, tokens_each: int, rng: np.random.Generator | None = None
) -> Iterator[npt.NDArray[np.int64]]:
    """Positions of sentences of about the same length, so many that a batch has about `tokens_each` tokens.

    Args:
        lengths: Tokens of each sentence.
        tokens_each: Tokens of a batch, with the padding.
        rng: Shuffles batches and what is in them; unless given, they go from short to long.
    """
    sizes = np.asarray(lengths, np.int64)
    noise = np.zeros(len(sizes)) if rng is None else rng.uniform(-2, 2, len(sizes))
    order = np.argsort(sizes + noise, kind="stable")
    made: list[npt.NDArray[np.int64]] = []
    begin = 0
    while begin < len(order):
        end, longest = begin, 0
        while end < len(order):
            longest = max(longest, int(sizes[order[end]]))
            if end > begin and longest * (end + 1 - begin) > tokens_each:
                break
            end += 1
        made.append(order[begin:end])
        begin = end
    if rng is not None:
        rng.shuffle(made)
    yield from made


def _look(token: str, place: int) -> list[bool]:
    return [
        token[:1].isupper(),
        token.isupper() and len(token) > 1,
        any(character.isupper() for character in token[1:]),
        any(character.isdigit() for character in token),
        not any(character.isalnum() for character in token),
        token[:1] in {"@", "#"},
        "/" in token or "www." in token,
        place == 0,
    ]


def _numbered(counts: Counter[str], least: int) -> dict[str, int]:
    known = sorted(name for name, count in counts.items() if count >= least)
    return {name: number for number, name in enumerate(known, start=_FIRST)}
