"""Names: what our jobs, files and tags are called at AWS, all of it derived from our own ids."""

from __future__ import annotations

import hashlib
import json
import re
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConfigError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml_sagemaker.config import SagemakerConfig

TAG_JOB, TAG_REQUEST = "cloudautoml:job", "cloudautoml:request"
"""Tags of a job: our id, and a digest of what was asked for."""
TAG_EXPIRES = "cloudautoml:expires"
"""Tag of an endpoint: when its time is over."""
SERIES = "cloudautoml_series"
"""Column that tells series apart where there is one: Autopilot asks for it."""
PLANNED_ID = "xxxxxxxx"
"""Stands in a plan for the letters of an id, which are drawn on submission."""

_ID = re.compile(r"(?P<name>[a-z0-9](?:[a-z0-9-]{0,18}[a-z0-9])?)-[a-z0-9]{8}")
_ARN = re.compile(r"arn:(aws[a-z-]*):iam::(\d{12}):role/.*")


def spec_name(job_name: str) -> str:
    """A name for the spec behind a vendor's job: what our ids start with, or as much as fits of another name."""
    if match := _ID.fullmatch(job_name):
        return match["name"]
    return re.sub(r"[^a-z0-9-]", "-", job_name.lower())[:20].strip("-") or "job"


def account_of(role: str) -> str | None:
    """The account in a role's ARN."""
    match = _ARN.fullmatch(role)
    return match[2] if match else None


def bucket_owner(config: SagemakerConfig) -> str | None:
    """The account that must own the bucket: the one given, else the role's."""
    return config.bucket_owner or (account_of(config.role) if config.role else None)


def uri(config: SagemakerConfig, *parts: str) -> str:
    """An address under the prefix.

    Raises:
        ConfigError: No bucket is given.
    """
    if config.bucket is None:
        raise ConfigError(
            "SageMaker reads its data from S3 and no bucket is given",
            where="providers.sagemaker.bucket",
            hint="name a bucket of yours that is in the job's region",
        )
    return "/".join([f"s3://{config.bucket}", *(part.strip("/") for part in (config.prefix, *parts) if part)])


def split_uri(address: str) -> tuple[str, str]:
    """Bucket and key of an address `s3://bucket/key`."""
    bucket, _, key = address.removeprefix("s3://").partition("/")
    return bucket, key


def request_digest(request: Mapping[str, Any]) -> str:
    """A digest of a request, equal for equal requests whatever their tags: 64 hex digits."""
    text = json.dumps({name: value for name, value in request.items() if name != "Tags"}, sort_keys=True)
    return hashlib.sha256(text.encode()).hexdigest()
