"""Pascal VOC: one XML file an image, read without any of what XML can do beside holding text."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from pathlib import PurePosixPath
from typing import TYPE_CHECKING
from xml.parsers import expat

from cloudautoml.data.boxes.marked import Marked, MarkedBox, MarkedImage
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import listed
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable

    from cloudautoml.data.boxes.marked import Corners

MOST_XML = 4 * 2**20
"""Bytes of the largest annotation that is read."""
_DEEPEST = 32
_MOST_BAD = 0.1
_EDGES = ("xmin", "ymin", "xmax", "ymax")


@dataclass(slots=True)
class Element:
    """A tag with its text and what is in it.

    Attributes:
        tag: Its name.
        text: Its text, without that of its parts.
        parts: What is in it.
    """

    tag: str
    text: str = ""
    parts: list[Element] = field(default_factory=list["Element"])

    def all(self, tag: str) -> list[Element]:
        """The parts of a name."""
        return [part for part in self.parts if part.tag == tag]

    def first(self, *path: str) -> str | None:
        """The text at the end of a path of tags; None where there is none."""
        here = self
        for tag in path:
            below = here.all(tag)
            if not below:
                return None
            here = below[0]
        return here.text.strip() or None


def parsed_xml(data: bytes) -> Element:
    """The elements of an XML file; attributes are left out.

    A document type is refused, and with it every entity: those can grow without bound, or name files.

    Raises:
        DataError: It is not XML, declares a document type, or is too large or too deep; the message names no file.
    """
    if len(data) > MOST_XML:
        raise DataError(f"{len(data):,} bytes are more than the {MOST_XML:,} that are read")
    parser = expat.ParserCreate()
    root = Element("")
    open_ = [root]

    def start(tag: str, _attributes: dict[str, str]) -> None:
        if len(open_) > _DEEPEST:
            raise DataError(f"its elements are nested more than {_DEEPEST} deep")
        made = Element(tag)
        open_[-1].parts.append(made)
        open_.append(made)

    def end(_tag: str) -> None:
        open_.pop()

    def text(part: str) -> None:
        open_[-1].text += part

    def refuse(*_declared: object) -> None:
        raise DataError("it declares a document type, which is not read", hint="remove the line with <!DOCTYPE")

    parser.StartElementHandler, parser.EndElementHandler, parser.CharacterDataHandler = start, end, text
    parser.StartDoctypeDeclHandler = refuse
    parser.EntityDeclHandler = refuse
    parser.buffer_text = True
    try:
        parser.Parse(data, True)
    except expat.ExpatError as exc:
        raise DataError(f"this is not XML: {expat.ErrorString(exc.code)} in line {exc.lineno}") from exc
    return root.parts[0]


def read_voc(files: Iterable[tuple[str, bytes]], *, where: str) -> Marked:
    """Read annotations.

    Boxes count pixels from 1 and include the last one, unless one of them begins at 0.

    Args:
        files: Paths from the source's folder, and contents.
        where: The folder, for messages.

    Raises:
        DataError: More than a tenth of the files cannot be read.
    """
    images: list[MarkedImage] = []
    boxes: list[MarkedBox] = []
    bad: list[str] = []
    count = 0
    for path, data in files:
        count += 1
        try:
            image, found = _file(path, data, len(images))
        except DataError as exc:
            bad.append(f"{path} ({exc.message})")
            continue
        images.append(image)
        boxes += found
    if bad and len(bad) > _MOST_BAD * count:
        raise DataError(
            f"{len(bad):,} of {count:,} annotations cannot be read: {'; '.join(bad[:12])}",
            where=where,
            hint="Pascal VOC is one XML file an image, with annotation as its outermost element",
        )
    findings: list[Finding] = []
    if bad:
        message = f"{len(bad):,} of {count:,} annotations cannot be read and are left out: {'; '.join(bad[:12])}"
        findings.append(Finding("boxes.unreadable", Severity.WARNING, message))
    known = [box.corners for box in boxes if box.corners is not None]
    if known and min(min(left, top) for left, top, _, _ in known) >= 1:
        boxes = [_from_zero(box) for box in boxes]
    elif known:
        names = [box.where for box in boxes if box.corners is not None and min(box.corners[:2]) < 1]
        message = "boxes begin at pixel 0, so all are taken to count from 0 instead of 1"
        findings.append(Finding("boxes.from_zero", Severity.INFO, message, hint=f"such as {listed(names[:3])}"))
    return Marked(tuple(images), tuple(boxes), tuple(findings))


def _file(path: str, data: bytes, number: int) -> tuple[MarkedImage, list[MarkedBox]]:
    root = parsed_xml(data)
    if root.tag != "annotation":
        raise DataError(f"its outermost element is {root.tag}, not annotation")
    folder = PurePosixPath(path).parent
    name = root.first("filename")
    pictured = (folder / PurePosixPath(name.replace("\\", "/")).name) if name else PurePosixPath(path).with_suffix("")
    height, width = (_whole(root.first("size", side)) for side in ("height", "width"))
    image = MarkedImage(pictured.as_posix(), height, width, path)
    return image, [_box(element, place, path, number) for place, element in enumerate(root.all("object"), 1)]


def _box(element: Element, place: int, path: str, number: int) -> MarkedBox:
    label = element.first("name")
    edges = [_number(element.first("bndbox", edge)) for edge in _EDGES]
    known = [edge for edge in edges if edge is not None]
    corners: Corners | None = (known[0], known[1], known[2], known[3]) if len(known) == len(_EDGES) else None
    problem = "unknown_class" if label is None else "no_numbers" if corners is None else None
    hard = element.first("difficult") == "1"
    return MarkedBox(f"{path}, object {place}", number, label, corners, crowd=hard, problem=problem)


def _from_zero(box: MarkedBox) -> MarkedBox:
    if box.corners is None:
        return box
    left, top, right, bottom = box.corners
    return MarkedBox(box.where, box.image, box.label, (left - 1, top - 1, right, bottom), box.crowd, box.problem)


def _number(text: str | None) -> float | None:
    try:
        value = float(text or "")
    except ValueError:
        return None
    return value if math.isfinite(value) else None


def _whole(text: str | None) -> int | None:
    value = _number(text)
    return int(value) if value is not None and value >= 1 else None
