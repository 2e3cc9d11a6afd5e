"""Small pictures for the conformance suites: patterns that can be told apart, in a table of paths."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.spec import ImageClassification
from cloudautoml.testing.tables import table_spec, write_table

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.spec import JobSpec

_EACH, _SIDE = 40, 12


def write_pictures(folder: Path) -> Path:
    """Write noisy grey pictures of lying stripes, standing stripes and checks, each in the folder of its class.

    Args:
        folder: Where to put them; not there yet.

    Returns:
        The folder.
    """
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(5)
    row, column = np.indices((_SIDE, _SIDE)) // 2 % 2
    for name, pattern in (("lying", row), ("standing", column), ("checked", row ^ column)):
        (folder / name).mkdir(parents=True)
        for number in range(_EACH):
            shown = np.clip(60 + 120 * pattern + rng.normal(0, 25, pattern.shape), 0, 255)
            Image.fromarray(shown.astype(np.uint8)).save(folder / name / f"{number}.png")
    return folder


def write_pairs(folder: Path) -> dict[str, tuple[str, ...]]:
    """Write noisy grey pictures on which lying stripes, standing stripes, both beside each other or none are seen.

    Args:
        folder: Where to put them; not there yet.

    Returns:
        The labels of each picture by its path; the kinds of picture take turns.
    """
    import numpy as np
    from PIL import Image

    rng = np.random.default_rng(6)
    row, column = np.indices((_SIDE, _SIDE)) // 2 % 2
    folder.mkdir(parents=True)
    labels: dict[str, tuple[str, ...]] = {}
    for number in range(4 * _EACH):
        seen = [name for name, bit in (("lying", 1), ("standing", 2)) if number & bit]
        halves = [row if "lying" in seen else np.zeros_like(row), column if "standing" in seen else np.zeros_like(row)]
        pattern = np.hstack(halves if rng.random() < 0.5 else halves[::-1])
        shown = np.clip(60 + 120 * pattern + rng.normal(0, 25, pattern.shape), 0, 255)
        path = folder / f"{number}.png"
        Image.fromarray(shown.astype(np.uint8)).save(path)
        labels[str(path)] = tuple(seen)
    return labels


def small_image_spec(folder: Path, *, several: bool = False) -> JobSpec:
    """A job on 120 made-up pictures of three classes, or on 160 that have two labels, one or none.

    Args:
        folder: Where to put the pictures and the table of their paths.
        several: Whether a picture may have more than one label.
    """
    if several:
        table = folder / "pairs.csv"
        if not table.exists():
            labels = write_pairs(folder / "pairs" / "mixed")
            write_table(table, [{"image": path, "label": ",".join(seen)} for path, seen in labels.items()])
        return table_spec(ImageClassification(multi_label=True), table)
    pictures = folder / "pictures"
    if not pictures.exists():
        write_pictures(pictures)
    paths = sorted(pictures.rglob("*.png"), key=lambda path: (int(path.stem), path.parent.name))  # classes take turns
    rows = [{"image": str(path), "label": path.parent.name} for path in paths]
    return table_spec(ImageClassification(), write_table(folder / "pictures.csv", rows))
