"""Spec: what a training pipeline says as a job spec; the way back of `_request`."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import SpecError
from cloudautoml.spec import Budget, Dataset, JobSpec, Objective, TabularClassification, TabularRegression
from cloudautoml_vertexai._metrics import OBJECTIVES
from cloudautoml_vertexai._names import spec_name
from cloudautoml_vertexai._request import TRAINING

if TYPE_CHECKING:
    from collections.abc import Mapping

_METRICS = {word: metric for known in OBJECTIVES.values() for metric, word in known.items()}


def spec_from_request(pipeline: Mapping[str, Any], *, data: str) -> JobSpec:
    """The spec that a training pipeline says, as far as a spec can say it.

    Args:
        pipeline: The pipeline, as it was asked for or as Google shows it.
        data: Address of its data.

    Returns:
        A spec with nothing sealed, in the names of Google's columns.

    Raises:
        SpecError: The pipeline trains something that we have no word for.
    """
    definition = pipeline["trainingTaskDefinition"]
    if definition != TRAINING:
        raise SpecError(f"{definition} is not a training that we know", where="trainingTaskDefinition")
    inputs: Mapping[str, Any] = pipeline["trainingTaskInputs"]
    word = inputs.get("optimizationObjective")
    if word is not None and word not in _METRICS:
        raise SpecError(f"no metric of ours is {word}", where="trainingTaskInputs.optimizationObjective")
    model = TabularRegression if inputs["predictionType"] == "regression" else TabularClassification
    return JobSpec(
        name=spec_name(pipeline["displayName"]),
        task=model(target=inputs["targetColumn"], weight=inputs.get("weightColumnName")),
        data=Dataset(train=data, holdout=None),
        objective=Objective(metric=_METRICS[word]) if word else None,
        budget=Budget(max_time=timedelta(hours=float(inputs["trainBudgetMilliNodeHours"]) / 1000)),
        provider="vertexai",
    )
