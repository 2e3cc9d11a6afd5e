"""Submission: one vendor's job for one of ours, whatever happens between the request and its reply."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConflictError, JobNotFoundError, ServiceUnavailableError, ThrottledError
from cloudautoml_sagemaker._names import TAG_REQUEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml_sagemaker._client import Client


def create_once(client: Client, request: Mapping[str, Any]) -> None:
    """Create a job, or find that it is there already.

    SageMaker takes no client token, and botocore itself repeats a request whose reply was lost, so a name that is in
    use may well be in use by this very request: the tag with the request's digest tells.

    Args:
        client: Who calls.
        request: The body of `CreateAutoMLJobV2`, with our tags.

    Raises:
        ConflictError: Another request has the name; names can never be used again.
        ServiceUnavailableError: Nothing was answered, and nothing is there.
    """
    try:
        client.call("CreateAutoMLJobV2", request)
    except ConflictError:
        _check_ours(client, describe(client, request["AutoMLJobName"]), request)
    except (ServiceUnavailableError, ThrottledError):
        try:
            found = describe(client, request["AutoMLJobName"])
        except JobNotFoundError:
            found = None
        if found is None:
            raise
        _check_ours(client, found, request)


def describe(client: Client, name: str) -> dict[str, Any]:
    """What SageMaker knows of a job.

    Raises:
        JobNotFoundError: It knows none of that name.
    """
    return client.call("DescribeAutoMLJobV2", {"AutoMLJobName": name})


def tags_of(client: Client, arn: str) -> dict[str, str]:
    """The tags of something."""
    return {tag["Key"]: tag["Value"] for page in client.pages("ListTags", {"ResourceArn": arn}) for tag in page["Tags"]}


def _check_ours(client: Client, found: Mapping[str, Any], request: Mapping[str, Any]) -> None:
    wanted = {tag["Key"]: tag["Value"] for tag in request["Tags"]}[TAG_REQUEST]
    if tags_of(client, found["AutoMLJobArn"]).get(TAG_REQUEST) != wanted:
        raise ConflictError(
            f"SageMaker has a job {request['AutoMLJobName']!r} that was asked for something else",
            hint="names of Autopilot jobs can never be used again; submit once more for another id",
        )
