"""Response: what SageMaker tells of a job and its candidates, as our status, leaderboard and artifacts."""

from __future__ import annotations

import math
import re
from typing import TYPE_CHECKING, Any

from cloudautoml.job import JobState, JobStatus
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.spec.metrics import Goal, get_metric
from cloudautoml_sagemaker._metrics import CANONICAL
from cloudautoml_sagemaker._search import ENSEMBLING, FORECASTING, TUNING, family

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

_STATES = {
    "InProgress": JobState.RUNNING,
    "Stopping": JobState.CANCELLING,
    "Stopped": JobState.CANCELLED,
    "Failed": JobState.FAILED,
    "Completed": JobState.SUCCEEDED,
}
_SETS = ("Train", "Test", "Validation")  # later ones win: what a model has learnt from says least about it
_ALGORITHMS = sorted({*ENSEMBLING, *TUNING, *FORECASTING})


def status_of(description: Mapping[str, Any]) -> JobStatus:
    """The status of a job.

    A status that we have not heard of means that the job goes on, in a phase of that name. `Completed` alone says that
    the job has ended: with its time used up there may be no candidate, and then the job has failed. What went wrong
    beside the models (a report, a deployment) is told as the reason of a success.

    Args:
        description: What `DescribeAutoMLJobV2` answers.
    """
    raw, phase = str(description["AutoMLJobStatus"]), str(description["AutoMLJobSecondaryStatus"])
    state = _STATES.get(raw)
    if state is None:
        return JobStatus(JobState.RUNNING, phase=raw)
    reason = str(description.get("FailureReason", ""))
    if state is JobState.SUCCEEDED:
        if "BestCandidate" not in description and phase != "CandidateDefinitionsGenerated":
            return JobStatus(JobState.FAILED, phase=phase, reason=reason or f"no model was finished ({phase})")
        return JobStatus(state, phase=phase, reason="; ".join(warnings_of(description)))
    if state is JobState.FAILED:
        return JobStatus(state, phase=phase, reason=reason or "; ".join(_partial(description)) or "no reason given")
    return JobStatus(state, phase=phase)


def warnings_of(description: Mapping[str, Any]) -> list[str]:
    """What went wrong in a job that has a model all the same."""
    phase = str(description["AutoMLJobSecondaryStatus"])
    failed = [phase] if phase.endswith("Error") else []
    return [*failed, *_partial(description)]


def _partial(description: Mapping[str, Any]) -> list[str]:
    reasons = (item.get("PartialFailureMessage") for item in description.get("PartialFailureReasons", []))
    return [str(reason) for reason in reasons if reason]


def leaderboard(
    pages: Iterable[Mapping[str, Any]], *, metric: str, job: str, provider: str, cost_source: str = "estimated"
) -> Leaderboard:
    """The leaderboard of a job.

    Args:
        pages: What `ListCandidatesForAutoMLJob` answers, page by page; a candidate that moved between two pages
            while they were read counts once.
        metric: Canonical name of the metric that decides.
        job: Our id.
        provider: Registry name.
        cost_source: `estimated` or `emulated`.
    """
    found: dict[str, Mapping[str, Any]] = {}
    for page in pages:
        for candidate in page["Candidates"]:
            found[candidate["CandidateName"]] = candidate
    # the service sorts in several ways, and by name where times are equal, so numbers do not depend on the pages
    trained = sorted(found.values(), key=lambda item: (item["CreationTime"], item["CandidateName"]))
    rows = [
        _candidate(item, number, metric=metric, job=job, provider=provider, cost_source=cost_source)
        for number, item in enumerate(trained)
    ]
    return Leaderboard(rows, metric=metric, job=job, protocol={"validated_by": "Autopilot"})


def _candidate(
    item: Mapping[str, Any], number: int, *, metric: str, job: str, provider: str, cost_source: str
) -> Candidate:
    metrics = metrics_of(item)
    status, reason = _outcome(item)
    score = get_metric(metric).to_score(metrics[metric]) if metric in metrics and status == "succeeded" else None
    if status == "succeeded" and score is None:  # such as one that was trained again on all rows
        reason = f"Autopilot gave it no {metric}"
    algorithm = algorithm_of(item)
    return Candidate(
        model=str(item["CandidateName"]),
        algorithm=algorithm,
        provider=provider,
        job=job,
        status=status,
        score_val=score,
        metrics_val=metrics,
        fit_seconds=_seconds(item),
        cost_source=cost_source,
        can_infer=bool(status == "succeeded" and containers_of(item)),
        trial=None if algorithm == "ensemble" or (status == "succeeded" and score is None) else number,
        reason=reason,
    )


