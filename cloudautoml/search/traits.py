"""Traits: what the training of a job offers, and what a strategy or an estimator relies on."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

InputKind = Literal["table", "image", "sequence", "scene", "tokens", "series"]
"""What one example is: numbers, an image, token ids in order, an image in which things are to be found,
tokens that are answered one by one, or the history of a series."""


class Trait(StrEnum):
    """Something that a search may need; a part declares it, and a combination that lacks it is refused."""

    EPOCHS = "epochs"
    ROWS = "rows"
    FOLDS = "folds"
    RESOLUTION = "resolution"
    WIDTH = "width"
    CELLS = "cells"
    CURVE = "curve"
    WEIGHTS = "weights"
    PROXIES = "proxies"
    PARENTS = "parents"

    @property
    def meaning(self) -> str:
        """What it is, to go on "this needs ..."."""
        return _MEANINGS[self]


_MEANINGS = {
    Trait.EPOCHS: "training that can be cut to fewer epochs",
    Trait.ROWS: "training that can be cut to fewer rows",
    Trait.FOLDS: "validation that can be cut to fewer folds",
    Trait.RESOLUTION: "images that can be made smaller",
    Trait.WIDTH: "networks that can be made narrower",
    Trait.CELLS: "networks of repeated cells, of which some can be left out",
    Trait.CURVE: "training that tells its score step by step",
    Trait.WEIGHTS: "networks that can start from the weights of another",
    Trait.PROXIES: "candidates that can be scored untrained",
    Trait.PARENTS: "a strategy that changes earlier candidates",
}

FIDELITIES = (Trait.EPOCHS, Trait.ROWS, Trait.FOLDS, Trait.RESOLUTION, Trait.WIDTH, Trait.CELLS)
"""What a fidelity may cut."""


@dataclass(frozen=True, slots=True)
class Signature:
    """What goes into the models of a job and what comes out.

    Attributes:
        kind: What one example is.
        shape: Its shape: `(features,)`, `(height, width, channels)` or `(length,)`; empty before the data is read.
        outputs: Numbers that a model gives for an example: classes, labels, or 1; 0 before the data is read.
        target: `classes` (one of several), `labels` (any number of them) or `value` (a number).
        vocabulary: Number of token ids, for sequences.
    """

    kind: InputKind
    shape: tuple[int, ...] = ()
    outputs: int = 0
    target: Literal["classes", "labels", "value"] = "classes"
    vocabulary: int = 0

    @property
    def known(self) -> bool:
        """Whether the data has been read."""
        return bool(self.shape) and self.outputs > 0
