"""Vocabulary: the words that networks know, by number, learned from the texts to learn from."""

from __future__ import annotations

import re
from collections import Counter
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.text.wording import WORD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt

_FILE = "vocabulary.json"
_FIRST = 2  # 0 fills up short texts, 1 is a word that is not known
_MOST_WORDS = 20_000
_LENGTHS = (8, 256)
_WORD = re.compile(WORD)


@dataclass(frozen=True)
class Vocabulary:
    """The words, and how many of a text are read.

    Attributes:
        words: Known words, the most frequent first.
        length: Words of a text that are read.
    """

    words: tuple[str, ...]
    length: int

    @classmethod
    def learn(cls, texts: Sequence[str]) -> Vocabulary:
        """The words that occur at least twice; the length that nearly all texts fit in."""
        cut = [_words(text) for text in texts]
        counts = Counter(word for words in cut for word in words)
        known = [word for word, number in counts.most_common(_MOST_WORDS) if number > 1]
        usual = float(np.quantile([len(words) for words in cut], 0.95)) if cut else 0.0
        length = int(np.clip(-(-usual // 8) * 8, *_LENGTHS))
        return cls(tuple(known), length)

    @property
    def ids(self) -> int:
        """How many numbers there are."""
        return len(self.words) + _FIRST

    @cached_property
    def _numbers(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words, start=_FIRST)}

    def read(self, texts: Sequence[str]) -> npt.NDArray[np.int32]:
        """Numbers of the words: n x length."""
        found = np.zeros((len(texts), self.length), np.int32)
        for row, text in enumerate(texts):
            numbers = [self._numbers.get(word, 1) for word in _words(text, self.length)]
            found[row, : len(numbers)] = numbers
        return found

    def save(self, directory: Path) -> None:
        """Write `vocabulary.json`."""
        write_json(directory / _FILE, {"length": self.length, "words": list(self.words)})

    @classmethod
    def load(cls, directory: Path) -> Vocabulary:
        """Read what `save` wrote."""
        saved = read_json(directory / _FILE)
        return cls(tuple(map(str, saved["words"])), int(saved["length"]))


def _words(text: str, most: int = 10 * _LENGTHS[1]) -> list[str]:
    found: list[str] = []
    for match in _WORD.finditer(text.lower()):
        found.append(match.group())
        if len(found) == most:
            break
    return found
