"""Upload: a job's data as files named by their content, so that the same data is sent once."""

from __future__ import annotations

import hashlib
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml_vertexai._names import ROW, column_names, uri
from cloudautoml_vertexai._request import Input

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.data import PreparedData, Schema
    from cloudautoml_vertexai._client import Client
    from cloudautoml_vertexai.config import VertexaiConfig


@dataclass(frozen=True, slots=True)
class File:
    """A file to send.

    Attributes:
        path: Where it is here.
        uri: Where it goes; holds a digest of its content.
    """

    path: Path
    uri: str


def stage(config: VertexaiConfig, data: PreparedData, folder: Path) -> tuple[Input, File]:
    """Write the rows to learn from into a folder.

    Args:
        config: Where they go.
        data: The prepared data.
        folder: Where the file is written.

    Returns:
        The request's input, and the file that it needs in Cloud Storage.
    """
    table = _named(write_csv(data.train, names_of(data.schema), folder / "train.csv"), config)
    return Input(table.uri, data.schema), table


def names_of(schema: Schema) -> dict[str, str]:
    """What Google calls each column of a table, by its own name."""
    roles = [name for name in (schema.target, schema.weight) if name]
    return column_names([*roles, *schema.names])


def write_csv(frame: pd.DataFrame, names: dict[str, str], path: Path) -> Path:
    """Write rows the way Google reads them: UTF-8, commas, a header, times as RFC 3339, nothing for what is missing.

    Args:
        frame: The rows.
        names: Google's name of each column; a column without one keeps its own.
        path: The file.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    times: dict[str, Any] = {
        str(name): column.dt.strftime("%Y-%m-%dT%H:%M:%SZ")
        for name, column in frame.items()
        if str(column.dtype).startswith("datetime64")
    }
    frame.assign(**times).rename(columns=names).to_csv(path, index=False, lineterminator="\n", encoding="utf-8")
    return path


def _named(path: Path, config: VertexaiConfig) -> File:
    return File(path, uri(config, "data", digest(path), path.name))


def digest(path: Path) -> str:
    """Digest of a file's content: 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def send(file: File, client: Client) -> bool:
    """Send a file unless it is there already.

    Returns:
        Whether it was sent.

    Raises:
        ConfigError: The bucket is somebody else's, or in another region.
    """
    client.check_bucket()
    if client.size(file.uri) == file.path.stat().st_size:
        return False
    client.upload(file.path, file.uri)
    return True


def send_rows(frame: pd.DataFrame, names: dict[str, str], client: Client, config: VertexaiConfig) -> str:
    """Send rows to be predicted, numbered.

    Args:
        frame: Features alone.
        names: Google's name of each.
        client: Who sends.
        config: Where they go.

    Returns:
        Their address, which is the same for the same rows.
    """
    numbered = frame.rename(columns=names)
    numbered.insert(0, ROW, range(len(numbered)))
    with tempfile.TemporaryDirectory() as folder:
        file = _named(write_csv(numbered, {}, Path(folder) / "rows.csv"), config)
        send(file, client)
    return file.uri
