"""Short ways to a folder of pictures and to jobs on them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from image_files import write_shades

from cloudautoml.spec import ImageClassification, JobSpec

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path


@pytest.fixture
def shades(tmp_path: Path) -> Path:
    """A folder of 80 pictures: 40 dark and 40 light ones, each in the folder of its class."""
    return write_shades(tmp_path / "shades")


@pytest.fixture
def images_of() -> Callable[..., JobSpec]:
    """Build an image classification: data, fields of the data, then fields of the task."""

    def build(data: Any, *, metric: str | None = None, **fields: Any) -> JobSpec:
        task = {name: fields.pop(name) for name in ("image", "target", "multi_label") if name in fields}
        return JobSpec(
            name="test",
            task=ImageClassification(**task),
            data={"train": data, **fields} if fields else data,
            objective={"metric": metric} if metric else None,
        )

    return build
