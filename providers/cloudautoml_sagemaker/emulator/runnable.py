"""Runnable: an Autopilot request as a spec that the provider behind the emulator can train."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.errors import CloudAutoMLError
from cloudautoml.spec import Budget, Dataset, Objective, Search, TabularClassification, TabularRegression
from cloudautoml_sagemaker._metrics import CANONICAL, VENDOR
from cloudautoml_sagemaker._spec import problem_of, spec_from_request
from cloudautoml_sagemaker.emulator.data import check_rows, column_types, copy_data, header, kind_of_target

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker.emulator.storage import Storage

# "if not specified": the defaults by problem type, AutoMLJobObjective in the API reference
_DEFAULTS = {"BinaryClassification": "F1", "MulticlassClassification": "Accuracy", "Regression": "MSE"}
_CANDIDATES = {"HYPERPARAMETER_TUNING": 100}  # "up to 100 trials", ten in the other modes: developer guide
_FEW = 10
# the emulator's own: Autopilot tells how many it trains for forecasts alone, which are six and their ensemble
_OF_OTHERS = {
    "ImageClassificationJobConfig": 3,
    "TextClassificationJobConfig": 3,
    "TimeSeriesForecastingJobConfig": 6,
    "TextGenerationJobConfig": 1,
}


def sketch(request: Mapping[str, Any]) -> JobSpec:
    """What a request asks for, without what only Autopilot has a word for: enough to ask a provider whether it can."""
    return spec_from_request(request).model_copy(update={"search": Search()})


def runnable(
    request: Mapping[str, Any], provider: Provider[Any], storage: Storage, folder: Path, fewest_rows: int
) -> JobSpec:
    """The spec to train, with its data copied to a folder.

    Raises:
        DataError: Autopilot would not take the data.
    """
    spec = spec_from_request(request)
    source = copy_data(request, storage, folder)
    kind, config = problem_of(request)
    types = {}
    if kind == "TabularJobConfig":
        check_rows(source, fewest=fewest_rows)
        names = header(source.read_bytes()[:65536]) if source.suffix == ".csv" else []
        types = column_types(request, storage, names)
        spec = _with_problem(spec, source, config)
    most = spec.budget.max_trials
    if most is None:
        most = _CANDIDATES.get(config.get("Mode", "AUTO"), _FEW) if kind == "TabularJobConfig" else _OF_OTHERS[kind]
    budget = Budget.model_validate({**spec.budget.model_dump(), "max_trials": most})
    data = Dataset(train=str(source), holdout=None, types=types)
    spec = spec.model_copy(update={"data": data, "budget": budget, "provider": provider.name})
    return spec.model_copy(update={"search": Search(families=_families(spec, provider))})


def _with_problem(spec: JobSpec, table: Path, config: Mapping[str, Any]) -> JobSpec:
    """A tabular spec whose kind and metric are settled, from the target's values where the request left them open."""
    target = str(config["TargetAttributeName"])
    kind = config.get("ProblemType") or kind_of_target(table, target)
    model = TabularRegression if kind == "Regression" else TabularClassification
    task = model(target=target, weight=config.get("SampleWeightAttributeName"))
    objective = spec.objective or Objective(metric=CANONICAL[_DEFAULTS[kind]])
    return spec.model_copy(update={"task": task, "objective": objective})


def _families(spec: JobSpec, provider: Provider[Any]) -> tuple[str, ...] | None:
    """Those of the wanted families that the provider has, too; None leaves the choice to it."""
    wanted = spec.search.families or ()
    return tuple(name for name in wanted if _has(provider, spec, name)) or None


def _has(provider: Provider[Any], spec: JobSpec, name: str) -> bool:
    try:
        return not provider.check(spec.model_copy(update={"search": Search(families=(name,))}))
    except CloudAutoMLError:
        return False


def resolved(request: Mapping[str, Any], spec: JobSpec) -> dict[str, Any]:
    """The `ResolvedAttributes` of a job."""
    _, config = problem_of(request)
    found: dict[str, Any] = {"AutoMLJobObjective": {"MetricName": VENDOR[spec.metric.name]}}
    if "CompletionCriteria" in config:
        found["CompletionCriteria"] = config["CompletionCriteria"]
    if isinstance(spec.task, TabularRegression):
        found["AutoMLProblemTypeResolvedAttributes"] = {"TabularResolvedAttributes": {"ProblemType": "Regression"}}
    elif isinstance(spec.task, TabularClassification):
        binary = spec.metric.name in {"f1", "roc_auc", "precision", "recall"}
        usual = "BinaryClassification" if binary else "MulticlassClassification"
        kind = config.get("ProblemType", usual)
        found["AutoMLProblemTypeResolvedAttributes"] = {"TabularResolvedAttributes": {"ProblemType": kind}}
    return found
