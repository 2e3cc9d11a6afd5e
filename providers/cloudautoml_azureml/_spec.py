"""Spec: what the body of a job says, as a spec; the way back from a request."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import SpecError
from cloudautoml.spec import Budget, Dataset, JobSpec, Objective, Search, TabularClassification, TabularRegression
from cloudautoml_azureml._metrics import canonical_objective
from cloudautoml_azureml._names import spec_name
from cloudautoml_azureml._request import TASKS
from cloudautoml_azureml._search import family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.spec import Task

_TYPES = {theirs: ours for ours, theirs in TASKS.items()}
_DURATION = re.compile(r"P(?:(\d+)D)?(?:T(?:(\d+)H)?(?:(\d+)M)?(?:(\d+(?:\.\d+)?)S)?)?")


def spec_from_request(request: Mapping[str, Any], *, name: str) -> JobSpec:
    """The spec that a request says, as far as a spec can say it.

    Args:
        request: The body of `PUT .../jobs/{name}`, or what `GET` answers.
        name: The job's name at Azure.

    Returns:
        A spec whose data is the address of the training data, with nothing sealed.

    Raises:
        SpecError: It is no AutoML job, or one of a task that is not sent from here.
    """
    details = details_of(request)
    kind = _TYPES.get(str(details.get("taskType")))
    if kind is None:
        raise SpecError(f"{details.get('taskType')} is not a task that is sent from here", where="taskDetails.taskType")
    primary = details.get("primaryMetric")
    objective = canonical_objective(kind, str(primary)) if primary else None
    training: Mapping[str, Any] = details.get("trainingSettings", {})
    return JobSpec(
        name=spec_name(name),
        task=_task(kind, details),
        data=Dataset(train=str(details["trainingData"]["uri"]), holdout=None),
        objective=Objective(metric=objective) if objective else None,
        budget=_budget(details.get("limitSettings", {})),
        search=_search(training, kind),
        provider="azureml",
    )


def details_of(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The `taskDetails` of a job.

    Raises:
        SpecError: It is no AutoML job.
    """
    properties: Mapping[str, Any] = request["properties"]
    if properties.get("jobType") != "AutoML":
        raise SpecError(f"a job of type {properties.get('jobType')} is no AutoML job", where="jobType")
    details: Mapping[str, Any] = properties["taskDetails"]
    return details


def seconds_of(duration: str) -> float:
    """The seconds of an ISO 8601 duration.

    Raises:
        SpecError: It is none, or one of months and years.
    """
    match = _DURATION.fullmatch(duration)
    if match is None or duration in {"P", "PT"}:
        raise SpecError(f"{duration!r} is not a duration", hint="PT1H30M")
    days, hours, minutes, seconds = (float(part or 0) for part in match.groups())
    return days * 86400 + hours * 3600 + minutes * 60 + seconds


def _budget(limits: Mapping[str, Any]) -> Budget:
    given: dict[str, Any] = {
        field: limits[name]
        for name, field in (("maxTrials", "max_trials"), ("maxConcurrentTrials", "max_parallel"))
        if limits.get(name) is not None
    }
    for name, field in (("timeout", "max_time"), ("trialTimeout", "max_trial_time")):
        if limits.get(name) is not None:
            given[field] = seconds_of(str(limits[name]))
    return Budget.model_validate(given)


def _search(training: Mapping[str, Any], kind: str) -> Search:
    search = Search(families=_families(training, kind))
    if training.get("enableVoteEnsemble", True) or training.get("enableStackEnsemble", True):
        return search
    return search.model_copy(update={"ensemble": False})


def _families(training: Mapping[str, Any], kind: str) -> tuple[str, ...] | None:
    allowed: list[str] = training.get("allowedTrainingAlgorithms") or []
    return tuple(family(name, kind) for name in allowed) or None


def _task(kind: str, details: Mapping[str, Any]) -> Task:
    target, weight = details["targetColumnName"], details.get("weightColumnName")
    if kind == "tabular_regression":
        return TabularRegression(target=target, weight=weight)
    return TabularClassification(target=target, weight=weight, positive=details.get("positiveLabel"))
