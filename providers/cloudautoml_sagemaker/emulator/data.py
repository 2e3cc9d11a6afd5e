"""Data: what a job's channel holds, checked when the job is made and copied when it is trained."""

from __future__ import annotations

import csv
import gzip
import io
import json
import shutil
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import DataError
from cloudautoml.spec import ColumnType
from cloudautoml_sagemaker._images import MANIFEST
from cloudautoml_sagemaker._preflight import FEWEST_ROWS
from cloudautoml_sagemaker._request import PARQUET
from cloudautoml_sagemaker._spec import problem_of, training_channel
from cloudautoml_sagemaker.emulator.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml_sagemaker.emulator.storage import Storage

_HEAD = 65536  # bytes that are enough for any header
_MANY = 20  # distinct numbers from which on a target is taken for a quantity

IMAGES = "ImageClassificationJobConfig"
_TABLES = {"TabularJobConfig": "TargetAttributeName", "TextClassificationJobConfig": "TargetLabelColumn"}


def check_channels(request: Mapping[str, Any], storage: Storage) -> None:
    """Refuse a job whose data is not there, or lacks its target: the service looks before it answers.

    Raises:
        VendorError: It does, or the channel is of a kind that the emulator does not read.
    """
    kind, config = problem_of(request)
    for channel in request["AutoMLJobInputDataConfig"]:
        source = channel["DataSource"]["S3DataSource"]
        if source["S3DataType"] != "S3Prefix" and not _is_manifest(source):
            raise invalid(f"the emulator reads data by prefix, not {source['S3DataType']}")
        first = storage.keys(source["S3Uri"])[0]
        if kind in _TABLES and channel.get("ContentType") != PARQUET:
            content = storage.read(first, most=_HEAD)
            names = header(_unzipped(content, channel))
            if config[_TABLES[kind]] not in names:
                raise invalid(f"Target attribute name {config[_TABLES[kind]]} does not exist in header.")


def header(content: bytes) -> list[str]:
    """The names in the first line of a CSV file."""
    return next(csv.reader(io.StringIO(content.decode("utf-8-sig", errors="replace"))), [])


def _unzipped(content: bytes, channel: Mapping[str, Any]) -> bytes:
    if channel.get("CompressionType", "None") != "Gzip":
        return content
    return gzip.GzipFile(fileobj=io.BytesIO(content)).readline()  # the head of a longer file has no end


def row_columns(request: Mapping[str, Any], storage: Storage) -> tuple[str, ...]:
    """The columns of a row to predict, in order: those of the training data without the target and the weights."""
    kind, config = problem_of(request)
    channel = training_channel(request)
    if kind not in _TABLES or channel.get("ContentType") == PARQUET:
        return ()
    first = storage.keys(channel["DataSource"]["S3DataSource"]["S3Uri"])[0]
    left = {config[_TABLES[kind]], config.get("SampleWeightAttributeName")}
    return tuple(name for name in header(_unzipped(storage.read(first, most=_HEAD), channel)) if name not in left)


def copy_data(request: Mapping[str, Any], storage: Storage, folder: Path) -> Path:
    """Copy what a job is trained on.

    Returns:
        A file with a table, or a folder of images by class.

    Raises:
        DataError: There are fewer rows than Autopilot takes.
    """
    channel = training_channel(request)
    source = channel["DataSource"]["S3DataSource"]
    if _is_manifest(source):
        return _copy_manifest(source["S3Uri"], storage, folder)
    files = storage.download(source["S3Uri"], folder / "channel")
    if problem_of(request)[0] == IMAGES:
        return folder / "channel"
    if channel.get("ContentType") == PARQUET:
        table = folder / "train.parquet"
        shutil.copyfile(files[0], table)
        return table
    table = folder / "train.csv"
    with table.open("wb") as joined:
        for number, file in enumerate(files):
            content = file.read_bytes()
            text = gzip.decompress(content) if channel.get("CompressionType") == "Gzip" else content
            joined.write(text if number == 0 else text.partition(b"\n")[2])
            if not text.endswith(b"\n"):
                joined.write(b"\n")
    return table


def _is_manifest(source: Mapping[str, Any]) -> bool:
    return bool(source["S3DataType"] == MANIFEST)


def _copy_manifest(address: str, storage: Storage, folder: Path) -> Path:
    """Copy the images of an augmented manifest, as a table of their paths and classes."""
    (folder / "channel").mkdir(parents=True, exist_ok=True)
    table = folder / "train.csv"
    with table.open("w", encoding="utf-8", newline="") as rows:
        writer = csv.writer(rows)
        writer.writerow(["image", "label"])
        for number, line in enumerate(storage.read(address).decode("utf-8").splitlines()):
            entry = json.loads(line)
            name = f"channel/{number:07d}.{entry['source-ref'].rpartition('.')[2]}"
            (folder / name).write_bytes(storage.read(entry["source-ref"]))
            writer.writerow([name, entry["label-metadata"]["class-name"]])
    return table


def check_rows(table: Path, *, fewest: int = FEWEST_ROWS) -> None:
    """Refuse a table that Autopilot would not take.

    Raises:
        DataError: It has too few rows.
    """
    if table.suffix != ".csv":
        return
    with table.open(encoding="utf-8-sig", newline="") as lines:
        count = sum(1 for row in csv.reader(lines) if row) - 1
    if count < fewest:
        raise DataError(f"the training data has {count} rows; Autopilot takes no fewer than {fewest}")


def kind_of_target(table: Path, target: str) -> str:
    """The problem type that a target's values suggest, where the request does not say."""
    if table.suffix != ".csv":
        import pandas as pd

        values = {str(value) for value in pd.read_parquet(table, columns=[target])[target].dropna().unique()}
    else:
        with table.open(encoding="utf-8-sig", newline="") as lines:
            values = {row[target] for row in csv.DictReader(lines) if row[target]}
    if len(values) > _MANY and all(_is_number(value) for value in values):
        return "Regression"
    return "BinaryClassification" if len(values) == 2 else "MulticlassClassification"


def _is_number(text: str) -> bool:
    try:
        float(text)
    except ValueError:
        return False
    return True


def column_types(request: Mapping[str, Any], storage: Storage, names: list[str]) -> dict[str, ColumnType]:
    """The types that a job's feature specification names; columns that it leaves out are no features."""
    _, config = problem_of(request)
    address = config.get("FeatureSpecificationS3Uri")
    if address is None:
        return {}
    given = json.loads(storage.read(address))
    types = {name: ColumnType(kind) for name, kind in given.get("FeatureDataTypes", {}).items()}
    features = given.get("FeatureAttributeNames")
    if features is not None:
        kept = {*features, config.get("TargetAttributeName"), config.get("SampleWeightAttributeName")}
        types |= {name: ColumnType.IGNORE for name in names if name not in kept}
    return {name: kind for name, kind in types.items() if name in names}
