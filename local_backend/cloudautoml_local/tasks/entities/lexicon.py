"""Lexicon: what the sentences to learn from tell of words: how they are usually written, and which are entities."""

from __future__ import annotations

from collections import Counter, defaultdict
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudautoml.scoring_entities import spans

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.data.tokens import Sentences

_LONGEST = 6
_SEVERAL = 2


def _counters() -> defaultdict[str, Counter[str]]:
    return defaultdict(Counter)


@dataclass(frozen=True, slots=True)
class Lexicon:
    """Counts over the sentences to learn from; words are in small letters.

    Attributes:
        small: How often a word was written in small letters.
        capital: How often it began with a capital elsewhere than at the beginning of a sentence.
        names: How often a text of one or more words was an entity, by type.
        parts: How often a word stood in an entity, by type.
    """

    small: Counter[str] = field(default_factory=Counter)
    capital: Counter[str] = field(default_factory=Counter)
    names: defaultdict[str, Counter[str]] = field(default_factory=_counters)
    parts: defaultdict[str, Counter[str]] = field(default_factory=_counters)

    @classmethod
    def of(cls, sentences: Sentences) -> Lexicon:
        """Count."""
        made = cls()
        for tokens, tags in zip(sentences.tokens, sentences.tags, strict=True):
            for place, token in enumerate(tokens):
                if token.islower():
                    made.small[token] += 1
                elif place and token[:1].isupper():
                    made.capital[token.lower()] += 1
            for name, words, kind in _entities(tokens, tags):
                made.names[name][kind] += 1
                for word in words:
                    made.parts[word][kind] += 1
        return made

    def seen(self, word: str) -> int:
        """How often a word stood where its case means something."""
        return self.small[word] + self.capital[word]

    def casing(self, word: str) -> str:
        """How a word is usually written, as one of a few words of ours."""
        small, capital = self.small[word], self.capital[word]
        if small + capital == 0:
            return "new"
        if small + capital == 1:
            return "once"
        return ("small", "both", "capital")[round(2 * capital / (small + capital))]

    def matches(self, tokens: Sequence[str], tags: Sequence[str] | None = None) -> list[list[str]]:
        """For each token the features of the known entities that it is part of.

        Args:
            tokens: A sentence.
            tags: Its tags, where it is one of those that were counted: what only it has told is then left out, as
                otherwise every entity to learn from would be a known one.
        """
        own_names, own_parts = _counters(), _counters()
        for name, words, kind in _entities(tokens, tags or ()):
            own_names[name][kind] += 1
            for word in words:
                own_parts[word][kind] += 1
        lowered = [token.lower() for token in tokens]
        found: list[list[str]] = [[] for _ in tokens]
        for place, word in enumerate(lowered):
            for kind, count in self.parts.get(word, {}).items():
                if count > own_parts[word][kind]:
                    many = "+" if count - own_parts[word][kind] >= _SEVERAL else ""
                    found[place].append(f"part={kind}{many}")
        place = 0
        while place < len(lowered):
            place += self._match(lowered, place, own_names, found)
        return found

    def _match(
        self, words: Sequence[str], place: int, own: defaultdict[str, Counter[str]], found: list[list[str]]
    ) -> int:
        """Mark the longest known entity that begins at a place; how many words to go on by."""
        for length in range(min(_LONGEST, len(words) - place), 0, -1):
            name = " ".join(words[place : place + length])
            if name not in self.names:
                continue
            kinds = [kind for kind, count in self.names[name].items() if count > own[name][kind]]
            if kinds:
                for kind in kinds:
                    found[place].append(f"name={kind}|first")
                    for rest in range(place + 1, place + length):
                        found[rest].append(f"name={kind}|rest")
                return length
        return 1

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "small": dict(self.small),
            "capital": dict(self.capital),
            "names": {name: dict(kinds) for name, kinds in self.names.items()},
            "parts": {word: dict(kinds) for word, kinds in self.parts.items()},
        }

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Lexicon:
        """Read what `to_dict` wrote."""
        made = cls(Counter(saved["small"]), Counter(saved["capital"]))
        made.names.update({name: Counter(kinds) for name, kinds in saved["names"].items()})
        made.parts.update({word: Counter(kinds) for word, kinds in saved["parts"].items()})
        return made


def _entities(tokens: Sequence[str], tags: Sequence[str]) -> list[tuple[str, list[str], str]]:
    """Text, words and type of every entity."""
    made: list[tuple[str, list[str], str]] = []
    for start, end, kind in spans(tags):
        words = [token.lower() for token in tokens[start:end]]
        made.append((" ".join(words), words, kind))
    return made
