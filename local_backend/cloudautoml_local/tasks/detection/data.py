"""Scenes: images in squares with their boxes in a table of one length, some set apart to choose by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cloudautoml.data.split import draw_order
from cloudautoml.store.files import write_json
from cloudautoml_local.tasks.detection.problem import DetectionProblem
from cloudautoml_local.tasks.detection.windows import IGNORED, PADDING
from cloudautoml_local.tasks.neural.examples import Examples

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cloudautoml.data import PreparedBoxes
    from cloudautoml.data.images import Split
    from cloudautoml.spec import JobSpec

_VALID = 0.2
MOST_BOXES = 200
"""Boxes of an image that are learned from; the largest ones, where there are more."""


def write_scenes(data: PreparedBoxes, spec: JobSpec, directory: Path, *, side: int) -> DetectionProblem:
    """Write pixels, boxes and the problem.

    Args:
        data: The job's images and boxes.
        spec: The job.
        directory: The task's folder.
        side: Pixels of the squares that images are kept in.
    """
    length = _length(data)
    pixels, target = data.pixels("train", side=side), boxes_of(data, "train", length)
    learned, chosen_by = _set_apart(target, seed=spec.seed)
    for part, places in (("train", learned), ("valid", chosen_by)):
        Examples(pixels[places], target[places]).save(directory, part)
        write_json(directory / f"{part}_images.json", data.positions("train")[places].tolist())
    if data.count("holdout"):
        Examples(data.pixels("holdout", side=side), boxes_of(data, "holdout", length)).save(directory, "holdout")
        write_json(directory / "holdout_images.json", data.positions("holdout").tolist())
    write_json(directory / "schema.json", {**data.schema.to_dict(), "side": side})
    problem = DetectionProblem(side, data.classes, spec.metric.name)
    problem.save(directory)
    return problem


def boxes_of(data: PreparedBoxes, split: Split, length: int) -> npt.NDArray[np.float32]:
    """The boxes of each image of a split, as shares of its longer side.

    Returns:
        (images, length, 5): left, top, right, bottom, and the class; as `windows` says for crowds and empty rows.
    """
    marks, sizes = data.marks(split), data.sizes(split)
    target = np.full((len(marks), length, 5), PADDING, np.float32)
    target[:, :, :4] = 0
    for number, (boxes, size) in enumerate(zip(marks, sizes, strict=True)):
        known = boxes[boxes[:, 4] >= 0]
        areas = (known[:, 2] - known[:, 0]) * (known[:, 3] - known[:, 1])
        chosen = known[np.argsort(-areas, kind="stable")[:length]]
        target[number, : len(chosen), :4] = chosen[:, :4] / size.max()
        target[number, : len(chosen), 4] = np.where(chosen[:, 5] > 0, IGNORED - chosen[:, 4], chosen[:, 4])
    return target


def _length(data: PreparedBoxes) -> int:
    splits: Sequence[Split] = ("train", "holdout")
    counts = [len(boxes) for split in splits for boxes in data.marks(split)]
    return max(1, min(MOST_BOXES, max(counts, default=1)))


def _set_apart(target: npt.NDArray[np.float32], *, seed: int) -> tuple[npt.NDArray[np.int64], npt.NDArray[np.int64]]:
    """Places of the images to learn from and of those to choose by: a fifth, in which each class is, if it can be."""
    count = len(target)
    order = draw_order(count, seed)
    wanted = max(1, round(_VALID * count))
    kinds = [set(boxes[boxes[:, 4] >= 0, 4].astype(int).tolist()) for boxes in target]
    left: dict[int, int] = {}
    for kind in (kind for known in kinds for kind in known):
        left[kind] = left.get(kind, 0) + 1
    chosen: list[int] = []
    missing = {kind for kind, images in left.items() if images > 1}
    for place in order.tolist():  # first one image of each class, so that none goes unjudged
        if kinds[place] & missing and len(chosen) < wanted:
            chosen.append(place)
            missing -= kinds[place]
    taken = set(chosen)
    chosen += [place for place in order.tolist() if place not in taken][: wanted - len(chosen)]
    apart = np.zeros(count, np.bool_)
    apart[chosen] = True
    return np.flatnonzero(~apart), np.flatnonzero(apart)
