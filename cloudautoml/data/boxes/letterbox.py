"""Letterbox: images of any shape in squares of one size, whole and undistorted, with grey where there is nothing."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.data.images.contents import each
from cloudautoml.data.images.decode import quiet_about_size

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    from PIL.Image import Image

    from cloudautoml.data.images.collection import Images, Positions

EMPTY = 128
"""Grey level of what lies beside an image."""


def fitted(shown: Image, side: int) -> npt.NDArray[np.uint8]:
    """A picture in the upper left corner of a square, as large as fits.

    So a place in the square is a place in the picture times `side / max(height, width)`.

    Args:
        shown: The picture.
        side: Pixels of the square.

    Returns:
        uint8, (side, side, 3).
    """
    import numpy as np
    from PIL import Image

    scale = side / max(shown.height, shown.width)
    size = (max(1, round(shown.width * scale)), max(1, round(shown.height * scale)))
    made = np.full((side, side, 3), EMPTY, np.uint8)
    small = shown.convert("RGB").resize(size, Image.Resampling.BILINEAR)
    made[: size[1], : size[0]] = np.asarray(small)
    return made


def squares(
    images: Images, positions: Positions | None = None, *, side: int
) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.float64]]:
    """Images in squares, and how large they were.

    Args:
        images: The images.
        positions: Which ones; all of them unless given.
        side: Pixels of the squares.

    Returns:
        Pixels, uint8, (images, side, side, 3), and the heights and widths of the images in pixels, (images, 2).

    Raises:
        DataError: One of them cannot be decoded; says which.
    """
    import numpy as np

    chosen = range(len(images)) if positions is None else positions
    pixels = np.empty((len(chosen), side, side, 3), np.uint8)
    sizes = np.empty((len(chosen), 2), np.float64)

    def fill(place: int) -> None:
        shown = images.picture(int(chosen[place]))
        pixels[place], sizes[place] = fitted(shown, side), (shown.height, shown.width)

    with quiet_about_size():
        each(fill, range(len(chosen)))
    return pixels, sizes
