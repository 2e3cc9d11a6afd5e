"""Examples of images: pixels of one size in files, split into those to learn from and those to choose by."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cloudautoml.search import Signature
from cloudautoml.store.files import write_json
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.problem import Problem
from cloudautoml_local.tasks.neural.split import set_apart

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.data import PreparedImages
    from cloudautoml.spec import JobSpec


def write_image_examples(data: PreparedImages, spec: JobSpec, directory: Path) -> Problem:
    """Write pixels, labels and the problem.

    Args:
        data: The job's images.
        spec: The job.
        directory: The task's folder.
    """
    classes = data.classes
    labels = data.labels("train")
    if data.count("valid"):
        Examples(data.pixels("train"), labels).save(directory, "train")
        Examples(data.pixels("valid"), data.labels("valid")).save(directory, "valid")
    else:
        learned, chosen_by = set_apart(labels, classes=len(classes), groups=data.groups("train"), seed=spec.seed)
        for part, places in (("train", learned), ("valid", chosen_by)):
            Examples(data.pixels("train", rows=places), labels[places]).save(directory, part)
    if data.count("holdout"):
        Examples(data.pixels("holdout"), data.labels("holdout")).save(directory, "holdout")
    write_json(directory / "schema.json", data.schema.to_dict())
    several = data.schema.multi_label
    # of two classes, metrics are about the rarer one
    positive = 0 if several or len(classes) != 2 else int(np.argmin(np.bincount(labels, minlength=2)))
    shape = (*data.schema.size, data.schema.channels)
    signature = Signature("image", shape, len(classes), "labels" if several else "classes")
    problem = Problem(signature, spec.metric.name, classes, positive)
    problem.save(directory)
    return problem
