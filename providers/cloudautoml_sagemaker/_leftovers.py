"""Leftovers: what carries our tags at SageMaker, and what is under our prefix in S3."""

from __future__ import annotations

import contextlib
import re
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import CloudAutoMLError, SpecError
from cloudautoml.leftovers import Leftover
from cloudautoml_sagemaker._names import TAG_EXPIRES, TAG_JOB, uri
from cloudautoml_sagemaker._submission import tags_of
from cloudautoml_sagemaker.endpoint import delete_endpoint, discard

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker.config import SagemakerConfig

_OURS = re.compile(r".{1,32}-[0-9a-f]{24}")

# by our word: the operation that lists, the field of the list, what names start with, and a filter for what costs
_KINDS: tuple[tuple[str, str, str, str, Mapping[str, str]], ...] = (
    ("endpoint", "ListEndpoints", "Endpoints", "Endpoint", {}),
    ("job", "ListAutoMLJobs", "AutoMLJobSummaries", "AutoMLJob", {"StatusEquals": "InProgress"}),
    ("transform", "ListTransformJobs", "TransformJobSummaries", "TransformJob", {"StatusEquals": "InProgress"}),
    ("endpoint-config", "ListEndpointConfigs", "EndpointConfigs", "EndpointConfig", {}),
    ("model", "ListModels", "Models", "Model", {}),
)
_COSTLY = {"endpoint", "job", "transform"}


def find(client: Client, config: SagemakerConfig, job: str | None) -> Iterator[Leftover]:
    """What is there; what is paid for by the hour first.

    Args:
        client: Who calls.
        config: Whose bucket and prefix.
        job: The vendor's name of a job, for what belongs to it alone; None for everything.
    """
    for kind, operation, field, stem, only in _KINDS:
        name_contains = {"NameContains": job[:32]} if job else {}
        for page in client.pages(operation, {**name_contains, **only}):
            for item in page[field]:
                if found := _tagged(client, kind, item, stem, job):
                    yield found
    if config.bucket is not None:
        yield from _files(client, config, job)


def _tagged(client: Client, kind: str, item: Mapping[str, Any], stem: str, job: str | None) -> Leftover | None:
    name = str(item[f"{stem}Name"])
    if kind != "job" and not _OURS.fullmatch(name):
        return None
    try:
        tags = tags_of(client, item[f"{stem}Arn"])
    except SpecError:  # it was deleted since it was listed
        return None
    owner = tags.get(TAG_JOB)
    if owner is None or job not in {None, owner}:
        return None
    expires = None
    with contextlib.suppress(KeyError, ValueError):
        expires = datetime.strptime(tags[TAG_EXPIRES], "%Y-%m-%dT%H:%M:%SZ").replace(tzinfo=UTC)
    return Leftover(kind, name, owner, costs=kind in _COSTLY, created=item.get("CreationTime"), expires=expires)


def _files(client: Client, config: SagemakerConfig, job: str | None) -> Iterator[Leftover]:
    root = uri(config, "jobs") + "/"
    sizes: dict[str, int] = {}
    for address, size in client.listed(f"{root}{job}/" if job else root):
        owner = address.removeprefix(root).partition("/")[0]
        sizes[owner] = sizes.get(owner, 0) + size
    for owner, size in sizes.items():
        yield Leftover("files", f"{root}{owner}/", owner, size=size)
    for shared in ("data", "images") if job is None else ():  # the same data may serve many jobs
        size = sum(size for _, size in client.listed(uri(config, shared) + "/"))
        if size:
            yield Leftover("files", uri(config, shared) + "/", "", size=size)


def remove(client: Client, item: Leftover) -> None:
    """Delete, or end, what was found; what is gone already stays so."""
    match item.kind:
        case "endpoint":
            delete_endpoint(client, item.name)
        case "endpoint-config":
            discard(client, "DeleteEndpointConfig", {"EndpointConfigName": item.name})
        case "model":
            discard(client, "DeleteModel", {"ModelName": item.name})
        case "job" | "transform":
            call = {
                "job": ("StopAutoMLJob", "AutoMLJobName"),
                "transform": ("StopTransformJob", "TransformJobName"),
            }
            operation, field = call[item.kind]
            with contextlib.suppress(SpecError):  # it has ended in the meantime
                discard(client, operation, {field: item.name})
        case "files":
            client.delete_all(item.name)
        case _:
            raise CloudAutoMLError(f"nothing is known of how to delete a {item.kind}")
