"""Sources of images: folders, archives, tables of paths and arrays all become the same examples."""

from __future__ import annotations

import os
import zipfile
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import polars as pl
import pytest
from image_files import SHADES, encoded, shade, write_shades

from cloudautoml.data import PreparedImages, prepare_for, prepare_images
from cloudautoml.errors import DataError
from cloudautoml.spec import InMemory, JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

RNG = np.random.default_rng(5)
IMAGES = RNG.integers(0, 256, (81, 6, 5), dtype=np.uint8)
LABELS = np.arange(81) % 3


def splits(prepared: PreparedImages) -> dict[str, int]:
    return {split: count for split, count in prepared.profile["splits"].items() if count}


def codes(prepared: PreparedImages) -> list[str]:
    return [finding.code for finding in prepared.findings]


def refused(spec: JobSpec, base: Path | None = None) -> str:
    with pytest.raises(DataError) as caught:
        prepare_images(spec, base=base)
    return str(caught.value)


# folders and archives


def test_a_folder_of_classes(images_of: Callable[..., JobSpec], shades: Path) -> None:
    prepared = prepare_images(images_of(str(shades)))
    assert prepared.findings == ()
    assert prepared.classes == ("dark", "light")
    assert splits(prepared) == {"train": 64, "holdout": 16}
    assert (prepared.schema.size, prepared.schema.channels) == ((8, 6), 1)
    assert list(prepared.examples["image"][:2]) == ["dark/00.png", "dark/01.png"]
    pixels, labels = prepared.pixels("holdout"), prepared.labels("holdout")
    assert pixels.shape == (16, 8, 6, 1)
    assert pixels.dtype == np.uint8
    assert np.bincount(labels).tolist() == [8, 8]
    np.testing.assert_allclose(pixels.mean(axis=(1, 2, 3)), np.array([40, 200])[labels], atol=4)


def test_the_same_folder_gives_the_same(images_of: Callable[..., JobSpec], shades: Path) -> None:
    spec = images_of("shades", holdout={"fraction": 0.25, "seed": 3})
    first, second = (prepare_images(spec, base=shades.parent) for _ in range(2))
    pd.testing.assert_frame_equal(first.examples, second.examples)
    assert first.fingerprint == second.fingerprint
    other = prepare_images(images_of(str(shades), holdout={"fraction": 0.25, "seed": 4}))
    assert other.fingerprint == first.fingerprint
    assert list(other.examples["split"]) != list(first.examples["split"])


def test_a_change_of_one_pixel_changes_the_digest(images_of: Callable[..., JobSpec], shades: Path) -> None:
    before = prepare_images(images_of(str(shades))).fingerprint
    shade(41, number=1).save(shades / "dark" / "01.png")
    assert prepare_images(images_of(str(shades))).fingerprint != before


@pytest.mark.parametrize("names", [("train", "val", "test"), ("Training", "validation", "holdout")])
def test_a_folder_with_splits_below_it(
    images_of: Callable[..., JobSpec], tmp_path: Path, names: tuple[str, str, str]
) -> None:
    for number, (name, count) in enumerate(zip(names, (20, 5, 6), strict=True)):
        for label, level in SHADES.items():
            folder = tmp_path / "data" / name / label
            folder.mkdir(parents=True)
            for image in range(count):
                shade(level, number=100 * number + image).save(folder / f"{image}.png")
    prepared = prepare_images(images_of(str(tmp_path / "data")))
    assert splits(prepared) == {"train": 40, "valid": 10, "holdout": 12}
    assert codes(prepared) == ["rows.few"]
    apart = prepare_images(images_of(str(tmp_path / "data" / names[0]), test=str(tmp_path / "data" / names[2])))
    assert splits(apart) == {"train": 40, "holdout": 12}
    twice = refused(images_of(str(tmp_path / "data"), test=str(tmp_path / "data" / names[2])))
    assert "test split of its own" in twice


