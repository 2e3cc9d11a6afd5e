"""Small sentences with tags for the conformance suites: people who go to places."""

from __future__ import annotations

import json
import random
from typing import TYPE_CHECKING

from cloudautoml.spec import Dataset, JobSpec, NamedEntityRecognition

if TYPE_CHECKING:
    from pathlib import Path

_PEOPLE = ("Ann", "Bob Stone", "Carla", "Dmitri Orlov", "Eve", "Farid Nasser", "Greta", "Hugo Lind")
_PLACES = ("Paris", "New York", "Lima", "Cape Town", "Oslo", "Kyoto", "Santa Fe", "Cairo")
_FRAMES = ("{0} went to {1} yesterday .", "In {1} , {0} met nobody .", "the train to {1} was late .", "{0} said no .")


def tagged_sentences(count: int, *, seed: int = 5) -> list[dict[str, list[str]]]:
    """Sentences as `tokens` and BIO `tags`.

    Args:
        count: How many.
        seed: Seed of the draw.
    """
    rng = random.Random(seed)  # noqa: S311 - test data
    rows: list[dict[str, list[str]]] = []
    for _ in range(count):
        tokens: list[str] = []
        tags: list[str] = []
        filled = {"{0}": ("person", rng.choice(_PEOPLE)), "{1}": ("place", rng.choice(_PLACES))}
        for word in rng.choice(_FRAMES).split():
            kind, text = filled.get(word, ("", word))
            for number, part in enumerate(text.split()):
                tokens.append(part)
                tags.append(f"{'I' if number else 'B'}-{kind}" if kind else "O")
        rows.append({"tokens": tokens, "tags": tags})
    return rows


def small_sentence_spec(folder: Path) -> JobSpec:
    """A job on 150 made-up sentences.

    Args:
        folder: Where to put the file.
    """
    path = folder / "sentences.jsonl"
    lines = [
        json.dumps({**row, "split": "test" if n % 5 == 0 else "train"}) for n, row in enumerate(tagged_sentences(150))
    ]
    path.write_text("\n".join(lines) + "\n", encoding="utf-8")
    return JobSpec(name="suite", task=NamedEntityRecognition(), data=Dataset(train=str(path)))
