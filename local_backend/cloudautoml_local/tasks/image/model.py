"""Saved image classifiers: folders, files, tables of paths and arrays become pixels of the size a network takes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml_local.tasks.neural.model import NeuralModel

if TYPE_CHECKING:
    import numpy.typing as npt


class ImageModel(NeuralModel):
    """A model of images."""

    shared_files = ("schema.json",)

    @override
    def read(self, rows: Any) -> tuple[Any, Any]:
        from cloudautoml.data import ImageSchema, read_images
        from cloudautoml.store.files import read_json

        schema = ImageSchema.from_dict(read_json(self.shared / "schema.json"))
        found = read_images(rows, schema)
        return found.pixels(size=schema.size, channels=schema.channels), found.index

    @override
    def inputs(self, read: Any, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        import numpy as np

        from cloudautoml_local.tasks.neural.fidelity import shrunk

        pixels = read if read.shape[1:] == shape else shrunk(read, *shape[:2])
        return np.asarray(pixels, np.float32) / np.float32(255)
