"""Runnable: the body of an AutoML job as a spec that the provider behind the emulator can train."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import CloudAutoMLError, DataError
from cloudautoml.spec import ColumnType, Dataset, Objective, Search
from cloudautoml_azureml._names import split_uri
from cloudautoml_azureml._preflight import FEWEST_ROWS
from cloudautoml_azureml._spec import details_of, spec_from_request
from cloudautoml_azureml.emulator.blobs import BlobError

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec
    from cloudautoml_azureml.emulator.blobs import Blobs

_DEFAULTS = {"tabular_classification": "accuracy", "tabular_regression": "rmse"}
_TYPES = {
    "numeric": ColumnType.NUMERIC,
    "categorical": ColumnType.CATEGORICAL,
    "categoricalhash": ColumnType.CATEGORICAL,
    "text": ColumnType.TEXT,
    "datetime": ColumnType.DATETIME,
    "ignore": ColumnType.IGNORE,
}
_TABLE = "MLTable"


def sketch(request: Mapping[str, Any], *, name: str) -> JobSpec:
    """What a request asks for, without the families: enough to ask a provider whether it can."""
    spec = spec_from_request(request, name=name)
    return spec.model_copy(update={"search": spec.search.model_copy(update={"families": None})})


def runnable(
    request: Mapping[str, Any],
    *,
    name: str,
    provider: Provider[Any],
    blobs: Blobs,
    containers: Mapping[str, str],
    folder: Path,
) -> JobSpec:
    """The spec to train, with its data copied to a folder.

    Args:
        request: The body of the job.
        name: Its name.
        provider: Who trains.
        blobs: Where its data is.
        containers: The container of each datastore.
        folder: Where its data goes.

    Raises:
        DataError: Azure would not take the data.
    """
    spec, details = spec_from_request(request, name=name), details_of(request)
    table = _copied(str(details["trainingData"]["uri"]), blobs, containers, folder)
    featurization: Mapping[str, Any] = details.get("featurizationSettings") or {}
    given: Mapping[str, str] = featurization.get("columnNameAndTypes") or {}
    return spec.model_copy(
        update={
            "data": Dataset(
                train=str(table),
                holdout=None,
                types={column: _TYPES[kind.lower()] for column, kind in given.items() if kind.lower() in _TYPES},
            ),
            "objective": spec.objective or Objective(metric=_DEFAULTS[spec.task.type]),
            "provider": provider.name,
            "search": spec.search.model_copy(update={"families": _families(spec, provider)}),
        }
    )


def _families(spec: JobSpec, provider: Provider[Any]) -> tuple[str, ...] | None:
    """Those of the wanted families that the provider has, too; None leaves the choice to it."""
    return tuple(name for name in spec.search.families or () if _has(provider, spec, name)) or None


def _has(provider: Provider[Any], spec: JobSpec, name: str) -> bool:
    try:
        return not provider.check(spec.model_copy(update={"search": Search(families=(name,))}))
    except CloudAutoMLError:
        return False


def _copied(uri: str, blobs: Blobs, containers: Mapping[str, str], folder: Path) -> Path:
    """Copy the files that an MLTable names.

    Raises:
        DataError: There is no MLTable, it names what is not there, or it is written in a way that is not read here.
    """
    try:
        datastore, place = split_uri(uri)
    except ValueError as exc:
        raise DataError(str(exc)) from exc
    container, root = containers.get(datastore), place.rstrip("/")
    if container is None:
        raise DataError(f"there is no datastore {datastore!r}")
    try:
        described = _yaml(blobs.read(container, f"{root}/{_TABLE}"))
    except BlobError as exc:
        raise DataError(f"there is no file MLTable under {uri}") from exc
    names = [str(entry["file"]) for entry in described.get("paths", []) if "file" in entry]
    steps = [next(iter(step)) for step in described.get("transformations", []) if step]
    if not names or any(step not in {"read_delimited", "read_parquet"} for step in steps):
        raise DataError("the emulator reads an MLTable of `file` paths with read_delimited or read_parquet alone")
    folder.mkdir(parents=True, exist_ok=True)
    parquet = "read_parquet" in steps
    table = folder / ("train.parquet" if parquet else "train.csv")
    try:
        parts = [blobs.read(container, f"{root}/{name.removeprefix('./')}") for name in names]
    except BlobError as exc:
        raise DataError(f"a file that the MLTable under {uri} names is not there") from exc
    table.write_bytes(parts[0] if parquet else _joined(parts))
    if not parquet:
        _check_rows(table)
    return table


def _joined(parts: list[bytes]) -> bytes:
    """CSV files with equal headers as one."""
    whole = [parts[0], *(part.partition(b"\n")[2] for part in parts[1:])]
    return b"".join(part if part.endswith(b"\n") else part + b"\n" for part in whole)


def _check_rows(table: Path) -> None:
    with table.open(encoding="utf-8-sig", newline="") as lines:
        count = sum(1 for row in csv.reader(lines) if row) - 1
    if count < FEWEST_ROWS:
        raise DataError(f"the training data has {count} rows; Azure AutoML takes no fewer than {FEWEST_ROWS}")


def _yaml(content: bytes) -> dict[str, Any]:
    from ruamel.yaml import YAML
    from ruamel.yaml.error import YAMLError

    try:
        found = YAML(typ="safe").load(content.decode("utf-8"))
    except (YAMLError, UnicodeDecodeError) as exc:
        raise DataError(f"the file MLTable cannot be read: {exc}") from exc
    if not isinstance(found, dict):
        raise DataError("the file MLTable holds no mapping")
    return found
