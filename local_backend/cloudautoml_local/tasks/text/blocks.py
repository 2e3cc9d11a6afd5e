"""Blocks: what a linear model reads of a text: weighted n-grams of words and of characters, and an embedding."""

from __future__ import annotations

from dataclasses import dataclass, field
from functools import cached_property
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml.data.arrays import read_array, write_array
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.text.ngrams import UNITS, Counter

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cloudautoml_local.tasks.text.ngrams import Counts, Unit

Places = npt.NDArray[np.int64]
EMBEDDING_SHARE = 1.5
"""Length of an embedding where that of the n-grams of a unit is 1."""


@dataclass(frozen=True, slots=True)
class Wanted:
    """Which blocks a model is to read.

    Attributes:
        longest: For each unit, the size of its longest n-grams; units that are not named are not read.
        fewest: Texts to learn from that an n-gram has to occur in.
        embedding: Whether embeddings are read.
    """

    longest: Mapping[Unit, int]
    fewest: int = 1
    embedding: bool = False


@dataclass(frozen=True, eq=False)
class Weighting:
    """The n-grams of a unit that a model reads.

    Attributes:
        unit: What they are made of.
        names: The n-grams.
        rarity: Weight of each: the rarer, the higher.
    """

    unit: Unit
    names: tuple[str, ...]
    rarity: npt.NDArray[np.float32]

    @cached_property
    def counter(self) -> Counter:
        """Counts them."""
        return Counter(self.unit, self.names)

    def weigh(self, counts: Any) -> Any:
        """Rows of length 1: the logarithm of the counts, weighted by rarity."""
        from sklearn.preprocessing import normalize

        found = counts.tocsr(copy=True)
        found.data = (1 + np.log(found.data)) * self.rarity[found.indices]
        return normalize(found, copy=False)


@dataclass(frozen=True, slots=True, eq=False)
class Blocks:
    """What a model reads, as it was learned from the texts of a fold.

    Attributes:
        units: The n-grams of each unit that is read.
        embedding: Whether embeddings are read, behind the n-grams.
    """

    units: Mapping[Unit, Weighting] = field(default_factory=dict[Any, Any])
    embedding: bool = False

    @classmethod
    def learn(cls, counts: Mapping[Unit, Counts], rows: Places, wanted: Wanted) -> tuple[Blocks, dict[Unit, Places]]:
        """Choose and weigh n-grams by the texts to learn from.

        Args:
            counts: N-grams of all texts.
            rows: Places of the texts to learn from.
            wanted: What is to be read.

        Returns:
            The blocks, and for each unit the places of its n-grams in `counts`.
        """
        units: dict[Unit, Weighting] = {}
        places: dict[Unit, Places] = {}
        for unit, longest in wanted.longest.items():
            of = counts[unit]
            frequency = np.bincount(of.matrix[rows].indices, minlength=len(of.names))
            chosen = np.flatnonzero((of.sizes <= longest) & (frequency >= wanted.fewest))
            if not len(chosen):
                chosen = np.flatnonzero(frequency)
            rarity = np.log((1 + len(rows)) / (1 + frequency[chosen])) + 1
            units[unit] = Weighting(unit, tuple(of.names[place] for place in chosen), rarity.astype(np.float32))
            places[unit] = chosen
        return cls(units, wanted.embedding), places

    def read(self, texts: Sequence[str], embeddings: npt.NDArray[np.float32] | None) -> Any:
        """Sparse rows of features of any texts; `embeddings` are theirs."""
        counts: dict[Unit, Any] = {unit: weighting.counter.count(texts) for unit, weighting in self.units.items()}
        return self.joined(counts, embeddings)

    def joined(self, counts: Mapping[Unit, Any], embeddings: npt.NDArray[np.float32] | None) -> Any:
        """Sparse rows of features, from the counts of the n-grams of each unit."""
        from scipy import sparse

        parts = [weighting.weigh(counts[unit]) for unit, weighting in self.units.items()]
        if self.embedding:
            assert embeddings is not None
            parts.append(sparse.csr_matrix(embeddings * np.float32(EMBEDDING_SHARE)))
        return sparse.hstack(parts, format="csr", dtype=np.float32)

    def save(self, directory: Path) -> None:
        """Write the n-grams and their weights."""
        for unit, weighting in self.units.items():
            write_json(directory / f"{unit}.json", list(weighting.names))
            write_array(directory / f"{unit}.npy", weighting.rarity)
        write_json(directory / "blocks.json", {"units": list(self.units), "embedding": self.embedding})

    @classmethod
    def load(cls, directory: Path) -> Blocks:
        """Read what `save` wrote."""
        saved = read_json(directory / "blocks.json")
        units: dict[Unit, Weighting] = {
            unit: Weighting(
                unit, tuple(map(str, read_json(directory / f"{unit}.json"))), read_array(directory / f"{unit}.npy")
            )
            for unit in UNITS
            if unit in saved["units"]
        }
        return cls(units, bool(saved["embedding"]))

    def names(self) -> list[str]:
        """What each column is, embeddings left out."""
        return [name for weighting in self.units.values() for name in weighting.names]
