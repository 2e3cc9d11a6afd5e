"""Upload: a job's data as folders named by their content, so that the same data is sent once."""

from __future__ import annotations

import hashlib
import json
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.data import PreparedData, match_label
from cloudautoml.errors import SpecError
from cloudautoml.spec import ColumnType, TabularClassification
from cloudautoml_azureml._names import datastore_path, datastore_uri
from cloudautoml_azureml._request import Input
from cloudautoml_azureml._score import COLUMNS, ROWS
from cloudautoml_azureml._scoring import SCRIPT

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import pandas as pd

    from cloudautoml.data import Prepared
    from cloudautoml.spec import JobSpec
    from cloudautoml_azureml._client import Client
    from cloudautoml_azureml.config import AzuremlConfig

# what Azure calls the purposes of columns
_TYPES = {
    ColumnType.NUMERIC: "Numeric",
    ColumnType.CATEGORICAL: "Categorical",
    ColumnType.BOOLEAN: "Categorical",
    ColumnType.TEXT: "Text",
    ColumnType.DATETIME: "DateTime",
}
_TABLE = """\
paths:
  - file: ./train.csv
transformations:
  - read_delimited:
      delimiter: ','
      encoding: utf8
      header: all_files_same_headers
"""


@dataclass(frozen=True, slots=True)
class File:
    """A file to send.

    Attributes:
        path: Where it is here.
        target: Its path in the datastore, which holds a digest of its content.
    """

    path: Path
    target: str


def stage(spec: JobSpec, config: AzuremlConfig, data: Prepared | None, folder: Path) -> tuple[Input, tuple[File, ...]]:
    """Write what is to be sent into a folder.

    Args:
        spec: The job.
        config: Where it goes.
        data: The prepared data; None for data that is there already.
        folder: Where the files are written.

    Returns:
        The request's input, and the files that it needs in the datastore.
    """
    if is_remote(spec):
        return Input(str(spec.data.train)), ()
    if not isinstance(data, PreparedData):
        raise SpecError(f"the data of a {spec.task.type} is not sent from here", where="task.type")
    write_csv(data.train, folder / "train.csv")
    (folder / "MLTable").write_text(_TABLE, encoding="utf-8")
    types = {feature.name: _TYPES[feature.type] for feature in data.schema.features}
    uri, files = _named(folder, ("train.csv", "MLTable"), config, "data")
    named = spec.task.positive if isinstance(spec.task, TabularClassification) else None
    positive = None if named is None else match_label(named, data.schema.classes or ())
    return Input(uri, types, positive), files


def is_remote(spec: JobSpec) -> bool:
    """Whether the data is at Azure already."""
    return isinstance(spec.data.train, str) and spec.data.train.startswith("azureml://")


def write_csv(frame: pd.DataFrame, path: Path) -> Path:
    """Write rows the way an MLTable reads them: UTF-8, commas, one row a line, nothing where a value is missing.

    A line end inside a text would end the row, and becomes a space.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    texts: dict[str, Any] = {
        str(name): column.str.replace(r"[\r\n]+", " ", regex=True)
        for name, column in frame.items()
        if str(column.dtype) in {"str", "object", "string"}
    }
    frame.assign(**texts).to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    return path


def _named(folder: Path, names: Sequence[str], config: AzuremlConfig, kind: str) -> tuple[str, tuple[File, ...]]:
    """The address of a folder, and its files, by a digest of all of them."""
    whole = hashlib.sha256("".join(digest(folder / name) for name in names).encode()).hexdigest()
    target = datastore_path(config, kind, whole)
    files = tuple(File(folder / name, f"{target}/{name}") for name in names)
    return datastore_uri(config, kind, whole) + "/", files


def digest(path: Path) -> str:
    """Digest of a file's content: 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def send(files: Iterable[File], client: Client, config: AzuremlConfig) -> int:
    """Send the files that are not there yet, in order.

    Returns:
        How many were sent.
    """
    store = config.datastore
    missing = [file for file in files if client.size(store, file.target) != file.path.stat().st_size]
    for file in missing:
        client.upload(file.path, store, file.target)
    return len(missing)


def send_rows(data: PreparedData, frame: pd.DataFrame, client: Client, config: AzuremlConfig) -> str:
    """Send rows to be predicted.

    Args:
        data: What the model was trained on.
        frame: Features alone, in the order of training.
        client: Who sends.
        config: Where they go.

    Returns:
        The address of their folder, which is the same for the same rows.
    """
    dates = [feature.name for feature in data.schema.features if feature.type is ColumnType.DATETIME]
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        write_csv(frame, folder / ROWS)
        (folder / COLUMNS).write_text(json.dumps({"dates": dates}), encoding="utf-8")
        uri, files = _named(folder, (ROWS, COLUMNS), config, "rows")
        send(files, client, config)
    return uri


def send_script(client: Client, config: AzuremlConfig) -> str:
    """Send the program that predicts.

    Returns:
        Its address.
    """
    named = (digest(SCRIPT), "score.py")
    send([File(SCRIPT, datastore_path(config, "programs", *named))], client, config)
    return datastore_uri(config, "programs", *named)
