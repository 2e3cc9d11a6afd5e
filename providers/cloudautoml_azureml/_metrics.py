"""Metrics: Azure's names for ours and ours for Azure's, and which of them it can optimise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.errors import SpecError

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.spec import JobSpec

# what a job may optimise, by our name and by Azure's. A normalised error is the error over the range of the target,
# and the normalised recall a line through the mean recall: each puts models in the order of the metric it stands for
_CLASSES = {
    "accuracy": "Accuracy",
    "roc_auc": "AUCWeighted",
    "balanced_accuracy": "NormMacroRecall",
    "recall_macro": "NormMacroRecall",
    "average_precision": "AveragePrecisionScoreWeighted",
}
_NUMBERS = {
    "rmse": "NormalizedRootMeanSquaredError",
    "mse": "NormalizedRootMeanSquaredError",
    "mae": "NormalizedMeanAbsoluteError",
    "r2": "R2Score",
    "spearman": "SpearmanCorrelation",
}
OBJECTIVES: dict[str, dict[str, str]] = {"tabular_classification": _CLASSES, "tabular_regression": _NUMBERS}
"""By type of task and by our name of a metric: the `primaryMetric` that optimises it."""

PRIMARY_METRICS: dict[str, tuple[str, ...]] = {
    "tabular_classification": (*dict.fromkeys(_CLASSES.values()), "PrecisionScoreWeighted"),
    "tabular_regression": tuple(dict.fromkeys(_NUMBERS.values())),
}
"""By type of task: every `primaryMetric` that Azure knows."""

# what child runs log; where two stand for one of ours, the later one is nearer to it
_LOGGED = {
    "accuracy": "accuracy",
    "balanced_accuracy": "balanced_accuracy",
    "AUC_macro": "roc_auc",
    "AUC_binary": "roc_auc",
    "average_precision_score_macro": "average_precision",
    "average_precision_score_binary": "average_precision",
    "log_loss": "log_loss",
    "f1_score_macro": "f1_macro",
    "f1_score_micro": "f1_micro",
    "f1_score_weighted": "f1_weighted",
    "f1_score_binary": "f1",
    "precision_score_macro": "precision_macro",
    "precision_score_binary": "precision",
    "recall_score_macro": "recall_macro",
    "recall_score_binary": "recall",
    "matthews_correlation": "matthews_corrcoef",
    "root_mean_squared_error": "rmse",
    "root_mean_squared_log_error": "rmsle",
    "mean_absolute_error": "mae",
    "median_absolute_error": "median_absolute_error",
    "mean_absolute_percentage_error": "mape",
    "r2_score": "r2",
    "spearman_correlation": "spearman",
}
_PERCENT = {"mean_absolute_percentage_error"}

LOGGED_AS: dict[str, str] = {ours: theirs for theirs, ours in reversed(_LOGGED.items())}
"""What a child run calls each of our metrics that Azure knows."""

SCORE_OF = {"accuracy": "accuracy", "r2_score": "r2", "spearman_correlation": "spearman"}
"""The primary metrics, as child runs write them, whose value is that of a metric of ours."""


def primary_metric(spec: JobSpec) -> str:
    """Azure's name of the metric to optimise.

    Raises:
        SpecError: Azure cannot optimise the metric of this job.
    """
    known = OBJECTIVES.get(spec.task.type, {})
    if spec.metric.name not in known:
        raise SpecError(
            f"Azure AutoML cannot optimise {spec.metric.name} for a {spec.task.type}",
            where="objective.metric",
            hint=f"use one of {', '.join(known)}",
        )
    return known[spec.metric.name]


def canonical_objective(task: str, primary: str) -> str | None:
    """Our name of what a `primaryMetric` optimises; None where we have none."""
    return next((ours for ours, theirs in OBJECTIVES.get(task, {}).items() if theirs == primary), None)


def canonical(metrics: Mapping[str, float]) -> dict[str, float]:
    """What a child run has logged, by our names and in our units; what we have no name for is left out."""
    found: dict[str, float] = {}
    for theirs, ours in _LOGGED.items():
        if theirs in metrics:
            found[ours] = metrics[theirs] / 100 if theirs in _PERCENT else metrics[theirs]
    if "rmse" in found:
        found["mse"] = found["rmse"] ** 2
    return found


def logged(metrics: Mapping[str, float]) -> dict[str, float]:
    """Metrics of ours as a child run would log them."""
    names = {name: LOGGED_AS[name] for name in metrics if name in LOGGED_AS}
    return {theirs: metrics[ours] * (100 if theirs in _PERCENT else 1) for ours, theirs in names.items()}
