"""Request: a job spec as the body of `PUT .../jobs/{name}`."""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import SpecError
from cloudautoml.spec import TabularClassification, TabularRegression
from cloudautoml_azureml._metrics import primary_metric
from cloudautoml_azureml._names import TAG_JOB, TAG_REQUEST, compute_id, request_digest, workspace_path
from cloudautoml_azureml._search import algorithms

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.spec import JobSpec
    from cloudautoml_azureml.config import AzuremlConfig

TASKS = {"tabular_classification": "Classification", "tabular_regression": "Regression"}
"""Azure's `taskType` for each type of task that is sent from here."""


@dataclass(frozen=True, slots=True)
class Input:
    """Where a job's data is, and what is known about it.

    Attributes:
        uri: Address of a folder with a file `MLTable` in it.
        types: Azure's word for the type of each column that is not to be guessed.
        positive: The class that binary metrics are about, as it stands in the data; as the spec has it unless given.
    """

    uri: str
    types: Mapping[str, str] = field(default_factory=dict[str, str])
    positive: str | None = None


def create_request(spec: JobSpec, config: AzuremlConfig, *, name: str, data: Input) -> dict[str, Any]:
    """The body of `PUT .../jobs/{name}`.

    Args:
        spec: The job.
        config: Where.
        name: The job's name at Azure.
        data: Its data.

    Raises:
        SpecError: The spec asks for what the request cannot say.
        ConfigError: A setting is missing that the request needs.
    """
    workspace_path(config)
    properties = {
        "jobType": "AutoML",
        "displayName": name,
        "experimentName": config.experiment,
        **machines(config),
        "taskDetails": _task(spec, config, data),
        "tags": dict(config.tags),
        "properties": {},
    }
    return signed(merged({"properties": properties}, config.raw), name)


def machines(config: AzuremlConfig) -> dict[str, Any]:
    """The fields of a job that say what it runs on: a cluster, or serverless machines."""
    cluster = compute_id(config)
    if cluster is not None:
        return {"computeId": cluster}
    resources = present(instanceType=config.instance_type, instanceCount=config.instances)
    return {"resources": resources, **({"queueSettings": {"jobTier": "Spot"}} if config.spot else {})}


def signed(request: dict[str, Any], name: str) -> dict[str, Any]:
    """A request with our id and the digest of what it asks for, by which it is known again."""
    own = {TAG_JOB: name, TAG_REQUEST: request_digest(request)}
    inner = request["properties"]
    marks = {place: {**inner.get(place, {}), **own} for place in ("tags", "properties")}
    return {**request, "properties": {**inner, **marks}}


def merged(request: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """A request with the user's own fields laid over it: objects are merged, everything else is replaced."""
    result = dict(request)
    for name, value in raw.items():
        old = result.get(name)
        result[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def present(**fields: Any) -> dict[str, Any]:
    """The fields that have a value."""
    return {name: value for name, value in fields.items() if value is not None}


def _task(spec: JobSpec, config: AzuremlConfig, data: Input) -> dict[str, Any]:
    task = spec.task
    if not isinstance(task, (TabularClassification, TabularRegression)):
        raise SpecError(f"a {task.type} is not sent to Azure AutoML from here", where="task.type")
    positive = task.positive if isinstance(task, TabularClassification) else None
    return present(
        taskType=TASKS[task.type],
        logVerbosity="Info",
        trainingData={"jobInputType": "mltable", "uri": data.uri},
        targetColumnName=task.target,
        weightColumnName=task.weight,
        positiveLabel=None if positive is None else data.positive or str(positive),
        primaryMetric=primary_metric(spec),
        featurizationSettings={"mode": "Custom", "columnNameAndTypes": dict(data.types)} if data.types else None,
        limitSettings=_limits(spec, config),
        trainingSettings=present(
            allowedTrainingAlgorithms=algorithms(spec),
            enableVoteEnsemble=spec.search.ensemble,
            enableStackEnsemble=spec.search.ensemble,
        ),
    )


def _limits(spec: JobSpec, config: AzuremlConfig) -> dict[str, Any]:
    budget = spec.budget
    trial = None if budget.max_trial_time is None else max(1, int(budget.max_trial_time.total_seconds()))
    whole = job_seconds(spec, config)
    return present(
        maxTrials=budget.max_trials,
        maxConcurrentTrials=budget.max_parallel,
        timeout=None if whole is None else duration(whole),
        trialTimeout=None if trial is None else duration(trial),
    )


def machine_count(spec: JobSpec, config: AzuremlConfig) -> int:
    """The most machines that a job may use at once: one a trial, and no fewer than were asked for."""
    serverless = 1 if config.compute is not None else config.instances
    return max(serverless, spec.budget.max_parallel or 1)


def job_seconds(spec: JobSpec, config: AzuremlConfig) -> int | None:
    """The job's time limit in whole seconds: the one that was asked for, or what the money lasts, if that is less."""
    limits: list[float] = []
    if spec.budget.max_time is not None:
        limits.append(spec.budget.max_time.total_seconds())
    if spec.budget.max_cost is not None and config.hourly_rate is not None:
        hour = config.hourly_rate * machine_count(spec, config)
        limits.append(float(spec.budget.max_cost.amount / hour * 3600))
    return max(1, math.floor(min(limits))) if limits else None


def duration(seconds: int) -> str:
    """A time as ISO 8601 writes it, which is how Azure takes it: `PT1H30M`."""
    hours, rest = divmod(seconds, 3600)
    parts = ((hours, "H"), (rest // 60, "M"), (rest % 60, "S"))
    return "PT" + ("".join(f"{count}{unit}" for count, unit in parts if count) or "0S")