def _outcome(item: Mapping[str, Any]) -> tuple[str, str]:
    status, reason = str(item["CandidateStatus"]), str(item.get("FailureReason", ""))
    if status == "Completed":
        return "succeeded", ""
    if status == "Failed":
        return "failed", reason or "no reason given"
    return "skipped", reason or {"Stopped": "stopped", "Stopping": "being stopped"}.get(status, "still being trained")


def _seconds(item: Mapping[str, Any]) -> float | None:
    if "EndTime" not in item:
        return None
    return max(0.0, float((item["EndTime"] - item["CreationTime"]).total_seconds()))


def metrics_of(item: Mapping[str, Any]) -> dict[str, float]:
    """The metrics of a candidate by our names, in natural values; validation first, those not finite left out."""
    found: dict[str, tuple[int, float]] = {}
    for datum in item.get("CandidateProperties", {}).get("CandidateMetrics", []):
        name = CANONICAL.get(datum.get("StandardMetricName") or datum.get("MetricName", ""))
        value, rank = datum.get("Value"), _rank(datum.get("Set"))
        if name is not None and value is not None and rank >= found.get(name, (-2, 0.0))[0]:
            found[name] = (rank, float(value))
    metrics = {name: value for name, (rank, value) in found.items() if rank > 0}
    final = item.get("FinalAutoMLJobObjectiveMetric")
    if final is not None and (name := _final_name(final)) is not None:
        metrics[name] = _final_value(final, name)
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


def _rank(source: str | None) -> int:
    return _SETS.index(source) if source in _SETS else 1


def _final_name(final: Mapping[str, Any]) -> str | None:
    standard = CANONICAL.get(final.get("StandardMetricName", ""))
    return standard or CANONICAL.get(str(final["MetricName"]).removeprefix("validation:"))


def _final_value(final: Mapping[str, Any], name: str) -> float:
    """The natural value; one that is said to get better in the other direction than its metric does is negated."""
    value = float(final["Value"])
    theirs = {"Maximize": Goal.MAXIMIZE, "Minimize": Goal.MINIMIZE}.get(final.get("Type", ""))
    return value if theirs in {None, get_metric(name).goal} else -value


def algorithm_of(item: Mapping[str, Any]) -> str:
    """The family of a candidate, as far as its name tells."""
    name = str(item["CandidateName"]).lower()
    if "ensemble" in name:
        return "ensemble"
    tokens = re.findall("[a-z]+", name)
    joined = "".join(tokens)
    places: dict[str, int] = {}
    for known in _ALGORITHMS:
        short = known.replace("-", "")
        if short in joined if len(short) > 3 else short in tokens:  # three letters are found in many a word
            places[known] = joined.find(short)
    found = min(places, key=lambda known: (places[known], -len(known)), default=None)
    return family(found) if found else "autopilot"


def containers_of(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    """The containers that make a model of a candidate, in order; those for a CPU where there is a choice."""
    if containers := item.get("InferenceContainers"):
        return list(containers)
    by_unit: Mapping[str, Any] = item.get("InferenceContainerDefinitions", {})
    return list(by_unit.get("CPU") or by_unit.get("GPU") or [])


def artifacts_of(description: Mapping[str, Any]) -> dict[str, str]:
    """What a job has left in S3, by name; what it has not made is left out."""
    best = description.get("BestCandidate", {})
    places: Mapping[str, Any] = best.get("CandidateProperties", {}).get("CandidateArtifactLocations", {})
    notebooks: Mapping[str, Any] = description.get("AutoMLJobArtifacts", {})
    found = {
        "output": description["OutputDataConfig"]["S3OutputPath"],
        "candidate_notebook": notebooks.get("CandidateDefinitionNotebookLocation"),
        "exploration_notebook": notebooks.get("DataExplorationNotebookLocation"),
        "explainability": places.get("Explainability"),
        "model_insights": places.get("ModelInsights"),
        "backtest": places.get("BacktestResults"),
    }
    models = [container["ModelDataUrl"] for container in containers_of(best)]
    found |= {f"model_{number}": address for number, address in enumerate(models, 1)}
    return {name: str(address) for name, address in found.items() if address}
