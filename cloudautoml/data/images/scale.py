"""Scale: how the numbers of an array become pixels of 8 bits, decided once and remembered."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.errors import DataError

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt


def scale_of(values: npt.NDArray[Any]) -> float:
    """What to multiply by, so that the brightest possible value is 255.

    Fractions up to 1 are taken for shares of the brightest, numbers up to 255 for bytes, and numbers up to 65,535
    for 16 bits.

    Args:
        values: Numbers of any shape, at least one.

    Raises:
        DataError: They are no numbers, some are below zero, above 65,535 or not finite.
    """
    import numpy as np

    if values.dtype == np.bool_:
        return 255.0
    if values.dtype == np.uint8:
        return 1.0
    if values.dtype.kind not in "iuf":
        raise DataError(f"pixels are numbers, and these are {values.dtype}")
    low, high = float(values.min()), float(values.max())
    if not (np.isfinite(low) and np.isfinite(high)):
        raise DataError("some pixels are not finite numbers")
    if low < 0:
        raise DataError(
            f"the lowest pixel is {low:g}",
            hint="give pixels from 0 to 255, or fractions from 0 to 1: what is subtracted from them is undone first",
        )
    if high > 65_535:
        raise DataError(f"the highest pixel is {high:g}", hint="give pixels from 0 to 255, or fractions from 0 to 1")
    if values.dtype.kind == "f" and high <= 1:
        return 255.0
    return 1.0 if high <= 255 else 1 / 257


def scaled(values: npt.NDArray[Any], factor: float) -> npt.NDArray[np.uint8]:
    """Numbers as pixels of 8 bits: multiplied, rounded, and cut off at 0 and 255.

    Args:
        values: Numbers of any shape. Bytes and booleans have a scale of their own and ignore `factor`.
        factor: What `scale_of` said.
    """
    import numpy as np

    if values.dtype == np.uint8:
        return values
    if values.dtype == np.bool_:
        return values.astype(np.uint8) * np.uint8(255)
    whole = np.rint(values.astype(np.float32) * np.float32(factor))
    return np.asarray(np.clip(whole, 0, 255), dtype=np.uint8)
