"""Names: what our jobs, files, labels and columns are called at Google, all of it derived from our own ids."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cloudautoml_vertexai.config import VertexaiConfig

LABEL_JOB, LABEL_REQUEST, LABEL_WORK = "cloudautoml_job", "cloudautoml_request", "cloudautoml_work"
"""Labels: our id of the job, a digest of what was asked for, and a digest of what a batch predicts."""
ROW = "cloudautoml_row"
"""The column of a batch's rows that tells them apart: the answers come back in any order."""
PLANNED_ID = "xxxxxxxx"
"""Stands in a plan for the letters of an id, which are drawn on submission."""
PIPELINE = re.compile(r"projects/(?P<project>[^/]+)/locations/(?P<location>[^/]+)/trainingPipelines/\d+")
"""The resource name of a training pipeline."""

_ID = re.compile(r"(?P<name>[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?)-[a-z0-9]{8}")


def spec_name(display_name: str) -> str:
    """A name for the spec behind a vendor's job: what our ids start with, or as much as fits of another name."""
    if match := _ID.fullmatch(display_name):
        return match["name"]
    return re.sub(r"[^a-z0-9-]", "-", display_name.lower())[:20].strip("-") or "job"


def parent_of(config: VertexaiConfig) -> str:
    """The resource that all others are below.

    Raises:
        ConfigError: The project or the region is not given.
    """
    if config.project is None:
        raise ConfigError(
            "Vertex AI works in a project of yours and none is given",
            where="providers.vertexai.project",
            hint="gcloud config get project says which one gcloud uses",
        )
    if config.location is None:
        raise ConfigError(
            "Vertex AI works in a region and none is given",
            where="providers.vertexai.location",
            hint="name the region of your bucket, such as europe-west4",
        )
    return f"projects/{config.project}/locations/{config.location}"


def uri(config: VertexaiConfig, *parts: str) -> str:
    """An address under the prefix.

    Raises:
        ConfigError: No bucket is given.
    """
    if config.bucket is None:
        raise ConfigError(
            "Vertex AI reads its data from Cloud Storage and no bucket is given",
            where="providers.vertexai.bucket",
            hint="name a bucket of yours that is in the job's region",
        )
    return "/".join([f"gs://{config.bucket}", *(part.strip("/") for part in (config.prefix, *parts) if part)])


def split_uri(address: str) -> tuple[str, str]:
    """Bucket and object name of an address `gs://bucket/name`."""
    bucket, _, name = address.removeprefix("gs://").partition("/")
    return bucket, name


def column_names(names: Iterable[str]) -> dict[str, str]:
    """What each column is called in the files that are sent.

    Google takes letters of the alphabet, digits and underscores, and no underscore in front.

    Args:
        names: The columns' own names, distinct.

    Returns:
        Distinct names, in the same order.
    """
    given = list(names)
    taken = {name for name in given if _is_plain(name)}
    found: dict[str, str] = {}
    for name in given:
        if _is_plain(name):
            found[name] = name
            continue
        stem = re.sub(r"[^A-Za-z0-9_]", "_", name).lstrip("_") or "column"
        free, number = stem, 2
        while free in taken or free == ROW:
            free, number = f"{stem}_{number}", number + 1
        taken.add(free)
        found[name] = free
    return found


def _is_plain(name: str) -> bool:
    return re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]*", name) is not None and name != ROW


def digest_of(value: Any) -> str:
    """A digest of plain values, equal for equal values, short enough for a label: 40 hex digits."""
    return hashlib.sha256(json.dumps(value, sort_keys=True).encode()).hexdigest()[:40]


def request_digest(pipeline: Mapping[str, Any]) -> str:
    """A digest of a training pipeline, equal for equal requests whatever their labels and their data set's number."""
    rest = {name: value for name, value in pipeline.items() if name not in {"labels", "modelToUpload"}}
    data = {name: value for name, value in pipeline.get("inputDataConfig", {}).items() if name != "datasetId"}
    return digest_of({**rest, "inputDataConfig": data})
