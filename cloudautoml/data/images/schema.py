"""Image schema: what a model has to know to see new images the way it saw those it learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "images"
"""What `schema.json` of prepared images says of itself."""


@dataclass(frozen=True, slots=True)
class ImageSchema:
    """The classes of images, and their usual form.

    Attributes:
        classes: The class labels as text, sorted.
        size: Height and width that pixels have unless another size is asked for.
        channels: 1 where all images are grey, 3 otherwise.
        scale: What numbers of arrays are multiplied by to become pixels of 8 bits; None where the data is files.
        image: Column of image paths, for data given as a table.
        target: Column of the class, for data given as a table.
        multi_label: Whether an image may have any number of labels.
    """

    classes: tuple[str, ...]
    size: tuple[int, int]
    channels: int
    scale: float | None = None
    image: str = "image"
    target: str = "label"
    multi_label: bool = False

    def to_dict(self) -> dict[str, Any]:
        """The schema as a JSON object."""
        return {
            "kind": KIND,
            "classes": list(self.classes),
            "size": list(self.size),
            "channels": self.channels,
            "scale": self.scale,
            "image": self.image,
            "target": self.target,
            "multi_label": self.multi_label,
        }

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> ImageSchema:
        """Read what `to_dict` wrote."""
        height, width = value["size"]
        return cls(
            classes=tuple(value["classes"]),
            size=(int(height), int(width)),
            channels=int(value["channels"]),
            scale=value["scale"],
            image=value["image"],
            target=value["target"],
            multi_label=bool(value["multi_label"]),
        )
