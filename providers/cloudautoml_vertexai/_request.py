"""Request: a job spec as what is sent to make a data set, a training pipeline and a batch of predictions."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import SpecError
from cloudautoml.spec import ColumnType, TabularClassification, TabularRegression
from cloudautoml_vertexai._cost import milli_node_hours
from cloudautoml_vertexai._metrics import objective
from cloudautoml_vertexai._names import LABEL_JOB, LABEL_REQUEST, LABEL_WORK, column_names, request_digest

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.data import Schema
    from cloudautoml.spec import JobSpec
    from cloudautoml_vertexai.config import VertexaiConfig

_SCHEMAS = "gs://google-cloud-aiplatform/schema"
TABLE = f"{_SCHEMAS}/dataset/metadata/tabular_1.0.0.yaml"
"""What kind of data set a table is."""
TRAINING = f"{_SCHEMAS}/trainingjob/definition/automl_tabular_1.0.0.yaml"
"""What kind of training a table has."""
DATASET_ID = "0000000000000000000"
"""Stands in a plan for the number of the data set, which Google gives it."""

_KINDS = {
    ColumnType.NUMERIC: "numeric",
    ColumnType.CATEGORICAL: "categorical",
    ColumnType.BOOLEAN: "categorical",
    ColumnType.TEXT: "text",
    ColumnType.DATETIME: "timestamp",
}


@dataclass(frozen=True, slots=True)
class Input:
    """Where a job's data is in Cloud Storage, and what is known about it.

    Attributes:
        uri: A CSV file.
        schema: Its columns, by their own names; None where the data was not read here.
    """

    uri: str
    schema: Schema | None = None

    @property
    def classes(self) -> int | None:
        """Number of classes; None for numbers, and where it is not known."""
        return None if self.schema is None or self.schema.classes is None else len(self.schema.classes)


def dataset_request(config: VertexaiConfig, *, name: str, data: Input) -> dict[str, Any]:
    """The `Dataset` of a job.

    Args:
        config: Labels and encryption.
        name: Our id of the job.
        data: Its data.
    """
    return {
        "displayName": name,
        "metadataSchemaUri": TABLE,
        "metadata": {"inputConfig": {"gcsSource": {"uri": [data.uri]}}},
        "labels": {**config.labels, LABEL_JOB: name},
        **_encryption(config),
    }


def pipeline_request(
    spec: JobSpec, config: VertexaiConfig, *, name: str, data: Input, dataset: str = DATASET_ID
) -> dict[str, Any]:
    """The `TrainingPipeline` of a job.

    Args:
        spec: The job.
        config: Labels, encryption, shares of rows.
        name: Our id of the job.
        data: Its data.
        dataset: Number of the data set.

    Raises:
        SpecError: The spec asks for what the request cannot say.
        BudgetError: Nothing bounds the job.
    """
    inputs: dict[str, Any] = {"datasetId": dataset}
    if config.fractions is not None:
        names = ("trainingFraction", "validationFraction", "testFraction")
        inputs["fractionSplit"] = dict(zip(names, config.fractions, strict=True))
    pipeline: dict[str, Any] = {
        "displayName": name,
        "inputDataConfig": inputs,
        "trainingTaskDefinition": TRAINING,
        "trainingTaskInputs": task_inputs(spec, config, data),
        "modelToUpload": {"displayName": name, **_encryption(config)},
        **_encryption(config),
    }
    pipeline = merged(pipeline, config.raw)
    labels = {**config.labels, **pipeline.get("labels", {}), LABEL_JOB: name, LABEL_REQUEST: request_digest(pipeline)}
    model = {**pipeline["modelToUpload"]}
    return {**pipeline, "labels": labels, "modelToUpload": {**model, "labels": {**model.get("labels", {}), **labels}}}


def task_inputs(spec: JobSpec, config: VertexaiConfig, data: Input) -> dict[str, Any]:
    """The `AutoMlTablesInputs` of a tabular job."""
    if not isinstance(spec.task, (TabularClassification, TabularRegression)):
        raise SpecError(f"Vertex AI has no {spec.task.type} here", where="task.type")
    weight = spec.task.weight
    names = column_names([spec.task.target, *([weight] if weight else []), *(data.schema.names if data.schema else [])])
    return {
        "targetColumn": names[spec.task.target],
        "predictionType": "regression" if isinstance(spec.task, TabularRegression) else "classification",
        "transformations": transformations(data.schema, names) if data.schema else [],
        "trainBudgetMilliNodeHours": milli_node_hours(spec, config),
        "optimizationObjective": objective(spec, data.classes),
        "disableEarlyStopping": not config.early_stopping,
        **({"weightColumnName": names[weight]} if weight else {}),
    }


def transformations(schema: Schema, names: Mapping[str, str]) -> list[dict[str, Any]]:
    """How each feature is to be read.

    A row in which a number or a time is missing is dropped unless that is said to be allowed.
    """
    found: list[dict[str, Any]] = []
    for feature in schema.features:
        kind = _KINDS[feature.type]
        detail: dict[str, Any] = {"column_name": names[feature.name]}
        if kind in {"numeric", "timestamp"}:
            detail["invalid_values_allowed"] = True
        found.append({kind: detail})
    return found


def batch_request(config: VertexaiConfig, *, job: str, model: str, rows: str, output: str, work: str) -> dict[str, Any]:
    """The `BatchPredictionJob` of a table.

    Args:
        config: Machine, labels and encryption.
        job: Our id of the job.
        model: Resource name of the model, with its version.
        rows: Address of a CSV file.
        output: Address of the folder that answers go into.
        work: Digest of what is predicted by what.
    """
    return {
        "displayName": f"{job}-{work[:12]}",
        "model": model,
        "inputConfig": {"instancesFormat": "csv", "gcsSource": {"uris": [rows]}},
        "outputConfig": {"predictionsFormat": "jsonl", "gcsDestination": {"outputUriPrefix": output}},
        "dedicatedResources": {
            "machineSpec": {"machineType": config.batch_machine_type},
            "startingReplicaCount": 1,
            "maxReplicaCount": 1,
        },
        "labels": {**config.labels, LABEL_JOB: job, LABEL_WORK: work},
        **_encryption(config),
    }


def merged(request: Mapping[str, Any], raw: Mapping[str, Any]) -> dict[str, Any]:
    """A request with the user's own fields laid over it: objects are merged, everything else is replaced."""
    result = dict(request)
    for name, value in raw.items():
        old = result.get(name)
        result[name] = merged(old, value) if isinstance(old, dict) and isinstance(value, dict) else value
    return result


def _encryption(config: VertexaiConfig) -> dict[str, Any]:
    return {} if config.encryption_key is None else {"encryptionSpec": {"kmsKeyName": config.encryption_key}}
