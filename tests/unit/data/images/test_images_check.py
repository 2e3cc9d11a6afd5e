"""Guardrails of images: what cannot be learned from is refused with everything named, what may mislead is told."""

from __future__ import annotations

import shutil
from typing import TYPE_CHECKING

import numpy as np
import pytest
from image_files import encoded, shade
from PIL import Image

from cloudautoml.data import Finding, PreparedImages, Severity, prepare_images
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudautoml.spec import JobSpec


def found(prepared: PreparedImages, code: str) -> Finding:
    return next(finding for finding in prepared.findings if finding.code == code)


def errors(spec: JobSpec) -> list[str]:
    """Codes of the errors, which is what strict preparation refuses."""
    prepared = prepare_images(spec, strict=False)
    codes = [finding.code for finding in prepared.findings if finding.severity is Severity.ERROR]
    if codes:
        with pytest.raises(DataError, match=codes[0].replace(".", r"\.")):
            prepare_images(spec)
    return codes


def arrays(counts: dict[str, int]) -> tuple[np.ndarray, np.ndarray]:
    labels = np.array([label for label, count in counts.items() for _ in range(count)])
    return np.random.default_rng(2).integers(0, 256, (len(labels), 6, 6), dtype=np.uint8), labels


def test_bad_files_are_listed_with_a_reason_and_left_out(images_of: Callable[..., JobSpec], shades: Path) -> None:
    (shades / "dark" / "empty.png").write_bytes(b"")
    (shades / "dark" / "text.jpg").write_text("no image")
    whole = encoded(shade(200, number=900, size=(40, 40)))
    (shades / "light" / "cut.png").write_bytes(whole[: len(whole) // 2])
    prepared = prepare_images(images_of(str(shades)))
    finding = found(prepared, "images.unreadable")
    assert finding.severity is Severity.WARNING
    assert "3 of 83 images cannot be decoded and are left out" in finding.message
    for told in ("dark/empty.png (the file is empty)", "dark/text.jpg (not an image", "light/cut.png (damaged"):
        assert told in finding.message
    assert len(prepared.examples) == 80
    assert prepared.pixels("train").shape[0] == prepared.count("train")


def test_too_many_bad_files_are_an_error_that_names_a_dozen(images_of: Callable[..., JobSpec], shades: Path) -> None:
    for number in range(20):
        (shades / "dark" / f"bad{number:02}.png").write_bytes(b"")
    assert errors(images_of(str(shades))) == ["images.unreadable"]
    message = found(prepare_images(images_of(str(shades)), strict=False), "images.unreadable").message
    assert "bad11.png" in message
    assert "bad12.png" not in message
    assert "and 8 more" in message


def test_a_class_that_vanishes_is_an_error(images_of: Callable[..., JobSpec], shades: Path) -> None:
    (shades / "grey").mkdir()
    for number in range(3):
        (shades / "grey" / f"{number}.png").write_bytes(b"")
    assert errors(images_of(str(shades))) == ["target.vanished_class"]


def test_no_image_left_is_refused_at_once(images_of: Callable[..., JobSpec], shades: Path) -> None:
    for path in shades.rglob("*.png"):
        path.write_bytes(b"")
    with pytest.raises(DataError, match="80 of 80 images cannot be decoded"):
        prepare_images(images_of(str(shades)), strict=False)


@pytest.mark.parametrize(
    ("counts", "codes"),
    [
        ({"a": 60}, ["target.one_class"]),
        ({"a": 40, "b": 40, "c": 1}, ["target.single_row_class"]),
        ({str(number): 2 for number in range(40)}, []),
        ({f"{number}": 1 for number in range(60)}, ["target.too_many_classes"]),
        ({"a": 4, "b": 4}, ["rows.too_few"]),
    ],
)
def test_classes_that_cannot_be_learned(
    images_of: Callable[..., JobSpec], counts: dict[str, int], codes: list[str]
) -> None:
    assert errors(images_of(arrays(counts), holdout=None)) == codes


def test_a_metric_of_two_classes_needs_two(images_of: Callable[..., JobSpec]) -> None:
    spec = images_of(arrays({"a": 30, "b": 30, "c": 30}), metric="f1")
    assert errors(spec) == ["metric.binary_only"]


@pytest.mark.parametrize(
    ("counts", "code", "severity"),
    [({"a": 500, "b": 3}, "target.imbalanced", "warning"), ({"a": 15, "b": 15}, "rows.few", "warning")],
)
def test_what_may_mislead_is_told(
    images_of: Callable[..., JobSpec], counts: dict[str, int], code: str, severity: str
) -> None:
    assert found(prepare_images(images_of(arrays(counts), holdout=None)), code).severity.value == severity


def test_copies_across_splits_and_classes_are_found(images_of: Callable[..., JobSpec], tmp_path: Path) -> None:
    for split, first in (("train", 0), ("valid", 200), ("test", 300)):
        for label, level in (("dark", 40), ("light", 200)):
            (tmp_path / split / label).mkdir(parents=True)
            for number in range(first, first + 40):
                shade(level, number=number).save(tmp_path / split / label / f"{number}.png")
    shutil.copy(tmp_path / "train" / "dark" / "3.png", tmp_path / "test" / "dark" / "copy.png")
    shutil.copy(tmp_path / "train" / "dark" / "4.png", tmp_path / "valid" / "dark" / "copy.png")
    shutil.copy(tmp_path / "train" / "dark" / "5.png", tmp_path / "train" / "light" / "copy.png")
    (tmp_path / "test" / "grey").mkdir()
    shade(100).save(tmp_path / "test" / "grey" / "a.png")
    prepared = prepare_images(images_of(str(tmp_path)))
    assert {finding.code: finding.message.split(" ")[0] for finding in prepared.findings} == {
        "rows.duplicates": "1",
        "target.contradictory": "1",
        "valid.duplicates": "1",
        "holdout.duplicates": "1",
        "holdout.unseen_classes": "1",
    }
    assert "test/dark/copy.png" in found(prepared, "holdout.duplicates").hint
    assert "train/dark/5.png" in found(prepared, "target.contradictory").message
    assert int((prepared.labels("holdout") == -1).sum()) == 1


def test_sizes_and_channels_that_differ_get_one_form(images_of: Callable[..., JobSpec], shades: Path) -> None:
    Image.new("RGB", (600, 300), "teal").save(shades / "dark" / "wide.jpg")
    Image.new("L", (2, 2), 9).save(shades / "dark" / "tiny.png")
    frames = [Image.new("L", (6, 8), level) for level in (33, 250)]
    frames[0].save(shades / "dark" / "moving.gif", save_all=True, append_images=frames[1:])
    prepared = prepare_images(images_of(str(shades), holdout=None))
    assert {finding.code for finding in prepared.findings} == {
        "images.tiny", "images.mixed_channels", "images.animated"
    }  # fmt: skip
    assert (prepared.schema.size, prepared.schema.channels) == ((8, 6), 3)
    assert prepared.pixels("train").shape == (83, 8, 6, 3)
    assert prepared.profile["sizes"][0] == {"value": "8 x 6", "count": 81}
    assert prepared.profile["width"]["1"] == 600


def test_a_large_usual_size_is_capped_in_proportion(images_of: Callable[..., JobSpec]) -> None:
    images = np.random.default_rng(0).integers(0, 256, (50, 96, 256), dtype=np.uint8)
    prepared = prepare_images(images_of((images, np.arange(50) % 2), holdout=None))
    assert prepared.schema.size == (48, 128)
    assert prepared.pixels("train", rows=[3, 1]).shape == (2, 48, 128, 1)


def test_a_hundred_bombs_do_not_fill_the_memory(images_of: Callable[..., JobSpec], shades: Path) -> None:
    import resource
    import struct
    import zlib

    header = b"IHDR" + struct.pack(">IIBBBBB", 30_000, 30_000, 8, 2, 0, 0, 0)
    bomb = b"\x89PNG\r\n\x1a\n\x00\x00\x00\r" + header + struct.pack(">I", zlib.crc32(header))
    for number in range(100):
        (shades / "dark" / f"bomb{number}.png").write_bytes(bomb)
    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    prepared = prepare_images(images_of(str(shades)), strict=False)
    assert "100 of 180" in found(prepared, "images.unreadable").message
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 300_000
