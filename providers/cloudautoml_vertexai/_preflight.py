"""Preflight: refuse, before anything is sent, what Google would refuse after the data has been uploaded.

Google's own client checks next to nothing of this; the rules are those of its documentation.
"""

from __future__ import annotations

import re
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConfigError, SpecError
from cloudautoml_vertexai._cost import LEAST, MOST, milli_node_hours
from cloudautoml_vertexai._metrics import KNOWN_OBJECTIVES, check_metric, objective
from cloudautoml_vertexai._names import PLANNED_ID, uri
from cloudautoml_vertexai._request import TRAINING, Input, pipeline_request

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    from cloudautoml.data import Finding, PreparedData
    from cloudautoml.spec import JobSpec
    from cloudautoml_vertexai.config import VertexaiConfig

FEWEST_ROWS, MOST_ROWS = 1_000, 100_000_000
"""Rows of a table: "between 1,000 and 100,000,000"."""
MOST_COLUMNS = 1_000
"""Columns of a table, the target among them."""
MOST_CLASSES = 500
"""Values of a target that is a class: "at least two and no more than 500"."""
HEAVIEST = 10_000
"""Weight of a row: "numeric values between 0 and 10000 inclusively"."""

TASK_FIELDS = (
    "targetColumn", "predictionType", "transformations", "trainBudgetMilliNodeHours", "optimizationObjective",
    "optimizationObjectiveRecallValue", "optimizationObjectivePrecisionValue", "disableEarlyStopping",
    "weightColumnName", "exportEvaluatedDataItemsConfig", "additionalExperiments",
)  # fmt: skip
"""The fields of `AutoMlTablesInputs`."""
TRANSFORMATIONS = (
    "auto", "numeric", "categorical", "timestamp", "text", "repeatedNumeric", "repeatedCategorical", "repeatedText",
    "repeated_numeric", "repeated_categorical", "repeated_text",
)  # fmt: skip
"""The ways to read a column, in either of the spellings that Google takes."""
_LABEL_KEY = re.compile(r"[a-z][a-z0-9_-]{0,62}")
_LABEL_VALUE = re.compile(r"[a-z0-9_-]{0,63}")
_MOST_LABELS = 64


def check_spec(spec: JobSpec, config: VertexaiConfig) -> None:
    """Refuse a spec that makes no valid request, whatever its data holds.

    Raises:
        SpecError: A value is wrong, with the field that it stands in.
        ConfigError: A setting is.
        BudgetError: Nothing bounds what the job may spend.
    """
    check_metric(spec)
    milli_node_hours(spec, config)
    if is_remote(spec):
        raise SpecError(
            "a table is read here first: its columns are typed and its rows sealed before it is sent",
            where="data.train",
            hint="give a local file",
        )
    planned = Input(uri(config, "data", "0" * 64, "train.csv"))
    config_problems(config)
    check_request(pipeline_request(spec, config, name=f"{spec.name}-{PLANNED_ID}", data=planned), columns=False)


def is_remote(spec: JobSpec) -> bool:
    """Whether the data is in a cloud store."""
    return isinstance(spec.data.train, str) and "://" in spec.data.train


def config_problems(config: VertexaiConfig) -> None:
    """Refuse settings that no request can be made with.

    Raises:
        ConfigError: The project or the region is missing.
    """
    from cloudautoml_vertexai._names import parent_of

    parent_of(config)


def check_data(spec: JobSpec, data: PreparedData) -> PreparedData:
    """The data with a finding for each rule of Google's that it breaks.

    Raises:
        SpecError: The metric does not fit the number of classes.
    """
    from cloudautoml.data import Finding, Severity

    classes = data.schema.classes
    objective(spec, None if classes is None else len(classes))
    found = [
        Finding(code, Severity.ERROR, message, column, hint)
        for code, message, column, hint in _data_rules(data, None if classes is None else len(classes))
    ]
    kept: tuple[Finding, ...] = (*found, *data.findings)
    return replace(data, findings=kept) if found else data


def _data_rules(data: PreparedData, classes: int | None) -> Iterator[tuple[str, str, str | None, str]]:
    rows, columns = len(data.train), len(data.schema.features) + 1
    if not FEWEST_ROWS <= rows <= MOST_ROWS:
        told = f"{rows:,} rows to learn from, and Vertex AI takes {FEWEST_ROWS:,} to {MOST_ROWS:,}"
        yield "rows.number_for_vertexai", told, None, "seal fewer rows, or train locally"
    if columns > MOST_COLUMNS:
        told = f"{columns:,} columns, and Vertex AI takes {MOST_COLUMNS:,}"
        yield "columns.too_many_for_vertexai", told, None, "leave some out: data.types, ignore"
    if classes is not None and classes > MOST_CLASSES:
        told = f"{classes} classes, and Vertex AI takes {MOST_CLASSES}"
        yield "target.too_many_classes_for_vertexai", told, data.schema.target, "join rare classes, or train locally"
    if data.schema.weight is not None and (heaviest := float(data.train[data.schema.weight].max())) > HEAVIEST:
        told = f"a row weighs {heaviest:g}, and Vertex AI takes {HEAVIEST} at most"
        yield "weight.too_heavy_for_vertexai", told, data.schema.weight, "divide all weights by the same number"


