"""An endpoint of SageMaker's: a model that answers at once, for as many hours as were agreed."""

from __future__ import annotations

import contextlib
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.capabilities import Feature, Gap, unsupported
from cloudautoml.endpoint import Endpoint
from cloudautoml.errors import (
    ConflictError,
    JobFailedError,
    JobNotFinishedError,
    JobNotFoundError,
    SpecError,
    UnsupportedError,
)
from cloudautoml.polling import poll_until
from cloudautoml_sagemaker._names import TAG_EXPIRES
from cloudautoml_sagemaker._response import containers_of
from cloudautoml_sagemaker._rows import rows_of
from cloudautoml_sagemaker._transform import create, ensure_model, name_for, tags_for

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

    from cloudautoml.polling import Clock
    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker._rows import Rows, Trained
    from cloudautoml_sagemaker.config import SagemakerConfig

_PATIENCE = 3600.0


class SagemakerEndpoint(Endpoint):
    """Predicts rows and images by calls of the SageMaker runtime.

    Args:
        name: Of the endpoint and of its configuration.
        expires: When its time is over.
        data: What the model was trained on: the schema that new rows are read by.
        spec: Its job, which says how files are written.
        client: Who calls.
    """

    def __init__(self, name: str, *, expires: datetime, data: Trained, spec: JobSpec, client: Client) -> None:
        super().__init__(name, expires=expires)
        self._data = data
        self._spec = spec
        self._client = client

    def _answers(self, rows: Any) -> tuple[Rows, list[bytes]]:
        if datetime.now(UTC) >= self.expires:
            self.delete()
            raise JobNotFoundError(f"the time of endpoint {self.name} is over", hint="model.deploy opens another")
        given = rows_of(rows, self._data, self._spec)
        return given, given.ask(lambda body, kind: self._client.invoke(self.name, body, kind)) if len(given) else []

    @override
    def predict(self, rows: Any = None) -> Any:
        given, outputs = self._answers(rows)
        return given.predicted(outputs)

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        given, outputs = self._answers(rows)
        return given.shares(outputs)

    @override
    def delete(self) -> None:
        delete_endpoint(self._client, self.name)

    @override
    def native(self) -> dict[str, Any]:
        """What boto3's `describe_endpoint` answers."""
        return self._client.call("DescribeEndpoint", {"EndpointName": self.name})


def delete_endpoint(client: Client, name: str) -> None:
    """Delete an endpoint and its configuration, as far as they are there."""
    discard(client, "DeleteEndpoint", {"EndpointName": name})
    discard(client, "DeleteEndpointConfig", {"EndpointConfigName": name})


def discard(client: Client, operation: str, body: Mapping[str, Any]) -> None:
    """Delete something, unless it is gone."""
    with contextlib.suppress(JobNotFoundError):
        client.call(operation, body)


def open_endpoint(
    client: Client,
    config: SagemakerConfig,
    clock: Clock,
    *,
    job: str,
    candidate: Mapping[str, Any],
    hours: float,
    machines: tuple[int, int],
) -> tuple[str, datetime]:
    """Open an endpoint, or give one of the same model and machines that stands a new time.

    Args:
        client: Who calls.
        config: Which machine, and as whom.
        clock: Time and sleep.
        job: The vendor's name of the job.
        candidate: The candidate, as SageMaker lists it.
        hours: How long it may stand.
        machines: At least and at most; none at least is a serverless endpoint, which is paid for by the call.

    Returns:
        Its name, and when its time is over.

    Raises:
        UnsupportedError: The model cannot be served that way.
        JobFailedError: SageMaker could not start it; nothing of it is left.
    """
    variant = _variant(config, candidate, machines)
    model = ensure_model(client, config, job=job, candidate=candidate)
    name = name_for(job, repr((model, sorted(variant.items()))))
    expires = (datetime.now(UTC) + timedelta(hours=hours)).replace(microsecond=0)
    tags = tags_for(config, job, **{TAG_EXPIRES: expires.strftime("%Y-%m-%dT%H:%M:%SZ")})
    body: dict[str, Any] = {
        "EndpointConfigName": name,
        "ProductionVariants": [{"VariantName": "all", "ModelName": model, **variant}],
        "Tags": tags,
    }
    if config.volume_kms_key and machines[0]:
        body["KmsKeyId"] = config.volume_kms_key
    create(client, "CreateEndpointConfig", body, ("DescribeEndpointConfig", {"EndpointConfigName": name}))
    try:
        found = client.call("DescribeEndpoint", {"EndpointName": name})
    except JobNotFoundError:
        _create_endpoint(client, name, tags)
    else:
        client.call("AddTags", {"ResourceArn": found["EndpointArn"], "Tags": tags})
    _await(client, clock, name, config.poll_seconds)
    return name, expires


def _create_endpoint(client: Client, name: str, tags: list[dict[str, str]]) -> None:
    try:
        client.call("CreateEndpoint", {"EndpointName": name, "EndpointConfigName": name, "Tags": tags})
    except (ConflictError, SpecError):  # somebody else was faster, or there is a reason
        client.call("DescribeEndpoint", {"EndpointName": name})


def _variant(config: SagemakerConfig, candidate: Mapping[str, Any], machines: tuple[int, int]) -> dict[str, Any]:
    least, most = machines
    if least == 0:
        # "serverless: GPUs, VPC configuration and inference pipelines are not supported", developer guide
        if len(containers_of(candidate)) != 1:
            _refuse("a pipeline of containers cannot be served by the call", "min_instances: 1")
        if config.subnets:
            _refuse("what is in a VPC cannot be served by the call", "min_instances: 1")
        return {"ServerlessConfig": {"MemorySizeInMB": config.serverless_memory, "MaxConcurrency": most}}
    if least != most:
        _refuse("machines are not added and taken away by load", "as many at least as at most, or none at least")
    return {"InstanceType": config.endpoint_instance, "InitialInstanceCount": least, "InitialVariantWeight": 1.0}


def _refuse(reason: str, instead: str) -> None:
    raise UnsupportedError("sagemaker", [Gap(Feature.ENDPOINT, unsupported(reason, instead))])


def _await(client: Client, clock: Clock, name: str, first_delay: float) -> None:
    found = poll_until(
        lambda: client.call("DescribeEndpoint", {"EndpointName": name}),
        done=lambda seen: seen["EndpointStatus"] in {"InService", "Failed"},
        clock=clock,
        timeout=_PATIENCE,
        first_delay=min(first_delay, 10.0),
    )
    if found is None:
        raise JobNotFinishedError(
            f"endpoint {name} has not come up in an hour", hint="cloudautoml jobs sweep -p sagemaker"
        )
    if found["EndpointStatus"] == "Failed":
        delete_endpoint(client, name)
        raise JobFailedError(f"endpoint {name} did not start: {found.get('FailureReason', 'no reason given')}")
