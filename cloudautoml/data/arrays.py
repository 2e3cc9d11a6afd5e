"""Arrays on disk: numpy's own format, replaced whole, and never a pickle."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, cast

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt


def write_array(path: Path, array: npt.NDArray[Any]) -> None:
    """Replace a file's content by an array.

    Raises:
        StorageError: The disk is full or the folder cannot be written.
        ValueError: The array holds objects.
    """
    import numpy as np

    from cloudautoml.store.files import atomic_path

    with atomic_path(path) as beside, beside.open("wb") as file:
        np.save(file, array, allow_pickle=False)


def read_array(path: Path, *, mmap_mode: Literal["r"] | None = None) -> npt.NDArray[Any]:
    """Read what `write_array` wrote.

    Args:
        path: The file.
        mmap_mode: `r` to map the file instead of reading it.
    """
    import numpy as np

    return cast("npt.NDArray[Any]", np.load(path, mmap_mode=mmap_mode, allow_pickle=False))
