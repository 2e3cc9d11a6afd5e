"""Delivery: files that the user asked for, whole or not at all, with the permissions of any new file."""

import os
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def delivered(path: Path) -> Generator[Path]:
    """A path to write to; what stands there when the block ends well replaces `path` at once.

    Files of the store are the user's alone; those that were asked for by name follow the umask, or keep the
    permissions of the file they replace.

    Raises:
        StorageError: The disk is full or the folder cannot be written.
    """
    from cloudautoml.store import atomic_path

    umask = os.umask(0)
    os.umask(umask)
    mode = path.stat().st_mode & 0o777 if path.exists() else 0o666 & ~umask
    with atomic_path(path.absolute()) as beside:
        yield beside
        beside.chmod(mode)


def deliver(path: Path, data: bytes) -> None:
    """Write a whole file; see `delivered`."""
    with delivered(path) as beside:
        beside.write_bytes(data)
