"""Mistakes: the images that the best model is surest about and wrong, each as a small picture."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data import PreparedImages
from cloudautoml.errors import DataError
from cloudautoml.scoring_labels import decided
from cloudautoml.store.files import atomic_path
from cloudautoml_local.tasks.image.data import parts_of

if TYPE_CHECKING:
    import numpy.typing as npt
    from PIL.Image import Image

    from cloudautoml_local.tasks.base import LocalTask
    from cloudautoml_local.tasks.neural.problem import Floats, Problem

_MOST = 24
_SMALLEST, _LARGEST = 64, 160


def pictured_mistakes(
    task: LocalTask, part: str, target: npt.NDArray[Any], found: Floats, problem: Problem
) -> list[dict[str, Any]]:
    """Write pictures of the worst mistakes to `task/errors/`, and say what they are; those of before are removed.

    Args:
        task: The job's task, prepared by `write_image_examples` or by `write_features`.
        part: `valid` or `holdout`.
        target: n codes, -1 for an unknown class, or n x k zeros and ones.
        found: n x k probabilities.
        problem: What was to be learned.

    Returns:
        24 at most, worst first: `truth` and `predicted` (a label, or a list where there may be several),
        `probability` (of the class that was taken; of several labels, how sure the model is of the worst of its
        decisions), `image` (relative to `task/`) and `where`, the image's name.
    """
    folder = task.directory / "task"
    shutil.rmtree(folder / "errors", ignore_errors=True)
    worst, sure = worst_mistakes(target, found)
    if not len(worst):
        return []
    data = PreparedImages.load(task.directory / "data")
    positions = next(
        data.positions(split)[places] for name, split, places, _ in parts_of(data, task.spec) if name == part
    )
    errors: list[dict[str, Any]] = []
    for row, probability in zip(worst, sure, strict=True):
        position = int(positions[row])
        try:
            shown = _thumbnail(data.images.picture(position))
        except DataError:  # a file that was too large to be copied, and has changed since
            continue
        name = f"errors/{len(errors):02d}.png"
        with atomic_path(folder / name) as beside:
            shown.save(beside, format="PNG")
        truth, predicted = _labels(target[row], problem), _labels(_decision(found[row], problem), problem)
        errors.append(
            {
                "truth": truth,
                "predicted": predicted,
                "probability": round(float(probability), 4),
                "image": name,
                "where": data.images.name(position),
            }
        )
    return errors


def worst_mistakes(target: npt.NDArray[Any], found: Floats) -> tuple[npt.NDArray[np.int64], Floats]:
    """The examples that predictions are surest about and wrong: places, and how sure; 24 at most, worst first.

    Args:
        target: n codes, -1 for an unknown class, or n x k zeros and ones.
        found: n x k probabilities.
    """
    finite = np.isfinite(found).all(axis=1)
    if target.ndim > 1:
        off = (decided(found) > 0) != (target > 0)
        wrong, sure = finite & off.any(axis=1), np.where(off, np.abs(found - target), 0.0).max(axis=1)
    else:
        wrong, sure = finite & (target >= 0) & (found.argmax(axis=1) != target), found.max(axis=1)
    places = np.flatnonzero(wrong)
    places = places[np.argsort(-sure[places], kind="stable")[:_MOST]]
    return places, sure[places]


def _decision(found: Floats, problem: Problem) -> npt.NDArray[Any]:
    return decided(found) if problem.kind == "multi_label" else np.asarray(found.argmax())


def _labels(value: npt.NDArray[Any], problem: Problem) -> str | list[str]:
    if problem.kind == "multi_label":
        return [problem.classes[place] for place in np.flatnonzero(value)]
    return problem.classes[int(value)]


def _thumbnail(picture: Image) -> Image:
    """A picture of 64 to 160 pixels along its longer side; small ones are enlarged without smoothing."""
    from PIL import Image

    longest = max(picture.size)
    if longest < _SMALLEST:
        factor = -(-_SMALLEST // longest)
        return picture.resize((picture.width * factor, picture.height * factor), Image.Resampling.NEAREST)
    shown = picture.copy()
    shown.thumbnail((_LARGEST, _LARGEST))
    return shown
