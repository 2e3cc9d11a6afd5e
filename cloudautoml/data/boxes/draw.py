"""Drawing: boxes on a picture, those that are there and those that were found."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from PIL.Image import Image

TRUE, FOUND = "#16a34a", "#dc2626"
"""Colours of the boxes that are there and of those that were found."""


def drawn(
    shown: Image,
    *,
    truth: Iterable[tuple[float, float, float, float]] = (),
    found: Iterable[tuple[float, float, float, float]] = (),
    side: int = 160,
) -> Image:
    """A small copy of a picture with boxes on it: green ones that are there, red ones that a model has found.

    Args:
        shown: The picture.
        truth: Left, top, right and bottom edges in its pixels.
        found: Likewise.
        side: Pixels of the copy's longer side at most.
    """
    from PIL import Image, ImageDraw

    small = shown.convert("RGB")
    small.thumbnail((side, side), Image.Resampling.LANCZOS)
    scale = max(small.size) / max(shown.size)
    pen = ImageDraw.Draw(small)
    for edges, colour in [*((edges, TRUE) for edges in truth), *((edges, FOUND) for edges in found)]:
        left, top, right, bottom = (edge * scale for edge in edges)
        pen.rectangle((left, top, max(left, right - 1), max(top, bottom - 1)), outline=colour, width=2)
    return small
