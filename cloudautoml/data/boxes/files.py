"""Files of annotated images: a folder or a zip archive that is looked into by path, and never left."""

from __future__ import annotations

from abc import ABC, abstractmethod
from functools import cached_property
from pathlib import PurePosixPath
from typing import TYPE_CHECKING

from typing_extensions import override

from cloudautoml.data.images.contents import FileContents, ZipContents
from cloudautoml.data.images.decode import ENDINGS
from cloudautoml.data.images.folder import files_below, files_in_zip, leaves
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cloudautoml.data.images.contents import Contents

LEAVES = "its path leads out of the folder"
GONE = "no such file"


class Files(ABC):
    """Files by their path from a folder, with slashes."""

    where: str
    """The folder or the archive, for messages."""

    @cached_property
    def names(self) -> tuple[str, ...]:
        """Paths of all files, sorted."""
        return tuple(sorted(self._names()))

    @abstractmethod
    def _names(self) -> list[str]: ...

    @abstractmethod
    def has(self, path: str) -> bool:
        """Whether there is such a file, and it is not a link to somewhere else."""

    @abstractmethod
    def contents(self, paths: Sequence[str]) -> Contents:
        """Some of the files, in this order."""

    def read(self, path: str) -> bytes:
        """The content of one file.

        Raises:
            DataError: It cannot be read; says which it is.
        """
        try:
            return self.contents([path]).read(0)
        except DataError as exc:
            raise DataError(exc.message, where=f"{self.where}, {path}", hint=exc.hint) from exc

    def find(self, path: str) -> str:
        """Where an image is that annotations name: at that path, in a folder `images`, or anywhere by its name.

        Raises:
            DataError: It leads out of the folder, or is not there; the message is a reason without a name.
        """
        asked = PurePosixPath(path.replace("\\", "/"))
        if asked.is_absolute() or ".." in asked.parts or ":" in asked.parts[0] or "\0" in path:
            raise DataError(LEAVES)
        for candidate in (asked, PurePosixPath("images") / asked, PurePosixPath("images") / asked.name):
            if self.has(candidate.as_posix()):
                return candidate.as_posix()
        found = self._by_name.get(asked.name, ())
        if len(found) == 1:
            return found[0]
        if len(found) > 1:
            raise DataError(f"no such file there, and {len(found)} of that name elsewhere")
        raise DataError(GONE)

    @cached_property
    def _by_name(self) -> dict[str, tuple[str, ...]]:
        """Paths of images by their last part, with and without the ending."""
        found: dict[str, tuple[str, ...]] = {}
        for path in self.images:
            for name in {PurePosixPath(path).name, PurePosixPath(path).stem}:
                found[name] = (*found.get(name, ()), path)
        return found

    @cached_property
    def images(self) -> tuple[str, ...]:
        """Paths of all images."""
        return tuple(path for path in self.names if PurePosixPath(path).suffix.lower() in ENDINGS and self.has(path))


class FolderFiles(Files):
    """Files below a folder on disk.

    Args:
        folder: The folder.
    """

    def __init__(self, folder: Path) -> None:
        self.folder, self.where = folder, str(folder)

    @override
    def _names(self) -> list[str]:
        return files_below(self.folder)

    @override
    def has(self, path: str) -> bool:
        try:
            return (self.folder / path).is_file() and not leaves(self.folder, path)
        except (OSError, ValueError):
            return False

    @override
    def contents(self, paths: Sequence[str]) -> FileContents:
        return FileContents([self.folder / path for path in paths])


class ZipFiles(Files):
    """Files in a zip archive.

    Args:
        archive: The file.

    Raises:
        DataError: It cannot be read, or is too large unpacked.
    """

    def __init__(self, archive: Path) -> None:
        self.archive, self.where = archive, str(archive)
        self._members = files_in_zip(archive)
        self._known = frozenset(self._members)

    @override
    def _names(self) -> list[str]:
        return list(self._known)

    @override
    def has(self, path: str) -> bool:
        return path in self._known

    @override
    def contents(self, paths: Sequence[str]) -> ZipContents:
        return ZipContents(self.archive, paths)
