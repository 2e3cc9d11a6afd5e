"""Contents: where the bytes of image files are: in a folder, in a zip archive, or one after the other in one file."""

from __future__ import annotations

import hashlib
import os
import threading
import zipfile
from concurrent.futures import ThreadPoolExecutor
from typing import TYPE_CHECKING, Any, Protocol

from cloudautoml.data.images.decode import MOST_BYTES
from cloudautoml.errors import DataError, StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

_WORTH_THREADS = 64
_MOST_THREADS = 4


class Contents(Protocol):
    """The bytes of files, by their place; reading is safe from several threads."""

    def read(self, position: int) -> bytes:
        """The bytes of one.

        Raises:
            DataError: They cannot be read; the message is a reason without a name.
        """
        ...

    def take(self, positions: Sequence[int]) -> Contents:
        """Some of them, in this order."""
        ...


class FileContents:
    """Files.

    Args:
        paths: One a file; whether they are there is seen when they are read.
        digests: What `digest_of` said of their content, to find out if they have changed since.
    """

    def __init__(self, paths: Sequence[Path], *, digests: Sequence[str] | None = None) -> None:
        self.paths = tuple(paths)
        self._digests = None if digests is None else tuple(digests)

    def size(self) -> int:
        """Bytes of all files together; those that are gone count for nothing."""
        return sum(path.stat().st_size for path in self.paths if path.is_file())

    def read(self, position: int) -> bytes:
        """The bytes of one file."""
        path = self.paths[position]
        try:
            size = path.stat().st_size if path.is_file() else -1
            data = path.read_bytes() if 0 <= size <= MOST_BYTES else b""
        except (OSError, ValueError) as exc:
            raise DataError(f"it cannot be read: {getattr(exc, 'strerror', None) or exc}") from exc
        if size < 0:
            raise DataError("no such file")
        if size > MOST_BYTES:
            raise DataError(_too_many(size))
        if self._digests is not None and digest_of(data) != self._digests[position]:
            raise DataError("the file has changed since the job was submitted", hint="submit the job again")
        return data

    def take(self, positions: Sequence[int]) -> FileContents:
        """Some of the files."""
        digests = None if self._digests is None else [self._digests[place] for place in positions]
        return FileContents([self.paths[place] for place in positions], digests=digests)


class ZipContents:
    """Members of a zip archive; nothing is ever unpacked to disk.

    Args:
        archive: The file.
        members: Their names in the archive.
    """

    def __init__(self, archive: Path, members: Sequence[str]) -> None:
        self.archive = archive
        self.members = tuple(members)
        self._lock = threading.Lock()
        self._open: zipfile.ZipFile | None = None

    def read(self, position: int) -> bytes:
        """The bytes of one member."""
        try:
            with self._lock:  # an archive has one place that it reads from
                if self._open is None:
                    self._open = zipfile.ZipFile(self.archive)
                member = self._open.getinfo(self.members[position])
                size = member.file_size
                with self._open.open(member) as stream:
                    data = stream.read(MOST_BYTES) if size <= MOST_BYTES else b""
        except Exception as exc:  # damaged archives raise whatever the unpacking stumbles over
            raise DataError(f"it does not unpack: {exc!s:.200}") from exc
        if size > MOST_BYTES:
            raise DataError(_too_many(size))
        return data

    def take(self, positions: Sequence[int]) -> ZipContents:
        """Some of the members."""
        return ZipContents(self.archive, [self.members[place] for place in positions])


class PackedContents:
    """Parts of one file, as `write_packed` wrote it.

    Args:
        path: The file.
        spans: int64, (files, 2): where each begins and ends.
    """

    def __init__(self, path: Path, spans: npt.NDArray[np.int64]) -> None:
        self.path = path
        self.spans = spans

    def read(self, position: int) -> bytes:
        """The bytes of one part.

        Raises:
            StorageError: The file is missing or too short.
        """
        start, end = (int(place) for place in self.spans[position])
        try:
            with self.path.open("rb") as stream:
                stream.seek(start)
                data = stream.read(end - start)
        except OSError as exc:
            raise StorageError(f"the prepared images cannot be read: {exc}", where=str(self.path)) from exc
        if len(data) != end - start:
            raise StorageError("the prepared images are cut off", where=str(self.path))
        return data

    def take(self, positions: Sequence[int]) -> PackedContents:
        """Some of the parts."""
        return PackedContents(self.path, self.spans[list(positions)])


class ChosenContents:
    """Files from several places.

    Args:
        parts: The places.
        chosen: For each file its part and where it is there.
    """

    def __init__(self, parts: Sequence[Contents], chosen: Sequence[tuple[int, int]]) -> None:
        self._parts = tuple(parts)
        self._chosen = tuple(chosen)

    def read(self, position: int) -> bytes:
        """The bytes of one file."""
        part, place = self._chosen[position]
        return self._parts[part].read(place)

    def take(self, positions: Sequence[int]) -> ChosenContents:
        """Some of the files."""
        return ChosenContents(self._parts, [self._chosen[place] for place in positions])


def write_packed(path: Path, contents: Contents, count: int) -> npt.NDArray[np.int64]:
    """Write files into one, one after the other.

    Args:
        path: The file; replaced whole.
        contents: Reads them.
        count: How many there are.

    Returns:
        int64, (files, 2): where each begins and ends.

    Raises:
        DataError: One of them cannot be read.
        StorageError: The disk is full or the folder cannot be written.
    """
    import numpy as np

    from cloudautoml.store.files import atomic_path

    spans = np.zeros((count, 2), dtype=np.int64)
    with atomic_path(path) as beside, beside.open("wb") as stream:
        for place in range(count):
            start = stream.tell()
            stream.write(contents.read(place))
            spans[place] = start, stream.tell()
    return spans


def digest_of(data: bytes | memoryview) -> str:
    """16 hex digits that are equal for equal content."""
    return hashlib.blake2b(data, digest_size=8).hexdigest()


def each(work: Callable[[int], Any], places: Sequence[int]) -> list[Any]:
    """Do the same for each place; in a few threads where that is worth it, since decoders let others run.

    Raises:
        Exception: What the first place that failed raised.
    """
    threads = min(_MOST_THREADS, os.cpu_count() or 1)
    if len(places) < _WORTH_THREADS or threads < 2:
        return [work(place) for place in places]
    with ThreadPoolExecutor(threads) as pool:
        return list(pool.map(work, places))


def _too_many(size: int) -> str:
    return f"{size:,} bytes are more than the {MOST_BYTES:,} that are read"
