"""Decoding: every usual kind of file becomes an upright picture of 8 bits, and every hostile one a reason."""

from __future__ import annotations

import io
import struct
import warnings
import zlib

import numpy as np
import pytest
from image_files import encoded
from PIL import Image

from cloudautoml.data.images.decode import MOST_PIXELS, look, picture, quiet_about_size
from cloudautoml.errors import DataError

RAMP = np.arange(48, dtype=np.uint8).reshape(6, 8) * 5


def decoded(data: bytes) -> np.ndarray:
    return np.asarray(picture(data))


def reason(data: bytes) -> str:
    with quiet_about_size(), pytest.raises(DataError) as caught:
        look(data)
    return caught.value.message


@pytest.mark.parametrize("kind", ["PNG", "BMP", "TIFF", "GIF", "PPM", "TGA", "WEBP"])
def test_a_kind_that_loses_nothing_is_read_as_it_was(kind: str) -> None:
    options = {"lossless": True} if kind == "WEBP" else {}
    found = decoded(encoded(Image.fromarray(RAMP), kind, **options))
    np.testing.assert_array_equal(found if found.ndim == 2 else found[..., 0], RAMP)


def test_the_content_decides_and_not_the_name() -> None:
    assert look(encoded(Image.fromarray(RAMP).convert("RGB"), "JPEG")).channels == 3


def test_a_photograph_is_turned_upright() -> None:
    exif = Image.Exif()
    exif[0x0112] = 6  # the camera was held upright
    data = encoded(Image.fromarray(RAMP), "JPEG", exif=exif, quality=95)
    assert (look(data).height, look(data).width) == (8, 6)
    turned = np.rot90(RAMP, -1).astype(int)
    assert np.abs(decoded(data).astype(int) - turned).max() < 12


def test_cmyk_becomes_rgb() -> None:
    found = picture(encoded(Image.new("RGB", (8, 8), (200, 30, 90)).convert("CMYK"), "JPEG", quality=95))
    assert found.mode == "RGB"
    assert np.abs(np.asarray(found).reshape(-1, 3).mean(axis=0) - [200, 30, 90]).max() < 8


def test_transparency_lies_on_white() -> None:
    clear = Image.new("RGBA", (4, 4), (255, 0, 0, 0))
    assert decoded(encoded(clear)).tolist() == np.full((4, 4, 3), 255).tolist()
    grey = Image.new("LA", (4, 4), (0, 0))
    assert decoded(encoded(grey)).tolist() == np.full((4, 4), 255).tolist()
    palette = Image.new("P", (4, 4), 0)
    palette.putpalette([10, 20, 30, 40, 50, 60])
    assert decoded(encoded(palette, transparency=0)).tolist() == np.full((4, 4, 3), 255).tolist()
    assert decoded(encoded(palette))[0, 0].tolist() == [10, 20, 30]


@pytest.mark.parametrize("kind", ["PNG", "TIFF"])
def test_sixteen_bits_become_eight(kind: str) -> None:
    deep = Image.fromarray((RAMP.astype(np.uint16) << 8) + 77)
    np.testing.assert_array_equal(decoded(encoded(deep, kind)), RAMP)


def test_fractions_and_black_and_white_become_bytes() -> None:
    shares = Image.fromarray((RAMP / 255).astype(np.float32))
    np.testing.assert_array_equal(decoded(encoded(shares, "TIFF")), RAMP)
    assert set(decoded(encoded(Image.fromarray(RAMP > 100))).ravel().tolist()) == {0, 255}


def test_of_an_animation_the_first_frame_counts() -> None:
    frames = [Image.new("L", (5, 5), level) for level in (10, 250)]
    data = encoded(frames[0], "GIF", save_all=True, append_images=frames[1:])
    assert look(data).frames == 2
    assert decoded(data).ravel()[0] == 10


def _bomb(width: int, height: int) -> bytes:
    """A PNG of some dozen bytes that says it is this large."""

    def chunk(name: bytes, content: bytes) -> bytes:
        return struct.pack(">I", len(content)) + name + content + struct.pack(">I", zlib.crc32(name + content))

    header = chunk(b"IHDR", struct.pack(">IIBBBBB", width, height, 8, 0, 0, 0, 0))
    return b"\x89PNG\r\n\x1a\n" + header + chunk(b"IDAT", zlib.compress(b"\0" * 100)) + chunk(b"IEND", b"")


@pytest.mark.parametrize("side", [7_072, 10_000, 30_000])
def test_a_bomb_is_refused_by_its_header(side: int) -> None:
    assert f"{MOST_PIXELS:,}" in reason(_bomb(side, side))


def test_no_warning_leaves_a_refused_bomb() -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        reason(_bomb(10_000, 10_000))


EPS = b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 10 10\n%%EndComments\nshowpage\n"


@pytest.mark.parametrize(
    ("data", "told"),
    [
        (b"", "empty"),
        (b"GIF89a", "not an image|damaged"),
        (b"just some text that is no image", "not an image"),
        (EPS, "not an image"),
        (encoded(Image.fromarray(RAMP))[:50], "damaged"),
        (encoded(Image.fromarray(RAMP), "JPEG")[:200], "damaged|not an image"),
        (encoded(Image.fromarray(np.tile(RAMP, (40, 40))), "TIFF")[:-900], "damaged"),
    ],
)
def test_what_cannot_be_decoded_has_a_reason(data: bytes, told: str) -> None:
    import re

    assert re.search(told, reason(data))


@pytest.mark.parametrize("kind", ["PNG", "JPEG", "GIF", "TIFF", "WEBP", "BMP"])
def test_damage_anywhere_raises_nothing_but_a_reason(kind: str) -> None:
    whole = encoded(Image.fromarray(np.tile(RAMP, (3, 3))).convert("RGB"), kind)
    rng = np.random.default_rng(3)
    reasons: list[str] = []
    for _ in range(150):
        data = bytearray(whole)
        for place in rng.integers(0, len(data), 4):
            data[place] = int(rng.integers(0, 256))
        try:
            with quiet_about_size():
                look(bytes(data))
        except DataError as exc:
            reasons.append(exc.message)
    assert reasons, "some damage is seen"
    assert all(reasons)


def test_a_large_photograph_is_decoded_at_a_fraction() -> None:
    stream = io.BytesIO()
    Image.new("RGB", (1600, 1200), "teal").save(stream, "JPEG")
    shown = picture(stream.getvalue(), size=(60, 80))
    assert 160 <= shown.width < 800
    assert picture(stream.getvalue()).size == (1600, 1200)
