"""Folders of images: one folder a class, perhaps below `train` and `test`, on disk or in a zip archive."""

from __future__ import annotations

import os
import zipfile
from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cloudautoml.data.images.decode import ENDINGS
from cloudautoml.data.names import listed
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from cloudautoml.data.images.prepared import Split

MOST_UNPACKED = 4 * 2**30
"""Bytes that all images in a zip archive may have together, unpacked."""
_SPLITS: dict[str, Split] = {
    "train": "train", "training": "train", "valid": "valid", "validation": "valid", "val": "valid", "dev": "valid",
    "test": "holdout", "testing": "holdout", "holdout": "holdout",
}  # fmt: skip
_IGNORED = {"__macosx", "thumbs.db", "desktop.ini"}


@dataclass(frozen=True, slots=True)
class Placed:
    """One image in a folder.

    Attributes:
        path: From the folder, with slashes.
        label: Its class: the name of the folder it is in.
        split: Which split its class folder stands in; None where the folder has no splits.
    """

    path: str
    label: str
    split: Split | None


def sort_out(paths: Iterable[str], *, where: str) -> tuple[list[Placed], list[str]]:
    """Tell classes and splits by the folders that images stand in.

    Args:
        paths: Of the files below the folder, with slashes.
        where: The folder, for messages.

    Returns:
        The images in the order of their paths, and the files that are left out because their endings are not those
        of images.

    Raises:
        DataError: There are no images, or they do not stand in folders of classes.
    """
    files = [path for path in paths if not _hidden(path)]
    images = sorted(path for path in files if PurePosixPath(path).suffix.lower() in ENDINGS)
    others = sorted(set(files) - set(images))
    if not images:
        seen = f"its files are {listed(others)}" if others else "there are no files in it"
        raise DataError(f"no images: {seen}", where=where, hint=f"images end in {', '.join(sorted(ENDINGS))}")
    parts = [PurePosixPath(path).parts for path in images]
    prefix = _wrappers(parts)
    first = {inner[prefix] for inner in parts if len(inner) > prefix + 1}
    divided = (
        bool(first)
        and all(name.casefold() in _SPLITS for name in first)
        and any(_SPLITS[name.casefold()] == "train" for name in first)
    )
    depth = prefix + (1 if divided else 0)
    loose = [path for path, inner in zip(images, parts, strict=True) if len(inner) <= depth + 1]
    if loose:
        example = "train/<class>/1.png" if divided else "<class>/1.png"
        raise DataError(
            f"{len(loose):,} images are in no folder of a class: {listed(loose)}",
            where=where,
            hint=f"put them in one folder a class ({example}), or name their classes in a table with the columns image "
            "and label",
        )
    placed = [
        Placed(path, inner[depth], _SPLITS[inner[prefix].casefold()] if divided else None)
        for path, inner in zip(images, parts, strict=True)
    ]
    return placed, others


def files_below(folder: Path) -> list[str]:
    """Paths of all files below a folder, from it, with slashes; links to folders are not followed."""
    found: list[str] = []
    for place, folders, names in os.walk(folder):
        folders.sort()
        inner = Path(place).relative_to(folder)
        found += [(inner / name).as_posix() for name in names]
    return found


def leaves(folder: Path, path: str) -> bool:
    """Whether a path is a link to something outside of the folder."""
    try:
        return not (folder / path).resolve().is_relative_to(folder.resolve())
    except (OSError, RuntimeError):
        return True  # a link to itself leads nowhere


def images_below(folder: Path) -> list[str]:
    """Paths of all images below a folder, sorted; links that leave it are left out."""
    return sorted(path for path in files_below(folder) if _is_image(path) and not leaves(folder, path))


def files_in_zip(archive: Path) -> list[str]:
    """Names of all files in a zip archive.

    Raises:
        DataError: It is no zip archive, is encrypted, or its images are too large to be unpacked.
    """
    try:
        with zipfile.ZipFile(archive) as opened:
            members = [member for member in opened.infolist() if not member.is_dir()]
    except (OSError, zipfile.BadZipFile, ValueError) as exc:
        raise DataError(f"not a zip archive that can be read: {exc}", where=str(archive)) from exc
    if any(member.flag_bits & 1 for member in members):
        raise DataError("the archive is encrypted", where=str(archive), hint="unpack it and name the folder")
    total = sum(member.file_size for member in members)
    if total > MOST_UNPACKED:
        raise DataError(
            f"unpacked it has {total:,} bytes, more than {MOST_UNPACKED:,}",
            where=str(archive),
            hint="unpack it and name the folder",
        )
    return [member.filename for member in members]


def images_in_zip(archive: Path) -> list[str]:
    """Names of all images in a zip archive, sorted.

    Raises:
        DataError: As `files_in_zip`.
    """
    return sorted(name for name in files_in_zip(archive) if _is_image(name))


def _is_image(path: str) -> bool:
    return not _hidden(path) and PurePosixPath(path).suffix.lower() in ENDINGS


def _hidden(path: str) -> bool:
    return any(part.startswith(".") or part.casefold() in _IGNORED for part in PurePosixPath(path).parts)


def _wrappers(parts: Sequence[tuple[str, ...]]) -> int:
    """How many folders everything stands in that are no classes, as in an archive of a folder."""
    depth = 0
    while all(len(inner) > depth + 2 for inner in parts):
        names = {inner[depth].casefold() for inner in parts}
        if len(names) > 1 or names & set(_SPLITS):
            break
        depth += 1
    return depth
