"""Names: what our jobs, files and tags are called at Azure, all of it derived from our own ids."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml_azureml.config import AzuremlConfig

TAG_JOB, TAG_REQUEST = "cloudautoml.job", "cloudautoml.request"
"""A job's tag and property: our id, and a digest of what was asked for."""
PLANNED_ID = "xxxxxxxx"
"""Stands in a plan for the letters of an id, which are drawn on submission."""
PROVIDER = "Microsoft.MachineLearningServices"

_ID = re.compile(r"(?P<name>[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?)-[a-z0-9]{8}")
_SHORT = re.compile(r"azureml://datastores/(?P<store>\w+)/paths/(?P<path>.*)")
_LONG = re.compile(r"azureml://subscriptions/.+/datastores/(?P<store>\w+)/paths/(?P<path>.*)", re.IGNORECASE)


def spec_name(job_name: str) -> str:
    """A name for the spec behind a vendor's job: what our ids start with, or as much as fits of another name."""
    if match := _ID.fullmatch(job_name):
        return match["name"]
    return re.sub(r"[^a-z0-9-]", "-", job_name.lower())[:20].strip("-") or "job"


def workspace_path(config: AzuremlConfig) -> str:
    """The workspace's path under Azure Resource Manager.

    Raises:
        ConfigError: One of its three names is not given.
    """
    for field in ("subscription", "resource_group", "workspace"):
        if getattr(config, field) is None:
            raise ConfigError(
                f"a workspace is named by its subscription, its resource group and itself; there is no {field}",
                where=f"providers.azureml.{field}",
                hint="the portal shows all three in the workspace's overview",
            )
    return (
        f"/subscriptions/{config.subscription}/resourceGroups/{config.resource_group}"
        f"/providers/{PROVIDER}/workspaces/{config.workspace}"
    )


def compute_id(config: AzuremlConfig) -> str | None:
    """The full name of the cluster; None for serverless machines."""
    return None if config.compute is None else f"{workspace_path(config)}/computes/{config.compute}"


def datastore_path(config: AzuremlConfig, *parts: str) -> str:
    """A path in the datastore's container, under the prefix."""
    return "/".join(part.strip("/") for part in (config.prefix, *parts) if part.strip("/"))


def datastore_uri(config: AzuremlConfig, *parts: str) -> str:
    """The address of a path in the datastore, as jobs name it."""
    return f"azureml://datastores/{config.datastore}/paths/{datastore_path(config, *parts)}"


def split_uri(address: str) -> tuple[str, str]:
    """Datastore and path of an address `azureml://datastores/store/paths/path`.

    Raises:
        ValueError: It is no such address.
    """
    match = _SHORT.fullmatch(address) or _LONG.fullmatch(address)
    if match is None:
        msg = f"{address!r} does not name a path in a datastore"
        raise ValueError(msg)
    return match["store"], match["path"]


def request_digest(request: Mapping[str, Any]) -> str:
    """A digest of a request, equal for equal requests whatever their tags and properties: 64 hex digits."""
    asked = {name: value for name, value in request["properties"].items() if name not in {"tags", "properties"}}
    return hashlib.sha256(json.dumps(asked, sort_keys=True).encode()).hexdigest()
