"""Transform: predictions by batch transform jobs, each named by what it predicts, so that none is paid for twice."""

from __future__ import annotations

import ast
import csv
import hashlib
import io
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConflictError, JobFailedError, JobNotFinishedError, JobNotFoundError, SpecError
from cloudautoml.polling import poll_until
from cloudautoml_sagemaker._names import TAG_JOB, uri
from cloudautoml_sagemaker._response import containers_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.polling import Clock
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker.config import SagemakerConfig

CLASS_OUTPUT = ("predicted_label", "probabilities", "labels")
"""What a classifier is asked for: a line holds the label, and two lists in quotes."""
_DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """One line of a transform's output.

    Attributes:
        label: The predicted class as text, or the number.
        shares: Probability by class; empty where the model gives none.
    """

    label: str
    shares: Mapping[str, float]


@dataclass(frozen=True, slots=True)
class Work:
    """A batch transform that has been asked for.

    Attributes:
        name: Its name at SageMaker.
        output: Address of what it writes.
    """

    name: str
    output: str


def start(client: Client, config: SagemakerConfig, *, job: str, candidate: Mapping[str, Any], rows: str) -> Work:
    """Have the rows of a file in S3 predicted; a transform of the same rows that is there already is used again.

    Args:
        client: Who calls.
        config: Which machine, and as whom.
        job: The vendor's name of the job.
        candidate: The candidate, as SageMaker lists it.
        rows: Address of a CSV file without a header.
    """
    containers = with_outputs(containers_of(candidate))
    name = _name(job, repr((candidate["CandidateName"], containers)))
    work = _name(job, repr((name, rows)))
    output = uri(config, "jobs", job, "predictions", work)
    tags = [{"Key": key, "Value": value} for key, value in {**config.tags, TAG_JOB: job}.items()]
    model: dict[str, Any] = {
        "ModelName": name, "ExecutionRoleArn": config.role, "Containers": containers, "Tags": tags
    }  # fmt: skip
    if config.subnets:
        model["VpcConfig"] = {"SecurityGroupIds": list(config.security_groups), "Subnets": list(config.subnets)}
    _create(client, "CreateModel", model, ("DescribeModel", {"ModelName": name}))
    destination = {"S3OutputPath": output, "Accept": "text/csv", "AssembleWith": "Line"}
    request: dict[str, Any] = {
        "TransformJobName": work,
        "ModelName": name,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": rows}},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        "TransformOutput": {**destination, **({"KmsKeyId": config.kms_key} if config.kms_key else {})},
        "TransformResources": {"InstanceType": config.transform_instance, "InstanceCount": 1},
        "Tags": tags,
    }
    _create(client, "CreateTransformJob", request, ("DescribeTransformJob", {"TransformJobName": work}))
    return Work(work, f"{output}/{rows.rpartition('/')[2]}.out")


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


def finish(client: Client, clock: Clock, work: Work, *, first_delay: float) -> bytes:
    """Wait for a transform.

    Returns:
        Its output, one line a row.

    Raises:
        JobFailedError: It failed.
        JobNotFinishedError: It took more than a day.
    """
    done = poll_until(
        lambda: is_done(client, work), done=bool, clock=clock, timeout=_DAY, first_delay=min(first_delay, 10.0)
    )
    if not done:
        raise JobNotFinishedError(f"transform {work.name} has been going for a day")
    return client.read(work.output)


def _name(job: str, what: str) -> str:
    """A name for what belongs to a job: letters of the job's, and a digest; 63 characters at most."""
    return f"{job[:32]}-{hashlib.sha256(what.encode()).hexdigest()[:24]}"


def _create(client: Client, operation: str, body: Mapping[str, Any], look: tuple[str, Mapping[str, Any]]) -> None:
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


def answers(output: bytes) -> list[Answer]:
    """Read a transform's output: a label or a number a line, and beside it the probabilities and their labels."""
    found: list[Answer] = []
    for line in csv.reader(io.StringIO(output.decode("utf-8"))):
        if not line:
            continue
        shares: dict[str, float] = {}
        if len(line) == len(CLASS_OUTPUT):
            numbers, labels = _listed(line[1]), _listed(line[2])
            shares = {label: float(number) for number, label in zip(numbers, labels, strict=True)}
        found.append(Answer(line[0], shares))
    return found


def _listed(text: str) -> list[str]:
    """The entries of a list such as `[0.25, 0.75]` or `['no', 'yes']`."""
    try:
        return [str(entry) for entry in ast.literal_eval(text)]
    except (ValueError, SyntaxError):
        return [entry.strip() for entry in text.strip("[] ").split(",")]
