"""Examples of images: pixels of one size in files, split into those to learn from and those to choose by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.search import Signature
from cloudautoml.store.files import write_json
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.problem import Problem
from cloudautoml_local.tasks.neural.split import set_apart

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    import numpy.typing as npt

    from cloudautoml.data import PreparedImages
    from cloudautoml.data.images.prepared import Split
    from cloudautoml.spec import JobSpec


def write_image_examples(data: PreparedImages, spec: JobSpec, directory: Path) -> Problem:
    """Write pixels, labels and the problem.

    Args:
        data: The job's images.
        spec: The job.
        directory: The task's folder.
    """
    for part, split, places, labels in parts_of(data, spec):
        Examples(data.pixels(split, rows=places), labels).save(directory, part)
    write_json(directory / "schema.json", data.schema.to_dict())
    problem = problem_of(data, spec)
    problem.save(directory)
    return problem


def parts_of(
    data: PreparedImages, spec: JobSpec
) -> Iterator[tuple[str, Split, npt.NDArray[np.int64], npt.NDArray[Any]]]:
    """The parts `train`, `valid` and, where images are sealed, `holdout`: split, places in it, and labels."""
    labels = data.labels("train")
    if data.count("valid"):
        yield "train", "train", np.arange(len(labels)), labels
        yield "valid", "valid", np.arange(data.count("valid")), data.labels("valid")
    else:
        groups = data.groups("train")
        learned, chosen_by = set_apart(labels, classes=len(data.classes), groups=groups, seed=spec.seed)
        yield "train", "train", learned, labels[learned]
        yield "valid", "train", chosen_by, labels[chosen_by]
    if sealed := data.count("holdout"):
        yield "holdout", "holdout", np.arange(sealed), data.labels("holdout")


def problem_of(data: PreparedImages, spec: JobSpec) -> Problem:
    """What is to be learned of the images."""
    classes, several = data.classes, data.schema.multi_label
    # of two classes, metrics are about the rarer one
    labels = data.labels("train")
    positive = 0 if several or len(classes) != 2 else int(np.argmin(np.bincount(labels, minlength=2)))
    shape = (*data.schema.size, data.schema.channels)
    signature = Signature("image", shape, len(classes), "labels" if several else "classes")
    return Problem(signature, spec.metric.name, classes, positive)
