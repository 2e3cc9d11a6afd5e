"""Submission: one vendor's job for one of ours, whatever happens between the request and its reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConflictError, JobNotFoundError, ServiceUnavailableError, ThrottledError
from cloudautoml_azureml._names import TAG_REQUEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml_azureml._client import Client


def create_once(client: Client, name: str, request: Mapping[str, Any]) -> None:
    """Create a job by its name, or find that it is there already.

    A `PUT` of the same body is the same job, and azure-core itself repeats one whose reply was lost. Whether a name
    that is in use is in use by this very request is told by the digest among the job's properties.

    Args:
        client: Who calls.
        name: The job's name at Azure.
        request: The body, with our properties.

    Raises:
        ConflictError: Another request has the name.
        ServiceUnavailableError: Nothing was answered, and nothing is there.
    """
    try:
        client.call("PUT", f"jobs/{name}", request)
    except ConflictError:
        _check_ours(describe(client, name), name, request)
    except (ServiceUnavailableError, ThrottledError):
        try:
            found = describe(client, name)
        except JobNotFoundError:
            found = None
        if found is None:
            raise
        _check_ours(found, name, request)


def describe(client: Client, name: str) -> dict[str, Any]:
    """What Azure knows of a job.

    Raises:
        JobNotFoundError: It knows none of that name.
    """
    return client.call("GET", f"jobs/{name}")


def _check_ours(found: Mapping[str, Any], name: str, request: Mapping[str, Any]) -> None:
    wanted = request["properties"]["properties"][TAG_REQUEST]
    if (found["properties"].get("properties") or {}).get(TAG_REQUEST) != wanted:
        raise ConflictError(
            f"the workspace has a job {name!r} that was asked for something else",
            hint="names of jobs can never be used again; submit once more for another id",
        )
