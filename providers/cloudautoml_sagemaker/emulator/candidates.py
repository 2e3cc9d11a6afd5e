"""Candidates: a leaderboard and its models, as Autopilot lists them and as it leaves them in S3."""

from __future__ import annotations

import io
import json
import tarfile
import tempfile
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import EMULATED
from cloudautoml.errors import CloudAutoMLError
from cloudautoml.spec.metrics import Goal
from cloudautoml_sagemaker._metrics import VENDOR
from cloudautoml_sagemaker._model import service_model
from cloudautoml_sagemaker._search import ENSEMBLING, FORECASTING, TUNING, family

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cloudautoml.job import Job
    from cloudautoml.leaderboard import Candidate
    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker.emulator.storage import Storage

IMAGE = "emulated.invalid/cloudautoml-emulator:emulated"
"""The container image of emulated models, which nobody can mistake for AWS's."""

_VENDOR_FAMILY = {family(name): name for name in (*ENSEMBLING, *TUNING, *FORECASTING)}
_STEP = "AWS::SageMaker::TrainingJob"


def delivered(
    job: Job,
    *,
    arn: str,
    root: str,
    created: datetime,
    ended: datetime,
    storage: Storage,
    serve: Callable[[str, str], None],
) -> list[dict[str, Any]]:
    """Write a job's models to S3 and describe its candidates, best first, without the baseline.

    Args:
        job: The provider's job, which has succeeded.
        arn: The vendor's job.
        root: Address of the folder that everything goes into.
        created: When it started, by the emulator's clock.
        ended: When it ended.
        storage: S3.
        serve: Called with each model's address and with its name in the leaderboard.

    Returns:
        `AutoMLCandidate` objects.
    """
    # trials that were not worth training, and the best model once more on all rows, are none of Autopilot's candidates
    scored = [c for c in job.leaderboard() if c.score_val is not None or c.status == "failed"]
    board = [candidate for candidate in scored if candidate.algorithm != "baseline"]
    trained = sorted(board, key=lambda candidate: (candidate.trial is None, candidate.trial or 0))
    numbers = {candidate.model: number for number, candidate in enumerate(trained)}
    taken = (ended - created) / max(1, len(board))
    found: list[dict[str, Any]] = []
    for candidate in board:
        number = numbers[candidate.model]
        name = _name(candidate, number, arn)
        address = _write_model(job, candidate, f"{root}/models/{name}/output/model.tar.gz", storage)
        if address is not None:
            serve(address, candidate.model)
        times = (created + taken * number, created + taken * (number + 1))
        found.append(_described(candidate, job.spec, name=name, arn=arn, times=times, model=address))
    return found


def _name(candidate: Candidate, number: int, arn: str) -> str:
    algorithm = candidate.algorithm.replace("_", "-")
    shown = "WeightedEnsemble" if algorithm == "ensemble" else _VENDOR_FAMILY.get(candidate.algorithm, algorithm)
    job = arn.rpartition("/")[2]
    return f"{shown[:20]}-{number:03d}-{job[:36].strip('-')}"


def _write_model(job: Job, candidate: Candidate, address: str, storage: Storage) -> str | None:
    """Save a model and write it to S3; None where it was not kept."""
    if not (candidate.succeeded and candidate.can_infer):
        return None
    with tempfile.TemporaryDirectory() as folder:
        try:
            saved = job.model(candidate.model).save(Path(folder) / "model")
        except CloudAutoMLError:  # of many models a provider keeps the best
            return None
        packed = io.BytesIO()
        with tarfile.open(fileobj=packed, mode="w:gz") as archive:
            archive.add(saved, arcname="model")
            note = json.dumps({"source": EMULATED, "trained_by": job.provider, "model": candidate.model}).encode()
            entry = tarfile.TarInfo("emulated.json")
            entry.size = len(note)
            archive.addfile(entry, io.BytesIO(note))
    storage.write(address, packed.getvalue())
    return address


def _described(
    candidate: Candidate, spec: JobSpec, *, name: str, arn: str, times: tuple[datetime, datetime], model: str | None
) -> dict[str, Any]:
    training = arn.replace(":automl-job/", ":training-job/") + f"-{name[-12:].strip('-')}"
    item: dict[str, Any] = {
        "CandidateName": name,
        "ObjectiveStatus": "Succeeded" if candidate.succeeded else "Failed",
        "CandidateSteps": [{"CandidateStepType": _STEP, "CandidateStepArn": training, "CandidateStepName": name}],
        "CandidateStatus": {"succeeded": "Completed", "failed": "Failed"}.get(candidate.status, "Stopped"),
        "CreationTime": times[0],
        "LastModifiedTime": times[1],
        "EndTime": times[0] + timedelta(seconds=candidate.fit_seconds or 0.0),
    }
    if candidate.reason:
        item["FailureReason"] = candidate.reason[:1024]
    if candidate.succeeded and (final := _final(candidate, spec)) is not None:
        item["FinalAutoMLJobObjectiveMetric"] = final
    item["CandidateProperties"] = {"CandidateMetrics": _metrics(candidate)}
    if model is not None:
        item["InferenceContainers"] = [_container(spec, model)]
    return item


def _final(candidate: Candidate, spec: JobSpec) -> dict[str, Any] | None:
    metric = spec.metric
    if candidate.score_val is None or metric.name not in VENDOR:
        return None
    return {
        "Type": "Maximize" if metric.goal is Goal.MAXIMIZE else "Minimize",
        "MetricName": VENDOR[metric.name],
        "StandardMetricName": VENDOR[metric.name],
        "Value": metric.from_score(candidate.score_val),
    }


def _metrics(candidate: Candidate) -> list[dict[str, Any]]:
    known = service_model().shape_for("AutoMLMetricEnum").metadata["enum"]  # the other enumeration is the longer one
    return [
        {
            **({"MetricName": VENDOR[name]} if VENDOR[name] in known else {}),
            "StandardMetricName": VENDOR[name],
            "Value": value,
            "Set": "Validation",
        }
        for name, value in candidate.metrics_val.items()
        if name in VENDOR
    ]


def _container(spec: JobSpec, model: str) -> dict[str, Any]:
    answers = "predicted_label"
    if spec.task.type.endswith("classification"):
        answers += ",probability,probabilities,labels"
    environment = {"SAGEMAKER_INFERENCE_SUPPORTED": answers, "SAGEMAKER_INFERENCE_OUTPUT": "predicted_label"}
    return {"Image": IMAGE, "ModelDataUrl": model, "Environment": environment}
