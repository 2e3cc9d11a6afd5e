"""Places: find what a path in a spec names on this machine, be it a file or a folder."""

from __future__ import annotations

from pathlib import Path


def place_of(source: str, *, base: Path | None) -> Path:
    """A folder or a file that is there.

    Args:
        source: A path as written in a spec.
        base: Folder that relative paths start from; the working directory unless given.

    Raises:
        DataError: It is remote, missing or unreadable.
    """
    from cloudautoml.data.read import locate

    try:
        folder = Path(source).expanduser()
        folder = folder if base is None else base / folder
        if "\0" not in source and "://" not in source and folder.is_dir():
            return folder
    except (OSError, ValueError, RuntimeError):
        pass  # what is wrong with it is said below
    return locate(source, base=base)
