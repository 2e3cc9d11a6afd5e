"""Images with any number of labels: from every kind of source to a matrix, split label by label."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cloudautoml.data import PreparedImages, prepare_images
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudautoml.spec import JobSpec


def bars(count: int = 200) -> tuple[Any, Any]:
    """Pictures with up to two bright bars, and which of them they have."""
    rng = np.random.default_rng(0)
    labels = (rng.random((count, 2)) < (0.5, 0.1)).astype(np.uint8)
    x = rng.integers(0, 60, (count, 8, 8)).astype(np.uint8)
    x[:, 1] += 150 * labels[:, :1]
    x[:, :, 6] += 150 * labels[:, 1:]
    return x, labels


def test_arrays_with_a_column_a_label(images_of: Callable[..., JobSpec], tmp_path: Path) -> None:
    x, y = bars()
    path = tmp_path / "bars.npz"
    np.savez(path, x=x, y=y, classes=np.array(["row", "column"]))
    data = prepare_images(images_of(str(path), multi_label=True))
    assert data.classes == ("column", "row")
    sealed = data.labels("holdout")
    assert sealed.shape == (data.count("holdout"), 2)
    assert sealed[:, 0].sum() == pytest.approx(0.2 * y[:, 1].sum(), abs=1)  # the rare one is shared out too
    pixels = data.pixels("holdout")[..., 0]
    assert ((pixels[:, 1].mean(axis=1) > 100) == sealed[:, 1]).all()
    data.save(tmp_path / "saved")
    again = PreparedImages.load(tmp_path / "saved")
    assert (again.labels("train") == data.labels("train")).all()
    assert again.schema == data.schema
    assert data.profile["target"]["classes"] == {
        "column": int(data.labels("train")[:, 0].sum()), "row": int(data.labels("train")[:, 1].sum())
    }  # fmt: skip
    with pytest.raises(DataError, match=r"task\.multi_label"):
        prepare_images(images_of(str(path)))


def test_a_table_and_folders_with_joined_labels(images_of: Callable[..., JobSpec], tmp_path: Path) -> None:
    from PIL import Image

    x, y = bars(60)
    names = [",".join(np.array(["row", "column"])[row > 0]) for row in y]
    lines = ["image,label"]
    for number, (pixels, name) in enumerate(zip(x, names, strict=True)):
        Image.fromarray(pixels).save(tmp_path / f"{number}.png")
        lines.append(f'{number}.png,"{name}"')
    (tmp_path / "table.csv").write_text("\n".join(lines))
    data = prepare_images(images_of(str(tmp_path / "table.csv"), multi_label=True, holdout=None))
    assert (data.labels("train")[:, ::-1] == y).all()
    folder = tmp_path / "folder"
    for number, (pixels, name) in enumerate(zip(x, names, strict=True)):
        if name:
            (folder / name).mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(folder / name / f"{number}.png")
    data = prepare_images(images_of(str(folder), multi_label=True, holdout=None))
    assert data.labels("train").sum() == y.sum()


def test_labels_of_sealed_images_alone_are_told(images_of: Callable[..., JobSpec]) -> None:
    x, y = bars(60)
    arrays = {"x_train": x, "y_train": y, "x_test": x[:10] + 1, "y_test": [["0"], ["0", "7"], []] + [["1"]] * 7}
    data = prepare_images(images_of(arrays, multi_label=True))
    finding = next(finding for finding in data.findings if finding.code == "holdout.unseen_classes")
    assert finding.message.startswith("1 sealed images")
    assert data.labels("holdout")[:3].tolist() == [[1, 0], [1, 0], [0, 0]]
