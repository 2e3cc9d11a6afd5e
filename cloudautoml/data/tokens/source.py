"""Sources of sentences: CoNLL files, JSON lines, Parquet, CSV and tables in memory, as cells yet to be read."""

from __future__ import annotations

import codecs
import json
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.names import require_columns, short
from cloudautoml.data.read import locate, read_bytes
from cloudautoml.errors import DataError
from cloudautoml.spec import InMemory

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cloudautoml.spec import Dataset

CONLL_ENDINGS = frozenset({".conll", ".bio", ".iob", ".iob2"})
"""Endings of files that are read as CoNLL, where the spec says nothing else."""


def read_cells(
    source: str | InMemory, dataset: Dataset, *, tokens: str, target: str, base: Path | None = None, tagged: bool = True
) -> tuple[pd.DataFrame, str]:
    """Read a table whose cells may be lists.

    Args:
        source: A local path, or a table in memory.
        dataset: How to read it.
        tokens: Name of the column of tokens.
        target: Name of the column of tags.
        base: Folder that relative paths start from.
        tagged: Whether there must be tags.

    Returns:
        A table of Python objects with a `RangeIndex`, all columns of the source and `cloudautoml.place`; and what it
        is, for messages.

    Raises:
        DataError: It cannot be read, or has not these columns.
    """
    if isinstance(source, InMemory):
        where = "the table in memory"
        frame = _from_arrow(source.table, where)
    else:
        path = locate(source, base=base)
        where = str(path)
        frame = _read(path, dataset, tokens=tokens, target=target, tagged=tagged)
    wanted = [(tokens, "task.tokens"), *([(target, "task.target")] if tagged else [])]
    require_columns(wanted, [str(name) for name in frame.columns if name != PLACE], where=where)
    if frame.empty:
        raise DataError("there is no sentence", where=where)
    if PLACE not in frame:
        frame[PLACE] = [f"row {number}" for number in range(1, len(frame) + 1)]
    return frame, where


PLACE = "cloudautoml.place"
"""Column that tells where a sentence was read."""


def _read(path: Path, dataset: Dataset, *, tokens: str, target: str, tagged: bool) -> pd.DataFrame:
    import pandas as pd

    layout, where = _format(path, dataset), str(path)
    if layout == "csv":
        from cloudautoml.data.read import read_table

        return read_table(str(path), dataset.model_copy(update={"na_values": ()})).astype(object)
    if layout == "parquet":
        import pyarrow as pa
        import pyarrow.parquet as pq

        try:
            return _from_arrow(pq.ParquetFile(path).read(), where)
        except (pa.ArrowException, OSError, ValueError) as exc:
            raise DataError(f"the file does not read as Parquet: {exc}", where=where) from exc
    data = read_bytes(path)
    if layout == "jsonl":
        return pd.DataFrame(_objects(data, where)).astype(object)
    from cloudautoml.data.tokens.conll import parse_conll

    sentences = parse_conll(data, where=where, tagged=tagged)
    columns: dict[str, list[Any]] = {tokens: [words for _, words, _ in sentences]}
    if any(tags for _, _, tags in sentences):
        columns[target] = [tags for _, _, tags in sentences]
    return pd.DataFrame({**columns, PLACE: [place for place, _, _ in sentences]})


def _format(path: Path, dataset: Dataset) -> str:
    if dataset.format in {"csv", "parquet", "jsonl", "conll"}:
        return dataset.format
    endings = [ending.lower() for ending in path.suffixes if ending.lower() != ".gz"]
    ending = endings[-1] if endings else ""
    if dataset.format == "auto" and ending in {".jsonl", ".ndjson", ".parquet", ".pq", ".csv", ".tsv"}:
        return {"j": "jsonl", "n": "jsonl", "p": "parquet"}.get(ending[1], "csv")
    if dataset.format == "auto" and ending in CONLL_ENDINGS:
        return "conll"
    what = f"data.format {dataset.format}" if dataset.format != "auto" else f"the ending {ending!r}"
    raise DataError(
        f"{what} does not say how sentences are written",
        where=str(path),
        hint="set data.format to jsonl, parquet, csv or conll",
    )


def _from_arrow(table: object, where: str) -> pd.DataFrame:
    import pandas as pd
    import pyarrow as pa

    try:
        arrow: Any = (
            pa.Table.from_pandas(table, preserve_index=False) if isinstance(table, pd.DataFrame) else pa.table(table)
        )
    except (pa.ArrowException, TypeError, ValueError) as exc:
        raise DataError(f"the table cannot be read through Arrow: {exc}", where=where) from exc
    names = [str(name) for name in arrow.column_names]
    columns = {name: pd.Series(arrow.column(i).to_pylist(), dtype=object) for i, name in enumerate(names)}
    return pd.DataFrame(columns, columns=pd.Index(names, dtype="str"))


def _objects(data: bytes, where: str) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = []
    for number, line in enumerate(data.removeprefix(codecs.BOM_UTF8).split(b"\n"), start=1):
        if not line.strip():
            continue
        place = f"{where}:{number}"
        try:
            value = json.loads(line)
        except ValueError as exc:  # what is not UTF-8 is a ValueError too
            hint = "write one JSON object a line"
            raise DataError(f"the line is not JSON: {exc}", where=place, hint=hint) from exc
        except RecursionError as exc:
            raise DataError("the line is nested too deeply", where=place) from exc
        if not isinstance(value, dict):
            message = f"the line holds {type(value).__name__}, not an object: {short(value)}"
            raise DataError(message, where=place, hint='write {"tokens": [...], "tags": [...]}')
        rows.append({**value, PLACE: f"line {number}"})
    return rows


def strings_in(cell: Any) -> list[str] | None:
    """The strings of a cell that holds a list, or a JSON list as text; None where it is something else."""
    if isinstance(cell, str) and cell.lstrip().startswith("["):
        try:
            cell = json.loads(cell)
        except ValueError:
            return None
    if not isinstance(cell, (list, tuple)):
        return None
    values = [str(value) if isinstance(value, (int, float)) else value for value in cast("list[Any]", cell)]
    return values if all(isinstance(value, str) for value in values) else None
