"""Scoring of entities: spans of tags, and precision, recall and F1 over whole entities, in all and by type."""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import TYPE_CHECKING, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

OUTSIDE = "O"
"""The tag of a token that is in no entity."""

Span: TypeAlias = tuple[int, int, str]
"""An entity: its first token, the one after its last, and its type."""


def kind_of(tag: str) -> str:
    """The entity type of a tag; empty for `O`."""
    return tag[2:] if tag[1:2] == "-" else ""


def spans(tags: Sequence[str]) -> list[Span]:
    """The entities of a sentence, in order.

    An `I-X` that continues nothing of type X begins an entity, so that any sequence of tags has a meaning.

    Args:
        tags: BIO tags, one a token.
    """
    found: list[Span] = []
    start, kind = 0, ""
    for place, tag in enumerate([*tags, OUTSIDE]):
        if kind and not (tag.startswith("I-") and kind_of(tag) == kind):
            found.append((start, place, kind))
            kind = ""
        if tag != OUTSIDE and not kind:
            start, kind = place, kind_of(tag)
    return found


def tags_of(found: Sequence[Span], length: int) -> list[str]:
    """The BIO tags of entities that do not overlap.

    Args:
        found: The entities.
        length: Tokens of the sentence.
    """
    tags = [OUTSIDE] * length
    for start, end, kind in found:
        tags[start] = f"B-{kind}"
        tags[start + 1 : end] = [f"I-{kind}"] * (end - start - 1)
    return tags


@dataclass(frozen=True, slots=True)
class Counts:
    """How predicted entities agree with the true ones.

    Attributes:
        right: Entities that were found with exact ends and type.
        predicted: Entities that were predicted.
        true: Entities that there are.
    """

    right: int = 0
    predicted: int = 0
    true: int = 0

    @property
    def precision(self) -> float:
        """Share of the predicted entities that are right; 0 where none was predicted."""
        return self.right / self.predicted if self.predicted else 0.0

    @property
    def recall(self) -> float:
        """Share of the true entities that were found; 0 where there are none."""
        return self.right / self.true if self.true else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of the two; 0 where nothing is right."""
        return 2 * self.right / (self.predicted + self.true) if self.right else 0.0


def count_entities(truth: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, Counts]:
    """Count entities by type.

    Args:
        truth: Tags of each sentence.
        predicted: Tags of the same sentences.

    Returns:
        Counts by type, sorted by name; of every type that is true or predicted somewhere.

    Raises:
        ValueError: The sentences are not the same.
    """
    right, given, true = Counter[str](), Counter[str](), Counter[str]()
    for wanted, found in zip(truth, predicted, strict=True):
        if len(wanted) != len(found):
            msg = f"{len(found)} tags were predicted for a sentence of {len(wanted)}"
            raise ValueError(msg)
        these, those = set(spans(wanted)), set(spans(found))
        true.update(kind for _, _, kind in these)
        given.update(kind for _, _, kind in those)
        right.update(kind for _, _, kind in these & those)
    return {kind: Counts(right[kind], given[kind], true[kind]) for kind in sorted({*true, *given})}


def all_together(counts: Mapping[str, Counts]) -> Counts:
    """The counts of all types."""
    parts = counts.values()
    return Counts(sum(p.right for p in parts), sum(p.predicted for p in parts), sum(p.true for p in parts))


def entity_metrics(truth: Sequence[Sequence[str]], predicted: Sequence[Sequence[str]]) -> dict[str, float]:
    """The metrics of entities over all sentences: `entity_f1`, `entity_precision`, `entity_recall`.

    An entity is right when both its ends and its type are; all count alike (the micro average).

    Returns:
        Natural values; empty where there is no true entity, so that nothing is defined.
    """
    total = all_together(count_entities(truth, predicted))
    if not total.true:
        return {}
    return {"entity_f1": total.f1, "entity_precision": total.precision, "entity_recall": total.recall}
