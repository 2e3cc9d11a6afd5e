"""Upload: a job's data as files named by their content, so that the same data is sent once."""

from __future__ import annotations

import hashlib
import json
import posixpath
import tempfile
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.data import PreparedData, PreparedImages, PreparedSeries, read_table
from cloudautoml.errors import DataError, SpecError
from cloudautoml.spec import ColumnType, TextClassification, TextGeneration
from cloudautoml_sagemaker._batch import Batch
from cloudautoml_sagemaker._names import uri
from cloudautoml_sagemaker._request import CSV, PARQUET, Input

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Sequence

    import pandas as pd

    from cloudautoml.data import Prepared
    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker.config import SagemakerConfig

TYPES = {
    ColumnType.NUMERIC: "numeric",
    ColumnType.CATEGORICAL: "categorical",
    ColumnType.BOOLEAN: "categorical",
    ColumnType.TEXT: "text",
    ColumnType.DATETIME: "datetime",
}
"""What `FeatureDataTypes` calls our types of columns: numeric, categorical, text and datetime."""


_MANY = 20  # files from which on a list is cheaper than a look at each


@dataclass(frozen=True, slots=True)
class File:
    """A file to send.

    Attributes:
        path: Where it is here.
        uri: Where it goes; holds a digest of its content.
    """

    path: Path
    uri: str


def stage(
    spec: JobSpec, config: SagemakerConfig, data: Prepared | None, folder: Path, *, base: Path | None = None
) -> tuple[Input, tuple[File, ...]]:
    """Write what is to be sent into a folder.

    Args:
        spec: The job.
        config: Where it goes.
        data: The prepared data; None for data in S3, and for tasks whose rows are sent as they are.
        folder: Where the files are written.
        base: Folder that relative paths start from.

    Returns:
        The request's input, and the files that it needs in S3.
    """
    train = spec.data.train
    if isinstance(train, str) and train.startswith("s3://"):
        return remote_input(spec, train), ()
    if isinstance(data, PreparedImages):
        from cloudautoml_sagemaker._images import stage_images

        return stage_images(data, config, folder)
    if isinstance(data, PreparedSeries):
        from cloudautoml_sagemaker._series import stage_series

        return stage_series(data, config, folder)
    if isinstance(data, PreparedData):
        return _stage_table(data, config, folder, text=isinstance(spec.task, TextClassification))
    frame = plain_rows(spec, base)
    table = named(write_csv(frame, folder / "train.csv"), config)
    return Input(table.uri), (table,)


def remote_input(spec: JobSpec, address: str) -> Input:
    """The input for data that is in S3 already; how it is written goes by the spec's format, or the address."""
    if spec.task.type == "image_classification":
        return Input(address, "image/*")
    parquet = spec.data.format == "parquet" or address.lower().endswith((".parquet", ".pq"))
    return Input(address, PARQUET if parquet else CSV)


def plain_rows(spec: JobSpec, base: Path | None) -> pd.DataFrame:
    """The rows of a task that prepares none: read, and checked to have the columns that the task names.

    Raises:
        DataError: The data cannot be read, or a column is missing.
    """
    frame = read_table(spec.data.train, spec.data, base=base)
    missing = [name for name in _columns(spec) if name not in frame.columns]
    if missing:
        raise DataError(
            f"no column {', '.join(map(repr, missing))}", where="data.train", hint=f"it has {', '.join(frame.columns)}"
        )
    return frame


def _columns(spec: JobSpec) -> tuple[str, ...]:
    match spec.task:
        case TextGeneration() as task:
            return (task.input, task.output)
        case _:
            raise SpecError(f"{spec.task.type} has no rows", where="task.type")


def _stage_table(
    data: PreparedData, config: SagemakerConfig, folder: Path, *, text: bool
) -> tuple[Input, tuple[File, ...]]:
    table = named(write_csv(data.train, folder / "train.csv"), config)
    classes = None if data.schema.classes is None else len(data.schema.classes)
    if text:  # two columns, which the request names
        return Input(table.uri, classes=classes), (table,)
    features = {
        "FeatureAttributeNames": data.schema.names,
        "FeatureDataTypes": {feature.name: TYPES[feature.type] for feature in data.schema.features},
    }
    path = folder / "features.json"
    path.write_text(json.dumps(features, ensure_ascii=False, indent=1), encoding="utf-8")
    described = named(path, config)
    return Input(table.uri, classes=classes, feature_spec=described.uri), (table, described)


def write_csv(frame: pd.DataFrame, path: Path, *, header: bool = True) -> Path:
    """Write rows the way Autopilot reads them: UTF-8, commas, one row a line, nothing where a value is missing.

    Batch transforms cut their input at line ends, quoted or not, so a line end inside a text becomes a space; the
    rows to learn from are written the same way.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    _in_lines(frame).to_csv(path, index=False, header=header, lineterminator="\n", encoding="utf-8")
    return path


def csv_text(frame: pd.DataFrame) -> str:
    """The rows as `write_csv` writes them, without a header."""
    return str(_in_lines(frame).to_csv(index=False, header=False, lineterminator="\n"))


def _in_lines(frame: pd.DataFrame) -> pd.DataFrame:
    """The rows, each of which will take one line."""
    texts: dict[str, Any] = {
        str(name): column.str.replace(r"[\r\n]+", " ", regex=True)
        for name, column in frame.items()
        if str(column.dtype) in {"str", "object", "string"}
    }
    return frame.assign(**texts)


def named(path: Path, config: SagemakerConfig) -> File:
    """A file of the data, which goes where a digest of its content says."""
    return File(path, uri(config, "data", digest(path), path.name))


def digest(path: Path) -> str:
    """Digest of a file's content: 64 hex digits."""
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def send(files: Iterable[File], client: Client) -> int:
    """Send the files that are not there yet.

    Returns:
        How many were sent.

    Raises:
        ConfigError: The bucket is somebody else's, or in another region.
    """
    files = list(files)
    if files:
        client.check_bucket()
    known = _known(files, client)
    missing = [file for file in files if known(file.uri) != file.path.stat().st_size]
    for file in missing:
        client.upload(file.path, file.uri)
    return len(missing)


def _known(files: Sequence[File], client: Client) -> Callable[[str], int | None]:
    """Tells the size of what is there; of many files in one folder by a list, which is one call for a thousand."""
    if len(files) < _MANY:
        return client.exists
    folder = posixpath.commonpath([file.uri.removeprefix("s3://") for file in files])
    return dict(client.listed(f"s3://{folder}/")).get


def send_rows(frame: pd.DataFrame, client: Client, config: SagemakerConfig, *, job: str) -> Batch:
    """Send rows to be predicted.

    Args:
        frame: Features alone, in the order of training.
        client: Who sends.
        config: Where they go.
        job: The vendor's name of the job whose model predicts them.

    Returns:
        Their batch, which is the same for the same rows.
    """
    with tempfile.TemporaryDirectory() as folder:
        path = write_csv(frame, Path(folder) / "rows.csv", header=False)
        file = File(path, uri(config, "jobs", job, "rows", digest(path), path.name))
        send([file], client)
    return Batch(file.uri, (file.path.name,))
