"""Box schema: what a detector has to know to see new images the way it saw those it learned from."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND = "boxes"
"""What `schema.json` of prepared boxes says of itself."""


@dataclass(frozen=True, slots=True)
class BoxSchema:
    """The classes of boxes, and the form of the images.

    Attributes:
        classes: The class labels, sorted.
        side: Height and width of the square that images are fitted into, unless another is asked for.
        image: Column or key of image paths.
    """

    classes: tuple[str, ...]
    side: int
    image: str = "image"

    def to_dict(self) -> dict[str, Any]:
        """The schema as a JSON object."""
        return {"kind": KIND, "classes": list(self.classes), "side": self.side, "image": self.image}

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> BoxSchema:
        """Read what `to_dict` wrote."""
        return cls(tuple(map(str, value["classes"])), int(value["side"]), str(value["image"]))
