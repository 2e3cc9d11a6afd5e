"""Pictures and the files of them, for tests of image data."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

import numpy as np
from PIL import Image

if TYPE_CHECKING:
    from pathlib import Path

SHADES = {"dark": 40, "light": 200}


def shade(level: int, *, number: int = 0, size: tuple[int, int] = (8, 6)) -> Image.Image:
    """A grey picture of one level with some noise, so that no two are equal."""
    noise = np.random.default_rng(1000 * level + number).integers(-9, 10, size)
    return Image.fromarray((noise + level).astype(np.uint8))


def encoded(picture: Image.Image, kind: str = "PNG", **options: Any) -> bytes:
    """A picture as the bytes of a file."""
    stream = io.BytesIO()
    picture.save(stream, format=kind, **options)
    return stream.getvalue()


def write_shades(folder: Path, *, each: int = 40) -> Path:
    """Write a folder of dark and light pictures, each in the folder of its class."""
    for label, level in SHADES.items():
        (folder / label).mkdir(parents=True)
        for number in range(each):
            shade(level, number=number).save(folder / label / f"{number:02}.png")
    return folder
