"""Scoring of boxes: average precision over overlaps and classes, as COCO defines it."""

from __future__ import annotations

import contextlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt

    Boxes = npt.NDArray[np.float64]

MOST_FOUND = 100
"""Boxes of an image that count, the surest first."""
_POINTS = 101


@dataclass(frozen=True, slots=True, eq=False)
class ClassScore:
    """How well the boxes of one class are found.

    Attributes:
        ap_50: Average precision at an overlap of 0.5.
        ap_50_95: Mean over the overlaps 0.5, 0.55 to 0.95.
        recall: 101 recalls from 0 to 1.
        precision: The precision at each of them, at an overlap of 0.5.
        threshold: The score at each of them.
        support: Boxes that are there, crowds aside.
    """

    ap_50: float
    ap_50_95: float
    recall: npt.NDArray[np.float64]
    precision: npt.NDArray[np.float64]
    threshold: npt.NDArray[np.float64]
    support: int

    @property
    def best(self) -> tuple[float, float, float]:
        """Precision, recall and F1 where F1 is highest; zeros where nothing is found."""
        import numpy as np

        total = self.precision + self.recall
        f1 = 2 * self.precision * self.recall / np.where(total > 0, total, 1.0)
        place = int(f1.argmax())
        return float(self.precision[place]), float(self.recall[place] if f1[place] else 0.0), float(f1[place])


def score_boxes(truth: Sequence[Boxes], found: Sequence[Boxes], *, classes: int) -> list[ClassScore | None]:
    """Compare boxes that were found with those that are there.

    Args:
        truth: For each image (boxes, 6): left, top, right, bottom, number of the class, and 1 for a crowd, which is
            neither right nor wrong to find. Classes below zero are left out.
        found: For each image (boxes, 6): left, top, right, bottom, number of the class, score.
        classes: How many there are.

    Returns:
        One score a class; None for those of which there is no box.
    """
    from pycocotools.coco import COCO  # type: ignore[import-untyped]
    from pycocotools.cocoeval import COCOeval  # type: ignore[import-untyped]

    with contextlib.redirect_stdout(io.StringIO()):  # it prints its progress
        there: Any = COCO()
        there.dataset = _dataset(truth, classes)
        there.createIndex()
        there_found: Any = COCO()
        there_found.dataset = {**there.dataset, "annotations": _found(found)}
        there_found.createIndex()
        judge: Any = COCOeval(there, there_found, "bbox")
        judge.params.maxDets = [1, 10, MOST_FOUND]
        judge.params.areaRng = [judge.params.areaRng[0]]
        judge.params.areaRngLbl = ["all"]
        judge.evaluate()
        judge.accumulate()
    counts = [0] * classes
    for boxes in truth:
        for box in boxes:
            if box[4] >= 0 and not box[5]:
                counts[int(box[4])] += 1
    precision, scores = judge.eval["precision"][:, :, :, 0, -1], judge.eval["scores"][:, :, :, 0, -1]
    return [_of_class(precision[:, :, code], scores[0, :, code], counts[code]) for code in range(classes)]


def box_metrics(scores: Sequence[ClassScore | None]) -> dict[str, float]:
    """`map_50` and `map_50_95`: means over the classes that there are boxes of; empty where there are none."""
    known = [score for score in scores if score is not None]
    if not known:
        return {}
    return {
        "map_50": sum(score.ap_50 for score in known) / len(known),
        "map_50_95": sum(score.ap_50_95 for score in known) / len(known),
    }


def overlaps(first: Boxes, second: Boxes) -> Boxes:
    """Intersection over union of each of n boxes with each of m: (n, m)."""
    import numpy as np

    low = np.maximum(first[:, None, :2], second[None, :, :2])
    high = np.minimum(first[:, None, 2:4], second[None, :, 2:4])
    shared = np.clip(high - low, 0, None).prod(axis=2)
    areas = [np.clip(boxes[:, 2:4] - boxes[:, :2], 0, None).prod(axis=1) for boxes in (first, second)]
    union = areas[0][:, None] + areas[1][None] - shared
    return cast("Boxes", shared / np.where(union > 0, union, 1.0))


def _of_class(precision: Any, scores: Any, support: int) -> ClassScore | None:
    import numpy as np

    if not support:
        return None
    each = np.clip(precision, 0, None).mean(axis=1)
    recall = np.linspace(0, 1, _POINTS)
    return ClassScore(
        float(each[0]), float(each.mean()), recall, np.clip(precision[0], 0, None), np.asarray(scores), support
    )


def _dataset(truth: Sequence[Boxes], classes: int) -> dict[str, Any]:
    marks = [(image, box) for image, boxes in enumerate(truth) for box in boxes.tolist() if box[4] >= 0]
    annotations = [
        {**_record(box, image, number), "iscrowd": int(box[5]), "ignore": int(box[5])}
        for number, (image, box) in enumerate(marks, 1)
    ]
    return {
        "images": [{"id": image} for image in range(len(truth))],
        "categories": [{"id": code} for code in range(classes)],
        "annotations": annotations,
    }


def _found(found: Sequence[Boxes]) -> list[dict[str, Any]]:
    marks = [(image, box) for image, boxes in enumerate(found) for box in boxes.tolist()]
    return [
        {**_record(box, image, number), "iscrowd": 0, "score": box[5]} for number, (image, box) in enumerate(marks, 1)
    ]


def _record(box: Sequence[float], image: int, number: int) -> dict[str, Any]:
    left, top, right, bottom = box[:4]
    width, height = right - left, bottom - top
    return {
        "id": number, "image_id": image, "category_id": int(box[4]), "bbox": [left, top, width, height],
        "area": width * height,
    }  # fmt: skip
