"""Download: files of a vendor's store into a folder, none outside of it, none larger than allowed, none changed."""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cloudautoml.errors import StorageError

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

MOST_BYTES = 4 << 30
"""Bytes that one download may take unless more is asked for."""
_LONGEST_NAME = 255
_DEVICE = re.compile(r"(?i)(con|prn|aux|nul|com\d|lpt\d)(\..*)?")  # names that are no files on one system


@dataclass(frozen=True, slots=True)
class RemoteFile:
    """A file in a vendor's store.

    Attributes:
        name: Where it goes in the folder, with slashes: from outside, and not to be trusted.
        size: Bytes, as the store tells; -1 where it does not.
        read: Opens it, as pieces in order.
        digests: What its content must come to, by the name of the algorithm as `hashlib` has it; empty where the
            store tells none.
    """

    name: str
    size: int
    read: Callable[[], Iterator[bytes]]
    digests: tuple[tuple[str, str], ...] = ()


def download(files: Iterable[RemoteFile], folder: Path, *, most_bytes: int = MOST_BYTES) -> dict[str, str]:
    """Copy files into a folder; each is either whole or not there.

    Args:
        files: From where.
        folder: To where; may be there already, and files of the same names are replaced.
        most_bytes: Bytes at most, of all files together.

    Returns:
        SHA-256 of each file by its name, in hex.

    Raises:
        StorageError: A name leads out of the folder or is another's, a file is larger than was told or than allowed,
            its content is not what the store says it is, or the disk is full. What was copied before stays.
    """
    from cloudautoml.store.files import atomic_path

    wanted = list(files)
    places = safe_places([file.name for file in wanted], folder)
    told = sum(max(file.size, 0) for file in wanted)
    if told > most_bytes:
        raise StorageError(f"{told} bytes are to be copied, and {most_bytes} are allowed", where=str(folder))
    found: dict[str, str] = {}
    left = most_bytes
    for file, place in zip(wanted, places, strict=True):
        with atomic_path(place) as beside:
            digest, taken = _copy(file, beside, left)
        found[file.name] = digest
        left -= taken
    return found


def _copy(file: RemoteFile, place: Path, most: int) -> tuple[str, int]:
    sums = {"sha256": hashlib.sha256()} | {name: hashlib.new(name) for name, _ in file.digests}
    limit, taken = most if file.size < 0 else min(most, file.size), 0
    with place.open("wb") as out:
        for piece in file.read():
            taken += len(piece)
            if taken > limit:
                raise StorageError(f"more than the {limit} bytes that it may have", where=file.name)
            for running in sums.values():
                running.update(piece)
            out.write(piece)
    if 0 <= file.size != taken:
        raise StorageError(f"{taken} bytes came, and {file.size} were told", where=file.name, hint="download it again")
    for name, wanted in file.digests:
        if sums[name].hexdigest() != wanted.lower():
            raise StorageError(
                f"its {name} is not the one that the store tells", where=file.name, hint="download it again"
            )
    return sums["sha256"].hexdigest(), taken


def local_files(name: str, place: Path) -> Iterator[RemoteFile]:
    """An artifact on this disk: one file, which keeps its ending, or the files of a folder, links left out."""
    if place.is_file():
        yield _local(name + place.suffix, place)
        return
    for file in sorted(place.rglob("*")):
        if file.is_file() and not file.is_symlink():
            yield _local(f"{name}/{file.relative_to(place).as_posix()}", file)


def _local(name: str, path: Path) -> RemoteFile:
    def read() -> Iterator[bytes]:
        with path.open("rb") as file:
            while piece := file.read(1 << 20):
                yield piece

    return RemoteFile(name, path.stat().st_size, read)


def safe_places(names: Iterable[str], folder: Path) -> list[Path]:
    """Where files of such names go in a folder.

    Raises:
        StorageError: A name is no relative path within the folder, leads through a link, or is the same as another on
            a system that tells letters apart less well.
    """
    root = folder.resolve()
    taken: dict[str, str] = {}
    places: list[Path] = []
    for name in names:
        if reason := _fault(name):
            raise StorageError(f"a file is named {name!r}, which {reason}", where=str(folder))
        place = root.joinpath(*PurePosixPath(name).parts)
        if place.parent.resolve() != place.parent or place.is_symlink():
            raise StorageError(f"{name!r} leads through a link", where=str(folder))
        same = unicodedata.normalize("NFC", name).casefold()
        for key in (same, *(str(parent) for parent in PurePosixPath(same).parents if str(parent) != ".")):
            if taken.get(key) == "file" or (key == same and key in taken):
                raise StorageError(f"{name!r} is the name of another file, too", where=str(folder))
            taken.setdefault(key, "file" if key == same else "folder")
        places.append(place)
    return places


def _fault(name: str) -> str:
    """What is wrong with a name; empty where nothing is."""
    if not name or name.startswith("/") or name.endswith("/"):
        return "is no relative path to a file"
    for part in name.split("/"):
        if part in {"", ".", ".."}:
            return "leads out of the folder"
        if any(sign in '\\:*?"<>|' or unicodedata.category(sign) in {"Cc", "Cs"} for sign in part):
            return "holds signs that no file name may have"
        if len(part.encode()) > _LONGEST_NAME or part[-1] in " ." or _DEVICE.fullmatch(part):
            return "is no name of a file"
    return ""
