"""Reading new texts the way the training texts were read: tables, files, or texts by themselves."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping


def read_texts(rows: Any, shared: Path, reading: Mapping[str, Any]) -> tuple[list[str], Any]:
    """Readable texts and the index of their predictions.

    Args:
        rows: A table with the column of the text, a path of one, a pandas series, or a list of texts.
        shared: Folder of the schema.
        reading: How files are to be read: fields of `Dataset`.

    Raises:
        DataError: The column is missing, or the rows cannot be read.
    """
    import pandas as pd

    from cloudautoml.data import Schema, read_table
    from cloudautoml.spec import Dataset
    from cloudautoml.store.files import read_json
    from cloudautoml_local.tasks.text.wording import readable

    schema = Schema.from_dict(read_json(shared / "schema.json"))
    column, where = schema.names[0], "rows"
    if isinstance(rows, (list, tuple, pd.Series)):
        texts: Any = rows
        return readable(texts), texts.index if isinstance(rows, pd.Series) else pd.RangeIndex(len(texts))
    index: Any = rows.index if isinstance(rows, pd.DataFrame) else None
    if isinstance(rows, (str, Path)):
        where = str(rows)
        rows = read_table(where, Dataset.model_validate({**reading, "train": where}))
    frame = schema.conform(rows, where=where)
    return readable(frame[column]), frame.index if index is None else index
