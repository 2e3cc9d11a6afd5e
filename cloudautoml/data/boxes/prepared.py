"""Prepared boxes: checked and split images with their boxes, and how they are kept on disk."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.data.arrays import read_array, write_array
from cloudautoml.data.boxes.letterbox import squares
from cloudautoml.data.boxes.schema import BoxSchema
from cloudautoml.data.findings import Finding
from cloudautoml.data.frames import read_frame, write_frame
from cloudautoml.data.images.collection import EncodedImages
from cloudautoml.data.images.contents import PackedContents, write_packed

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.images.prepared import Split


@dataclass(frozen=True, slots=True, eq=False)
class PreparedBoxes:
    """What every provider of an object detection starts from.

    Attributes:
        schema: The classes, and the form of the images.
        examples: One row an image: `image` (path), `split`, `height`, `width`, `channels`, `digest`.
        boxes: One row a box: `image` (number of a row of `examples`), `label`, `xmin`, `ymin`, `xmax`, `ymax` in
            pixels of the image, `crowd` (not to be learned from), `where` (file and id).
        images: The images, in the order of `examples`.
        findings: What the guardrails saw, errors first.
        profile: Counts and sizes (`profile_boxes`), and `fingerprint`: a digest of what was read.
    """

    schema: BoxSchema
    examples: pd.DataFrame
    boxes: pd.DataFrame
    images: EncodedImages
    findings: tuple[Finding, ...]
    profile: dict[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """The class labels, sorted."""
        return self.schema.classes

    @property
    def fingerprint(self) -> str:
        """Digest of what was read, equal for equal data."""
        return str(self.profile["fingerprint"])

    def count(self, split: Split) -> int:
        """How many images a split has; 0 where there is no such split."""
        return int((self.examples["split"] == split).sum())

    def positions(self, split: Split) -> npt.NDArray[np.int64]:
        """Where the images of a split stand in `examples`."""
        import numpy as np

        return np.flatnonzero((self.examples["split"] == split).to_numpy())

    def pixels(self, split: Split, *, side: int | None = None) -> npt.NDArray[np.uint8]:
        """Images of a split, fitted into squares: uint8, (images, side, side, 3).

        Args:
            split: Which.
            side: Pixels; the schema's unless given.

        Raises:
            DataError: An image cannot be decoded any more.
            StorageError: The prepared data is damaged.
        """
        return squares(self.images, self.positions(split), side=side or self.schema.side)[0]

    def marks(self, split: Split) -> list[npt.NDArray[np.float64]]:
        """The boxes of each image of a split.

        Returns:
            For each image an array (boxes, 6): `xmin`, `ymin`, `xmax`, `ymax` in its pixels, the number of the class
            (-1 for one that is not in `classes`), and 1 for a crowd.
        """
        import numpy as np

        codes = {label: code for code, label in enumerate(self.schema.classes)}
        table = np.column_stack(
            [
                self.boxes[["xmin", "ymin", "xmax", "ymax"]].to_numpy(np.float64),
                [codes.get(str(label), -1) for label in self.boxes["label"]],
                self.boxes["crowd"].to_numpy(np.float64),
            ]
        ).reshape(-1, 6)
        images = self.boxes["image"].to_numpy()
        return [table[images == place] for place in self.positions(split)]

    def sizes(self, split: Split) -> npt.NDArray[np.float64]:
        """Heights and widths of a split's images in pixels, (images, 2)."""
        import numpy as np

        return self.examples[["height", "width"]].to_numpy(np.float64)[self.positions(split)]

    def save(self, directory: Path) -> None:
        """Write everything into a folder; each file is either old or new, and the schema comes last.

        Raises:
            DataError: An image cannot be read any more.
            StorageError: The disk is full or the folder cannot be written.
        """
        from cloudautoml.store.files import write_json

        spans = write_packed(directory / "images.bin", self.images.contents, len(self.images))
        write_array(directory / "spans.npy", spans)
        write_frame(self.examples, directory / "examples.parquet")
        write_frame(self.boxes, directory / "boxes.parquet")
        write_json(directory / "profile.json", self.profile)
        write_json(directory / "findings.json", [finding.to_dict() for finding in self.findings])
        write_json(directory / "schema.json", self.schema.to_dict())

    @classmethod
    def load(cls, directory: Path) -> PreparedBoxes:
        """Read what `save` wrote; pixels are read when they are asked for.

        Raises:
            StorageError: A file is missing or damaged.
        """
        from cloudautoml.errors import StorageError
        from cloudautoml.store.files import read_json

        schema = BoxSchema.from_dict(read_json(directory / "schema.json"))
        examples = read_frame(directory / "examples.parquet")
        try:
            contents = PackedContents(directory / "images.bin", read_array(directory / "spans.npy"))
        except (OSError, ValueError) as exc:
            raise StorageError(f"the prepared images cannot be read: {exc}", where=str(directory)) from exc
        return cls(
            schema=schema,
            examples=examples,
            boxes=read_frame(directory / "boxes.parquet"),
            images=EncodedImages(contents, [str(name) for name in examples["image"]]),
            findings=tuple(Finding.from_dict(item) for item in read_json(directory / "findings.json")),
            profile=read_json(directory / "profile.json"),
        )
