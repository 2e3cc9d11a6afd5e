"""Transform: predictions by batch transform jobs, each named by what it predicts, so that none is paid for twice."""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConflictError, JobFailedError, JobNotFinishedError, JobNotFoundError, SpecError
from cloudautoml.polling import poll_until
from cloudautoml_sagemaker._batch import CLASS_OUTPUT
from cloudautoml_sagemaker._names import TAG_JOB, uri
from cloudautoml_sagemaker._response import containers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.polling import Clock
    from cloudautoml_sagemaker._batch import Batch
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker.config import SagemakerConfig

_DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Work:
    """A batch transform that has been asked for.

    Attributes:
        name: Its name at SageMaker.
        outputs: Addresses of what it writes, in the order of the inputs.
    """

    name: str
    outputs: tuple[str, ...]


def start(client: Client, config: SagemakerConfig, *, job: str, candidate: Mapping[str, Any], batch: Batch) -> Work:
    """Have a batch predicted; a transform of the same batch that is there already is used again.

    Args:
        client: Who calls.
        config: Which machine, and as whom.
        job: The vendor's name of the job.
        candidate: The candidate, as SageMaker lists it.
        batch: What is predicted.
    """
    name = ensure_model(client, config, job=job, candidate=candidate)
    work = name_for(job, repr((name, batch.uri)))
    output = uri(config, "jobs", job, "predictions", work)
    destination = {"S3OutputPath": output, "Accept": "text/csv", "AssembleWith": "Line" if batch.by_line else "None"}
    request: dict[str, Any] = {
        "TransformJobName": work,
        "ModelName": name,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": batch.uri}},
            "ContentType": batch.content_type,
            "SplitType": "Line" if batch.by_line else "None",
        },
        "TransformOutput": {**destination, **({"KmsKeyId": config.kms_key} if config.kms_key else {})},
        "TransformResources": {"InstanceType": config.transform_instance, "InstanceCount": 1},
        "Tags": tags_for(config, job),
    }
    create(client, "CreateTransformJob", request, ("DescribeTransformJob", {"TransformJobName": work}))
    return Work(work, tuple(f"{output}/{written}.out" for written in batch.names))


def ensure_model(client: Client, config: SagemakerConfig, *, job: str, candidate: Mapping[str, Any]) -> str:
    """The name of SageMaker's model of a candidate, which is made unless it is there."""
    containers = with_outputs(containers_of(candidate))
    name = name_for(job, repr((candidate["CandidateName"], containers)))
    model: dict[str, Any] = {
        "ModelName": name,
        "ExecutionRoleArn": config.role,
        "Containers": containers,
        "Tags": tags_for(config, job),
    }
    if config.subnets:
        model["VpcConfig"] = {"SecurityGroupIds": list(config.security_groups), "Subnets": list(config.subnets)}
    create(client, "CreateModel", model, ("DescribeModel", {"ModelName": name}))
    return name


def tags_for(config: SagemakerConfig, job: str, **more: str) -> list[dict[str, str]]:
    """The tags of what belongs to a job."""
    return [{"Key": key, "Value": value} for key, value in {**config.tags, **more, TAG_JOB: job}.items()]


def is_done(client: Client, work: Work) -> bool:
    """Whether a transform has been completed.

    Raises:
        JobFailedError: It never will be.
    """
    found = client.call("DescribeTransformJob", {"TransformJobName": work.name})
    status = found["TransformJobStatus"]
    if status in {"Failed", "Stopped"}:
        raise JobFailedError(f"transform {work.name} {status}: {found.get('FailureReason', 'no reason given')}")
    return bool(status == "Completed")


def finish(client: Client, clock: Clock, work: Work, *, first_delay: float) -> list[bytes]:
    """Wait for a transform.

    Returns:
        Its outputs, in the order of the inputs.

    Raises:
        JobFailedError: It failed.
        JobNotFinishedError: It took more than a day.
    """
    done = poll_until(
        lambda: is_done(client, work), done=bool, clock=clock, timeout=_DAY, first_delay=min(first_delay, 10.0)
    )
    if not done:
        raise JobNotFinishedError(f"transform {work.name} has been going for a day")
    return [client.read(output) for output in work.outputs]


def name_for(job: str, what: str) -> str:
    """A name for what belongs to a job: letters of the job's, and a digest; 63 characters at most."""
    return f"{job[:32]}-{hashlib.sha256(what.encode()).hexdigest()[:24]}"


def create(client: Client, operation: str, body: Mapping[str, Any], look: tuple[str, Mapping[str, Any]]) -> None:
    """Create what is named by its content, unless it is there."""
    try:
        client.call(*look)
    except JobNotFoundError:
        try:
            client.call(operation, body)
        except (ConflictError, SpecError):  # SageMaker says either of a name that somebody has just taken
            client.call(*look)


def with_outputs(containers: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """The containers of a model, asked for probabilities where they can give them.

    A container lists what it can give in `SAGEMAKER_INFERENCE_SUPPORTED`. In a pipeline of three the last one turns
    codes into labels: what the second puts out the third takes in, all but `labels`, which only the third knows.
    """
    asked: list[dict[str, Any]] = [
        {**container, "Environment": dict(container.get("Environment", {}))} for container in containers
    ]
    giving = [box["Environment"] for box in asked if "SAGEMAKER_INFERENCE_SUPPORTED" in box["Environment"]]
    for place, environment in enumerate(giving):
        known = [name.strip() for name in environment["SAGEMAKER_INFERENCE_SUPPORTED"].split(",")]
        last = place == len(giving) - 1
        wanted = [name for name in CLASS_OUTPUT if name in known and (last or name != "labels")]
        if wanted:
            environment["SAGEMAKER_INFERENCE_OUTPUT"] = ",".join(wanted)
        if place:
            environment["SAGEMAKER_INFERENCE_INPUT"] = giving[place - 1].get("SAGEMAKER_INFERENCE_OUTPUT", "")
    return asked
