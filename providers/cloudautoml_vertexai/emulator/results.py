"""Results: a provider's best model and its scores, as Google tells of a model and of its evaluation."""

from __future__ import annotations

import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import EMULATED
from cloudautoml.spec import TabularClassification
from cloudautoml_vertexai._metrics import CANONICAL

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.job import Job
    from cloudautoml.leaderboard import Candidate
    from cloudautoml.spec import JobSpec

_SCHEMA = "gs://google-cloud-aiplatform/schema"
_VENDOR = {ours: theirs for theirs, ours in CANONICAL.items()}


def chosen(job: Job) -> Candidate:
    """The model that Google would show: the best that can predict, the baseline left out."""
    usable = [c for c in job.leaderboard() if c.succeeded and c.can_infer and c.algorithm != "baseline"]
    return usable[0]


def model_of(pipeline: Mapping[str, Any], job: Job, candidate: Candidate, *, now: str) -> dict[str, Any]:
    """The `Model` of a pipeline, without its name."""
    asked: Mapping[str, Any] = pipeline["modelToUpload"]
    return {
        **{name: value for name, value in asked.items() if name in {"displayName", "description", "encryptionSpec"}},
        "labels": {**asked.get("labels", {}), EMULATED: "true"},
        "versionId": "1",
        "versionAliases": ["default"],
        "versionDescription": f"{candidate.algorithm}, trained by {job.provider}",
        "metadataSchemaUri": f"{_SCHEMA}/model/metadata/automl_tabular_1.0.0.yaml",
        "supportedExportFormats": [{"id": "tf-saved-model", "exportableContents": ["ARTIFACT"]}],
        "trainingPipeline": pipeline["name"],
        "supportedDeploymentResourcesTypes": ["DEDICATED_RESOURCES"],
        "supportedInputStorageFormats": ["csv", "bigquery"],
        "supportedOutputStorageFormats": ["csv", "jsonl", "bigquery"],
        "createTime": now,
        "updateTime": now,
        "versionCreateTime": now,
        "versionUpdateTime": now,
        "etag": EMULATED,
    }


def evaluation_of(spec: JobSpec, job: Job, candidate: Candidate, *, now: str) -> dict[str, Any]:
    """The `ModelEvaluation` of a model, without its name: what the provider has measured, and nothing else."""
    kind = "classification" if isinstance(spec.task, TabularClassification) else "regression"
    metrics = dict(candidate.metrics_val)
    if candidate.score_val is not None:
        metrics.setdefault(spec.metric.name, spec.metric.from_score(candidate.score_val))
    told: dict[str, Any] = {_VENDOR[name]: value for name, value in metrics.items() if name in _VENDOR}
    matrix = _read(job, "evaluation")
    if matrix.get("confusion"):
        specs = [{"id": str(number), "displayName": name} for number, name in enumerate(matrix["classes"])]
        told["confusionMatrix"] = {"annotationSpecs": specs, "rows": matrix["confusion"]}
    found: dict[str, Any] = {
        "displayName": EMULATED,
        "metricsSchemaUri": f"{_SCHEMA}/modelevaluation/{kind}_metrics_1.0.0.yaml",
        "metrics": told,
        "createTime": now,
    }
    features: list[Mapping[str, Any]] = _read(job, "importance").get("features", [])
    if features:
        shares = {str(feature["name"]): float(feature["importance"]) for feature in features}
        found["modelExplanation"] = {"meanAttributions": [{"featureAttributions": shares}]}
    return found


def _read(job: Job, name: str) -> dict[str, Any]:
    """What the provider has left of that name; empty where it leaves none."""
    place = job.artifacts().get(name)
    if place is None:
        return {}
    found: dict[str, Any] = json.loads(Path(place).read_text(encoding="utf-8"))
    return found
