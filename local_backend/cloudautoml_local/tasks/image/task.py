"""Image classification on this machine."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from cloudautoml.data import PreparedImages
from cloudautoml.errors import DataError
from cloudautoml.search import Signature, Trait
from cloudautoml.spec import ImageClassification, Part
from cloudautoml_local.spaces.neural import NetworkSpace
from cloudautoml_local.tasks.neural.task import NeuralTask

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from cloudautoml.data import Prepared
    from cloudautoml_local.tasks.neural.problem import Floats, Problem


class ImageTask(NeuralTask):
    """Classifies images by the network that a search finds."""

    types: ClassVar[frozenset[str]] = frozenset({"image_classification"})
    model_kind: ClassVar[str] = "image"
    default_space: ClassVar[Part] = Part(type="chain")

    @property
    @override
    def expected(self) -> Signature:
        several = isinstance(self.spec.task, ImageClassification) and self.spec.task.multi_label
        return Signature("image", target="labels" if several else "classes")

    @property
    @override
    def traits(self) -> frozenset[Trait]:
        # a network of our own layers is built for any size; a user's builder may know one only
        return super().traits | ({Trait.RESOLUTION} if isinstance(self.space(), NetworkSpace) else set())

    @override
    def prepare(self, data: Prepared, *, progress: Callable[[str], None]) -> None:
        from cloudautoml_local.tasks.image.data import write_image_examples

        if not isinstance(data, PreparedImages):  # a spec of this task is prepared as images
            raise DataError("these are not images", where=str(self.directory / "data"))
        progress(f"preparing {data.count('train') + data.count('valid'):,} images of {len(data.classes)} classes")
        problem = write_image_examples(data, self.spec, self.directory / "task")
        height, width, channels = problem.signature.shape
        progress(f"{height} x {width} pixels, {'grey' if channels == 1 else 'colour'}")

    @override
    def mistakes(self, part: str, target: npt.NDArray[Any], found: Floats, problem: Problem) -> list[dict[str, Any]]:
        from cloudautoml_local.tasks.image.mistakes import pictured_mistakes

        return pictured_mistakes(self, part, target, found, problem)
