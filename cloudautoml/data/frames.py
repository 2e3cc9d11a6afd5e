"""Frames on disk: typed tables as Parquet, replaced whole, with text read back as text."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Replace a file's content by a table, without its index.

    Raises:
        StorageError: The disk is full or the folder cannot be written.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    from cloudautoml.store.files import atomic_path

    table = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata(None)
    with atomic_path(path) as beside:
        pq.write_table(table, beside)


def read_frame(path: Path) -> pd.DataFrame:
    """Read what `write_frame` wrote.

    Raises:
        StorageError: The file is missing or damaged.
    """
    import pandas as pd
    import pyarrow as pa
    import pyarrow.parquet as pq

    from cloudautoml.errors import StorageError

    try:
        table = pq.ParquetFile(path).read()
    except (pa.ArrowException, OSError) as exc:
        raise StorageError(f"the prepared data cannot be read: {exc}", where=str(path)) from exc
    texts = {pa.large_string(): pd.Series(dtype="str").dtype}  # also where all of them are missing
    frame: pd.DataFrame = table.to_pandas(types_mapper=texts.get)
    return frame