def check_request(pipeline: Mapping[str, Any], *, columns: bool = True) -> None:
    """Refuse a pipeline that Google would refuse; all that is wrong is named at once.

    Args:
        pipeline: The `TrainingPipeline`, after `raw` was laid over it.
        columns: Whether its columns are known already.

    Raises:
        SpecError: Google would, for something that the spec or `raw` says.
        ConfigError: It would, for a label or a share of rows.
    """
    found = [*_label_rules(pipeline), *_split_rules(pipeline)]
    if found:
        raise ConfigError("; ".join(message for _, message in found), where=f"providers.vertexai.{found[0][0]}")
    found = [*_task_rules(pipeline, columns=columns)]
    if found:
        lines = "; ".join(f"{message} (trainingTaskInputs.{path})" for path, message in found)
        raise SpecError(lines, where=_FIELDS.get(found[0][0], "providers.vertexai.raw"), hint="look at `raw`, too")


_FIELDS = {"targetColumn": "task.target", "weightColumnName": "task.weight", "transformations": "data"}


def _label_rules(pipeline: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    labels: Mapping[str, Any] = pipeline.get("labels", {})
    if len(labels) > _MOST_LABELS:
        yield "labels", f"{len(labels)} labels, and Google takes {_MOST_LABELS}"
    for key, value in labels.items():
        if not _LABEL_KEY.fullmatch(key) or not _LABEL_VALUE.fullmatch(str(value)):
            rule = "lower-case letters, digits, _ and -, 63 at most, a key starts with a letter"
            yield "labels", f"label {key}={value} is not made of {rule}"


def _split_rules(pipeline: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    split: Mapping[str, Any] = pipeline.get("inputDataConfig", {}).get("fractionSplit", {})
    if split and abs(sum(map(float, split.values())) - 1) > 1e-6:
        yield "fractions", f"the shares of rows add up to {sum(map(float, split.values())):g}, not to 1"


def _task_rules(pipeline: Mapping[str, Any], *, columns: bool) -> Iterator[tuple[str, str]]:
    if pipeline.get("trainingTaskDefinition") != TRAINING:
        return
    inputs: Mapping[str, Any] = pipeline.get("trainingTaskInputs", {})
    for name in inputs:
        if name not in TASK_FIELDS:
            yield name, f"unknown field; known: {', '.join(TASK_FIELDS)}"
    if not inputs.get("targetColumn"):
        yield "targetColumn", "is missing"
    kind, aim = inputs.get("predictionType"), inputs.get("optimizationObjective")
    if kind not in {"classification", "regression"}:
        yield "predictionType", f"{kind!r} is not one of classification, regression"
    if aim is not None and aim not in KNOWN_OBJECTIVES:
        yield "optimizationObjective", f"{aim!r} is not one of {', '.join(KNOWN_OBJECTIVES)}"
    elif aim is not None and (aim in {"minimize-rmse", "minimize-mae", "minimize-rmsle"}) is not (kind == "regression"):
        yield "optimizationObjective", f"{aim} is not an objective of a {kind}"
    yield from _at_rules(inputs, aim)
    budget = inputs.get("trainBudgetMilliNodeHours", 0)
    if isinstance(budget, bool) or not isinstance(budget, (int, float)) or not LEAST <= budget <= MOST:
        yield "trainBudgetMilliNodeHours", f"{budget!r} is not between {LEAST} and {MOST}"
    if columns:
        yield from _column_rules(inputs)


def _at_rules(inputs: Mapping[str, Any], aim: str | None) -> Iterator[tuple[str, str]]:
    for word, field in (("recall", "optimizationObjectiveRecallValue"),
                        ("precision", "optimizationObjectivePrecisionValue")):  # fmt: skip
        wanted, value = bool(aim and aim.endswith(f"-at-{word}")), inputs.get(field)
        if wanted and not (isinstance(value, (int, float)) and 0 <= value <= 1):
            yield field, f"{aim} needs a {word} between 0 and 1"


def _column_rules(inputs: Mapping[str, Any]) -> Iterator[tuple[str, str]]:
    given: list[Mapping[str, Any]] = inputs.get("transformations") or []
    if not given:
        yield "transformations", "there is no feature to learn from"
    named: list[str] = []
    for number, entry in enumerate(given):
        kind, detail = next(iter(entry.items()), ("", None))
        name = detail.get("column_name", detail.get("columnName")) if isinstance(detail, dict) else None
        if len(entry) != 1 or kind not in TRANSFORMATIONS or not name:
            yield "transformations", f"entry {number} is not a known way to read a column"
        else:
            named.append(str(name))
    for name in sorted({name for name in named if named.count(name) > 1}):
        yield "transformations", f"column {name} stands there twice"
    for role in ("targetColumn", "weightColumnName"):
        if inputs.get(role) in named:
            yield role, f"{inputs[role]} is no feature"
    for name in (*named, inputs.get("targetColumn"), inputs.get("weightColumnName")):
        if name and not re.fullmatch(r"[A-Za-z0-9][A-Za-z0-9_]*", str(name)):
            yield "transformations", f"column {name!r} has other characters than letters, digits and underscores"
