"""Make `data/digit_boxes.zip`: real handwritten digits on canvases, with the box of each as COCO annotations.

python examples/make_boxes.py
"""

from __future__ import annotations

import io
import json
import zipfile
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

DATA = Path(__file__).parent / "data"
NAMES = ("zero", "one", "two")
SIDE = 96


def canvas(digits: Any, labels: Any, rng: np.random.Generator, *, most: int = 4) -> tuple[Any, list[Any]]:
    """One grey canvas with up to `most` digits that do not overlap: its pixels, and (label, x, y, width, height)."""
    pixels = np.full((SIDE, SIDE), 20.0) + rng.normal(0, 6, (SIDE, SIDE))
    taken = np.zeros((SIDE, SIDE), bool)
    boxes: list[Any] = []
    for _ in range(int(rng.integers(1, most + 1))):
        which, side = int(rng.integers(len(digits))), int(rng.integers(24, 41))
        x, y = (int(rng.integers(0, SIDE - side)) for _ in range(2))
        if taken[y : y + side, x : x + side].any():
            continue
        taken[y : y + side, x : x + side] = True
        small = Image.fromarray(digits[which]).resize((side, side), Image.Resampling.BILINEAR)
        shown = np.asarray(small, np.float64)
        ink = np.argwhere(shown > 60)
        (top, left), (bottom, right) = ink.min(axis=0).tolist(), (ink.max(axis=0) + 1).tolist()
        pixels[y : y + side, x : x + side] = np.maximum(pixels[y : y + side, x : x + side], shown)
        boxes.append((int(labels[which]), x + left, y + top, right - left, bottom - top))
    return np.clip(pixels, 0, 255).astype(np.uint8), boxes


def make(path: Path, *, count: int = 80, seed: int = 7) -> None:
    """Write a zip archive of canvases and their annotations."""
    with np.load(DATA / "digits.npz") as file:
        chosen = file["y"] < len(NAMES)
        digits, labels = file["x"][chosen], file["y"][chosen]
    rng = np.random.default_rng(seed)
    images: list[dict[str, Any]] = []
    annotations: list[dict[str, Any]] = []
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        for number in range(1, count + 1):
            pixels, boxes = canvas(digits, labels, rng)
            stream = io.BytesIO()
            Image.fromarray(pixels).save(stream, "JPEG", quality=80)
            name = f"images/{number:03}.jpg"
            archive.writestr(name, stream.getvalue())
            images.append({"id": number, "file_name": name, "width": SIDE, "height": SIDE})
            for label, *edges in boxes:
                mark = {"id": len(annotations) + 1, "image_id": number, "category_id": label + 1, "bbox": edges}
                annotations.append({**mark, "area": edges[2] * edges[3], "iscrowd": 0})
        categories = [{"id": code, "name": name} for code, name in enumerate(NAMES, 1)]
        listed = {"images": images, "annotations": annotations, "categories": categories}
        archive.writestr("annotations.json", json.dumps(listed))


if __name__ == "__main__":
    make(DATA / "digit_boxes.zip")
