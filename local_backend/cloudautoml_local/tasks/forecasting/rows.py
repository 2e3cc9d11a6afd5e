"""Rows of the leaderboard that trials give by themselves, without reading any file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.leaderboard import Candidate
from cloudautoml.search import TrialState
from cloudautoml_local.spaces.forecasting import family_of

if TYPE_CHECKING:
    from cloudautoml.search import Trial
    from cloudautoml.spec import JobSpec


def trial_candidate(trial: Trial, spec: JobSpec, job: str) -> Candidate:
    """The row of a trial, from what the trial itself reported."""
    family, params = family_of(trial.architecture)
    common: dict[str, Any] = {
        "model": f"{family}-{trial.number:03d}", "algorithm": family, "provider": "local", "job": job, "cost_usd": 0.0,
        "seed": spec.seed, "trial": trial.number, "params": params,
    }  # fmt: skip
    found = trial.measurement
    if trial.state is not TrialState.SUCCEEDED or found is None:
        status = "skipped" if trial.state is TrialState.SKIPPED else "failed"
        return Candidate(**common, status=status, reason=trial.error or "")
    per_row, size = found.details.get("predict_ms_per_row"), found.details.get("size_mb")
    return Candidate(
        **common,
        score_val=found.score,
        metrics_val=dict(found.metrics),
        fit_seconds=found.seconds,
        predict_ms_per_row=float(per_row) if per_row is not None else None,
        size_mb=float(size) if size is not None else None,
        costs={name: value for name, value in found.costs.items() if name == "latency_ms"},
    )
