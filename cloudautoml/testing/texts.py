"""Small texts for the conformance suites: sentences put together from words that give their topics away."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

from cloudautoml.spec import TextClassification
from cloudautoml.testing.tables import table_spec, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.spec import JobSpec

_ROWS = 180
_WORDS = {
    "weather": ("rain", "wind", "a cold front", "sunshine", "snow on the hills", "thunder"),
    "food": ("soup", "fresh bread", "a pinch of salt", "the oven", "olive oil", "dessert"),
    "sport": ("the goalkeeper", "a late goal", "the race", "extra time", "the referee", "a record"),
}
_FRAMES = ("today there was {} and {}", "{}, then {}", "they spoke of {} and of {}", "no {} without {}!")


def text_rows(*, several: bool = False) -> list[dict[str, str]]:
    """Rows of `text` and `label`.

    Args:
        several: Whether a text may be about two topics, which are joined by a comma; otherwise it is about one.
    """
    rng = random.Random(3)  # noqa: S311 - the same texts every time
    topics = sorted(_WORDS)
    rows: list[dict[str, str]] = []
    for number in range(_ROWS):
        first = topics[number % len(topics)]
        second = rng.choice(topics) if several else first
        text = rng.choice(_FRAMES).format(rng.choice(_WORDS[first]), rng.choice(_WORDS[second]))
        rows.append({"text": f"{text} ({number})", "label": ",".join(sorted({first, second}))})
    return rows


def small_text_spec(folder: Path, *, several: bool = False) -> JobSpec:
    """A job on 180 made-up sentences of three topics.

    Args:
        folder: Where to put the file.
        several: Whether a text may have more than one label.
    """
    path = folder / ("texts_of_labels.csv" if several else "texts.csv")
    return table_spec(TextClassification(multi_label=several), write_table(path, text_rows(several=several)))
