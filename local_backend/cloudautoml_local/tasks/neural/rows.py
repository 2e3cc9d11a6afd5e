"""Rows of the leaderboard that trials of networks give by themselves, without reading any file."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.leaderboard import Candidate
from cloudautoml.search import TrialState

if TYPE_CHECKING:
    from cloudautoml.search import Measurement, Trial
    from cloudautoml.spec import JobSpec


def trial_candidate(trial: Trial, spec: JobSpec, space: str, job: str) -> Candidate:
    """The row of a trial, from what the trial itself reported."""
    common: dict[str, Any] = {
        "model": f"{space}-{trial.number:03d}", "algorithm": space, "provider": "local", "job": job, "cost_usd": 0.0,
        "seed": spec.seed, "trial": trial.number, "params": trial.architecture.as_dict(),
    }  # fmt: skip
    found = trial.measurement
    if trial.state is not TrialState.SUCCEEDED or found is None:
        status = "skipped" if trial.state is TrialState.SKIPPED else "failed"
        return Candidate(**common, status=status, reason=trial.error or "")
    if found.predicted:
        return Candidate(**common, reason=f"not trained: predicted to score {found.score:.4g}")
    cut = ", ".join(f"{share:.2g} of the {name}" for name, share in found.fidelity.settings.items())
    reason = f"trained with {cut}" if cut else ""
    return Candidate(**common, score_val=found.score, fit_seconds=found.seconds, reason=reason, **columns_of(found))


def columns_of(found: Measurement) -> dict[str, Any]:
    """What a measurement says of the columns of a row, its score and its seconds aside."""
    costs = dict(found.costs)
    per_row = found.details.get("predict_ms_per_row")
    return {
        "metrics_val": dict(found.metrics),
        "size_mb": costs.pop("size_mb", None),
        "costs": costs,
        "predict_ms_per_row": None if per_row is None else float(per_row),
    }
