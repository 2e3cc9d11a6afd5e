"""Features of a job's images: computed once by a pretrained backbone, in the files that trials map."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cloudautoml_local.tasks.image.backbone import BACKBONE_FILE, features_of, open_backbone
from cloudautoml_local.tasks.image.data import parts_of, problem_of
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.session import keras_reads_arrays

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from cloudautoml.data import PreparedImages
    from cloudautoml.data.images.prepared import Split
    from cloudautoml.spec import JobSpec
    from cloudautoml_local.spaces.pretrained import PretrainedOptions

_SOME = 256


def write_features(
    data: PreparedImages,
    spec: JobSpec,
    directory: Path,
    options: PretrainedOptions,
    *,
    progress: Callable[[str], None],
) -> None:
    """Write the backbone, features, labels and the problem.

    Args:
        data: The job's images.
        spec: The job.
        directory: The task's folder.
        options: Which backbone.
        progress: Told what is going on.

    Raises:
        SpecError: The backbone cannot be read.
    """
    from cloudautoml.store.files import atomic_path, write_json

    backbone = open_backbone(options)
    with atomic_path(directory / BACKBONE_FILE) as path, keras_reads_arrays():
        backbone.save(path)
    height, width = (int(side or options.size) for side in backbone.input_shape[1:3])
    for part, split, places, labels in parts_of(data, spec):
        progress(f"features of {len(labels):,} images ({part}) by {backbone.count_params():,} weights")
        found = features_of(backbone, _batches(data, split, places, (height, width)))
        Examples(found, labels).save(directory, part)
    write_json(directory / "schema.json", data.schema.to_dict())
    problem = problem_of(data, spec)
    signature = replace(problem.signature, kind="table", shape=(int(backbone.output_shape[-1]),))
    replace(problem, signature=signature).save(directory)


def _batches(
    data: PreparedImages, split: Split, places: npt.NDArray[np.int64], size: tuple[int, int]
) -> Iterator[npt.NDArray[np.uint8]]:
    for start in range(0, len(places), _SOME):
        yield data.pixels(split, size=size, channels=3, rows=places[start : start + _SOME])
