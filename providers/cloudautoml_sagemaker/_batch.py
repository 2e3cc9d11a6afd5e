"""Batch: what is sent to be predicted, and how its answers come back."""

from __future__ import annotations

import csv
import io
import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

CSV_ROWS = "text/csv"
CLASS_OUTPUT = ("predicted_label", "probabilities", "labels")
"""What a classifier is asked for: a line holds the label, and two lists in quotes."""


@dataclass(frozen=True, slots=True)
class Batch:
    """Inputs in S3.

    Attributes:
        uri: A file, or a folder that ends in `/`; holds a digest of what is in it.
        names: The files in it, in the order of the answers.
        content_type: How each is written.
        by_line: Whether a file has one input a line, to be predicted apart from the others; else it is one.
    """

    uri: str
    names: tuple[str, ...]
    content_type: str = CSV_ROWS
    by_line: bool = True


@dataclass(frozen=True, slots=True)
class Answer:
    """What was predicted for one input.

    Attributes:
        label: The predicted class as text, or the number.
        shares: Probability by class; empty where the model gives none.
    """

    label: str
    shares: Mapping[str, float]


def answers(output: bytes) -> list[Answer]:
    """Read what a container wrote: a label or a number a line, and beside it the probabilities and their labels.

    Containers of images and texts may write JSON lines with the same names.
    """
    text = output.decode("utf-8")
    if text.lstrip()[:1] in {"{", "["} and (found := _json_answers(text)):
        return found
    return [_answer(line) for line in csv.reader(io.StringIO(text)) if line]


def _answer(line: Sequence[str]) -> Answer:
    shares: dict[str, float] = {}
    if len(line) == len(CLASS_OUTPUT):
        shares = _shares(_listed(line[1]), _listed(line[2]))
    return Answer(line[0], shares)


def _shares(numbers: Sequence[Any], labels: Sequence[Any]) -> dict[str, float]:
    return {str(label): float(number) for number, label in zip(numbers, labels, strict=True)}


def _json_answers(text: str) -> list[Answer]:
    try:
        items: list[object] = [json.loads(line) for line in text.splitlines() if line.strip()]
    except ValueError:
        return []
    found: list[Answer] = []
    for item in items:
        if not isinstance(item, dict) or "predicted_label" not in item:
            return []
        fields = cast("dict[str, Any]", item)
        shares = _shares(fields.get("probabilities", ()), fields.get("labels", ()))
        found.append(Answer(str(fields["predicted_label"]), shares))
    return found


def _listed(text: str) -> list[str]:
    """The entries of a list such as `[0.25, 0.75]` or `['no', 'yes']`."""
    import ast

    try:
        return [str(entry) for entry in ast.literal_eval(text)]
    except (ValueError, SyntaxError):
        return [entry.strip() for entry in text.strip("[] ").split(",")]
