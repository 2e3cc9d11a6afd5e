"""Arrays of images: find images and labels in what was given, and turn any usual form into pixels of 8 bits."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.images.scale import scale_of, scaled
from cloudautoml.data.names import listed
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

_IMAGES = {"images", "x"}
_LABELS = {"labels", "y", "target", "targets"}
_SPLITS = {
    "train": "train", "training": "train", "valid": "valid", "validation": "valid", "val": "valid",
    "test": "holdout", "testing": "holdout", "holdout": "holdout",
}  # fmt: skip
_NAMES = "images and labels, x and y, or x_train, y_train, x_valid, y_valid, x_test, y_test"


@dataclass(frozen=True, slots=True, eq=False)
class NamedArrays:
    """Arrays by split: `train`, `valid`, `holdout`.

    Attributes:
        images: As they were given.
        labels: As they were given; a split may lack them.
        classes: What the columns of labels are, where labels are columns; None where that is not said.
        where: What they are, for messages.
    """

    images: Mapping[str, Any]
    labels: Mapping[str, Any]
    where: str
    classes: Sequence[object] | None = None

    def only(self) -> Any:
        """The images of the only split.

        Raises:
            DataError: There are several, so that it is not clear which are meant.
        """
        if len(self.images) > 1:
            raise DataError(
                f"there are images of {' and '.join(self.images)}", where=self.where, hint="give one of these arrays"
            )
        return next(iter(self.images.values()))


def read_npz(path: Path) -> NamedArrays:
    """Read arrays that `numpy.savez` wrote.

    Raises:
        DataError: It cannot be read, holds Python objects, or has no images.
    """
    import zipfile

    import numpy as np

    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {str(name): archive[name] for name in archive.files}
    except (OSError, ValueError, EOFError, zipfile.BadZipFile, AttributeError, MemoryError) as exc:
        reason = "it holds Python objects" if "allow_pickle" in str(exc) else (str(exc) or type(exc).__name__)
        raise DataError(
            f"the arrays cannot be read: {reason}",
            where=str(path),
            hint="write them with numpy.savez, labels as text or numbers",
        ) from exc
    return named_arrays(arrays, where=str(path))


def named_arrays(source: Mapping[str, Any] | tuple[Any, ...], *, where: str) -> NamedArrays:
    """Tell the arrays of a mapping or of a pair (images, labels) apart.

    Raises:
        DataError: There are no images, or names are not understood.
    """
    if isinstance(source, tuple):
        if len(source) != 2:
            raise DataError(f"{len(source)} arrays", where=where, hint="give (images, labels)")
        return NamedArrays({"train": source[0]}, {"train": source[1]}, where)
    images: dict[str, Any] = {}
    labels: dict[str, Any] = {}
    for name, array in source.items():
        parts = name.casefold().split("_")
        splits = {_SPLITS[part] for part in parts if part in _SPLITS} or {"train"}
        rest = {part for part in parts if part not in _SPLITS}
        kind = images if rest & _IMAGES else labels if rest & _LABELS else None
        if kind is None or len(rest) != 1 or len(splits) != 1:
            continue
        split = splits.pop()
        if split in kind:
            raise DataError(
                f"two arrays are the {split} part: {listed(source)}", where=where, hint=f"name them {_NAMES}"
            )
        kind[split] = array
    if "train" not in images:
        raise DataError(
            f"no array of images: there are {listed(source) or 'none at all'}", where=where, hint=f"name them {_NAMES}"
        )
    return NamedArrays(images, labels, where, source.get("classes"))


def pixels_of(
    array: object, *, scale: float | None = None, where: str, single: bool = False
) -> tuple[npt.NDArray[np.uint8], float | None]:
    """Images in any usual form as (images, height, width, channels), 8 bits, 1 or 3 channels.

    Args:
        array: (images, height, width), or with 1, 2, 3 or 4 channels last; transparency goes onto white.
        scale: What the images that a model learned from were multiplied by; decided by these unless given.
        where: What they are, for messages.
        single: Whether an array of one image, (height, width) or with channels, is meant as one.

    Returns:
        The pixels, and the scale; None for bytes and booleans, which have one of their own.

    Raises:
        DataError: It is no such array.
    """
    import numpy as np

    try:
        values = np.asarray(cast("Any", array))
    except (ValueError, TypeError) as exc:
        raise DataError(f"not an array of images of one size: {exc}", where=where) from exc
    if single and (values.ndim == 2 or (values.ndim == 3 and values.shape[-1] in {3, 4} and min(values.shape[:2]) > 4)):
        values = values[np.newaxis]
    if values.ndim == 3:
        values = values[..., np.newaxis]
    _check_shape(values, where)
    if values.size == 0:
        raise DataError(f"an array of the shape {values.shape} has no pixels", where=where)
    try:
        factor = scale_of(values) if scale is None or values.dtype.kind not in "iuf" else scale
        pixels = scaled(values, factor)
    except DataError as exc:
        raise DataError(exc.message, where=where, hint=exc.hint) from exc
    own = values.dtype.kind == "b" or values.dtype.str == "|u1"
    return _without_alpha(pixels), None if own else factor


def _check_shape(values: npt.NDArray[Any], where: str) -> None:
    if values.ndim == 4 and values.shape[-1] in {1, 2, 3, 4}:
        return
    shape = "x".join(str(length) for length in values.shape)
    if values.ndim == 4 and values.shape[1] in {1, 3}:
        hint = "channels come last: numpy.moveaxis(images, 1, -1)"
    elif values.ndim == 2:
        hint = "give images as (images, height, width) or with channels last: images.reshape(-1, height, width)"
    else:
        hint = "give (images, height, width), or with 1, 3 or 4 channels last"
    raise DataError(f"an array of {shape or 'one value'} is not a row of images", where=where, hint=hint)


def _without_alpha(pixels: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    import numpy as np

    if pixels.shape[-1] in {1, 3}:
        return pixels
    colour = pixels[..., :-1].astype(np.uint16)
    alpha = pixels[..., -1:].astype(np.uint16)
    return ((colour * alpha + 255 * (255 - alpha) + 127) // 255).astype(np.uint8)
