"""The baseline: a dictionary of the entities to learn from, each with its commonest type, longest match first."""

from __future__ import annotations

from collections import Counter, defaultdict
from typing import TYPE_CHECKING

from cloudautoml.scoring_entities import Span, spans, tags_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.data.tokens import Sentences

_LONGEST = 8


def dictionary_tags(train: Sentences, tokens: Sequence[Sequence[str]]) -> list[list[str]]:
    """Tag sentences by looking entities up.

    Args:
        train: Sentences to learn from.
        tokens: Sentences to tag.

    Returns:
        BIO tags of each.
    """
    counts: defaultdict[tuple[str, ...], Counter[str]] = defaultdict(Counter)
    for words, tags in zip(train.tokens, train.tags, strict=True):
        for start, end, kind in spans(tags):
            counts[tuple(words[start:end])][kind] += 1
    kinds = {name: found.most_common(1)[0][0] for name, found in counts.items() if len(name) <= _LONGEST}
    return [_looked_up(tuple(words), kinds) for words in tokens]


def _looked_up(words: tuple[str, ...], kinds: dict[tuple[str, ...], str]) -> list[str]:
    found: list[Span] = []
    place = 0
    while place < len(words):
        lengths = range(min(_LONGEST, len(words) - place), 0, -1)
        length = next((length for length in lengths if words[place : place + length] in kinds), 0)
        if length:
            found.append((place, place + length, kinds[words[place : place + length]]))
        place += length or 1
    return tags_of(found, len(words))
