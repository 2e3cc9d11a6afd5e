"""Preflight: refuse, before anything is sent, what Azure would refuse minutes later, or carry out in its own way.

Azure's own SDK checks next to nothing; the rules below are those of the published schema and of the documentation.
"""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

from cloudautoml.capabilities import Feature, Gap, unsupported
from cloudautoml.errors import BudgetError, ConfigError, SpecError
from cloudautoml_azureml._metrics import PRIMARY_METRICS, primary_metric
from cloudautoml_azureml._names import PLANNED_ID, datastore_uri
from cloudautoml_azureml._request import TASKS, Input, create_request, job_seconds
from cloudautoml_azureml._search import ALGORITHMS, check_search
from cloudautoml_azureml._spec import seconds_of
from cloudautoml_azureml._upload import is_remote

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudautoml.spec import JobSpec
    from cloudautoml_azureml.config import AzuremlConfig

LONGEST_JOB = 6 * 24 * 3600
"""Seconds: what a job without a limit is given; no longer one is promised."""
FEWEST_ROWS = 50
"""Rows of training data that a job is refused below."""

_NAME = re.compile(r"[a-zA-Z0-9][a-zA-Z0-9\-_]{0,254}")
# where the fields of a request come from, for messages in the user's own words
_FIELDS = (
    (r"resources.*|queueSettings.*", "providers.azureml.instance_type"),
    (r"computeId", "providers.azureml.compute"),
    (r"taskDetails\.limitSettings\.maxTrials", "budget.max_trials"),
    (r"taskDetails\.limitSettings\.maxConcurrentTrials", "budget.max_parallel"),
    (r"taskDetails\.limitSettings\.trialTimeout", "budget.max_trial_time"),
    (r"taskDetails\.limitSettings\.timeout", "budget.max_time"),
    (r"taskDetails\.targetColumnName", "task.target"),
    (r"taskDetails\.weightColumnName", "task.weight"),
    (r"taskDetails\.trainingData.*", "data.train"),
    (r"taskDetails\.trainingSettings\.allowedTrainingAlgorithms", "search.families"),
    (r"taskDetails\.primaryMetric", "objective.metric"),
)


def gaps_of(spec: JobSpec) -> Iterator[Gap]:
    """Refusals that depend on more than one field of a spec."""
    if is_remote(spec) and spec.data.holdout is not None and spec.data.test is None:
        kind = next((name for name in ("column", "time", "group") if getattr(spec.data.holdout, name)), "fraction")
        yield Gap(
            Feature(f"holdout_{kind}"),
            unsupported("data at Azure is not read here, so no row can be sealed", "data.holdout: null"),
            "data.holdout",
        )


def check_spec(spec: JobSpec, config: AzuremlConfig) -> None:
    """Refuse a spec that makes no valid request, whatever its data holds.

    Raises:
        SpecError: A value is wrong, with the field that it stands in.
        ConfigError: A setting is.
        BudgetError: Nothing bounds what the job may spend.
    """
    check_search(spec)
    primary_metric(spec)
    if spec.data.test is not None and is_remote(spec):
        raise SpecError("models of data at Azure are not scored here, so nothing would be done with it",
                        where="data.test")  # fmt: skip
    check_budget(spec, config)
    address = str(spec.data.train) if is_remote(spec) else datastore_uri(config, "data", "0" * 64)
    check_request(create_request(spec, config, name=f"{spec.name}-{PLANNED_ID}", data=Input(address)))


def check_budget(spec: JobSpec, config: AzuremlConfig) -> None:
    """Refuse a job that nothing bounds.

    Raises:
        BudgetError: It has no limit, or one of money that cannot be turned into one of time.
        SpecError: The limit is longer than Azure's own.
    """
    money = spec.budget.max_cost
    if money is not None and money.currency != "USD":
        raise BudgetError("Azure is reckoned in USD here, and no rate of exchange is known", where="budget.max_cost")
    if money is not None and config.hourly_rate is None:
        raise BudgetError(
            "a limit of money needs the price of an hour, and none is known",
            where="budget.max_cost",
            hint="set providers.azureml.hourly_rate to what an hour of one machine costs, or give max_time",
        )
    seconds = job_seconds(spec, config)
    if seconds is None:
        raise BudgetError(
            "without a limit an AutoML job may run, and be paid for, for 6 days",
            where="budget.max_time",
            hint="give budget.max_time or budget.max_cost",
        )
    if seconds > LONGEST_JOB:
        raise SpecError("an AutoML job ends after 6 days", where="budget.max_time")


