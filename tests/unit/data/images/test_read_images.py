"""New images: folders, files, tables and arrays give a model the same pixels, with an index to find them by."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.data import ImageSchema, prepare_images, read_images
from cloudautoml.data.images.scale import scale_of, scaled
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.spec import JobSpec

SCHEMA = ImageSchema(("dark", "light"), (8, 6), 1)
FORM: dict[str, Any] = {"size": (8, 6), "channels": 1}


def test_all_ways_to_name_files_give_the_same(shades: Path, tmp_path: Path) -> None:
    names = sorted(path.relative_to(shades).as_posix() for path in shades.rglob("*.png"))
    whole = read_images(str(shades), SCHEMA)
    assert list(whole.index) == names
    pixels = whole.pixels(**FORM)
    assert pixels.shape == (80, 8, 6, 1)
    assert pixels.dtype == np.uint8
    with zipfile.ZipFile(tmp_path / "a.zip", "w") as archive:
        for name in names:
            archive.write(shades / name, name)
    table = pd.DataFrame({"image": names}, index=range(100, 180))
    table.to_csv(shades / "list.csv", index=False)
    for source, index in (
        (tmp_path / "a.zip", names),
        (table, list(range(100, 180))),
        (pl.from_pandas(table), list(range(80))),
        (str(shades / "list.csv"), list(range(80))),
        ([shades / name for name in names], [str(shades / name) for name in names]),
        (pixels, list(range(80))),
        (pixels[..., 0] / 255, list(range(80))),
    ):
        found = read_images(source, SCHEMA, base=shades)
        assert list(found.index) == index
        np.testing.assert_array_equal(found.pixels(**FORM), pixels)
    assert len(read_images("dark/00.png", SCHEMA, base=shades)) == 1


def test_batches_are_the_whole_in_pieces(shades: Path) -> None:
    found = read_images(shades, SCHEMA)
    pieces = list(found.batches(size=(4, 4), channels=3, count=33))
    assert [len(piece) for piece in pieces] == [33, 33, 14]
    np.testing.assert_array_equal(np.concatenate(pieces), found.pixels(size=(4, 4), channels=3))


def test_one_image_is_a_row_of_one() -> None:
    image = np.zeros((8, 6), np.uint8)
    assert read_images(image, SCHEMA).pixels(**FORM).shape == (1, 8, 6, 1)
    assert len(read_images(np.zeros((8, 6, 3), np.uint8), SCHEMA)) == 1
    assert len(read_images(np.zeros((5, 8, 6), np.uint8), SCHEMA)) == 5


def test_numbers_keep_the_scale_of_training(images_of: Callable[..., JobSpec]) -> None:
    levels = np.linspace(0, 200, 60).reshape(60, 1, 1) * np.ones((60, 4, 4))
    schema = prepare_images(images_of((levels, np.arange(60) % 2))).schema
    dim = read_images(levels[:1] + 1.0, schema)  # alone these would be taken for shares of the brightest
    assert dim.pixels(size=(4, 4), channels=1).max() == 1
    assert read_images(levels[:1].astype(np.uint8) + 7, schema).pixels(size=(4, 4), channels=1).max() == 7


@pytest.mark.parametrize(
    ("source", "told"),
    [
        ([], "empty list"),
        (pd.DataFrame({"picture": ["a.png"]}), "no column 'image'"),
        (pd.DataFrame({"image": ["a.png", None]}), "row 2 has no path"),
        (pd.DataFrame({"image": pd.Series([], dtype="str")}), "no rows"),
        ("nowhere", "no such file"),
        (np.zeros((3, 3, 8, 8)), "numpy.moveaxis"),
        (object(), "not a row of images|pixels are numbers"),
    ],
)
def test_what_holds_no_images_is_named(source: object, told: str, tmp_path: Path) -> None:
    with pytest.raises(DataError, match=told):
        read_images(source, SCHEMA, base=tmp_path)


def test_an_image_that_cannot_be_decoded_is_named_when_it_is_read(shades: Path) -> None:
    (shades / "dark" / "05.png").write_bytes(b"nothing")
    found = read_images(shades, SCHEMA)
    with pytest.raises(DataError, match=r"dark/05\.png: not an image"):
        found.pixels(**FORM)
    with pytest.raises(DataError, match=r"nowhere\.png: no such file"):
        read_images([Path("nowhere.png")], SCHEMA).pixels(**FORM)


def test_an_empty_folder_is_named(tmp_path: Path) -> None:
    with pytest.raises(DataError, match="no images in it"):
        read_images(tmp_path, SCHEMA)


@given(st.lists(st.integers(0, 65_535), min_size=1, max_size=20))
def test_scaled_numbers_are_bytes_in_the_same_order(numbers: list[int]) -> None:
    values = np.array(numbers)
    factor = scale_of(values)
    found = scaled(values, factor)
    assert found.dtype == np.uint8
    assert np.abs(found - values * factor).max() <= 0.5 + 1e-3
    assert (np.diff(found[np.argsort(values, kind="stable")].astype(int)) >= 0).all()
