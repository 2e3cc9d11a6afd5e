"""Looks: decode every image once, to learn its size and what it holds, and to find those that cannot be used."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.data.images.collection import ArrayImages, EncodedImages
from cloudautoml.data.images.contents import digest_of, each
from cloudautoml.data.images.decode import Look, look, quiet_about_size
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    import pandas as pd


def look_at(images: ArrayImages | EncodedImages) -> pd.DataFrame:
    """Look at every image.

    Returns:
        In their order: `height`, `width`, `channels` (0 where it cannot be decoded), `frames`, `digest` of the
        content, and `reason` why it cannot be used (`str`, missing where it can).
    """
    import pandas as pd

    if isinstance(images, ArrayImages):
        height, width, channels = (int(length) for length in images.array.shape[1:])
        same = Look(height, width, channels, 1)
        seen = [(same, digest_of(image.tobytes()), None) for image in images.array]
    else:
        with quiet_about_size():
            seen = each(lambda place: _file(images, place), range(len(images)))
    return pd.DataFrame(
        {
            "height": [found.height for found, _, _ in seen],
            "width": [found.width for found, _, _ in seen],
            "channels": [found.channels for found, _, _ in seen],
            "frames": [found.frames for found, _, _ in seen],
            "digest": pd.Series([digest for _, digest, _ in seen], dtype="str"),
            "reason": pd.Series([reason for _, _, reason in seen], dtype="str"),
        }
    )


def _file(images: EncodedImages, place: int) -> tuple[Look, str, str | None]:
    digest = ""
    try:
        data = images.contents.read(place)
        digest = digest_of(data)
        return look(data), digest, None
    except DataError as exc:
        return Look(0, 0, 0, 0), digest, exc.message
