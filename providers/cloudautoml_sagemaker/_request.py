"""Request: a job spec as the body of `CreateAutoMLJobV2`, and the spec that such a body says."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConfigError, SpecError
from cloudautoml.spec import (
    Forecasting,
    ImageClassification,
    TabularClassification,
    TabularRegression,
    TextClassification,
    TextGeneration,
)
from cloudautoml_sagemaker._metrics import objective, problem_type
from cloudautoml_sagemaker._names import SERIES, TAG_JOB, TAG_REQUEST, request_digest, uri
from cloudautoml_sagemaker._search import algorithms, mode_of, validation_fraction

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker.config import SagemakerConfig

CSV = "text/csv;header=present"
PARQUET = "x-application/vnd.amazon+parquet"
IMAGES = "image/*"

PROBLEMS = {
    "tabular_classification": "TabularJobConfig",
    "tabular_regression": "TabularJobConfig",
    "image_classification": "ImageClassificationJobConfig",
    "text_classification": "TextClassificationJobConfig",
    "forecasting": "TimeSeriesForecastingJobConfig",
    "text_generation": "TextGenerationJobConfig",
}
"""The member of the union `AutoMLProblemTypeConfig` for each type of task."""

_UNITS = {"YS": "Y", "YE": "Y", "Y": "Y", "MS": "M", "ME": "M", "M": "M", "W": "W", "D": "D", "h": "H", "H": "H",
          "min": "min", "T": "min"}  # fmt: skip


@dataclass(frozen=True, slots=True)
class Input:
    """Where a job's data is in S3, and what is known about it.

    Attributes:
        uri: A file, or a folder that ends in `/`.
        content_type: How it is written.
        classes: Number of classes; None where the data was not read here, and for other tasks.
        feature_spec: Address of the file that names the features and their types.
        data_type: `S3Prefix`, `ManifestFile` or `AugmentedManifestFile`.
        frequency: Step of series, as pandas writes it; None where the data was not read here.
        validation: Address of what to choose by, where the user set such examples apart.
    """

    uri: str
    content_type: str = CSV
    classes: int | None = None
    feature_spec: str | None = None
    data_type: str = "S3Prefix"
    frequency: str | None = None
    validation: str | None = None


def create_request(spec: JobSpec, config: SagemakerConfig, *, name: str, data: Input) -> dict[str, Any]:
    """The body of `CreateAutoMLJobV2`.

    Args:
        spec: The job.
        config: Where and as whom.
        name: The job's name at SageMaker.
        data: Its data.

    Raises:
        SpecError: The spec asks for what the request cannot say.
        ConfigError: A setting is missing that the request needs.
    """
    if config.role is None:
        raise ConfigError(
            "Autopilot works as a role of your account and none is given",
            where="providers.sagemaker.role",
            hint="name the ARN of a role that SageMaker may assume",
        )
    request: dict[str, Any] = {
        "AutoMLJobName": name,
        "AutoMLJobInputDataConfig": [
            _channel(data, kind, address)
            for kind, address in (("training", data.uri), ("validation", data.validation))
            if address is not None
        ],
        "OutputDataConfig": _present(
            S3OutputPath=uri(config, "jobs", name, "output"),
            KmsKeyId=config.kms_key,
        ),
        "AutoMLProblemTypeConfig": {PROBLEMS[spec.task.type]: _problem(spec, config, data)},
        "RoleArn": config.role,
    }
    if (metric := objective(spec, data.classes)) is not None:
        request["AutoMLJobObjective"] = {"MetricName": metric}
    if (fraction := validation_fraction(spec)) is not None:
        request["DataSplitConfig"] = {"ValidationFraction": fraction}
    if security := _security(config):
        request["SecurityConfig"] = security
    request = merged(request, config.raw)
    own = {TAG_JOB: name, TAG_REQUEST: request_digest(request)}
    given = {tag["Key"]: tag["Value"] for tag in request.get("Tags", [])}
    request["Tags"] = [{"Key": key, "Value": value} for key, value in {**config.tags, **given, **own}.items()]
    return request


def merged(request: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """A request with the user's own fields laid over it: objects are merged, everything else is replaced."""
    result = dict(request)
    for name, value in raw.items():
        old = result.get(name)
        result[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _present(**fields: Any) -> dict[str, Any]:
    return {name: value for name, value in fields.items() if value is not None}


def _channel(data: Input, kind: str, address: str) -> dict[str, Any]:
    return {
        "ChannelType": kind,
        "ContentType": data.content_type,
        "CompressionType": "None",
        "DataSource": {"S3DataSource": {"S3DataType": data.data_type, "S3Uri": address}},
    }


def _security(config: SagemakerConfig) -> dict[str, Any]:
    if bool(config.security_groups) is not bool(config.subnets):
        raise ConfigError(
            "a VPC takes both security groups and subnets",
            where="providers.sagemaker." + ("subnets" if config.security_groups else "security_groups"),
        )
    vpc = {"SecurityGroupIds": list(config.security_groups), "Subnets": list(config.subnets)}
    return _present(
        VolumeKmsKeyId=config.volume_kms_key,
        EnableInterContainerTrafficEncryption=config.encrypt_traffic or None,
        VpcConfig=vpc if config.subnets else None,
    )


def _problem(spec: JobSpec, config: SagemakerConfig, data: Input) -> dict[str, Any]:
    limits = _completion(spec, config)
    match spec.task:
        case TabularClassification() | TabularRegression() as task:
            return _present(
                TargetAttributeName=task.target,
                ProblemType=problem_type(spec, data.classes),
                Mode=mode_of(spec),
                CandidateGenerationConfig=algorithms(spec),
                SampleWeightAttributeName=task.weight,
                FeatureSpecificationS3Uri=data.feature_spec,
                CompletionCriteria=limits,
            )
        case ImageClassification():
            return {"CompletionCriteria": limits}
        case TextClassification() as task:
            return {"ContentColumn": task.text, "TargetLabelColumn": task.target, "CompletionCriteria": limits}
        case Forecasting() as task:
            return _forecast(task, spec, limits, data)
        case TextGeneration() as task:
            return _generation(task, limits)
        case _:
            raise SpecError(f"Autopilot has no {spec.task.type}", where="task.type")


def _completion(spec: JobSpec, config: SagemakerConfig) -> dict[str, int]:
    budget = spec.budget
    whole = job_seconds(spec, config)
    trial = None if budget.max_trial_time is None else max(1, int(budget.max_trial_time.total_seconds()))
    count = budget.max_trials
    if count is not None and not isinstance(spec.task, (TabularClassification, TabularRegression)):
        # "for job types other than tabular, the value must be 1"; a forecast trains its seven whatever is sent
        count = None if isinstance(spec.task, Forecasting) else 1
    return _present(MaxCandidates=count, MaxRuntimePerTrainingJobInSeconds=trial, MaxAutoMLJobRuntimeInSeconds=whole)


def job_seconds(spec: JobSpec, config: SagemakerConfig) -> int | None:
    """The job's time limit in whole seconds: the one that was asked for, or what the money lasts, if that is less."""
    limits: list[float] = []
    if spec.budget.max_time is not None:
        limits.append(spec.budget.max_time.total_seconds())
    if spec.budget.max_cost is not None and config.hourly_rate is not None:
        limits.append(float(spec.budget.max_cost.amount / config.hourly_rate * 3600))
    return max(1, math.floor(min(limits))) if limits else None


def _forecast(task: Forecasting, spec: JobSpec, limits: dict[str, int], data: Input) -> dict[str, Any]:
    if not task.series and data.frequency is None:  # the data is not read here
        raise SpecError(
            "Autopilot asks for a column that tells the series apart, also where there is one series",
            where="task.series",
            hint="add a column with one value, and name it",
        )
    return _present(
        ForecastFrequency=frequency(task, data.frequency),
        ForecastHorizon=task.horizon,
        ForecastQuantiles=[_quantile(value) for value in task.quantiles] or None,
        TimeSeriesConfig=_present(
            TargetAttributeName=task.target,
            TimestampAttributeName=task.time,
            ItemIdentifierAttributeName=task.series[0] if task.series else SERIES,
            GroupingAttributeNames=list(task.series[1:]) or None,
        ),
        FeatureSpecificationS3Uri=data.feature_spec,
        CandidateGenerationConfig=algorithms(spec),
        CompletionCriteria=limits,
    )


def frequency(task: Forecasting, found: str | None = None) -> str:
    """The step of a forecast in Autopilot's words: `1H` is `H`, `15min` stays.

    Args:
        task: The task, which may say it.
        found: What was read off the data.

    Raises:
        SpecError: It is not given, or of another kind.
    """
    given = task.frequency or found
    if given is None:
        raise SpecError(
            "Autopilot must be told the step between time stamps", where="task.frequency", hint="h, D, W, MS, 15min"
        )
    text = given.strip()
    count = text[: len(text) - len(text.lstrip("0123456789"))]
    unit = text[len(count) :].partition("-")[0]  # a week that starts on another day is a week
    if unit not in _UNITS:
        raise SpecError(f"Autopilot has no step {given!r}", where="task.frequency", hint="use h, D, W, MS, YS or min")
    short = "" if count in {"", "1"} and _UNITS[unit] != "min" else count or "1"
    return f"{short}{_UNITS[unit]}"


def _quantile(value: float) -> str:
    percent = round(value * 100)
    if not math.isclose(percent / 100, value, abs_tol=1e-9) or not 1 <= percent <= 99:
        raise SpecError(f"Autopilot's quantiles are whole hundredths, not {value}", where="task.quantiles")
    return f"p{percent}"


def _generation(task: TextGeneration, limits: dict[str, int]) -> dict[str, Any]:
    if (task.input, task.output) != ("input", "output"):
        raise SpecError(
            "Autopilot takes prompts and answers from columns called input and output",
            where="task.input",
            hint="rename the columns",
        )
    return _present(BaseModelName=task.base_model, CompletionCriteria=limits)
