"""Given images: a source of any layout as one table of examples with their images beside it, nothing judged yet."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.images.arrays import named_arrays, pixels_of, read_npz
from cloudautoml.data.images.collection import ArrayImages, EncodedImages
from cloudautoml.data.images.contents import ChosenContents, FileContents, ZipContents
from cloudautoml.data.images.folder import files_below, files_in_zip, leaves, sort_out
from cloudautoml.data.images.place import place_of
from cloudautoml.data.names import counted, listed, require_columns, short
from cloudautoml.errors import DataError
from cloudautoml.spec import InMemory

if TYPE_CHECKING:
    from collections.abc import Iterator

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.images.arrays import NamedArrays
    from cloudautoml.data.images.contents import Contents
    from cloudautoml.spec import Dataset, ImageClassification

_TABLES = {"csv", "parquet", "jsonl"}
_DARK = 32
_VALID = {"valid", "validation", "val", "dev"}


@dataclass(frozen=True, slots=True, eq=False)
class Given:
    """Examples as a source has them.

    Attributes:
        examples: `image`, `label` (`str`, may be missing; of a job with several labels in the form of
            `labels.label_set`) and `split`: `train`, `valid` or `holdout` where the source
            says so, else missing; behind them the columns that `data.holdout` names.
        images: In the same order.
        scale: What numbers of arrays were multiplied by; None where they are bytes or files.
        findings: What there is to say about the source itself.
        where: What it is, for messages.
    """

    examples: pd.DataFrame
    images: ArrayImages | EncodedImages
    scale: float | None
    findings: tuple[Finding, ...]
    where: str


def given_images(
    source: str | InMemory, dataset: Dataset, task: ImageClassification, *, base: Path | None, split: bool
) -> Given:
    """Read a source of images and their classes, without decoding a file.

    Args:
        source: A folder, a zip archive of one, an `.npz` file, a table of paths, or arrays or a table in memory.
        dataset: How to read it.
        task: The columns of a table.
        base: Folder that relative paths start from.
        split: Whether `dataset.holdout` may still name columns of it.

    Raises:
        DataError: It cannot be read, or is none of these; says what was found.
    """
    if isinstance(source, InMemory):
        content = source.table
        if hasattr(content, "__arrow_c_stream__"):
            return _table(source, dataset, task, base=base, where="the table in memory", split=split)
        return _arrays(named_arrays(content, where="the arrays in memory"), task)
    path = place_of(source, base=base)
    layout = _layout(path, dataset)
    if layout == "npz":
        return _arrays(read_npz(path), task)
    if layout == "image_folder":
        return _folder(path, task)
    return _table(str(path), dataset, task, base=path.parent, where=str(path), split=split)


def _layout(path: Path, dataset: Dataset) -> str:
    ending = path.suffix.lower()
    if dataset.format == "auto":
        if path.is_dir() or ending == ".zip":
            return "image_folder"
        return "npz" if ending == ".npz" else "table"
    if dataset.format in _TABLES and path.is_dir():
        files = sorted(entry.name for entry in path.iterdir())
        raise DataError(
            f"data.format is {dataset.format} and this is a folder",
            where=str(path),
            hint=f"set data.format to image_folder, or name one of {listed(files)}",
        )
    if dataset.format in _TABLES:
        return "table"
    fits = {"image_folder": path.is_dir() or ending == ".zip", "npz": path.is_file()}
    if not fits.get(dataset.format, False):
        what = "a folder" if path.is_dir() else f"a file that ends in {ending or 'nothing'}"
        raise DataError(
            f"data.format is {dataset.format} and this is {what}",
            where=str(path),
            hint="give a folder or a .zip (image_folder), an .npz (npz), or a table of paths (csv, parquet, jsonl)",
        )
    return dataset.format


def _folder(path: Path, task: ImageClassification) -> Given:
    import pandas as pd

    where, zipped = str(path), path.is_file()
    paths = files_in_zip(path) if zipped else files_below(path)
    placed, others = sort_out(paths, where=where)
    findings: list[Finding] = []
    if others:
        message = f"{counted(len(others), 'file')} left out for an ending that is not an image's: {listed(others)}"
        findings.append(Finding("images.other_files", Severity.INFO, message))
    outside = [] if zipped else [item.path for item in placed if leaves(path, item.path)]
    if outside:
        message = f"{counted(len(outside), 'link')} left out that would leave the folder: {listed(outside)}"
        findings.append(Finding("images.outside", Severity.WARNING, message, hint="put the files themselves there"))
        left = set(outside)
        placed = [item for item in placed if item.path not in left]
    names = [item.path for item in placed]
    contents = ZipContents(path, names) if zipped else FileContents([path / name for name in names])
    examples = pd.DataFrame(
        {
            "image": pd.Series(names, dtype="str"),
            "label": _read_labels(pd.Series([item.label for item in placed], dtype="str"), task),
            "split": pd.Series([item.split for item in placed], dtype="str"),
        }
    )
    return Given(examples, EncodedImages(contents, names), None, tuple(findings), where)


def _table(
    source: str | InMemory, dataset: Dataset, task: ImageClassification, *, base: Path | None, where: str, split: bool
) -> Given:
    import pandas as pd

    from cloudautoml.data.coerce import text_values
    from cloudautoml.data.read import read_table

    raw = read_table(source, dataset, lists=(task.target,) if task.multi_label else ())
    holdout = dataset.holdout if split else None
    asked = [(task.image, "task.image"), (task.target, "task.target")]
    keys = {
        how: name
        for how in ("column", "time", "group")
        if holdout is not None and (name := getattr(holdout, how)) is not None
    }
    asked += [(name, f"data.holdout.{how}") for how, name in keys.items()]
    require_columns(asked, [str(name) for name in raw.columns], where=where)
    paths, labels = text_values(raw[task.image]), _read_labels(raw[task.target], task)
    findings: list[Finding] = []
    lost = paths.isna()
    if bool(lost.any()):
        message = f"{int(lost.sum()):,} of {len(raw):,} rows have no image and are left out"
        findings.append(Finding("images.missing", Severity.WARNING, message, task.image))
    kept = ~lost
    if not bool(kept.any()):
        raise DataError(f"no row has a path in column {short(task.image)}", where=where)
    names = [str(path) for path in paths[kept]]
    examples = pd.DataFrame({"image": paths[kept], "label": labels[kept]}).reset_index(drop=True)
    examples["split"] = pd.Series([None] * len(examples), dtype="str")
    for how, name in keys.items():
        column = raw[name][kept].reset_index(drop=True)
        examples[f"holdout.{how}"] = _times(column, name, where) if how == "time" else text_values(column)
    if holdout is not None and holdout.column is not None:
        examples.loc[examples["holdout.column"].str.casefold().isin(_VALID), "split"] = "valid"
    contents = FileContents([Path(name) if base is None else base / name for name in names])
    return Given(examples, EncodedImages(contents, names), None, tuple(findings), where)


def _times(column: pd.Series[Any], name: str, where: str) -> pd.Series[Any]:
    from cloudautoml.data.coerce import coerce
    from cloudautoml.data.infer import infer_type

    coerced = coerce(column, infer_type(column)[0])
    if bool(coerced.bad.any()):
        raise DataError(f"column {short(name)} holds more than times", where=where)
    return coerced.values


def _read_labels(column: pd.Series[Any], task: ImageClassification) -> pd.Series[Any]:
    """One class a cell; or label sets, of which there is always one."""
    from cloudautoml.data.coerce import text_values
    from cloudautoml.data.labels import label_sets

    return label_sets(column, separator=task.separator) if task.multi_label else text_values(column)


def _arrays(arrays: NamedArrays, task: ImageClassification) -> Given:
    import numpy as np
    import pandas as pd

    parts = list(_splits(arrays, task))
    alone = len(parts) == 1
    images = parts[0][1] if alone else np.concatenate([pixels for _, pixels, _, _ in parts])
    scales = {scale for *_, scale in parts if scale is not None}
    if len(scales) > 1:
        raise DataError("the splits are in different scales", where=arrays.where, hint="give all of them from 0 to 255")
    examples = pd.DataFrame(
        {
            "image": np.arange(len(images), dtype=np.int64),
            "label": pd.concat([labels for _, _, labels, _ in parts], ignore_index=True).astype("str"),
            "split": pd.Series(
                [None if alone else split for split, pixels, _, _ in parts for _ in range(len(pixels))], dtype="str"
            ),
        }
    )
    scale = next(iter(scales), None)
    return Given(examples, ArrayImages(images), scale, tuple(_brightness(images)), arrays.where)


def _brightness(images: npt.NDArray[np.uint8]) -> list[Finding]:
    """Whether numbers may have been meant in another range than the one they were taken for."""
    brightest = int(images.max())
    if brightest >= _DARK:
        return []
    message = f"the brightest pixel of all is {brightest} of 255"
    hint = f"if the range is 0 to {brightest}, divide the images by {brightest} first" if brightest else ""
    return [Finding("images.dark", Severity.WARNING, message, hint=hint)]


def _splits(arrays: NamedArrays, task: ImageClassification) -> Iterator[tuple[str, Any, pd.Series[Any], float | None]]:
    shapes: dict[str, tuple[int, ...]] = {}
    for split in ("train", "valid", "holdout"):
        if split not in arrays.images:
            continue
        what = f"{arrays.where}, {split}"
        pixels, scale = pixels_of(arrays.images[split], where=what)
        labels = _labels(arrays, split, task, where=what)
        if len(labels) != len(pixels):
            raise DataError(f"{len(pixels):,} images and {len(labels):,} labels", where=what)
        shapes[split] = pixels.shape[1:]
        if shapes[split] != next(iter(shapes.values())):
            raise DataError(
                f"images of {'x'.join(map(str, shapes[split]))}, and those to learn from are "
                f"{'x'.join(map(str, next(iter(shapes.values()))))}",
                where=what,
                hint="make them one size",
            )
        yield split, pixels, labels, scale


def _labels(arrays: NamedArrays, split: str, task: ImageClassification, *, where: str) -> pd.Series[Any]:
    import numpy as np
    import pandas as pd

    from cloudautoml.data.labels import label_sets_of_matrix

    if split not in arrays.labels:
        raise DataError("there are images and no labels", where=where, hint="add labels (or y) beside images (or x)")
    given = arrays.labels[split]
    if task.multi_label and isinstance(given, (list, tuple)):  # perhaps of lists, which make no array
        return _read_labels(pd.Series(list(cast("list[object]", given)), dtype=object), task)
    values = np.asarray(given)
    if task.multi_label and values.ndim == 2:
        return pd.Series(label_sets_of_matrix(values, arrays.classes, where=where), dtype="str")
    if values.ndim == 2 and values.shape[1] == 1:
        values = values[:, 0]
    if values.ndim != 1:
        raise DataError(
            f"labels of the shape {values.shape}",
            where=where,
            hint="give one label an image (of one-hot rows: labels.argmax(axis=1)), or set task.multi_label",
        )
    return _read_labels(pd.Series(list(values) if values.dtype.kind in "OU" else values), task)


def joined(first: Given, second: Given) -> Given:
    """Two sources as one.

    Raises:
        DataError: One is arrays and the other files, or arrays differ in size or scale.
    """
    import numpy as np
    import pandas as pd

    mine, other = first.images, second.images
    images: ArrayImages | EncodedImages
    if isinstance(mine, ArrayImages) and isinstance(other, ArrayImages):
        if mine.array.shape[1:] != other.array.shape[1:] or first.scale != second.scale:
            raise DataError(
                f"arrays of {mine.array.shape[1:]} to learn from and of {other.array.shape[1:]} to test",
                where="data.test",
                hint="make them one size and one scale",
            )
        images = ArrayImages(np.concatenate([mine.array, other.array]))
    elif isinstance(mine, EncodedImages) and isinstance(other, EncodedImages):
        names = [part.name(place) for part in (mine, other) for place in range(len(part))]
        images = EncodedImages(_chained(mine.contents, other.contents, len(mine), len(other)), names)
    else:
        raise DataError("arrays on one side and files on the other", where="data.test", hint="give both in one way")
    examples = pd.concat([first.examples, second.examples], ignore_index=True)
    if isinstance(images, ArrayImages):
        examples["image"] = np.arange(len(examples), dtype=np.int64)
    return Given(examples, images, first.scale, (*first.findings, *second.findings), first.where)


def _chained(first: Contents, second: Contents, count: int, other: int) -> Contents:
    if isinstance(first, FileContents) and isinstance(second, FileContents):
        return FileContents([*first.paths, *second.paths])
    return ChosenContents(
        (first, second), [*((0, place) for place in range(count)), *((1, place) for place in range(other))]
    )
