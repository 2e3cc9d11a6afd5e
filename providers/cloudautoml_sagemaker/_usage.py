"""Usage: the machine-seconds that the steps of a job's candidates are billed for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cloudautoml_sagemaker._client import Client

_KINDS = {
    "AWS::SageMaker::TrainingJob": ("DescribeTrainingJob", "TrainingJobName"),
    "AWS::SageMaker::ProcessingJob": ("DescribeProcessingJob", "ProcessingJobName"),
    "AWS::SageMaker::TransformJob": ("DescribeTransformJob", "TransformJobName"),
}


def used_seconds(client: Client, candidates: Iterable[Mapping[str, Any]]) -> dict[str, float]:
    """Machine-seconds by instance type; a step that several candidates share counts once."""
    steps = {step["CandidateStepArn"]: step for item in candidates for step in item["CandidateSteps"]}
    total: dict[str, float] = {}
    for step in steps.values():
        operation, field = _KINDS[step["CandidateStepType"]]
        kind, seconds = billed(client.call(operation, {field: step["CandidateStepName"]}))
        total[kind] = total.get(kind, 0.0) + seconds
    return total


def billed(found: Mapping[str, Any]) -> tuple[str, float]:
    """Instance type and machine-seconds of one step, as SageMaker describes it.

    "Multiply BillableTimeInSeconds by the number of instances"; processing and transforms tell when they ran.
    """
    if "TrainingJobName" in found:
        machines: Mapping[str, Any] = found["ResourceConfig"]
        seconds = float(found.get("BillableTimeInSeconds", 0))
    elif "ProcessingJobName" in found:
        machines = found["ProcessingResources"]["ClusterConfig"]
        seconds = _between(found, "ProcessingStartTime", "ProcessingEndTime")
    else:
        machines = found["TransformResources"]
        seconds = _between(found, "TransformStartTime", "TransformEndTime")
    return str(machines.get("InstanceType", "several")), seconds * int(machines.get("InstanceCount", 1))


def _between(found: Mapping[str, Any], start: str, end: str) -> float:
    if start not in found or end not in found:
        return 0.0
    return float((found[end] - found[start]).total_seconds())
