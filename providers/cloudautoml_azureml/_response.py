"""Response: what Azure tells of a job and its child runs, as our status, leaderboard and times."""

from __future__ import annotations

import math
import re
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cloudautoml.job import JobState, JobStatus
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.spec.metrics import get_metric
from cloudautoml_azureml._metrics import SCORE_OF, canonical
from cloudautoml_azureml._search import family

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_STATES = {
    "NotStarted": JobState.QUEUED,
    "Starting": JobState.QUEUED,
    "Provisioning": JobState.QUEUED,
    "Preparing": JobState.QUEUED,
    "Queued": JobState.QUEUED,
    "Running": JobState.RUNNING,
    "Finalizing": JobState.RUNNING,
    "CancelRequested": JobState.CANCELLING,
    "Completed": JobState.SUCCEEDED,
    "Failed": JobState.FAILED,
    "Canceled": JobState.CANCELLED,
}
NO_MODEL = "cloudautoml.no_model"
"""Property of an emulated run whose model was not kept; Azure keeps all."""
_NUMBER = re.compile(r"_(\d+)$")


def status_of(job: Mapping[str, Any]) -> JobStatus:
    """The status of a job.

    A status that we have not heard of, and one that tells nothing (`NotResponding`, `Paused`), means that the job goes
    on, in a phase of that name.

    Args:
        job: What `GET .../jobs/{name}` answers.
    """
    raw = str(job["properties"].get("status", "NotStarted"))
    return JobStatus(_STATES.get(raw, JobState.RUNNING), phase=raw)


def reason_of(run: Mapping[str, Any]) -> str:
    """Why a run failed, from its details in run history; empty where nothing is said."""
    error = (run.get("error") or {}).get("error") or {}
    return str(error.get("message") or "")


def leaderboard(
    children: Iterable[Mapping[str, Any]],
    metrics: Mapping[str, Mapping[str, float]],
    *,
    task: str,
    metric: str,
    job: str,
    provider: str,
    cost_source: str = "estimated",
) -> Leaderboard:
    """The leaderboard of a job.

    Args:
        children: The child runs, as run history lists them; runs that train nothing are left out.
        metrics: What they have logged, by run.
        task: Type of the task.
        metric: Canonical name of the metric that decides.
        job: Our id.
        provider: Registry name.
        cost_source: `estimated` or `emulated`.
    """
    trained = sorted(trials(children), key=lambda run: (number_of(run), str(run["runId"])))
    rows = [
        _candidate(
            run, metrics.get(str(run["runId"]), {}), task=task, metric=metric, job=job, provider=provider,
            cost_source=cost_source,
        )
        for run in trained
    ]  # fmt: skip
    return Leaderboard(rows, metric=metric, job=job, protocol={"validated_by": "Azure AutoML"})


def trials(children: Iterable[Mapping[str, Any]]) -> list[Mapping[str, Any]]:
    """The child runs that train a model, each once: the setup and the explanations of a job are child runs too."""
    found = {str(run["runId"]): run for run in children if "run_algorithm" in (run.get("properties") or {})}
    return list(found.values())


def number_of(run: Mapping[str, Any]) -> int:
    """The number of a trial, which its name ends in."""
    match = _NUMBER.search(str(run["runId"]))
    return int(match[1]) if match else 1_000_000


def _candidate(
    run: Mapping[str, Any], logged: Mapping[str, float], *, task: str, metric: str, job: str, provider: str,
    cost_source: str,
) -> Candidate:  # fmt: skip
    properties: Mapping[str, str] = run["properties"]
    found = canonical(logged)
    status, reason = _outcome(run)
    if metric not in found and SCORE_OF.get(str(properties.get("primary_metric"))) == metric and "score" in properties:
        found[metric] = float(properties["score"])  # run history has it before the metrics can be searched
    found = {name: value for name, value in found.items() if math.isfinite(value)}
    score = get_metric(metric).to_score(found[metric]) if status == "succeeded" and metric in found else None
    if status == "succeeded" and score is None:
        reason = f"Azure AutoML gave it no {metric}"
    algorithm = family(str(properties["run_algorithm"]), task)
    preprocessor = properties.get("run_preprocessor")
    return Candidate(
        model=str(run["runId"]),
        algorithm=algorithm,
        provider=provider,
        job=job,
        status=status,
        score_val=score,
        metrics_val=found,
        fit_seconds=seconds_of_run(run),
        cost_source=cost_source,
        can_infer=status == "succeeded" and properties.get(NO_MODEL) is None,
        trial=None if algorithm == "ensemble" else number_of(run),
        params={"preprocessor": preprocessor} if preprocessor else {},
        reason=reason,
    )


def _outcome(run: Mapping[str, Any]) -> tuple[str, str]:
    status = str(run["status"])
    if status == "Completed":
        return "succeeded", ""
    if status == "Failed":
        return "failed", reason_of(run) or "no reason given"
    return "skipped", {"Canceled": "cancelled"}.get(status, "still being trained")


def seconds_of_run(run: Mapping[str, Any]) -> float | None:
    """The wall-clock seconds of a run; None until it has ended."""
    start, end = run.get("startTimeUtc"), run.get("endTimeUtc")
    return None if not start or not end else max(0.0, (moment(end) - moment(start)).total_seconds())


def moment(text: str) -> datetime:
    """A time as Azure writes it, which may have seven digits after the point."""
    return datetime.fromisoformat(re.sub(r"(\.\d{6})\d+", r"\1", text))
