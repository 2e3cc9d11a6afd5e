"""Spec: what a `CreateAutoMLJobV2` body, or a job's description, says as a job spec; the way back of `_request`."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.errors import SpecError
from cloudautoml.spec import (
    Budget,
    Dataset,
    Forecasting,
    ImageClassification,
    JobSpec,
    Objective,
    Part,
    Search,
    TabularClassification,
    TabularRegression,
    TextClassification,
    TextGeneration,
)
from cloudautoml_sagemaker._metrics import CANONICAL
from cloudautoml_sagemaker._names import SERIES, spec_name
from cloudautoml_sagemaker._search import MODES, family

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.spec import Task

_STRATEGIES = {mode: name for name, mode in MODES.items()}
_UNITS = {"Y": "YS", "M": "MS", "W": "W", "D": "D", "H": "h", "min": "min"}


def spec_from_request(request: Mapping[str, Any]) -> JobSpec:
    """The spec that a request says, as far as a spec can say it.

    Args:
        request: The body of `CreateAutoMLJobV2`, or what `DescribeAutoMLJobV2` answers.

    Returns:
        A spec whose data is the address of the training channel, with nothing sealed. Feature types stand in a file
        of their own (`FeatureSpecificationS3Uri`) and are not in it.

    Raises:
        SpecError: The request names no problem type that we know.
    """
    kind, config = problem_of(request)
    objective = request.get("AutoMLJobObjective", {}).get("MetricName")
    fraction = request.get("DataSplitConfig", {}).get("ValidationFraction")
    limits: dict[str, int] = config.get("CompletionCriteria", {})
    return JobSpec(
        name=spec_name(request["AutoMLJobName"]),
        task=_task(kind, config, objective),
        data=Dataset(train=_training(request), holdout=None),
        objective=Objective(metric=CANONICAL[objective]) if objective else None,
        budget=Budget.model_validate(
            {
                field: limits[name]
                for name, field in (
                    ("MaxCandidates", "max_trials"),
                    ("MaxRuntimePerTrainingJobInSeconds", "max_trial_time"),
                    ("MaxAutoMLJobRuntimeInSeconds", "max_time"),
                )
                if name in limits
            }
        ),
        search=Search(strategy=_strategy(config.get("Mode"), fraction), families=_families(config)),
        provider="sagemaker",
    )


def problem_of(request: Mapping[str, Any]) -> tuple[str, dict[str, Any]]:
    """The member of the union `AutoMLProblemTypeConfig` that is set, and what is in it; nothing where none is."""
    union: dict[str, dict[str, Any]] = request.get("AutoMLProblemTypeConfig", {})
    return next(iter(union.items()), ("", {}))


def training_channel(request: Mapping[str, Any]) -> Mapping[str, Any]:
    """The channel that is trained on; a request may leave out what kind its only channel is."""
    channels: list[Mapping[str, Any]] = list(request["AutoMLJobInputDataConfig"])
    return next((channel for channel in channels if channel.get("ChannelType", "training") == "training"), channels[0])


def _training(request: Mapping[str, Any]) -> str:
    return str(training_channel(request)["DataSource"]["S3DataSource"]["S3Uri"])


def _strategy(mode: str | None, fraction: float | None) -> Part | None:
    if mode is None and fraction is None:
        return None
    options = {} if fraction is None else {"validation_fraction": fraction}
    return Part.model_validate({"type": _STRATEGIES[mode or "AUTO"], **options})


def _families(config: Mapping[str, Any]) -> tuple[str, ...] | None:
    chosen = config.get("CandidateGenerationConfig", {}).get("AlgorithmsConfig", [])
    names = [family(name) for part in chosen for name in part["AutoMLAlgorithms"]]
    return tuple(names) or None


def _task(kind: str, config: Mapping[str, Any], objective: str | None) -> Task:
    match kind:
        case "TabularJobConfig":
            regression = config.get("ProblemType") == "Regression" or objective in {"MSE", "RMSE", "MAE", "R2"}
            tabular = TabularRegression if regression else TabularClassification
            return tabular(target=config["TargetAttributeName"], weight=config.get("SampleWeightAttributeName"))
        case "ImageClassificationJobConfig":
            return ImageClassification()
        case "TextClassificationJobConfig":
            return TextClassification(text=config["ContentColumn"], target=config["TargetLabelColumn"])
        case "TimeSeriesForecastingJobConfig":
            return _forecasting(config)
        case "TextGenerationJobConfig":
            return TextGeneration(base_model=config.get("BaseModelName"))
        case _:
            raise SpecError(f"{kind or 'nothing'} is not a problem type that we know", where="AutoMLProblemTypeConfig")


def _forecasting(config: Mapping[str, Any]) -> Forecasting:
    columns = config["TimeSeriesConfig"]
    quantiles: list[str] = config.get("ForecastQuantiles", [])
    return Forecasting(
        target=columns["TargetAttributeName"],
        time=columns["TimestampAttributeName"],
        series=tuple(
            name
            for name in (columns["ItemIdentifierAttributeName"], *columns.get("GroupingAttributeNames", ()))
            if name != SERIES
        ),
        horizon=config["ForecastHorizon"],
        frequency=_frequency(config["ForecastFrequency"]),
        quantiles=tuple(int(name[1:]) / 100 for name in quantiles),
    )


def _frequency(text: str) -> str:
    unit = "min" if text.endswith("min") else text[-1]
    count = text.removesuffix(unit)
    return f"{'' if count == '1' else count}{_UNITS[unit]}"
