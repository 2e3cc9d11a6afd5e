"""N-grams: how often which words and which runs of characters occur in texts, counted once for all trials."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from cloudautoml.data.arrays import read_array, write_array
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.text.wording import WORD

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

Unit = Literal["words", "chars"]
UNITS: tuple[Unit, ...] = ("words", "chars")

LONGEST_OF = {"words": 3, "chars": 5}
"""Words, or characters within a word and the blanks beside it, of the longest n-gram."""
_SHORTEST_OF = {"words": 1, "chars": 2}
_MOST = 400_000


@dataclass(frozen=True, slots=True, eq=False)
class Counts:
    """The n-grams of some texts.

    Attributes:
        unit: What they are made of.
        names: The n-grams.
        sizes: How many words or characters each has.
        matrix: Texts x n-grams: how often each occurs; sparse rows of float32.
    """

    unit: Unit
    names: tuple[str, ...]
    sizes: npt.NDArray[np.int8]
    matrix: Any

    @classmethod
    def of(cls, texts: Sequence[str], unit: Unit) -> Counts:
        """Count the n-grams of texts to learn from; of those that are long or too many the rare ones are left out."""
        sizes_counted = range(_SHORTEST_OF[unit], LONGEST_OF[unit] + 1)
        try:
            matrix, names = _all_of(texts, unit, sizes_counted)
        except ValueError:  # nothing but blanks
            return cls(unit, (), np.zeros(0, np.int8), _nothing(len(texts), 0))
        sizes = np.array([_size(name, unit) for name in names], np.int8)
        frequency = np.bincount(matrix.indices, minlength=len(names))
        kept = frequency >= np.where((unit == "chars") | (sizes > 2), 2, 1)
        if kept.sum() > _MOST:
            kept &= frequency >= np.sort(frequency[kept])[-_MOST]
        if not kept.any():
            kept[:] = True
        places = np.flatnonzero(kept)
        return cls(unit, tuple(map(str, names[places])), sizes[places], matrix[:, places].tocsr())

    def save(self, directory: Path) -> None:
        """Write `<unit>.json` and `<unit>_*.npy`."""
        for part in ("data", "indices", "indptr"):
            write_array(directory / f"{self.unit}_{part}.npy", getattr(self.matrix, part))
        write_array(directory / f"{self.unit}_sizes.npy", self.sizes)
        write_json(directory / f"{self.unit}.json", list(self.names))

    @classmethod
    def open(cls, directory: Path, unit: Unit) -> Counts:
        """Read what `save` wrote; the counts are mapped."""
        from scipy import sparse

        names = tuple(read_json(directory / f"{unit}.json"))
        parts = [read_array(directory / f"{unit}_{part}.npy", mmap_mode="r") for part in ("data", "indices", "indptr")]
        matrix: Any = sparse.csr_matrix(tuple(parts), shape=(len(parts[2]) - 1, len(names)), copy=False)
        return cls(unit, names, read_array(directory / f"{unit}_sizes.npy"), matrix)


class Counter:
    """Counts given n-grams in any texts.

    Args:
        unit: What they are made of.
        names: The n-grams, in the order of the columns.
    """

    def __init__(self, unit: Unit, names: Sequence[str]) -> None:
        self._unit, self._width = unit, len(names)
        sizes = range(_SHORTEST_OF[unit], max((_size(name, unit) for name in names), default=1) + 1)
        vocabulary = {name: place for place, name in enumerate(names)}
        self._counter: Any = _counter(unit, sizes, vocabulary) if names else None

    def count(self, texts: Sequence[str]) -> Any:
        """How often each occurs: sparse rows of float32."""
        if self._counter is None or not len(texts):
            return _nothing(len(texts), self._width)
        if self._unit == "words" or len(texts) == 1:
            return self._counter.transform(texts)
        words, each = _words_in(texts)
        return (words @ self._counter.transform(each)).tocsr() if each else _nothing(len(texts), self._width)


def _all_of(texts: Sequence[str], unit: Unit, sizes: range) -> tuple[Any, npt.NDArray[np.object_]]:
    """Every n-gram of some texts: the counts and the names."""
    counter = _counter(unit, sizes)
    if unit == "words":
        matrix = counter.fit_transform(texts)
    else:
        words, each = _words_in(texts)
        matrix = (words @ counter.fit_transform(each)).tocsr()
    matrix.sort_indices()
    return matrix, np.asarray(counter.get_feature_names_out(), object)


def _words_in(texts: Sequence[str]) -> tuple[Any, list[str]]:
    """How often each word is in each text, and the words.

    Runs of characters lie within words, so each word is taken apart once, however often it occurs.
    """
    counter = _vectorizer(r"\S+")
    try:
        words = counter.fit_transform(texts)
    except ValueError:  # nothing but blanks
        return _nothing(len(texts), 0), []
    return words, list(counter.get_feature_names_out())


def _size(name: str, unit: Unit) -> int:
    return len(name) if unit == "chars" else name.count(" ") + 1


def _counter(unit: Unit, sizes: range, vocabulary: dict[str, int] | None = None) -> Any:
    span = (sizes[0], max(sizes[0], sizes[-1])) if len(sizes) else (1, 1)
    return _vectorizer(None if unit == "chars" else WORD, span=span, vocabulary=vocabulary)


def _vectorizer(
    pattern: str | None, *, span: tuple[int, int] = (1, 1), vocabulary: dict[str, int] | None = None
) -> Any:
    """Counts what a pattern matches; without one, runs of characters within words."""
    from sklearn.feature_extraction.text import CountVectorizer

    kind: Any = CountVectorizer  # the stubs want an int64 dtype
    return kind(
        analyzer="word" if pattern else "char_wb",
        token_pattern=pattern,
        ngram_range=span,
        vocabulary=vocabulary,
        dtype=np.float32,
    )


def _nothing(rows: int, columns: int) -> Any:
    from scipy import sparse

    return sparse.csr_matrix(np.zeros((rows, columns), np.float32))
