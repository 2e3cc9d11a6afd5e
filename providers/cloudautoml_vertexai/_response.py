"""Response: what Google tells of a pipeline, its model and its evaluation, as our status, leaderboard and tables."""

from __future__ import annotations

import math
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cloudautoml.job import JobState, JobStatus
from cloudautoml.leaderboard import Candidate
from cloudautoml.spec.metrics import get_metric
from cloudautoml_vertexai._errors import is_quota
from cloudautoml_vertexai._metrics import CANONICAL

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

ALGORITHM = "automl_tabular"
"""What a model is called whose kind Google does not tell."""

_STATES = {
    "PIPELINE_STATE_QUEUED": JobState.QUEUED,
    "PIPELINE_STATE_PENDING": JobState.QUEUED,
    "PIPELINE_STATE_RUNNING": JobState.RUNNING,
    "PIPELINE_STATE_PAUSED": JobState.RUNNING,
    "PIPELINE_STATE_SUCCEEDED": JobState.SUCCEEDED,
    "PIPELINE_STATE_FAILED": JobState.FAILED,
    "PIPELINE_STATE_CANCELLING": JobState.CANCELLING,
    "PIPELINE_STATE_CANCELLED": JobState.CANCELLED,
}
_CANCELLED, _EXHAUSTED = 1, 8  # google.rpc.Code


def status_of(pipeline: Mapping[str, Any]) -> JobStatus:
    """The status of a training pipeline.

    A state that we have not heard of means that the job goes on, in a phase of that name. One that was cancelled is
    not a failure, though both come with an error; a quota may be found to be used up only after a pipeline was taken.

    Args:
        pipeline: The pipeline.
    """
    raw = str(pipeline.get("state", "PIPELINE_STATE_UNSPECIFIED"))
    phase = raw.removeprefix("PIPELINE_STATE_").lower()
    state = _STATES.get(raw, JobState.RUNNING)
    error: Mapping[str, Any] = pipeline.get("error", {})
    if state is not JobState.FAILED:
        return JobStatus(state, phase=phase)
    code, message = int(error.get("code", 0)), str(error.get("message", ""))
    if code == _CANCELLED:
        return JobStatus(JobState.CANCELLED, phase=phase)
    if code == _EXHAUSTED and not is_quota(message):
        message = f"a quota is used up: {message}"
    return JobStatus(state, phase=phase, reason=message or "no reason given")


def model_name(pipeline: Mapping[str, Any]) -> str | None:
    """Resource name of a pipeline's model, with its version; None while there is none."""
    model: Mapping[str, Any] = pipeline.get("modelToUpload", {})
    name, version = model.get("name"), model.get("versionId")
    return f"{name}@{version}" if name and version else name or None


def short_name(model: str) -> str:
    """The number of a model, and its version."""
    return model.rpartition("/")[2]


def metrics_of(evaluation: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of an evaluation by our names, in natural values; those not finite are left out.

    Shares of right answers follow from the confusion matrix, where there is one.
    """
    numbers: Mapping[str, Any] = evaluation.get("metrics", {})
    found = {ours: float(numbers[theirs]) for theirs, ours in CANONICAL.items() if theirs in numbers}
    _, table = confusion_of(evaluation)
    if any(sum(row) for row in table):
        found |= _shares(table)
    return {name: value for name, value in found.items() if math.isfinite(value)}


def _shares(table: Sequence[Sequence[int]]) -> dict[str, float]:
    right = [row[number] for number, row in enumerate(table)]
    truths = [sum(row) for row in table]
    guesses = [sum(column) for column in zip(*table, strict=True)]
    recalls = [_over(hits, of) for hits, of in zip(right, truths, strict=True)]
    precisions = [_over(hits, of) for hits, of in zip(right, guesses, strict=True)]
    f1 = [_over(2 * p * r, p + r) for p, r in zip(precisions, recalls, strict=True)]
    count = len(table)
    return {
        "accuracy": sum(right) / sum(truths),
        "balanced_accuracy": _over(sum(r for r, of in zip(recalls, truths, strict=True) if of), sum(map(bool, truths))),
        "f1_macro": sum(f1) / count,
        "precision_macro": sum(precisions) / count,
        "recall_macro": sum(recalls) / count,
    }


def _over(part: float, whole: float) -> float:
    return part / whole if whole else 0.0


def confusion_of(evaluation: Mapping[str, Any]) -> tuple[list[str], list[list[int]]]:
    """The classes of an evaluation, and for each true class how often which was predicted; both empty without one."""
    matrix: Mapping[str, Any] = evaluation.get("metrics", {}).get("confusionMatrix", {})
    classes = [str(item.get("displayName", item.get("id", ""))) for item in matrix.get("annotationSpecs", [])]
    # a row is a list, or an object that holds one; counts come as floats
    rows = [row.get("row", []) if isinstance(row, dict) else row for row in matrix.get("rows", [])]
    table = [[round(float(value)) for value in row] for row in rows]
    if len(table) != len(classes) or any(len(row) != len(classes) for row in table):
        return [], []
    return classes, table


def importance_of(evaluation: Mapping[str, Any], names: Mapping[str, str]) -> dict[str, Any] | None:
    """How much each feature matters; None where Google does not tell.

    Args:
        evaluation: The evaluation of a model.
        names: The features' own names by those that Google knows.
    """
    attributions: list[Mapping[str, Any]] = evaluation.get("modelExplanation", {}).get("meanAttributions", [])
    if not attributions:
        return None
    shares: Mapping[str, float] = attributions[0].get("featureAttributions", {})
    ranked = sorted(shares.items(), key=lambda pair: -float(pair[1]))
    features = [{"name": names.get(name, name), "importance": float(share)} for name, share in ranked]
    return {"features": features, "note": "Mean attribution to a feature, as Vertex AI computed it."}


def candidate_of(
    pipeline: Mapping[str, Any],
    evaluation: Mapping[str, Any],
    *,
    metric: str,
    job: str,
    provider: str,
    cost_usd: float | None,
    cost_source: str,
) -> Candidate:
    """The one model that Google shows of a pipeline.

    Args:
        pipeline: The pipeline, which has succeeded.
        evaluation: Of its model; empty where there is none.
        metric: Canonical name of the metric that decides.
        job: Our id.
        provider: Registry name.
        cost_usd: What training has cost.
        cost_source: `estimated` or `emulated`.
    """
    metrics = metrics_of(evaluation)
    score = get_metric(metric).to_score(metrics[metric]) if metric in metrics else None
    return Candidate(
        model=short_name(model_name(pipeline) or "model"),
        algorithm=ALGORITHM,
        provider=provider,
        job=job,
        score_val=score,
        metrics_val=metrics,
        fit_seconds=_seconds(pipeline),
        cost_usd=cost_usd,
        cost_source=cost_source,
        can_infer=True,
        reason="" if score is not None else f"Vertex AI gave it no {metric}",
    )


def _seconds(pipeline: Mapping[str, Any]) -> float | None:
    if "startTime" not in pipeline or "endTime" not in pipeline:
        return None
    return max(0.0, (when(pipeline["endTime"]) - when(pipeline["startTime"])).total_seconds())


def when(stamp: str) -> datetime:
    """The time of a stamp such as `2026-01-31T12:00:00.123456789Z`."""
    head, dot, tail = stamp.removesuffix("Z").partition(".")
    return datetime.fromisoformat(f"{head}{dot}{tail[:6]}+00:00")
