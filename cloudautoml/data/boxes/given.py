"""Given boxes: a source of any layout as listed images and boxes, with the files they are in, nothing judged yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING

from cloudautoml.data.boxes.coco import read_coco
from cloudautoml.data.boxes.files import FolderFiles, ZipFiles
from cloudautoml.data.boxes.lines import read_lines
from cloudautoml.data.boxes.voc import read_voc
from cloudautoml.data.images.place import place_of
from cloudautoml.data.names import listed
from cloudautoml.errors import DataError
from cloudautoml.spec import InMemory

if TYPE_CHECKING:
    from cloudautoml.data.boxes.files import Files
    from cloudautoml.data.boxes.marked import Marked
    from cloudautoml.spec import Dataset, ObjectDetection

_HINT = (
    "give a COCO .json beside its images, a folder or a .zip of annotations and images (coco, voc), or a .jsonl with "
    "an image and its boxes in each line"
)


@dataclass(frozen=True, slots=True, eq=False)
class GivenBoxes:
    """A source of annotated images.

    Attributes:
        marked: What its annotations say.
        files: Where its images are.
        where: What it is, for messages.
    """

    marked: Marked
    files: Files
    where: str


def given_boxes(source: str | InMemory, dataset: Dataset, task: ObjectDetection, *, base: Path | None) -> GivenBoxes:
    """Read a source of boxes, without decoding an image.

    Args:
        source: A file of annotations, or a folder or a zip archive of them with their images.
        dataset: How to read it.
        task: The keys of a file of lines.
        base: Folder that relative paths start from.

    Raises:
        DataError: It cannot be read, or is none of these; says what was found.
    """
    if isinstance(source, InMemory):
        raise DataError("boxes are read from files, and this is in memory", where="data", hint=_HINT)
    path = place_of(source, base=base)
    where, ending = str(path), path.suffix.lower()
    if path.is_dir() or ending == ".zip":
        files: Files = FolderFiles(path) if path.is_dir() else ZipFiles(path)
        return GivenBoxes(_below(files, dataset, where), files, where)
    if dataset.format in {"auto", "coco"} and ending == ".json":
        return GivenBoxes(read_coco(_read(path), where=where), FolderFiles(path.parent), where)
    if dataset.format in {"auto", "jsonl"} and ending == ".jsonl":
        return GivenBoxes(read_lines(_read(path), task, where=where), FolderFiles(path.parent), where)
    what = f"a file that ends in {ending or 'nothing'}"
    raise DataError(f"data.format is {dataset.format} and this is {what}", where=where, hint=_HINT)


def _read(path: Path) -> bytes:
    return FolderFiles(path.parent).read(path.name)


def _below(files: Files, dataset: Dataset, where: str) -> Marked:
    """The annotations in a folder or an archive."""
    tables = [name for name in files.names if _shown(name) and name.lower().endswith(".json")]
    texts = [name for name in files.names if _shown(name) and name.lower().endswith(".xml")]
    wanted = dataset.format
    if wanted == "auto":
        wanted = "coco" if tables else "voc"
    if wanted == "coco":
        chosen = _one(tables, files, where)
        return read_coco(files.read(chosen), where=f"{where}, {chosen}")
    if wanted == "voc":
        if not texts:
            seen = listed(files.names) if files.names else "nothing"
            raise DataError(f"there are no annotations (.json or .xml) in it, but {seen}", where=where, hint=_HINT)
        return read_voc(((name, files.read(name)) for name in texts), where=where)
    raise DataError(f"data.format is {wanted}, and boxes are read as coco, voc or jsonl", where=where, hint=_HINT)


def _shown(name: str) -> bool:
    return not any(part.startswith(".") or part == "__MACOSX" for part in PurePosixPath(name).parts)


def _one(names: list[str], files: Files, where: str) -> str:
    """The COCO file of a folder: the only one, or the one that says so by its name."""
    if len(names) == 1:
        return names[0]
    if not names:
        seen = listed(files.names) if files.names else "nothing"
        raise DataError(f"there is no COCO file (.json) in it, but {seen}", where=where, hint=_HINT)
    usual = [name for name in names if PurePosixPath(name).name in {"annotations.json", "_annotations.coco.json"}]
    if len(usual) == 1:
        return usual[0]
    raise DataError(f"which of these is it? {listed(names)}", where=where, hint="name the file itself in data.train")
