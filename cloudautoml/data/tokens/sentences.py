"""Sentences: token lists with their tags, and how they are kept on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence
    from pathlib import Path


@dataclass(frozen=True, slots=True)
class Sentences:
    """Sentences, in order.

    Attributes:
        tokens: The tokens of each.
        tags: As many tags of each.
        places: Where each was read, for people: `row 7`, or `line 120` of a CoNLL file.
    """

    tokens: tuple[tuple[str, ...], ...]
    tags: tuple[tuple[str, ...], ...]
    places: tuple[str, ...]

    def __len__(self) -> int:
        return len(self.tokens)

    @property
    def lengths(self) -> list[int]:
        """Tokens of each sentence."""
        return [len(sentence) for sentence in self.tokens]

    def take(self, which: Iterable[int]) -> Sentences:
        """Some of them, by position."""
        chosen = [int(position) for position in which]
        return Sentences(
            tuple(self.tokens[position] for position in chosen),
            tuple(self.tags[position] for position in chosen),
            tuple(self.places[position] for position in chosen),
        )

    def with_tags(self, tags: Sequence[Sequence[str]]) -> Sentences:
        """The same sentences with other tags."""
        return Sentences(self.tokens, tuple(map(tuple, tags)), self.places)

    def save(self, path: Path) -> None:
        """Replace a file's content by them, as Parquet.

        Raises:
            StorageError: The disk is full or the folder cannot be written.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        from cloudautoml.store.files import atomic_path

        lists = pa.list_(pa.large_string())
        table = pa.table(
            {
                "tokens": pa.array(list(map(list, self.tokens)), lists),
                "tags": pa.array(list(map(list, self.tags)), lists),
                "place": pa.array(list(self.places), pa.large_string()),
            }
        )
        with atomic_path(path) as beside:
            pq.write_table(table, beside)

    @classmethod
    def load(cls, path: Path) -> Sentences:
        """Read what `save` wrote.

        Raises:
            StorageError: The file is missing or damaged.
        """
        import pyarrow as pa
        import pyarrow.parquet as pq

        from cloudautoml.errors import StorageError

        try:
            columns = pq.ParquetFile(path).read().to_pydict()
            return cls(
                tuple(map(tuple, columns["tokens"])), tuple(map(tuple, columns["tags"])), tuple(columns["place"])
            )
        except (pa.ArrowException, OSError, KeyError, TypeError) as exc:
            raise StorageError(f"the prepared sentences cannot be read: {exc}", where=str(path)) from exc
