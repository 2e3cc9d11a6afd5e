"""Prepared images: what is saved comes back, whole or not at all, and no longer needs its source."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
import pytest
from image_files import shade

from cloudautoml.data import PreparedData, PreparedImages, load_prepared, prepare, prepare_for, prepare_images
from cloudautoml.errors import DataError, StorageError
from cloudautoml.spec import JobSpec, TabularClassification

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


def loaded(folder: Path) -> PreparedImages:
    prepared = load_prepared(folder)
    assert isinstance(prepared, PreparedImages)
    return prepared


def same(first: PreparedImages, second: PreparedImages) -> None:
    pd.testing.assert_frame_equal(first.examples, second.examples)
    assert (first.schema, first.findings, first.profile) == (second.schema, second.findings, second.profile)
    for split in ("train", "holdout"):
        np.testing.assert_array_equal(first.pixels(split), second.pixels(split))
        np.testing.assert_array_equal(first.labels(split), second.labels(split))


def test_files_are_copied_into_the_folder(images_of: Callable[..., JobSpec], shades: Path, tmp_path: Path) -> None:
    prepared = prepare_images(images_of(str(shades)))
    prepared.save(tmp_path / "data")
    same(loaded(tmp_path / "data"), prepared)
    before = prepared.pixels("train")
    shutil.rmtree(shades)
    again = loaded(tmp_path / "data")
    np.testing.assert_array_equal(again.pixels("train"), before)
    again.save(tmp_path / "again")
    same(loaded(tmp_path / "again"), again)
    again.save(tmp_path / "data")
    np.testing.assert_array_equal(loaded(tmp_path / "data").pixels("train"), before)


def test_files_too_many_to_copy_are_read_where_they_are(
    images_of: Callable[..., JobSpec], shades: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("cloudautoml.data.images.prepared.MOST_COPIED", 1_000)
    prepared = prepare_images(images_of(str(shades), holdout=None))
    prepared.save(tmp_path / "data")
    assert not (tmp_path / "data" / "images.bin").exists()
    again = loaded(tmp_path / "data")
    np.testing.assert_array_equal(again.pixels("train"), prepared.pixels("train"))
    shade(90).save(shades / "dark" / "03.png")
    with pytest.raises(DataError, match=r"dark/03\.png: the file has changed since the job was submitted"):
        again.pixels("train")
    (shades / "dark" / "03.png").unlink()
    with pytest.raises(DataError, match=r"dark/03\.png: no such file"):
        again.pixels("train")


def test_arrays_are_kept_as_they_are(images_of: Callable[..., JobSpec], tmp_path: Path) -> None:
    images = np.random.default_rng(0).integers(0, 256, (60, 5, 5, 3), dtype=np.uint8)
    prepared = prepare_images(images_of((images, np.arange(60) % 2)))
    prepared.save(tmp_path / "data")
    again = loaded(tmp_path / "data")
    same(again, prepared)
    assert again.pixels("train", size=(10, 10), channels=1).shape == (48, 10, 10, 1)
    np.testing.assert_array_equal(again.pixels("train", rows=[2, 0]), again.pixels("train")[[2, 0]])


def test_a_folder_without_a_schema_is_not_whole(
    images_of: Callable[..., JobSpec], shades: Path, tmp_path: Path
) -> None:
    prepare_images(images_of(str(shades))).save(tmp_path / "data")
    (tmp_path / "data" / "images.bin").write_bytes(b"short")
    with pytest.raises(StorageError, match="cut off"):
        loaded(tmp_path / "data").pixels("train")
    (tmp_path / "data" / "images.bin").unlink()
    with pytest.raises(StorageError, match="cannot be read"):
        loaded(tmp_path / "data").pixels("train")
    (tmp_path / "data" / "spans.npy").unlink()
    with pytest.raises(StorageError):
        loaded(tmp_path / "data")
    (tmp_path / "data" / "schema.json").unlink()
    with pytest.raises(StorageError):
        load_prepared(tmp_path / "data")


def test_each_kind_of_task_gets_its_kind_of_data(tmp_path: Path) -> None:
    frame = pd.DataFrame({"x": np.random.default_rng(0).normal(size=100), "y": ["a", "b"] * 50})
    spec = JobSpec(name="test", task=TabularClassification(target="y"), data=frame)
    prepared = prepare_for(spec)
    assert isinstance(prepared, PreparedData)
    prepared.save(tmp_path)
    again = load_prepared(tmp_path)
    assert isinstance(again, PreparedData)
    pd.testing.assert_frame_equal(again.train, prepare(spec).train)
    with pytest.raises(DataError, match="has no images to classify"):
        prepare_images(spec)
