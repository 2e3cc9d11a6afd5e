"""Small pictures for the conformance suites: three patterns that can be told apart, in a table of paths."""

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


def small_image_spec(folder: Path) -> JobSpec:
    """A job on 120 made-up pictures of three classes.

    Args:
        folder: Where to put the pictures and the table of their paths.
    """
    pictures = folder / "pictures"
    if not pictures.exists():
        write_pictures(pictures)
    paths = sorted(pictures.rglob("*.png"), key=lambda path: (int(path.stem), path.parent.name))  # classes take turns
    rows = [{"image": str(path), "label": path.parent.name} for path in paths]
    return table_spec(ImageClassification(), write_table(folder / "pictures.csv", rows))