def check_request(request: Mapping[str, Any]) -> None:
    """Refuse a request that Azure would refuse; all that is wrong is named at once.

    Raises:
        SpecError: It would, for something that the spec says.
        ConfigError: It would, for a setting.
    """
    found = list(rules(request["properties"]))
    if not found:
        return
    places = [(_place(path), path, message) for path, message in found]
    kind = ConfigError if all(place.startswith("providers.") for place, _, _ in places) else SpecError
    lines = "; ".join(f"{message} ({path})" for _, path, message in places)
    raise kind(lines, where=places[0][0], hint="`raw` is laid over the request last: look there too")


def _place(path: str) -> str:
    return next((field for pattern, field in _FIELDS if re.fullmatch(pattern, path)), "providers.azureml.raw")


def is_job_name(name: str) -> bool:
    """Whether a job may have that name."""
    return _NAME.fullmatch(name) is not None


def rules(properties: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    """What is wrong with the properties of an AutoML job, which `raw` may have changed: a path and a sentence each."""
    if properties.get("computeId") and properties.get("resources"):
        yield "resources", "a job runs on a cluster or on serverless machines, not on both"
    details: Mapping[str, Any] = properties.get("taskDetails", {})
    kind = next((ours for ours, theirs in TASKS.items() if theirs == details.get("taskType")), None)
    if kind is None:
        yield "taskDetails.taskType", f"{details.get('taskType')} is not a task that is sent from here"
        return
    if not details.get("targetColumnName"):
        yield "taskDetails.targetColumnName", "is missing"
    if not re.search(r"\w", str(details.get("trainingData", {}).get("uri", ""))):
        yield "taskDetails.trainingData.uri", "is missing"
    primary = details.get("primaryMetric")
    if primary is not None and primary not in PRIMARY_METRICS[kind]:
        yield "taskDetails.primaryMetric", f"{primary} is not one of {', '.join(PRIMARY_METRICS[kind])}"
    yield from _limit_rules(details.get("limitSettings") or {})
    yield from _training_rules(details.get("trainingSettings") or {}, kind)
    folds = details.get("nCrossValidations")
    if folds is not None and (not isinstance(folds, dict) or (folds.get("mode") == "Custom" and "value" not in folds)):
        yield "taskDetails.nCrossValidations", 'is {"mode": "Auto"} or {"mode": "Custom", "value": 5}'
    if folds is not None and details.get("validationData") is not None:
        yield "taskDetails.validationData", "is given, or folds are, not both"
    share = details.get("validationDataSize")
    if share is not None and not 0 < float(share) < 1:
        yield "taskDetails.validationDataSize", "is a share of the rows, between 0 and 1"


def _limit_rules(limits: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    top = "taskDetails.limitSettings"
    seconds: dict[str, float] = {}
    for name in ("timeout", "trialTimeout"):
        if limits.get(name) is not None:
            try:
                seconds[name] = seconds_of(str(limits[name]))
            except SpecError as exc:
                yield f"{top}.{name}", exc.message
            else:
                if seconds[name] <= 0:  # Azure would take it for none, and that is six days
                    yield f"{top}.{name}", "is longer than nothing"
    for name in ("maxTrials", "maxConcurrentTrials"):
        if limits.get(name) is not None and not 1 <= int(limits[name]) <= 1000:
            yield f"{top}.{name}", f"{limits[name]} is not between 1 and 1000"
    if seconds.get("trialTimeout", 0) > seconds.get("timeout", float("inf")):
        yield f"{top}.trialTimeout", "a trial may take no longer than the job"
    if limits.get("maxTrials") and int(limits.get("maxConcurrentTrials") or 1) > int(limits["maxTrials"]):
        yield f"{top}.maxConcurrentTrials", "no more trials run at once than there are"


def _training_rules(training: Mapping[str, Any], kind: str) -> Iterator[tuple[str, str]]:
    top = "taskDetails.trainingSettings"
    known = {*ALGORITHMS[kind].values()}
    lists = {name: training.get(f"{name}TrainingAlgorithms") or [] for name in ("allowed", "blocked")}
    for name, algorithms in lists.items():
        if strangers := [algorithm for algorithm in algorithms if algorithm not in known]:
            yield f"{top}.{name}TrainingAlgorithms", f"{', '.join(strangers)}: known are {', '.join(sorted(known))}"
    if both := sorted({*lists["allowed"]} & {*lists["blocked"]}):
        yield f"{top}.blockedTrainingAlgorithms", f"{', '.join(both)} cannot be both allowed and blocked"
    if training.get("enableOnnxCompatibleModels") and training.get("enableStackEnsemble"):
        yield f"{top}.enableStackEnsemble", "stacks have no ONNX form"
