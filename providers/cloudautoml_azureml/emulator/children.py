"""Children: a leaderboard and its models, as the child runs of an AutoML job list and leave them."""

from __future__ import annotations

import tempfile
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import EMULATED
from cloudautoml.errors import CloudAutoMLError
from cloudautoml.spec.metrics import Goal
from cloudautoml_azureml._metrics import logged
from cloudautoml_azureml._response import NO_MODEL
from cloudautoml_azureml._search import ALGORITHMS, ENSEMBLES
from cloudautoml_azureml.emulator.run import stamp
from cloudautoml_azureml.model import ARTIFACTS

if TYPE_CHECKING:
    from datetime import datetime

    from cloudautoml.job import Job
    from cloudautoml.leaderboard import Candidate
    from cloudautoml.spec import JobSpec
    from cloudautoml_azureml.emulator.blobs import Blobs

ARTIFACT_CONTAINER = "azureml"
"""The container of what runs leave."""
# what child runs call the metric that a job optimises
_WRITTEN = {
    "accuracy": "accuracy",
    "roc_auc": "AUC_weighted",
    "balanced_accuracy": "norm_macro_recall",
    "average_precision": "average_precision_score_weighted",
    "rmse": "normalized_root_mean_squared_error",
    "mae": "normalized_mean_absolute_error",
    "r2": "r2_score",
    "spearman": "spearman_correlation",
}


@dataclass(frozen=True, slots=True)
class Delivered:
    """What a job has left.

    Attributes:
        children: Its child runs, best first.
        metrics: What each has logged.
        models: The provider's name of each child's model.
    """

    children: list[dict[str, Any]]
    metrics: dict[str, dict[str, float]]
    models: dict[str, str]


def delivered(job: Job, *, name: str, created: datetime, ended: datetime, blobs: Blobs) -> Delivered:
    """Write a job's models to the artifact store and describe its candidates, without the baseline.

    Args:
        job: The provider's job, which has succeeded.
        name: The vendor's job.
        created: When it started, by the emulator's clock.
        ended: When it ended.
        blobs: Where models go.
    """
    # trials that were not worth training, and the best model once more on all rows, are no child runs of Azure's
    scored = [c for c in job.leaderboard() if c.score_val is not None or c.status == "failed"]
    board = [candidate for candidate in scored if candidate.algorithm != "baseline"]
    trained = sorted(board, key=lambda candidate: (candidate.trial is None, candidate.trial or 0))
    numbers = {candidate.model: number for number, candidate in enumerate(trained)}
    taken = (ended - created) / max(1, len(board))
    found = Delivered([], {}, {})
    for candidate in board:
        number = numbers[candidate.model]
        child = f"{name}_{number}"
        if candidate.can_infer and _write_model(job, candidate, child, blobs):
            found.models[child] = candidate.model
        start = created + taken * number
        fit = taken if candidate.fit_seconds is None else timedelta(seconds=candidate.fit_seconds)
        times = (start, start + fit)
        found.children.append(_described(candidate, job.spec, child, name, times, kept=child in found.models))
        found.metrics[child] = logged(candidate.metrics_val or _metric(candidate, job.spec))
    return found


def _metric(candidate: Candidate, spec: JobSpec) -> dict[str, float]:
    """The deciding metric of a candidate that tells no others."""
    value = None if candidate.score_val is None else spec.metric.from_score(candidate.score_val)
    return {} if value is None else {spec.metric.name: value}


def _write_model(job: Job, candidate: Candidate, child: str, blobs: Blobs) -> bool:
    root = ARTIFACTS[1].format(child)
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name) / "model"
        try:
            job.model(candidate.model).save(folder)
        except CloudAutoMLError:
            return False
        for file in sorted(folder.rglob("*")):
            if file.is_file():
                place = file.relative_to(folder).as_posix()
                blobs.write(ARTIFACT_CONTAINER, f"{root}/cloudautoml/{place}", file.read_bytes())
    about = f"artifact_path: outputs/mlflow-model\nrun_id: {child}\nmetadata: {{source: {EMULATED}}}\nflavors: {{}}\n"
    blobs.write(ARTIFACT_CONTAINER, f"{root}/MLmodel", about.encode())
    return True


def _described(
    candidate: Candidate, spec: JobSpec, child: str, parent: str, times: tuple[datetime, datetime], *, kept: bool
) -> dict[str, Any]:
    known = ALGORITHMS.get(spec.task.type, {})
    ensemble = candidate.algorithm == "ensemble"
    written = _WRITTEN.get(spec.metric.name, spec.metric.name)
    properties = {
        "runTemplate": "automl_child",
        "run_algorithm": ENSEMBLES[0] if ensemble else known.get(candidate.algorithm, candidate.algorithm),
        "run_preprocessor": "",
        "primary_metric": written,
        "goal": f"{written}_{'max' if spec.metric.goal is Goal.MAXIMIZE else 'min'}",
        "source": EMULATED,
    }
    if candidate.score_val is not None:
        properties["score"] = str(spec.metric.from_score(candidate.score_val))
    if not kept:
        properties[NO_MODEL] = "true"
    status = {"succeeded": "Completed", "failed": "Failed"}.get(candidate.status, "Canceled")
    return {
        "runId": child,
        "parentRunId": parent,
        "rootRunId": parent,
        "experimentId": "emulated",
        "status": status,
        "displayName": child,
        "runType": "azureml.scriptrun",
        "startTimeUtc": stamp(times[0]),
        "endTimeUtc": stamp(times[1]),
        "properties": properties,
        "tags": {"mlflow.parentRunId": parent},
        "error": {"error": {"code": "UserError", "message": candidate.reason}} if candidate.reason else None,
    }
