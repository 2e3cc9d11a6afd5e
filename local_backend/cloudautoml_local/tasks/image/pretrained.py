"""Image classification with a pretrained backbone: features once for all, heads searched, models that carry both."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from cloudautoml.data import PreparedImages
from cloudautoml.errors import DataError
from cloudautoml.spec import Part
from cloudautoml_local.parts import check_options, space_of
from cloudautoml_local.spaces.pretrained import PretrainedOptions, PretrainedSpace
from cloudautoml_local.tasks.image.task import ImageTask
from cloudautoml_local.tasks.neural.model import NeuralModel

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from cloudautoml.data import Prepared
    from cloudautoml.search import SearchSpace, Trait


class PretrainedImageTask(ImageTask):
    """Classifies images by heads on the features of a pretrained network."""

    model_kind: ClassVar[str] = "image_features"
    default_space: ClassVar[Part] = Part(type="pretrained")

    @property
    def backbone(self) -> PretrainedOptions:
        """Which backbone the spec names."""
        part = self.spec.search.space or self.default_space
        return check_options(part, PretrainedOptions, where="search.space")

    @override
    def space(self) -> SearchSpace:
        space_of(self.spec, self.expected, default=self.default_space)  # of images, for whoever gives the spec
        return PretrainedSpace(self.signature, self.backbone)

    @property
    @override
    def traits(self) -> frozenset[Trait]:
        from cloudautoml.search import Trait

        return super().traits - {Trait.RESOLUTION}

    @override
    def prepare(self, data: Prepared, *, progress: Callable[[str], None]) -> None:
        from cloudautoml_local.tasks.image.features import write_features

        if not isinstance(data, PreparedImages):  # a spec of this task is prepared as images
            raise DataError("these are not images", where=str(self.directory / "data"))
        write_features(data, self.spec, self.directory / "task", self.backbone, progress=progress)


class ImageFeatureModel(NeuralModel):
    """A model of images that carries its backbone."""

    shared_files = ("schema.json", "backbone.keras")

    @override
    def read(self, rows: Any) -> tuple[Any, Any]:
        from cloudautoml.data import ImageSchema, read_images
        from cloudautoml.store.files import read_json
        from cloudautoml_local.tasks.image.backbone import BACKBONE_FILE, features_of
        from cloudautoml_local.tasks.neural.model import load_network

        schema = ImageSchema.from_dict(read_json(self.shared / "schema.json"))
        found = read_images(rows, schema)
        backbone = load_network(self.shared / BACKBONE_FILE)
        height, width = backbone.input_shape[1:3]
        return features_of(backbone, found.batches(size=(height, width), channels=3)), found.index

    @override
    def inputs(self, read: Any, shape: tuple[int, ...]) -> npt.NDArray[Any]:
        return read  # type: ignore[no-any-return]