def test_a_class_may_be_called_train(images_of: Callable[..., JobSpec], tmp_path: Path) -> None:
    for label, level in (("train", 40), ("plane", 200)):
        (tmp_path / "data" / label).mkdir(parents=True)
        for image in range(15):
            shade(level, number=image).save(tmp_path / "data" / label / f"{image}.png")
    assert prepare_images(images_of(str(tmp_path / "data"))).classes == ("plane", "train")


def test_folders_below_a_class_belong_to_it(images_of: Callable[..., JobSpec], shades: Path) -> None:
    (shades / "dark" / "deep" / "er").mkdir(parents=True)
    shade(40, number=77).save(shades / "dark" / "deep" / "er" / "a.PNG")
    prepared = prepare_images(images_of(str(shades)))
    assert list(prepared.examples["label"]).count("dark") == 41


def test_other_files_and_hidden_ones_are_left_out(images_of: Callable[..., JobSpec], shades: Path) -> None:
    (shades / "notes.txt").write_text("x")
    (shades / "dark" / ".DS_Store").write_bytes(b"x")
    (shades / ".cache").mkdir()
    shade(40).save(shades / ".cache" / "a.png")
    (shades / "dark" / "Thumbs.db").write_bytes(b"x")
    prepared = prepare_images(images_of(str(shades)))
    assert [str(finding) for finding in prepared.findings] == [
        "info images.other_files: 1 file left out for an ending that is not an image's: 'notes.txt'"
    ]


def test_a_link_out_of_the_folder_is_not_followed(images_of: Callable[..., JobSpec], shades: Path) -> None:
    outside = shades.parent / "private.png"
    shade(200, number=500).save(outside)
    (shades / "dark" / "link.png").symlink_to(outside)
    (shades / "light" / "inside.png").symlink_to(shades / "light" / "00.png")
    (shades / "dark" / "loop.png").symlink_to(shades / "dark" / "loop.png")
    prepared = prepare_images(images_of(str(shades)))
    assert codes(prepared)[0] == "images.outside"
    assert "2 links" in prepared.findings[0].message
    assert not {"dark/link.png", "dark/loop.png"} & set(prepared.examples["image"])


@pytest.mark.parametrize(
    ("files", "told"),
    [
        ({}, "there are no files in it"),
        ({"notes.txt": b"x"}, "its files are 'notes.txt'"),
        ({"a.png": encoded(shade(3))}, "in no folder of a class: 'a.png'"),
        ({"train/a.png": encoded(shade(3)), "train/x/b.png": encoded(shade(4))}, "'train/a.png'"),
    ],
)
def test_a_folder_that_is_no_set_of_images_says_what_it_holds(
    images_of: Callable[..., JobSpec], tmp_path: Path, files: dict[str, bytes], told: str
) -> None:
    import re

    folder = tmp_path / "data"
    folder.mkdir()
    for name, content in files.items():
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(content)
    assert re.search(told, refused(images_of(str(folder))))


def _zipped(folder: Path, archive: Path, *, below: str = "") -> Path:
    with zipfile.ZipFile(archive, "w") as opened:
        for place, _, names in os.walk(folder):
            for name in names:
                path = f"{place}/{name}"
                opened.write(path, f"{below}{os.path.relpath(path, folder)}")
    return archive


@pytest.mark.parametrize("below", ["", "shades/", "Shades of 2024/"])
def test_an_archive_is_read_as_its_folder(
    images_of: Callable[..., JobSpec], shades: Path, tmp_path: Path, below: str
) -> None:
    archive = _zipped(shades, tmp_path / "shades.zip", below=below)
    zipped, plain = prepare_images(images_of(str(archive))), prepare_images(images_of(str(shades)))
    assert zipped.classes == plain.classes
    np.testing.assert_array_equal(zipped.pixels("train"), plain.pixels("train"))


