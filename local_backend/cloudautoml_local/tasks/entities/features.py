"""Features of a token for a linear chain: what it looks like, what stands around it, and what the lexicon knows."""

from __future__ import annotations

import re
from dataclasses import asdict, dataclass
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from cloudautoml_local.tasks.entities.lexicon import Lexicon

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_REPEATED = re.compile(r"(.)\1+")
_ADDRESS = re.compile(r"(?:https?://|www\.)", re.IGNORECASE)
_MOSTLY = 0.6


@dataclass(frozen=True, slots=True)
class Template:
    """Which features there are.

    Attributes:
        window: Tokens on either side that are looked at.
        affixes: Longest beginning and end of a word that count.
        shapes: Whether the whole shape of a word counts (`Xxxx-dd`), and not only its outline (`Xx-d`).
        pairs: Whether a word counts together with its neighbour.
        words: How often a word must have been seen to count by itself.
        casing: Whether it counts how a word is usually written.
        gazetteer: Whether the entities of the sentences to learn from count as a list.
    """

    window: int = 2
    affixes: int = 4
    shapes: bool = True
    pairs: bool = True
    words: int = 1
    casing: bool = False
    gazetteer: bool = False

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Template:
        """Read what `dataclasses.asdict` gave; keys that are none of its own are left out."""
        return cls(**{name: saved[name] for name in cls.__slots__ if name in saved})


class Extractor:
    """Turns sentences into features.

    Args:
        template: Which features there are.
        lexicon: What is known of words.
    """

    def __init__(self, template: Template, lexicon: Lexicon) -> None:
        self.template, self.lexicon = template, lexicon
        self._near = lru_cache(maxsize=100_000)(self._looks_near)
        self._far = lru_cache(maxsize=100_000)(self._looks_far)

    def features(self, tokens: Sequence[str], tags: Sequence[str] | None = None) -> list[list[str]]:
        """For each token its features.

        Args:
            tokens: A sentence.
            tags: Its tags, where the lexicon has learned from it.
        """
        template, length = self.template, len(tokens)
        lowered = [token.lower() for token in tokens]
        capitals = sum(token[:1].isupper() for token in tokens) / max(1, length)
        rows: list[list[str]] = []
        for place, token in enumerate(tokens):
            row = ["bias", *self._near(token), *self._known(token, place)]
            for step in range(-template.window, template.window + 1):
                there = place + step
                if not step:
                    continue
                if not 0 <= there < length:
                    row.append(f"{step}:none")
                    continue
                looks = self._near if abs(step) == 1 else self._far
                row += [f"{step}:{look}" for look in looks(tokens[there])]
                if abs(step) == 1:
                    row += [f"{step}:{look}" for look in self._known(tokens[there], there)]
            if template.pairs:
                if place:
                    row.append(f"pair-={lowered[place - 1]} {lowered[place]}")
                if place + 1 < length:
                    row.append(f"pair+={lowered[place]} {lowered[place + 1]}")
            if token[:1].isupper():
                row.append(f"among-capitals={capitals > _MOSTLY}")
            rows.append(row)
        if template.gazetteer:
            self._add_matches(rows, tokens, tags)
        return rows

    def _add_matches(self, rows: list[list[str]], tokens: Sequence[str], tags: Sequence[str] | None) -> None:
        matches = self.lexicon.matches(tokens, tags)
        for place, found in enumerate(matches):
            rows[place] += found
            if place:
                rows[place - 1] += [f"1:{match}" for match in found]
            if place + 1 < len(rows):
                rows[place + 1] += [f"-1:{match}" for match in found]

    def _known(self, token: str, place: int) -> list[str]:
        if not self.template.casing:
            return []
        usual = self.lexicon.casing(token.lower())
        case = "upper" if token.isupper() else "capital" if token[:1].isupper() else "small"
        return [f"usual={usual}", f"usual={usual}|{case}|{place == 0}"]

    def _looks_far(self, token: str) -> tuple[str, ...]:
        lowered = token.lower()
        looks = [f"outline={_REPEATED.sub(chr(92) + '1', shape_of(token))}"]
        if self.template.words <= 1 or self.lexicon.seen(lowered) >= self.template.words:
            looks.append(f"word={lowered}")
        if token[:1].isupper():
            looks.append("capital")
        if token.isupper():
            looks.append("upper")
        if any(character.isdigit() for character in token):
            looks.append("digit")
        if token[:1] in {"@", "#"}:
            looks.append(token[0])
        if _ADDRESS.match(token):
            looks.append("address")
        return tuple(looks)

    def _looks_near(self, token: str) -> tuple[str, ...]:
        lowered, longest = token.lower(), self.template.affixes
        affixes = [
            affix
            for length in range(1, min(longest, len(lowered)) + 1)
            for affix in (f"begins={lowered[:length]}", f"ends={lowered[-length:]}")
        ]
        shape = (f"shape={shape_of(token)}",) if self.template.shapes and len(token) <= 20 else ()
        return (*self._looks_far(token), *affixes, *shape)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {"template": asdict(self.template), "lexicon": self.lexicon.to_dict()}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Extractor:
        """Read what `to_dict` wrote."""
        return cls(Template.from_dict(saved["template"]), Lexicon.from_dict(saved["lexicon"]))


def shape_of(token: str) -> str:
    """The shape of a word: `X` for a capital, `x` for another letter, `d` for a digit, signs as they are."""
    return "".join("X" if c.isupper() else "d" if c.isdigit() else "x" if c.isalpha() else c for c in token)
