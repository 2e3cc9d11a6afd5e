"""Token schema: what a model has to know to read new sentences the way it read those it learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.spec import Dataset

KIND = "tokens"
"""What `schema.json` of prepared sentences says of itself."""


@dataclass(frozen=True, slots=True)
class TokensSchema:
    """The kinds of entities, and where sentences have their tokens and their tags.

    Attributes:
        types: The types of the entities to learn from, sorted.
        tokens: Column of the tokens.
        target: Column of the tags.
        scheme: How the tags were written: `bio`, `iob1` or `bioes`. Prepared tags are BIO always.
        reading: How files with new sentences are to be read: fields of `Dataset`.
    """

    types: tuple[str, ...]
    tokens: str = "tokens"
    target: str = "tags"
    scheme: str = "bio"
    reading: Mapping[str, Any] | None = None

    @property
    def tags(self) -> tuple[str, ...]:
        """All BIO tags: `O`, and `B-` and `I-` of each type."""
        return ("O", *(f"{part}-{kind}" for kind in self.types for part in "BI"))

    def dataset(self, source: str) -> Dataset:
        """How to read a file of new sentences."""
        from cloudautoml.spec import Dataset

        return Dataset.model_validate({**(self.reading or {}), "train": source})

    def to_dict(self) -> dict[str, Any]:
        """The schema as a JSON object."""
        return {
            "kind": KIND,
            "types": list(self.types),
            "tokens": self.tokens,
            "target": self.target,
            "scheme": self.scheme,
            "reading": dict(self.reading or {}),
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> TokensSchema:
        """Read what `to_dict` wrote."""
        return cls(
            types=tuple(map(str, value["types"])),
            tokens=str(value["tokens"]),
            target=str(value["target"]),
            scheme=str(value["scheme"]),
            reading=dict(value["reading"]),
        )