@pytest.mark.parametrize("prefix", ["../../", "/tmp/", "/", "C:\\data\\"])
def test_hostile_archives_write_nothing(images_of: Callable[..., JobSpec], tmp_path: Path, prefix: str) -> None:
    archive = tmp_path / "in" / "hostile.zip"
    archive.parent.mkdir()
    with zipfile.ZipFile(archive, "w") as opened:
        for number in range(24):
            name = f"{prefix}{('dark', 'light')[number % 2]}/{number}.png"
            opened.writestr(name, encoded(shade(40, number=number)))
    before = sorted(tmp_path.rglob("*"))
    if prefix == "../../":
        assert "no images" in refused(images_of(str(archive)))
    else:
        assert len(prepare_images(images_of(str(archive))).classes) == 2
    assert sorted(tmp_path.rglob("*")) == before


def test_an_archive_too_large_to_unpack_is_refused(
    images_of: Callable[..., JobSpec], shades: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    archive = _zipped(shades, tmp_path / "shades.zip")
    monkeypatch.setattr("cloudautoml.data.images.folder.MOST_UNPACKED", 1_000)
    assert "more than 1,000" in refused(images_of(str(archive)))


def test_a_broken_archive_is_named(images_of: Callable[..., JobSpec], tmp_path: Path) -> None:
    (tmp_path / "a.zip").write_bytes(b"PK\x03\x04 and then nothing")
    assert "a.zip: not a zip archive" in refused(images_of(str(tmp_path / "a.zip")))


# tables


@pytest.fixture
def manifest(shades: Path) -> pd.DataFrame:
    paths = sorted(path.relative_to(shades).as_posix() for path in shades.rglob("*.png"))
    return pd.DataFrame(
        {
            "file": paths,
            "kind": [path.split("/")[0] for path in paths],
            "part": ["test" if number % 5 == 0 else "val" if number % 5 == 1 else "learn" for number in range(80)],
            "day": pd.date_range("2024-01-01", periods=80).strftime("%Y-%m-%d")[::-1],
            "camera": [f"c{number // 16}" for number in range(80)],
        }
    )


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_table_of_paths_from_its_own_folder(
    images_of: Callable[..., JobSpec], shades: Path, manifest: pd.DataFrame, ending: str
) -> None:
    path = shades / f"list.{ending}"
    if ending == "csv":
        manifest.to_csv(path, index=False)
    elif ending == "jsonl":
        manifest.to_json(path, orient="records", lines=True)
    else:
        manifest.to_parquet(path)
    prepared = prepare_images(images_of(str(path), image="file", target="kind"))
    assert prepared.findings == ()
    assert prepared.classes == ("dark", "light")
    np.testing.assert_array_equal(
        np.sort(prepared.pixels("train").sum(axis=(1, 2, 3), dtype=np.int64)),
        np.sort(prepare_images(images_of(str(shades))).pixels("train").sum(axis=(1, 2, 3), dtype=np.int64)),
    )


@pytest.mark.parametrize("frame", [lambda table: table, pl.from_pandas])
def test_a_table_of_paths_in_memory(
    images_of: Callable[..., JobSpec], shades: Path, manifest: pd.DataFrame, frame: Callable[[Any], Any]
) -> None:
    prepared = prepare_images(images_of(frame(manifest), image="file", target="kind"), base=shades)
    assert splits(prepared) == {"train": 64, "holdout": 16}


def test_the_holdout_of_a_table_by_column_time_and_group(
    images_of: Callable[..., JobSpec], shades: Path, manifest: pd.DataFrame
) -> None:
    def prepared(**holdout: Any) -> PreparedImages:
        return prepare_images(images_of(manifest, image="file", target="kind", holdout=holdout), base=shades)

    by_column = prepared(column="part")
    assert splits(by_column) == {"train": 48, "valid": 16, "holdout": 16}
    by_time = prepared(time="day")
    assert set(by_time.examples.loc[by_time.examples["split"] == "holdout", "image"]) == set(manifest["file"][:16])
    by_group = prepared(group="camera")
    groups = {split: set(by_group.groups(split).tolist()) for split in ("train", "holdout")}  # type: ignore[union-attr]
    assert groups["holdout"]
    assert not groups["train"] & groups["holdout"]
    assert prepared(fraction=0.5).groups("train") is None


def test_a_table_without_the_column_says_which_there_are(
    images_of: Callable[..., JobSpec], shades: Path, manifest: pd.DataFrame
) -> None:
    told = refused(images_of(manifest, image="files", target="kind"), base=shades)
    assert "no column 'files' (task.image)" in told
    assert "did you mean 'file'?" in told
    assert "'day'" in refused(images_of(manifest, image="file", target="kind", holdout={"group": "dey"}), base=shades)


def test_rows_without_an_image_or_a_class_are_left_out(
    images_of: Callable[..., JobSpec], shades: Path, manifest: pd.DataFrame
) -> None:
    manifest.loc[3, "file"] = None
    manifest.loc[[4, 5], "kind"] = None
    prepared = prepare_images(images_of(manifest, image="file", target="kind"), base=shades)
    assert codes(prepared) == ["images.missing", "target.missing"]
    assert len(prepared.examples) == 77


# arrays


@pytest.mark.parametrize(
    "data",
    [
        (IMAGES, LABELS),
        {"images": IMAGES, "labels": LABELS},
        {"x": IMAGES, "y": LABELS},
        InMemory((IMAGES[..., None], LABELS[:, None])),
        {"images": IMAGES, "target": LABELS, "DESCR": "as scikit-learn's data sets come"},
    ],
    ids=["pair", "images", "x", "channel", "bunch"],
)
def test_arrays_in_memory(images_of: Callable[..., JobSpec], data: Any) -> None:
    prepared = prepare_for(images_of(data))
    assert isinstance(prepared, PreparedImages)
    assert prepared.findings == ()
    assert prepared.classes == ("0", "1", "2")
    assert splits(prepared) == {"train": 65, "holdout": 16}
    where = prepared.positions("holdout")
    np.testing.assert_array_equal(prepared.pixels("holdout")[..., 0], IMAGES[where])
    np.testing.assert_array_equal(prepared.labels("holdout"), LABELS[where])
    assert list(prepared.examples["image"]) == list(range(81))


def test_keras_pairs_of_pairs_have_a_test(images_of: Callable[..., JobSpec]) -> None:
    spec = images_of(((IMAGES[:60], LABELS[:60]), (IMAGES[60:], LABELS[60:])))
    prepared = prepare_images(spec)
    assert splits(prepared) == {"train": 60, "holdout": 21}
    np.testing.assert_array_equal(prepared.pixels("holdout")[..., 0], IMAGES[60:])
    assert list(prepared.examples["image"]) == list(range(81))


@pytest.mark.parametrize(
    ("names", "found"),
    [
        (("x", "y"), {"train": 65, "holdout": 16}),
        (("x_train", "y_train", "x_test", "y_test"), {"train": 81, "holdout": 81}),
        (("train_images", "train_labels", "val_images", "val_labels"), {"train": 65, "valid": 81, "holdout": 16}),
    ],
)
def test_npz_files(
    images_of: Callable[..., JobSpec], tmp_path: Path, names: tuple[str, ...], found: dict[str, int]
) -> None:
    arrays: dict[str, Any] = {name: (IMAGES, LABELS)[place % 2] for place, name in enumerate(names)}
    np.savez(tmp_path / "a.npz", **arrays)
    prepared = prepare_images(images_of("a.npz"), base=tmp_path)
    assert splits(prepared) == found


@pytest.mark.parametrize(
    ("images", "scale"),
    [
        (IMAGES / 255, 255.0),
        (IMAGES.astype(np.float32), 1.0),
        (IMAGES.astype(np.int64), 1.0),
        (IMAGES.astype(np.uint16) * 257, 1 / 257),
        (np.repeat(IMAGES[..., None], 3, axis=-1), None),
        (np.dstack([IMAGES.reshape(-1, 5, 1), np.full((486, 5, 1), 255, np.uint8)]).reshape(81, 6, 5, 2), None),
    ],
    ids=["shares", "floats", "integers", "deep", "colour", "opaque"],
)
def test_every_usual_form_becomes_bytes(
    images_of: Callable[..., JobSpec], images: np.ndarray, scale: float | None
) -> None:
    prepared = prepare_images(images_of((images, LABELS)))
    assert prepared.schema.scale == scale
    np.testing.assert_array_equal(prepared.pixels("train", channels=1)[..., 0], IMAGES[prepared.positions("train")])


@pytest.mark.parametrize(
    ("data", "told"),
    [
        ((IMAGES, LABELS[:50]), "81 images and 50 labels"),
        ((IMAGES.reshape(81, 30), LABELS), "images.reshape(-1, height, width)"),
        ((np.repeat(IMAGES[:, None], 3, axis=1), LABELS), "numpy.moveaxis(images, 1, -1)"),
        ((IMAGES - 128.0, LABELS), "the lowest pixel is -1"),
        ((IMAGES * np.nan, LABELS), "not finite"),
        ((IMAGES, np.eye(3)[LABELS]), "labels.argmax(axis=1)"),
        ((IMAGES.astype(str), LABELS), "pixels are numbers"),
        ({"pictures": IMAGES, "labels": LABELS}, "there are 'pictures', 'labels'"),
        ({"x_train": IMAGES, "y_test": LABELS}, "no labels"),
        ({"x_train": IMAGES, "y_train": LABELS, "x_test": IMAGES[:, :4], "y_test": LABELS}, "make them one size"),
        ({"x": IMAGES, "images": IMAGES, "y": LABELS}, "two arrays are the train part"),
        ((IMAGES[:0], LABELS[:0]), "no pixels"),
    ],
)
def test_arrays_that_are_not_images_say_what_to_do(images_of: Callable[..., JobSpec], data: Any, told: str) -> None:
    assert told in refused(images_of(data))


def test_numbers_of_a_darker_range_are_found(images_of: Callable[..., JobSpec]) -> None:
    prepared = prepare_images(images_of((IMAGES // 16, LABELS)))
    assert codes(prepared) == ["images.dark"]
    assert "divide the images by 15" in str(prepared.findings[0])


def test_a_pickle_in_an_npz_is_never_opened(images_of: Callable[..., JobSpec], tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=IMAGES, y=np.array([{"a": 1}] * 81, dtype=object))
    assert "Python objects" in refused(images_of(str(tmp_path / "a.npz")))
    (tmp_path / "b.npz").write_bytes(b"no archive")
    assert "b.npz: the arrays cannot be read" in refused(images_of(str(tmp_path / "b.npz")))


# formats


@pytest.mark.parametrize(
    ("source", "layout", "told"),
    [
        ("shades", "csv", "data.format is csv and this is a folder"),
        ("shades", "npz", "data.format is npz and this is a folder"),
        ("shades", "coco", "data.format is coco and this is a folder"),
        ("shades/dark/00.png", "image_folder", "a file that ends in .png"),
        ("shades/dark/00.png", "auto", "the ending '.png' does not say how the file is written"),
        ("shadez", "auto", "did you mean shades?"),
        ("s3://bucket/images", "auto", "only local files are read here"),
    ],
)
def test_a_format_that_does_not_fit_says_what_was_found(
    images_of: Callable[..., JobSpec], shades: Path, source: str, layout: str, told: str
) -> None:
    assert told in refused(images_of(source, format=layout), base=shades.parent)


def test_sides_of_two_kinds_are_refused(images_of: Callable[..., JobSpec], shades: Path, tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=IMAGES, y=LABELS)
    assert "arrays on one side" in refused(images_of(str(shades), test=str(tmp_path / "a.npz")))
    other = write_shades(tmp_path / "other", each=5)
    archive = _zipped(other, tmp_path / "other.zip")
    prepared = prepare_images(images_of(str(shades), test=str(archive)))
    assert splits(prepared) == {"train": 80, "holdout": 10}
    assert prepared.pixels("holdout").shape == (10, 8, 6, 1)
    assert "names a column, and this data is no table" in refused(images_of(str(shades), holdout={"group": "g"}))
