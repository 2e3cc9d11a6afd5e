"""Marked images: what a file of annotations says, before any of it is believed."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.data.findings import Finding

_SHOWN = 12

Corners = tuple[float, float, float, float]
"""Left, top, right and bottom edge in pixels from the upper left corner of the image."""


@dataclass(frozen=True, slots=True)
class MarkedImage:
    """An image that annotations list.

    Attributes:
        path: Where it is, from the source's folder.
        height: Pixels, where that is said.
        width: Pixels, where that is said.
        where: What lists it, for messages.
    """

    path: str
    height: int | None
    width: int | None
    where: str


@dataclass(frozen=True, slots=True)
class MarkedBox:
    """A box that annotations list.

    Attributes:
        where: Its file and its id, for messages.
        image: Number of its image; None where there is none.
        label: Its class; None where it is unknown.
        corners: Its edges; None where they are no numbers.
        crowd: Whether it stands for many objects or for one that is hard to tell, and is not to be learned from.
        problem: Why it cannot be used: a key of `check.PROBLEMS`; None where nothing is known against it.
    """

    where: str
    image: int | None
    label: str | None
    corners: Corners | None
    crowd: bool = False
    problem: str | None = None


@dataclass(frozen=True, slots=True)
class Marked:
    """All that a source lists, in its order.

    Attributes:
        images: The images.
        boxes: Their boxes.
        findings: What there is to say about the files themselves.
    """

    images: tuple[MarkedImage, ...]
    boxes: tuple[MarkedBox, ...]
    findings: tuple[Finding, ...] = field(default=())


def named(names: Sequence[str]) -> str:
    """Names for a message, none of them cut: the first dozen."""
    more = f" and {len(names) - _SHOWN:,} more" if len(names) > _SHOWN else ""
    return "; ".join(names[:_SHOWN]) + more


def file_name(where: str) -> str:
    """The last part of where a file is."""
    return where.replace("\\", "/").rpartition("/")[2]
