"""Settings of the SageMaker provider: where Autopilot runs, as whom, and where its files are."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated

from pydantic import Field

from cloudautoml.provider import ProviderConfig


class SagemakerConfig(ProviderConfig):
    """Where jobs run and as whom. Credentials are found the way boto3 finds them, and never stand here."""

    region: Annotated[str, Field(pattern=r"^[a-z]{2}(-[a-z]+)+-\d$")] | None = None
    """AWS region; boto3's own choice (environment, profile) unless given. The bucket must be there too."""
    profile: str | None = None
    """Profile of the AWS configuration files."""
    role: str | None = None
    """ARN of the role that Autopilot works as."""
    bucket: Annotated[str, Field(pattern=r"^[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]$")] | None = None
    """S3 bucket for data and results."""
    prefix: Annotated[str, Field(pattern=r"^[A-Za-z0-9!_.*'()/-]*$")] = "cloudautoml"
    """Folder in the bucket that everything goes into."""
    bucket_owner: Annotated[str, Field(pattern=r"^\d{12}$")] | None = None
    """Account that must own the bucket; the role's account unless given."""
    kms_key: str | None = None
    """KMS key that results are encrypted with."""
    volume_kms_key: str | None = None
    """KMS key that the disks of training machines are encrypted with."""
    encrypt_traffic: bool = False
    """Encrypt what training machines send to each other."""
    security_groups: tuple[str, ...] = ()
    """Security groups of a VPC to train in; together with `subnets`."""
    subnets: tuple[str, ...] = ()
    """Subnets of a VPC to train in; together with `security_groups`."""
    tags: dict[str, str] = Field(default_factory=dict)
    """Tags on everything that is created."""
    hourly_rate: Annotated[Decimal, Field(gt=0)] | None = None
    """The most that one hour of a job costs in USD, all of its machines together. Autopilot chooses the machines
    itself and publishes no price, so a limit of money needs this number."""
    instance_prices: dict[str, Annotated[Decimal, Field(ge=0)]] = Field(default_factory=dict)
    """USD an hour by instance type, to price what a job has used."""
    transform_instance: str = "ml.m5.xlarge"
    """Instance type for predictions."""
    endpoint_instance: str = "ml.m5.xlarge"
    """Instance type for endpoints."""
    serverless_memory: Annotated[int, Field(ge=1024, le=6144, multiple_of=1024)] = 4096
    """Megabytes of an endpoint that is paid for by the call."""
    poll_seconds: Annotated[float, Field(gt=0)] = 30.0
    """Seconds between the first two looks at a job; later ones are rarer."""
    endpoint_url: str | None = None
    """Another address of the SageMaker API."""
    s3_endpoint_url: str | None = None
    """Another address of S3."""
    runtime_endpoint_url: str | None = None
    """Another address of the SageMaker runtime."""
    logs_endpoint_url: str | None = None
    """Another address of CloudWatch Logs."""
