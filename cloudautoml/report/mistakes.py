"""Mistakes: examples that the best model gets wrong, to be looked at."""

from __future__ import annotations

import base64
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

_MOST = 24
_LONGEST = 300
_LARGEST_BYTES = 200_000
_KINDS = {".png": "image/png", ".jpg": "image/jpeg", ".jpeg": "image/jpeg"}


@dataclass(frozen=True, slots=True)
class Token:
    """A word of a text.

    Attributes:
        text: The word.
        truth: What it is; empty where it is nothing.
        predicted: What the model takes it for.
    """

    text: str
    truth: str
    predicted: str

    @property
    def wrong(self) -> bool:
        """Whether the model is wrong about it."""
        return self.truth != self.predicted


@dataclass(frozen=True, slots=True)
class Mistake:
    """An example with what it is and what the model takes it for.

    Attributes:
        truth: What it is.
        predicted: What the model says.
        probability: How sure the model is of that, in percent; empty where it does not say.
        where: Where the example is in the data.
        text: The example, where it is a text.
        image: The example as a `data:` URI, where it is an image.
        tokens: The example, where it is a text whose words have tags.
    """

    truth: str
    predicted: str
    probability: str
    where: str
    text: str = ""
    image: str = ""
    tokens: tuple[Token, ...] = ()


def mistakes(evaluation: Mapping[str, Any], folder: Path) -> list[Mistake]:
    """The examples that an evaluation names, 24 at most; those that cannot be read are left out.

    Args:
        evaluation: `task/evaluation.json`: `errors`, a list with `truth`, `predicted`, and perhaps `probability`,
            `where`, and one of `text`, `image` (a path relative to `folder`) and `tokens` (word, truth, prediction).
        folder: The folder of the task.
    """
    errors = evaluation.get("errors")
    given = cast("list[object]", errors) if isinstance(errors, list) else []
    found = (_mistake(cast("Mapping[str, Any]", error), folder) for error in given if isinstance(error, dict))
    return [mistake for mistake in found if mistake is not None][:_MOST]


def _mistake(error: Mapping[str, Any], folder: Path) -> Mistake | None:
    text, tokens = str(error.get("text") or ""), _tokens(error.get("tokens"))
    image = _inline(folder, str(error["image"])) if error.get("image") else ""
    if not (text or tokens or image):
        return None
    probability = error.get("probability")
    return Mistake(
        truth=_label(error.get("truth")),
        predicted=_label(error.get("predicted")),
        probability=f"{probability:.0%}" if isinstance(probability, (int, float)) else "",
        where=str(error.get("where") or ""),
        text=text if len(text) <= _LONGEST else f"{text[: _LONGEST - 1]}…",
        image=image,
        tokens=tokens,
    )


def _label(value: object) -> str:
    """A label, or several, as one text."""
    if isinstance(value, list):
        return ", ".join(map(str, cast("list[object]", value))) or "none"
    return "" if value is None else str(value)


def _tokens(value: object) -> tuple[Token, ...]:
    rows = cast("Sequence[object]", value) if isinstance(value, list) else ()
    triples = [
        cast("list[object]", row) for row in rows if isinstance(row, list) and len(cast("list[object]", row)) == 3
    ]
    return tuple(Token(str(word), _tag(truth), _tag(predicted)) for word, truth, predicted in triples)


def _tag(value: object) -> str:
    return "" if value in {None, "O"} else str(value)


def _inline(folder: Path, name: str) -> str:
    path = (folder / name).resolve()
    kind = _KINDS.get(path.suffix.lower())
    # the page is given away: only pictures of the task itself go into it
    if kind is None or not path.is_relative_to(folder.resolve()) or not path.is_file():
        return ""
    data = path.read_bytes()
    return f"data:{kind};base64,{base64.b64encode(data).decode()}" if len(data) <= _LARGEST_BYTES else ""
