"""Lines: a JSON object an image, with its path and the list of its boxes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.boxes.coco import corners_of, parsed
from cloudautoml.data.boxes.marked import Marked, MarkedBox, MarkedImage, file_name
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from cloudautoml.spec import ObjectDetection

_EDGES = ("xmin", "ymin", "xmax", "ymax")


def read_lines(data: bytes, task: ObjectDetection, *, where: str) -> Marked:
    """Read annotations such as `{"image": "a.jpg", "label": [{"label": "cat", "xmin": 1, "ymin": 2, ...}]}`.

    Args:
        data: The file's content.
        task: The names of the two keys.
        where: The file, for messages.

    Raises:
        DataError: A line is no JSON object, or has no image or no list; says which.
    """
    images: list[MarkedImage] = []
    boxes: list[MarkedBox] = []
    for number, line in enumerate(data.splitlines(), 1):
        if not line.strip():
            continue
        at = f"{where}, line {number}"
        row = parsed(line, where=at)
        path = row.get(task.image) if isinstance(row, dict) else None
        marks: object = row.get(task.target) if isinstance(row, dict) else None
        if not isinstance(path, str) or not path.strip() or not isinstance(marks, list):
            raise DataError(
                f"a line has the path {task.image!r} and the list {task.target!r}, and this one has not",
                where=at,
                hint=f'write {{"{task.image}": "a.jpg", "{task.target}": [{{"label": "cat", "xmin": 1, ...}}]}}',
            )
        for place, mark in enumerate(cast("list[object]", marks), 1):
            boxes.append(_box(mark, f"{file_name(at)}, box {place}", len(images)))
        images.append(MarkedImage(path, None, None, at))
    return Marked(tuple(images), tuple(boxes))


def _box(mark: object, where: str, image: int) -> MarkedBox:
    known = cast("dict[str, Any]", mark) if isinstance(mark, dict) else {}
    label = known.get("label")
    corners = corners_of([known.get(edge) for edge in _EDGES])
    name = str(label).strip() if isinstance(label, (str, int)) and not isinstance(label, bool) else ""
    problem = "unknown_class" if not name else "no_numbers" if corners is None else None
    return MarkedBox(where, image, name or None, corners, crowd=bool(known.get("crowd")), problem=problem)
