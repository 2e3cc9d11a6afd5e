"""COCO: one JSON object that lists images, categories and boxes."""

from __future__ import annotations

import json
import math
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.boxes.marked import Marked, MarkedBox, MarkedImage, file_name
from cloudautoml.data.names import listed, short
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from cloudautoml.data.boxes.marked import Corners

_FARTHEST = 1e9  # pixels; what is beyond is a mistake, and may be no float at all
_PARTS = ("images", "annotations", "categories")


def read_coco(data: bytes, *, where: str) -> Marked:
    """Read annotations.

    Args:
        data: The file's content.
        where: The file, for messages.

    Raises:
        DataError: It is not JSON, or not of this layout; an image or a category is listed twice.
    """
    found = parsed(data, where=where)
    lists = _lists(found, where)
    images = _by_id(lists["images"], "image", where)
    categories = _by_id(lists["categories"], "category", where)
    marked = tuple(_image(record, key, where) for key, record in images.items())
    numbers = {key: number for number, key in enumerate(images)}
    names = {key: _name(record, key, where) for key, record in categories.items()}
    boxes = [_box(record, place, numbers, names, where) for place, record in enumerate(lists["annotations"], 1)]
    return Marked(marked, tuple(boxes))


def parsed(data: bytes, *, where: str) -> Any:
    """JSON of a file that may hold anything.

    Raises:
        DataError: It is not JSON; says line and column.
    """
    try:
        return json.loads(data.decode("utf-8-sig"))
    except json.JSONDecodeError as exc:
        place = f"{where}, line {exc.lineno}, column {exc.colno}"
        raise DataError(f"this is not JSON: {exc.msg}", where=place) from exc
    except (UnicodeDecodeError, RecursionError, ValueError) as exc:
        raise DataError(f"this is not JSON: {exc!s:.200}", where=where) from exc


def corners_of(values: Any) -> Corners | None:
    """Four finite numbers; None where they are something else."""
    if not isinstance(values, list):
        return None
    edges: list[float] = []
    for value in cast("list[object]", values):
        if not isinstance(value, (int, float)) or isinstance(value, bool) or abs(value) > _FARTHEST:
            return None
        edges.append(float(value))
    if len(edges) != 4:
        return None
    return (edges[0], edges[1], edges[2], edges[3]) if all(map(math.isfinite, edges)) else None


def _lists(found: Any, where: str) -> dict[str, list[dict[str, Any]]]:
    hint = "a COCO file is one object with the lists images, annotations and categories"
    if not isinstance(found, dict):
        raise DataError(f"this is JSON of a {type(found).__name__}, and no object", where=where, hint=hint)
    known = cast("dict[str, Any]", found)
    lists: dict[str, list[dict[str, Any]]] = {}
    for name in _PARTS:
        records = known.get(name)
        if not isinstance(records, list):
            raise DataError(f"there is no list {name!r}; there is {listed(known)}", where=where, hint=hint)
        for place, record in enumerate(cast("list[object]", records), 1):
            if not isinstance(record, dict):
                raise DataError(f"entry {place} of {name!r} is no object: {short(record)}", where=where, hint=hint)
        lists[name] = cast("list[dict[str, Any]]", records)
    return lists


def _by_id(records: list[dict[str, Any]], what: str, where: str) -> dict[str, dict[str, Any]]:
    found: dict[str, dict[str, Any]] = {}
    for place, record in enumerate(records, 1):
        key = _key(record.get("id"))
        if key is None:
            raise DataError(f"{what} {place} of the list has no id", where=where)
        if key in found:
            raise DataError(f"two of a kind: {what} id {key}", where=where, hint="give each an id of its own")
        found[key] = record
    return found


def _key(value: Any) -> str | None:
    return str(value) if isinstance(value, (int, str)) and not isinstance(value, bool) else None


def _image(record: dict[str, Any], key: str, where: str) -> MarkedImage:
    path = record.get("file_name")
    if not isinstance(path, str) or not path.strip():
        raise DataError(f"image id {key} has no file_name", where=where)
    sides = (record.get("height"), record.get("width"))
    height, width = (side if isinstance(side, int) and side > 0 else None for side in sides)
    return MarkedImage(path, height, width, f"{file_name(where)}, image id {key}")


def _name(record: dict[str, Any], key: str, where: str) -> str:
    name = record.get("name")
    if not isinstance(name, str) or not name.strip():
        raise DataError(f"category id {key} has no name", where=where)
    return name.strip()


def _box(record: dict[str, Any], place: int, numbers: dict[str, int], names: dict[str, str], where: str) -> MarkedBox:
    key = _key(record.get("id"))
    at = f"{file_name(where)}, annotation {f'id {key}' if key is not None else f'{place} of the list'}"
    image = numbers.get(_key(record.get("image_id")) or "")
    label = names.get(_key(record.get("category_id")) or "")
    sides = corners_of(record.get("bbox"))
    corners = None if sides is None else (sides[0], sides[1], sides[0] + sides[2], sides[1] + sides[3])
    problem = None
    if image is None:
        problem = "unknown_image"
    elif label is None:
        problem = "unknown_class"
    elif corners is None:
        problem = "no_numbers"
    return MarkedBox(at, image, label, corners, crowd=bool(record.get("iscrowd")), problem=problem)
