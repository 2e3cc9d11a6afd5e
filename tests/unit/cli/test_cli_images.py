"""The command line on images: a spec is guessed from them, and what is wrong with them is told."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from image_files import shade, write_shades

from cloudautoml import load_spec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., Any]


def test_init_guesses_from_a_folder(cli: Cli, work: Path) -> None:
    write_shades(work / "My Shades")
    ended = cli("init", "--from", "My Shades", "--json")
    assert ended.status == 0
    assert ended.json["task"] == "image_classification"
    spec = load_spec(work / "spec.yaml")
    assert (spec.name, spec.task.type, spec.data.train) == (
        "my-shades", "image_classification", str(work / "My Shades")
    )  # fmt: skip
    text = (work / "spec.yaml").read_text()
    assert "2 classes (dark: 40, light: 40)" in text
    assert "80 images, used as 8 x 6 pixels" in text
    assert "holdout: {fraction: 0.2}" in text


def test_init_keeps_the_test_of_the_data(cli: Cli, work: Path) -> None:
    images, labels = np.random.default_rng(0).integers(0, 256, (40, 6, 6), dtype=np.uint8), np.arange(40) % 2
    np.savez(work / "a.npz", x_train=images, y_train=labels, x_test=images[:8], y_test=labels[:8])
    assert cli("init", "--from", "a.npz").status == 0
    text = (work / "spec.yaml").read_text()
    assert "8 images are sealed: those that the data keeps as its test" in text
    assert "fraction" not in text


@pytest.mark.parametrize(
    ("arguments", "told"),
    [
        (("--from", "empty"), "no images: there are no files in it"),
        (("--from", "shades", "--target", "label"), "leave --target out"),
    ],
)
def test_init_refuses_with_what_it_found(cli: Cli, work: Path, arguments: tuple[str, ...], told: str) -> None:
    (work / "empty").mkdir()
    write_shades(work / "shades")
    ended = cli("init", *arguments)
    assert ended.status == 2
    assert told in ended.err
    assert not (work / "spec.yaml").exists()


def test_validate_tells_what_the_images_are_like(cli: Cli, work: Path) -> None:
    shades = write_shades(work / "shades")
    (shades / "dark" / "broken.png").write_bytes(b"")
    (work / "spec.yaml").write_text("name: a\ntask: {type: image_classification}\ndata: shades\nprovider: local\n")
    found = {finding["code"]: finding for finding in cli("validate", "spec.yaml", "--json").json["findings"]}
    assert list(found) == ["images.unreadable"]
    assert "dark/broken.png (the file is empty)" in found["images.unreadable"]["message"]
    for number in range(12):
        shade(40, number=number).save(shades / "light" / f"copy{number}.png")
    ended = cli("validate", "spec.yaml")
    assert "with different classes" in ended.out
