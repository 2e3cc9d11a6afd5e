"""New images: whatever a user hands to a model, as a collection that remembers the index of its rows."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.images.collection import ArrayImages, EncodedImages, Images
from cloudautoml.data.images.contents import FileContents, ZipContents
from cloudautoml.data.names import require_columns, short
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.images.schema import ImageSchema


@dataclass(frozen=True, slots=True, eq=False)
class ImageRows:
    """Images to predict.

    Attributes:
        images: The images.
        index: What predictions are indexed by: a table's own index, paths for folders and lists of files, and
            numbers from 0 for arrays.
    """

    images: Images
    index: pd.Index[Any]

    def __len__(self) -> int:
        return len(self.images)

    def batches(self, *, size: tuple[int, int], channels: int, count: int = 256) -> Iterator[npt.NDArray[np.uint8]]:
        """Pixels in order, so many images at a time: uint8, (images, height, width, channels).

        Raises:
            DataError: An image cannot be decoded; says which.
        """
        return self.images.batches(size=size, channels=channels, count=count)

    def pixels(self, *, size: tuple[int, int], channels: int) -> npt.NDArray[np.uint8]:
        """Pixels of all images at once, likewise."""
        return self.images.pixels(size=size, channels=channels)


def read_images(source: object, schema: ImageSchema, *, base: Path | None = None) -> ImageRows:
    """Turn what a user wants predicted into images.

    Args:
        source: An image file, a folder or a zip archive (all images in it, in the order of their paths), a table of
            paths (a file or in memory, with the column `schema.image`; paths start from the table's folder), an
            `.npz` file with `images` or `x`, a list of paths, or an array of one image or many.
        schema: How the model saw the images that it learned from.
        base: Folder that relative paths start from; the working directory unless given.

    Raises:
        DataError: There is no image in it, or it cannot be read as any of these. Whether a file can be decoded is
            seen when its pixels are read.
    """
    import pandas as pd

    if isinstance(source, (str, Path)):
        return _from_path(str(source), schema, base=base)
    if hasattr(source, "__arrow_c_stream__"):
        return _from_table(source, schema, base=base, where="the table in memory")
    if isinstance(source, (list, tuple)) and all(
        isinstance(item, (str, Path)) for item in cast("list[object]", source)
    ):
        paths = [str(path) for path in cast("list[object]", source)]
        if not paths:
            raise DataError("there are no images in an empty list")
        return ImageRows(EncodedImages(FileContents(_located(paths, base)), paths), pd.Index(paths, dtype="str"))
    return _from_array(source, schema, where="the array in memory")


def _from_path(source: str, schema: ImageSchema, *, base: Path | None) -> ImageRows:
    import pandas as pd

    from cloudautoml.data.images.arrays import read_npz
    from cloudautoml.data.images.decode import ENDINGS
    from cloudautoml.data.images.folder import images_below, images_in_zip
    from cloudautoml.data.images.place import place_of
    from cloudautoml.data.read import read_table
    from cloudautoml.spec import Dataset

    path = place_of(source, base=base)
    ending = path.suffix.lower()
    if path.is_dir():
        names = images_below(path)
        contents: FileContents | ZipContents = FileContents([path / name for name in names])
    elif ending == ".zip":
        names = images_in_zip(path)
        contents = ZipContents(path, names)
    elif ending in ENDINGS:
        names, contents = [source], FileContents([path])
    elif ending == ".npz":
        return _from_array(read_npz(path).only(), schema, where=str(path))
    else:
        table = read_table(str(path), Dataset(train=str(path)))
        return _from_table(table, schema, base=path.parent, where=str(path))
    if not names:
        raise DataError("there are no images in it", where=str(path))
    return ImageRows(EncodedImages(contents, names), pd.Index(names, dtype="str"))


def _from_table(table: object, schema: ImageSchema, *, base: Path | None, where: str) -> ImageRows:
    import pandas as pd

    from cloudautoml.data.arrow import raw_frame
    from cloudautoml.data.coerce import text_values

    frame = raw_frame(table, where=where)
    require_columns([(schema.image, "task.image")], [str(name) for name in frame.columns], where=where)
    paths = text_values(frame[schema.image])
    if len(paths) == 0:
        raise DataError("the table has no rows", where=where)
    if bool(paths.isna().any()):
        raise DataError(
            f"row {int(paths.isna().to_numpy().argmax()) + 1} has no path in column {short(schema.image)}", where=where
        )
    names = [str(path) for path in paths]
    index = getattr(table, "index", None)
    kept = index if isinstance(index, pd.Index) else pd.RangeIndex(len(names))
    return ImageRows(EncodedImages(FileContents(_located(names, base)), names), kept)


def _from_array(source: object, schema: ImageSchema, *, where: str) -> ImageRows:
    import pandas as pd

    from cloudautoml.data.images.arrays import pixels_of

    pixels, _ = pixels_of(source, scale=schema.scale, where=where, single=True)
    return ImageRows(ArrayImages(pixels), pd.RangeIndex(len(pixels)))


def _located(paths: Sequence[str], base: Path | None) -> list[Path]:
    return [Path(path) if base is None else base / path for path in paths]
