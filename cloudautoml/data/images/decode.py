"""Decoding: the bytes of one image file become an upright picture in grey or in colour, or a reason why not."""

from __future__ import annotations

import io
import warnings
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Generator

    from PIL.Image import Image

MOST_PIXELS = 50_000_000
"""Width times height of the largest image that is decoded: a small file can hold far more than fits in memory."""
MOST_BYTES = 256 * 2**20
"""Size of the largest image file that is read."""
_FORMATS = ("PNG", "JPEG", "GIF", "BMP", "WEBP", "AVIF", "TIFF", "PPM", "TGA")
"""What is decoded; formats that hand their content to other programs (EPS, WMF) are not among them."""
ENDINGS = frozenset(
    {
        ".png", ".jpg", ".jpeg", ".jpe", ".jfif", ".gif", ".bmp", ".webp", ".avif", ".tif", ".tiff", ".ppm", ".pgm",
        ".pbm", ".tga",
    }
)  # fmt: skip
"""Endings of files that are taken for images; what they hold is decided by their content."""


@dataclass(frozen=True, slots=True)
class Look:
    """What an image turned out to be.

    Attributes:
        height: Rows of pixels, upright.
        width: Columns of pixels, upright.
        channels: 1 for grey, 3 for colour.
        frames: 1, or more where it is animated; the first one counts.
    """

    height: int
    width: int
    channels: int
    frames: int


def look(data: bytes) -> Look:
    """Decode an image completely, only to see whether that works and what it is.

    Raises:
        DataError: It cannot be decoded; the message is a reason without a name.
    """
    with _opened(data) as opened:
        frames = int(getattr(opened, "n_frames", 1))
        picture = _upright(opened)
    return Look(picture.height, picture.width, len(picture.getbands()), frames)


def picture(data: bytes, *, size: tuple[int, int] | None = None) -> Image:
    """Decode an image: upright, mode `L` or `RGB`, 8 bits a channel.

    Transparent pixels lie on white; 16 bits become 8; CMYK, palettes and other colour spaces become RGB.

    Args:
        data: The file's content.
        size: Height and width that it will be resized to: a large JPEG is then decoded at a fraction of its size,
            never below twice this.

    Raises:
        DataError: It cannot be decoded; the message is a reason without a name.
    """
    with _opened(data) as opened:
        if size is not None:
            opened.draft(None, (2 * max(size), 2 * max(size)))
        return _upright(opened)


@contextmanager
def quiet_about_size() -> Generator[None]:
    """Silence Pillow's warning about large images in this block: they are refused here, with a reason.

    Filters of warnings are not safe to change while threads run, so this stands around threads, never in one.
    """
    from PIL import Image

    with warnings.catch_warnings():
        warnings.simplefilter("ignore", Image.DecompressionBombWarning)
        warnings.filterwarnings("ignore", module="PIL")  # odd metadata, which is not used
        yield


@contextmanager
def _opened(data: bytes) -> Generator[Image]:
    from PIL import Image, UnidentifiedImageError

    if not data:
        raise DataError("the file is empty")
    Image.init()
    try:
        with Image.open(io.BytesIO(data), formats=[name for name in _FORMATS if name in Image.OPEN]) as opened:
            _check_size(opened)
            yield opened
    except DataError:
        raise
    except UnidentifiedImageError as exc:
        raise DataError("not an image, or of a kind that is not read") from exc
    except (Image.DecompressionBombError, Image.DecompressionBombWarning) as exc:
        raise DataError(f"more pixels than the {MOST_PIXELS:,} that are decoded") from exc
    except MemoryError as exc:
        raise DataError("it does not fit in memory") from exc
    except Exception as exc:  # decoders of damaged files raise whatever they stumble over
        raise DataError(f"damaged: {type(exc).__name__}: {exc}") from exc


def _check_size(opened: Image) -> None:
    if opened.width * opened.height > MOST_PIXELS:
        size = f"{opened.width:,} x {opened.height:,}"
        raise DataError(f"its {size} pixels are more than the {MOST_PIXELS:,} that are decoded")


def _upright(opened: Image) -> Image:
    from PIL import Image, ImageOps

    opened.load()
    turned = ImageOps.exif_transpose(opened)
    mode = turned.mode
    if mode in {"L", "RGB"} and "transparency" not in turned.info:
        return turned
    if mode == "1":
        return turned.convert("L")
    if mode.startswith("I") or mode == "F":
        return _from_deep(turned)
    if mode in {"LA", "La", "PA", "RGBA", "RGBa"} or "transparency" in turned.info:
        clear = turned.convert("RGBA")
        paper = Image.new("RGBA", clear.size, "white")
        paper.alpha_composite(clear)
        return paper.convert("L" if mode in {"L", "LA", "La"} else "RGB")
    return turned.convert("RGB")


def _from_deep(deep: Image) -> Image:
    """Grey of 16 or 32 bits, or of fractions, in 8 bits."""
    import numpy as np
    from PIL import Image

    from cloudautoml.data.images.scale import scale_of, scaled

    values = np.asarray(deep)
    if deep.mode.startswith("I;16"):
        return Image.fromarray((values >> 8).astype(np.uint8))
    return Image.fromarray(scaled(values, scale_of(values)))
