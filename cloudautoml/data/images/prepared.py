"""Prepared images: checked and split examples, their classes and their pixels, and how they are kept on disk."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

from cloudautoml.data.arrays import read_array, write_array
from cloudautoml.data.findings import Finding
from cloudautoml.data.frames import read_frame, write_frame
from cloudautoml.data.images.collection import ArrayImages, EncodedImages
from cloudautoml.data.images.contents import FileContents, PackedContents, write_packed
from cloudautoml.data.images.schema import ImageSchema

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.images.collection import Positions

Split: TypeAlias = Literal["train", "valid", "holdout"]
"""To learn from; to choose by, where the user set such examples apart; sealed."""

MOST_COPIED = 4 * 2**30
"""Bytes of image files up to which `save` copies them; more are read where they are."""


@dataclass(frozen=True, slots=True, eq=False)
class PreparedImages:
    """What every provider of an image classification starts from.

    Attributes:
        schema: The classes, and the form that pixels have unless another is asked for.
        examples: One row an example: `image` (path relative to the source, or index into the given array), `label`
            (`str`; where there may be several, in the form of `labels.label_set`),
            `split`, `height`, `width`, `channels`, `digest` (of the content), and `group` (a number) where
            `data.holdout.group` names one: examples of a group belong on one side of any further split too.
        images: The images, in the order of `examples`.
        findings: What the guardrails saw, errors first.
        profile: Counts, sizes and channels (`profile_images`), and `fingerprint`: a digest of what was read.
    """

    schema: ImageSchema
    examples: pd.DataFrame
    images: ArrayImages | EncodedImages
    findings: tuple[Finding, ...]
    profile: dict[str, Any]

    @property
    def classes(self) -> tuple[str, ...]:
        """The class labels as text, sorted."""
        return self.schema.classes

    @property
    def fingerprint(self) -> str:
        """Digest of what was read, equal for equal data."""
        return str(self.profile["fingerprint"])

    def count(self, split: Split) -> int:
        """How many examples a split has; 0 where there is no such split."""
        return int((self.examples["split"] == split).sum())

    def positions(self, split: Split) -> npt.NDArray[np.int64]:
        """Where the examples of a split stand in `examples`."""
        import numpy as np

        return np.flatnonzero((self.examples["split"] == split).to_numpy())

    def labels(self, split: Split) -> npt.NDArray[np.int64] | npt.NDArray[np.uint8]:
        """Class numbers of a split, in its order; -1 for a class that is not in `classes`.

        Where an image may have any number of labels: uint8, (examples, classes), 1 where it has one.
        """
        import numpy as np

        from cloudautoml.data.labels import label_matrix

        if self.schema.multi_label:
            return label_matrix(self.examples.loc[self.examples["split"] == split, "label"], self.schema.classes)
        known = {label: code for code, label in enumerate(self.schema.classes)}
        found = self.examples.loc[self.examples["split"] == split, "label"]
        return np.asarray([known.get(str(label), -1) for label in found], dtype=np.int64)

    def groups(self, split: Split) -> npt.NDArray[np.int64] | None:
        """Group numbers of a split; None where no group was named."""
        import numpy as np

        if "group" not in self.examples.columns:
            return None
        return np.asarray(self.examples.loc[self.examples["split"] == split, "group"], dtype=np.int64)

    def pixels(
        self,
        split: Split,
        *,
        size: tuple[int, int] | None = None,
        channels: int | None = None,
        rows: Positions | None = None,
    ) -> npt.NDArray[np.uint8]:
        """Pixels of a split.

        Args:
            split: Which.
            size: Height and width; the schema's unless given.
            channels: 1 or 3; the schema's unless given.
            rows: Places within the split, to get some of it; all unless given.

        Returns:
            uint8, (examples, height, width, channels), in the order of `labels`.

        Raises:
            DataError: A file that the data was too large to be copied from has changed or is gone.
            StorageError: The prepared data is damaged.
        """
        import numpy as np

        chosen = self.positions(split)
        if rows is not None:
            chosen = chosen[np.asarray(rows, dtype=np.int64)]
        return self.images.pixels(chosen, size=size or self.schema.size, channels=channels or self.schema.channels)

    def save(self, directory: Path) -> None:
        """Write everything into a folder; each file is either old or new, never torn.

        Image files are copied as they are, unless they are more than 4 GiB: then they are read where they are, and
        found out if they change. The schema is written last, so that a folder with a schema is whole.

        Raises:
            DataError: An image cannot be read any more.
            StorageError: The disk is full or the folder cannot be written.
        """
        from cloudautoml.store.files import write_json

        stored: dict[str, Any]
        if isinstance(self.images, ArrayImages):
            write_array(directory / "images.npy", self.images.array)
            stored = {"as": "array"}
        else:
            contents = self.images.contents
            if isinstance(contents, FileContents) and contents.size() > MOST_COPIED:
                write_json(directory / "paths.json", [str(path.absolute()) for path in contents.paths])
                stored = {"as": "files"}
            else:
                spans = write_packed(directory / "images.bin", contents, len(self.images))
                write_array(directory / "spans.npy", spans)
                stored = {"as": "packed"}
        write_frame(self.examples, directory / "examples.parquet")
        write_json(directory / "profile.json", self.profile)
        write_json(directory / "findings.json", [finding.to_dict() for finding in self.findings])
        write_json(directory / "schema.json", {**self.schema.to_dict(), "stored": stored})

    @classmethod
    def load(cls, directory: Path) -> PreparedImages:
        """Read what `save` wrote; pixels are read when they are asked for.

        Raises:
            StorageError: A file is missing or damaged.
        """
        from cloudautoml.store.files import read_json

        schema = read_json(directory / "schema.json")
        examples = read_frame(directory / "examples.parquet")
        return cls(
            schema=ImageSchema.from_dict(schema),
            examples=examples,
            images=_stored_images(directory, schema["stored"]["as"], examples),
            findings=tuple(Finding.from_dict(item) for item in read_json(directory / "findings.json")),
            profile=read_json(directory / "profile.json"),
        )


def _stored_images(directory: Path, way: str, examples: pd.DataFrame) -> ArrayImages | EncodedImages:
    from cloudautoml.errors import StorageError
    from cloudautoml.store.files import read_json

    names: Sequence[str] = [str(name) for name in examples["image"]]
    try:
        if way == "array":
            return ArrayImages(read_array(directory / "images.npy", mmap_mode="r"), [int(name) for name in names])
        if way == "files":
            paths = [Path(path) for path in read_json(directory / "paths.json")]
            return EncodedImages(FileContents(paths, digests=list(examples["digest"])), names)
        return EncodedImages(PackedContents(directory / "images.bin", read_array(directory / "spans.npy")), names)
    except (OSError, ValueError) as exc:
        raise StorageError(f"the prepared images cannot be read: {exc}", where=str(directory)) from exc
