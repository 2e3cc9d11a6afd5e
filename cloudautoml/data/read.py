"""Reading: turn the source that a spec names into a raw table, losing nothing and guessing nothing."""

from __future__ import annotations

import difflib
import gzip
import re
import zlib
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.data.arrow import raw_frame, raw_from_arrow
from cloudautoml.data.names import listed, short
from cloudautoml.errors import DataError
from cloudautoml.spec import InMemory

if TYPE_CHECKING:
    from collections.abc import Collection

    import pandas as pd

    from cloudautoml.spec import Dataset

_READERS = {"s3": "sagemaker", "gs": "vertexai", "az": "azureml", "abfs": "azureml", "azureml": "azureml"}
_ENDINGS = {
    ".csv": "csv",
    ".tsv": "csv",
    ".txt": "csv",
    ".data": "csv",
    ".parquet": "parquet",
    ".pq": "parquet",
    ".jsonl": "jsonl",
    ".ndjson": "jsonl",
}
_FOREIGN = {
    ".xlsx": "save the sheet as CSV",
    ".xls": "save the sheet as CSV",
    ".json": "write one JSON object a line and name the file .jsonl",
    ".feather": "write it as Parquet",
    ".arrow": "write it as Parquet",
}


def read_table(
    source: str | InMemory, dataset: Dataset, *, base: Path | None = None, lists: Collection[str] = ()
) -> pd.DataFrame:
    """Read a table without interpreting its text.

    Text in CSV and JSON lines stays text, every digit of it, except for what `na_values` calls missing. Parquet
    and tables in memory have missing values of their own, so there `na_values` counts only if the spec gives it.

    Args:
        source: A local path, or a table in memory.
        dataset: How to read it.
        base: Folder that relative paths start from; the working directory unless given.
        lists: Columns that may hold lists of labels; each becomes text in the form of `labels.label_set`.

    Returns:
        The raw form that `raw_frame` describes.

    Raises:
        DataError: It cannot be read; says the file, and the line and byte where they can be known.
    """
    if isinstance(source, InMemory):
        where = "the table in memory"
        frame, typed = raw_frame(source.table, where=where, lists=lists), True
    else:
        path = locate(source, base=base)
        where, layout = str(path), _format(path, dataset)
        typed = layout == "parquet"
        frame = _read(path, layout, dataset, lists)
    if frame.empty:
        raise DataError("the table has columns and no rows", where=where)
    if typed and "na_values" not in dataset.model_fields_set:
        return frame
    return _mark_missing(frame, dataset.na_values)


def locate(source: str, *, base: Path | None = None) -> Path:
    """Find a local file.

    Args:
        source: A path as written in a spec.
        base: Folder that relative paths start from.

    Raises:
        DataError: It is remote, missing, a folder or unreadable.
    """
    scheme = re.match(r"([A-Za-z][A-Za-z0-9+.-]*)://", source)
    if scheme:
        provider = _READERS.get(scheme[1].lower())
        reads = f"the provider {provider} reads {scheme[1]}://; for others, copy" if provider else "copy"
        raise DataError("only local files are read here", where=source, hint=f"{reads} the file to this machine")
    try:
        if "\0" in source:
            raise DataError("a path cannot hold NUL", where=short(source))
        path = Path(source).expanduser()
        path = path if base is None else base / path
        if path.is_dir():
            raise DataError("this is a folder, not a table", where=str(path), hint=_inside(path))
        if not path.exists():
            raise DataError("no such file", where=str(path), hint=_nearby(path))
        if not path.is_file():
            raise DataError("this is a device or a pipe, not a file", where=str(path))
    except (OSError, ValueError, RuntimeError) as exc:
        if isinstance(exc, DataError):
            raise
        raise DataError(f"not a usable path: {exc}", where=short(source)) from exc
    return path


def _inside(path: Path) -> str:
    files = sorted(entry.name for entry in path.iterdir() if entry.is_file())
    return f"name one of its files: {listed(files)}" if files else "it is empty"


def _nearby(path: Path) -> str:
    if not path.parent.is_dir():
        return f"there is no folder {path.parent} either"
    names = sorted(entry.name for entry in path.parent.iterdir())
    close = difflib.get_close_matches(path.name, names, n=1)
    return f"did you mean {close[0]}?" if close else f"{path.parent} holds {listed(names) or 'nothing'}"


def _format(path: Path, dataset: Dataset) -> str:
    if dataset.format in {"csv", "parquet", "jsonl"}:
        return dataset.format
    if dataset.format != "auto":
        raise DataError(
            f"data.format {dataset.format} is not a table",
            where=str(path),
            hint="a tabular task needs csv, parquet or jsonl",
        )
    endings = [ending.lower() for ending in path.suffixes]
    if endings and endings[-1] == ".gz":
        endings = endings[:-1]
    ending = endings[-1] if endings else ""
    if ending in _ENDINGS:
        return _ENDINGS[ending]
    raise DataError(
        f"the ending {ending!r} does not say how the file is written" if ending else "the file's name has no ending",
        where=str(path),
        hint=_FOREIGN.get(ending, "set data.format to csv, parquet or jsonl"),
    )


def _read(path: Path, layout: str, dataset: Dataset, lists: Collection[str]) -> pd.DataFrame:
    if layout == "parquet":
        return _read_parquet(path, lists)
    data = read_bytes(path)
    if layout == "csv":
        from cloudautoml.data.csv_text import parse_csv

        return parse_csv(data, dataset.csv, where=str(path))
    from cloudautoml.data.json_lines import parse_json_lines

    return parse_json_lines(data, na_values=dataset.na_values, where=str(path), lists=lists)


def read_bytes(path: Path) -> bytes:
    """The content of a file, unpacked where it ends in `.gz`.

    Raises:
        DataError: It cannot be read or unpacked, or there is nothing in it.
    """
    try:
        data = path.read_bytes()
    except OSError as exc:
        raise DataError(f"the file cannot be read: {exc.strerror or exc}", where=str(path)) from exc
    if path.suffix.lower() == ".gz":
        try:
            data = gzip.decompress(data)
        except (OSError, EOFError, zlib.error) as exc:
            raise DataError(f"the file does not unpack as gzip: {exc}", where=str(path)) from exc
    if not data:
        raise DataError("the file is empty", where=str(path))
    return data


def _read_parquet(path: Path, lists: Collection[str]) -> pd.DataFrame:
    import pyarrow as pa
    import pyarrow.parquet as pq

    try:
        table: Any = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError, ValueError) as exc:
        raise DataError(f"the file does not read as Parquet: {exc}", where=str(path)) from exc
    return raw_from_arrow(table, where=str(path), lists=lists)


def _mark_missing(frame: pd.DataFrame, na_values: tuple[str, ...]) -> pd.DataFrame:
    import pandas as pd

    marked: dict[str, pd.Series[Any]] = {}
    for name, column in frame.items():
        if isinstance(column.dtype, (pd.StringDtype, pd.CategoricalDtype)):
            missing = column.isin(na_values)
            if missing.any():
                marked[str(name)] = column.mask(missing)
    return frame.assign(**marked) if marked else frame
