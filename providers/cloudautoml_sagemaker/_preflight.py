"""Preflight: refuse, before anything is sent, what Autopilot would refuse after the data has been uploaded.

Names, patterns, enumerations and ranges come from the service model; the rules over several fields, which no model
states, are written out below, each with the sentence of AWS's documentation that it follows.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cloudautoml.capabilities import Feature, Gap, unsupported
from cloudautoml.errors import BudgetError, ConfigError, SpecError
from cloudautoml.spec import (
    Forecasting,
    ImageClassification,
    TabularClassification,
    TabularRegression,
    TextClassification,
)
from cloudautoml_sagemaker._metrics import check_metric
from cloudautoml_sagemaker._model import violations
from cloudautoml_sagemaker._names import PLANNED_ID, uri
from cloudautoml_sagemaker._request import CSV, IMAGES, Input, create_request, job_seconds
from cloudautoml_sagemaker._search import ENSEMBLING, FORECASTING, TUNING, check_search, mode_of
from cloudautoml_sagemaker._spec import problem_of

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker.config import SagemakerConfig

LONGEST_JOB = 30 * 24 * 3600
"""Seconds: "the maximum runtime of an AutoML job is 30 days", which is also the default."""
FEWEST_ROWS = 500
"""Rows: "the training dataset must have at least 500 rows"."""

SEALABLE = (TabularClassification, TabularRegression, ImageClassification, TextClassification, Forecasting)
"""Tasks whose rows are read here, so that some of them can be sealed."""

# where the fields of a request come from, for messages in the user's own words
_FIELDS = (
    (r"AutoMLJobName", "name"),
    (r"RoleArn", "providers.sagemaker.role"),
    (r"Tags.*", "providers.sagemaker.tags"),
    (r"OutputDataConfig\.KmsKeyId", "providers.sagemaker.kms_key"),
    (r"OutputDataConfig.*", "providers.sagemaker.prefix"),
    (r"SecurityConfig\.VolumeKmsKeyId", "providers.sagemaker.volume_kms_key"),
    (r"SecurityConfig\.VpcConfig\.Subnets.*", "providers.sagemaker.subnets"),
    (r"SecurityConfig\.VpcConfig.*", "providers.sagemaker.security_groups"),
    (r"AutoMLJobInputDataConfig.*S3Uri", "data.train"),
    (r".*\.MaxCandidates", "budget.max_trials"),
    (r".*\.MaxRuntimePerTrainingJobInSeconds", "budget.max_trial_time"),
    (r".*\.MaxAutoMLJobRuntimeInSeconds", "budget.max_time"),
    (r".*\.SampleWeightAttributeName", "task.weight"),
    (r".*\.ForecastFrequency", "task.frequency"),
    (r".*\.ForecastHorizon", "task.horizon"),
    (r".*\.ForecastQuantiles.*", "task.quantiles"),
    (r".*\.TimestampAttributeName", "task.time"),
    (r".*\.(ItemIdentifierAttributeName|GroupingAttributeNames.*)", "task.series"),
    (r".*\.ContentColumn", "task.text"),
    (r".*\.BaseModelName", "task.base_model"),
    (r".*\.(TargetAttributeName|TargetLabelColumn)", "task.target"),
)


def gaps_of(spec: JobSpec) -> Iterator[Gap]:
    """Refusals that depend on more than one field of a spec."""
    sealable = isinstance(spec.task, SEALABLE)
    if spec.data.holdout is not None and spec.data.test is None:
        remote = isinstance(spec.data.train, str) and spec.data.train.startswith("s3://")
        if remote or not sealable:
            kind = next((name for name in ("column", "time", "group") if getattr(spec.data.holdout, name)), "fraction")
            reason = "data in S3 is not read here" if remote else f"rows of {spec.task.type} are not split here"
            yield Gap(
                Feature(f"holdout_{kind}"),
                unsupported(f"{reason}, so none can be sealed", "data.holdout: null"),
                "data.holdout",
            )
    if isinstance(spec.task, Forecasting) and (spec.budget.max_trials or len(FORECASTING) + 1) <= len(FORECASTING):
        yield Gap(
            Feature.MAX_TRIALS,
            unsupported("a forecast always trains six algorithms and their ensemble", "leave it out"),
            "budget.max_trials",
        )
    if getattr(spec.task, "weight", None) is not None and mode_of(spec) == "HYPERPARAMETER_TUNING":
        # "SampleWeightAttributeName": sample weights are for the mode ENSEMBLING alone (API reference)
        yield Gap(
            Feature.SAMPLE_WEIGHTS,
            unsupported("only the mode ensembling takes row weights", "search.strategy: ensembling"),
            "task.weight",
        )


def check_spec(spec: JobSpec, config: SagemakerConfig) -> None:
    """Refuse a spec that makes no valid request, whatever its data holds.

    Raises:
        SpecError: A value is wrong, with the field that it stands in.
        ConfigError: A setting is.
        BudgetError: Nothing bounds what the job may spend.
    """
    check_search(spec)
    check_metric(spec)
    _check_test(spec)
    check_budget(spec, config)
    images = isinstance(spec.task, ImageClassification)
    planned = uri(config, "data", "0" * 64, "train" if images else "train.csv") + ("/" if images else "")
    train = spec.data.train
    address = train if isinstance(train, str) and train.startswith("s3://") else planned
    # the class count is known with the data; two classes stand for it where the metric leaves it open
    classes = 2 if isinstance(spec.task, TabularClassification) and address is planned else None
    if classes and spec.metric.name in {"f1_macro", "precision_macro", "recall_macro"}:
        classes = 3
    data = Input(address, IMAGES if images else CSV, classes=classes, frequency="D" if address is planned else None)
    check_request(create_request(spec, config, name=f"{spec.name}-{PLANNED_ID}", data=data))


def _check_test(spec: JobSpec) -> None:
    remote = isinstance(spec.data.train, str) and spec.data.train.startswith("s3://")
    if spec.data.test is not None and (remote or not isinstance(spec.task, SEALABLE)):
        reason = "data in S3" if remote else spec.task.type
        raise SpecError(f"models of {reason} are not scored here, so nothing would be done with it", where="data.test")


def check_budget(spec: JobSpec, config: SagemakerConfig) -> None:
    """Refuse a job that nothing bounds.

    Raises:
        BudgetError: It has no limit, or one of money that cannot be turned into one of time.
        SpecError: The limit is longer than Autopilot's own.
    """
    money = spec.budget.max_cost
    if money is not None and money.currency != "USD":
        raise BudgetError("AWS is paid in USD, and no rate of exchange is known", where="budget.max_cost")
    if money is not None and config.hourly_rate is None:
        raise BudgetError(
            "a limit of money needs the price of an hour, and Autopilot publishes none",
            where="budget.max_cost",
            hint="set providers.sagemaker.hourly_rate to the most that an hour of a job may cost, or give max_time",
        )
    seconds = job_seconds(spec, config)
    if seconds is None:
        raise BudgetError(
            "without a limit an Autopilot job may run, and be paid for, for 30 days",
            where="budget.max_time",
            hint="give budget.max_time or budget.max_cost",
        )
    if seconds > LONGEST_JOB:
        raise SpecError("an Autopilot job ends after 30 days", where="budget.max_time")


def check_request(request: Mapping[str, Any]) -> None:
    """Refuse a request that SageMaker would refuse; all that is wrong is named at once.

    Raises:
        SpecError: It would, for something that the spec says.
        ConfigError: It would, for a setting.
    """
    found = [*violations("CreateAutoMLJobV2", request), *_rules(request)]
    if not found:
        return
    places = [(_place(path), path, message) for path, message in found]
    kind = ConfigError if all(place.startswith("providers.") for place, _, _ in places) else SpecError
    lines = "; ".join(f"{message} ({path})" for _, path, message in places)
    raise kind(lines, where=places[0][0], hint="`raw` is laid over the request last: look there too")


def _place(path: str) -> str:
    return next((field for pattern, field in _FIELDS if re.fullmatch(pattern, path)), "providers.sagemaker.raw")


def _rules(request: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """The rules over several fields, for a request that may have been changed by `raw`."""
    kind, config = problem_of(request)
    top = f"AutoMLProblemTypeConfig.{kind}"
    objective = request.get("AutoMLJobObjective")
    if kind == "TabularJobConfig":
        # "You must either specify the type of supervised learning problem in ProblemType and provide the
        # AutoMLJobObjective metric, or none at all": TabularJobConfig, API reference
        if ("ProblemType" in config) is not (objective is not None):
            yield f"{top}.ProblemType", "is given together with AutoMLJobObjective, or neither is"
        yield from _tabular_rules(config, top)
    elif "MaxCandidates" in (limits := config.get("CompletionCriteria", {})) and limits["MaxCandidates"] != 1:
        # "For job types other than tabular, the value must be 1": AutoMLJobCompletionCriteria, API reference
        yield f"{top}.CompletionCriteria.MaxCandidates", "is 1 for every job that is not tabular"
    if kind == "TextGenerationJobConfig" and objective is not None:
        yield "AutoMLJobObjective", "is not set for text generation"
    if kind == "TextClassificationJobConfig" and config.get("ContentColumn") == config.get("TargetLabelColumn"):
        yield f"{top}.ContentColumn", "is another column than the label"
    if kind == "TimeSeriesForecastingJobConfig":
        # "The forecast horizon must be at most 500": AutoML forecasting quotas, developer guide
        if config.get("ForecastHorizon", 1) > 500:
            yield f"{top}.ForecastHorizon", "a forecast reaches 500 steps at most"
        if "DataSplitConfig" in request:
            yield "DataSplitConfig", "is not for forecasts"
        yield from _algorithms(config, top, FORECASTING, "a forecast")
    channels: list[Mapping[str, Any]] = request.get("AutoMLJobInputDataConfig", [])
    if len(channels) == 2 and "DataSplitConfig" in request:
        # "If you provide two datasets, do not specify a fraction": AutoMLDataSplitConfig, developer guide
        yield "DataSplitConfig", "a share to validate on is not given beside a channel to validate on"
    yield from _channel_rules(kind, channels)
    deploy = request.get("ModelDeployConfig", {})
    if deploy.get("AutoGenerateEndpointName") and "EndpointName" in deploy:
        # "Do not specify the EndpointName if AutoGenerateEndpointName is True; otherwise a 400 error is thrown"
        yield "ModelDeployConfig.EndpointName", "is either given or generated"


def _tabular_rules(config: Mapping[str, Any], top: str) -> Iterator[tuple[str, str]]:
    mode = config.get("Mode", "AUTO")
    if "SampleWeightAttributeName" in config and mode != "ENSEMBLING":
        yield f"{top}.SampleWeightAttributeName", "needs the mode ENSEMBLING"
    if mode == "AUTO" and config.get("CandidateGenerationConfig", {}).get("AlgorithmsConfig"):
        # "For the AUTO mode, AlgorithmsConfig must not be specified": CandidateGenerationConfig, API reference
        yield f"{top}.CandidateGenerationConfig", "algorithms are named together with a mode other than AUTO"
    if mode != "AUTO":
        yield from _algorithms(config, top, ENSEMBLING if mode == "ENSEMBLING" else TUNING, f"the mode {mode}")


def _algorithms(config: Mapping[str, Any], top: str, known: tuple[str, ...], what: str) -> Iterator[tuple[str, str]]:
    for part in config.get("CandidateGenerationConfig", {}).get("AlgorithmsConfig", []):
        for name in part.get("AutoMLAlgorithms", []):
            if name not in known:
                yield f"{top}.CandidateGenerationConfig", f"{what} does not know {name}"


def _channel_rules(kind: str, channels: list[Mapping[str, Any]]) -> Iterator[tuple[str, str]]:
    images = kind == "ImageClassificationJobConfig"
    for number, channel in enumerate(channels):
        path = f"AutoMLJobInputDataConfig[{number}]"
        source = channel.get("DataSource", {}).get("S3DataSource", {})
        data_type, zipped = source.get("S3DataType"), channel.get("CompressionType") == "Gzip"
        # "S3DataType" by problem type: AutoMLJobChannel and AutoMLS3DataSource, API reference
        allowed = {"TabularJobConfig": {"S3Prefix", "ManifestFile"}}.get(kind, {"S3Prefix"})
        if images:
            allowed = {"S3Prefix", "ManifestFile", "AugmentedManifestFile"}
        if data_type is not None and data_type not in allowed:
            yield f"{path}.DataSource.S3DataSource.S3DataType", f"is one of {', '.join(sorted(allowed))} here"
        if zipped and (kind != "TabularJobConfig" or data_type != "S3Prefix"):
            yield f"{path}.CompressionType", "Gzip is for tables under a prefix"
        content = channel.get("ContentType", "")
        if content and content.startswith("image/") is not images:
            yield f"{path}.ContentType", f"{content} is not what this problem type reads"
        if images and data_type == "S3Prefix" and not str(source.get("S3Uri", "")).endswith("/"):
            yield f"{path}.DataSource.S3DataSource.S3Uri", "a folder of images ends in a slash"
    if len({channel.get("ContentType") for channel in channels}) > 1:
        yield "AutoMLJobInputDataConfig", "both channels are written in the same way"
