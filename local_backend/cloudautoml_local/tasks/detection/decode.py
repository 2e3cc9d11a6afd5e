"""Decoding: what a grid says becomes boxes: its summits, without those that overlap a surer one of their class."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

import numpy as np
import numpy.typing as npt

from cloudautoml.scoring_boxes import overlaps
from cloudautoml_local.tasks.detection.aims import EDGE_SCALE

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float64]

MOST: Final = 100
"""Boxes that are told of an image."""
_LEAST_SURE = 0.01
_OVERLAP = 0.5


def decoded(grids: npt.NDArray[np.float32], *, classes: int) -> Floats:
    """Boxes of each image, the surest first.

    Args:
        grids: (images, rows, columns, classes + 4).
        classes: How many there are.

    Returns:
        (images, 100, 6): left, top, right, bottom as shares of the side, the class, and the score; rows of zeros
        behind the last one.
    """
    found = np.zeros((len(grids), MOST, 6), np.float64)
    for number, grid in enumerate(np.asarray(grids, np.float64)):
        boxes = _of_grid(grid, classes)
        found[number, : len(boxes)] = boxes
    return found


def lists(found: Floats) -> list[Floats]:
    """For each image its boxes alone, without the empty rows."""
    return [boxes[boxes[:, 5] > 0] for boxes in found]


def without_overlaps(boxes: Floats, *, most: int = MOST, overlap: float = _OVERLAP) -> Floats:
    """Boxes in the order of their scores, without those that overlap a surer one of their class.

    Args:
        boxes: (boxes, 6).
        most: How many to keep.
        overlap: Intersection over union from which on two are taken for the same thing.
    """
    boxes = boxes[np.argsort(-boxes[:, 5], kind="stable")]
    same = (overlaps(boxes, boxes) > overlap) & (boxes[:, None, 4] == boxes[None, :, 4])
    kept: list[int] = []
    for number in range(len(boxes)):
        if not same[number, kept].any():
            kept.append(number)
        if len(kept) == most:
            break
    return boxes[kept]


def _of_grid(grid: Floats, classes: int) -> Floats:
    rows, columns = grid.shape[:2]
    logits = np.clip(grid[..., :classes], -50, 50)
    chance = 1 / (1 + np.exp(-logits))
    edged = np.pad(chance, ((1, 1), (1, 1), (0, 0)))
    around: Sequence[Floats] = [edged[i : i + rows, j : j + columns] for i in range(3) for j in range(3)]
    summit = (chance >= np.max(around, axis=0)) & (chance > _LEAST_SURE)
    y, x, kind = np.nonzero(summit)
    sure = chance[y, x, kind]
    first = np.argsort(-sure, kind="stable")[: 2 * MOST]
    y, x, kind, sure = y[first], x[first], kind[first], sure[first]
    far = np.logaddexp(0, grid[y, x, classes:]) * EDGE_SCALE
    at_x, at_y = (x + 0.5) / columns, (y + 0.5) / rows
    edges = [at_x - far[:, 0], at_y - far[:, 1], at_x + far[:, 2], at_y + far[:, 3]]
    boxes = np.column_stack([*(np.clip(edge, 0, 1) for edge in edges), kind, sure])
    return without_overlaps(boxes[(boxes[:, 2] > boxes[:, 0]) & (boxes[:, 3] > boxes[:, 1])])
