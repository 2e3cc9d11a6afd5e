"""Files that are either old or new, never torn: write beside, flush to disk, rename."""

from __future__ import annotations

import contextlib
import errno
import json
import os
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Generator


@contextlib.contextmanager
def atomic_path(path: Path) -> Generator[Path]:
    """A path to write to; what stands there when the block ends well replaces `path` at once.

    Raises:
        StorageError: The disk is full or the folder cannot be written.
    """
    handle, name = -1, ""
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(dir=path.parent, prefix=f".{path.name}.", suffix=path.suffix)
        os.close(handle)
        beside = Path(name)
        yield beside
        with beside.open("rb") as written:
            os.fsync(written.fileno())
        beside.replace(path)
    except OSError as exc:
        raise storage_error(exc, path) from exc
    finally:
        if name:
            Path(name).unlink(missing_ok=True)


def write_bytes(path: Path, data: bytes) -> None:
    """Replace a file's content."""
    with atomic_path(path) as beside:
        beside.write_bytes(data)


def write_json(path: Path, data: Any) -> None:
    """Replace a file's content by JSON; NaN is refused, since other readers refuse it."""
    write_bytes(path, json.dumps(data, indent=1, allow_nan=False, ensure_ascii=False).encode())


def read_json(path: Path) -> Any:
    """Read what `write_json` wrote.

    Raises:
        StorageError: It is missing, unreadable or not JSON.
    """
    try:
        return json.loads(path.read_bytes())
    except OSError as exc:
        raise storage_error(exc, path) from exc
    except ValueError as exc:
        raise StorageError(f"not JSON: {exc}", where=str(path), hint="the file was changed by something else") from exc


def storage_error(exc: OSError, path: Path) -> StorageError:
    """Say what is wrong with the disk in words that tell what to do."""
    if exc.errno in {errno.ENOSPC, errno.EDQUOT}:
        return StorageError(
            "the disk is full", where=str(path), hint="free some space, then: cloudautoml jobs resume JOB"
        )
    if exc.errno in {errno.EACCES, errno.EPERM, errno.EROFS}:
        return StorageError(
            "not writable", where=str(path), hint="set CLOUDAUTOML_HOME to a folder that you may write to"
        )
    return StorageError(exc.strerror or str(exc), where=str(path))
