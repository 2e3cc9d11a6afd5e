"""Loading: prepared data of any kind, from the folder that it was saved to."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cloudautoml.data.images import PreparedImages
from cloudautoml.data.images.schema import KIND
from cloudautoml.data.prepared import PreparedData

if TYPE_CHECKING:
    from pathlib import Path

Prepared: TypeAlias = PreparedData | PreparedImages
"""Prepared data of any kind: each has `findings`, `profile`, `fingerprint` and `save`."""


def load_prepared(directory: Path) -> Prepared:
    """Read what the `save` of prepared data wrote, of whichever kind it is.

    Raises:
        StorageError: A file is missing or damaged.
    """
    from cloudautoml.store.files import read_json

    if read_json(directory / "schema.json").get("kind") == KIND:
        return PreparedImages.load(directory)
    return PreparedData.load(directory)
