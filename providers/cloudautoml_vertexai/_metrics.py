"""Metrics: Google's names for ours and ours for Google's, and which of them AutoML can optimise."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.errors import SpecError
from cloudautoml.spec import TabularClassification, TabularRegression

if TYPE_CHECKING:
    from cloudautoml.spec import JobSpec

CANONICAL: dict[str, str] = {
    "auRoc": "roc_auc",
    "auPrc": "average_precision",
    "logLoss": "log_loss",
    "rootMeanSquaredError": "rmse",
    "meanAbsoluteError": "mae",
    "rSquared": "r2",
    "rootMeanSquaredLogError": "rmsle",
}
"""Our name of each number in an evaluation that we have a name for; its percentages are in other units than ours."""

OBJECTIVES: dict[str, dict[str, str]] = {
    "binary": {
        "roc_auc": "maximize-au-roc",
        "log_loss": "minimize-log-loss",
        "average_precision": "maximize-au-prc",
    },
    "multiclass": {"log_loss": "minimize-log-loss"},
    "regression": {"rmse": "minimize-rmse", "mae": "minimize-mae", "rmsle": "minimize-rmsle"},
}
"""What AutoML can optimise: by kind of problem its word for each of our metrics, its default first."""

KNOWN_OBJECTIVES = (
    *OBJECTIVES["binary"].values(),
    "maximize-precision-at-recall",
    "maximize-recall-at-precision",
    *OBJECTIVES["regression"].values(),
)
"""Every objective of a table that Google documents."""


def kind_of(spec: JobSpec, classes: int | None) -> str:
    """`binary`, `multiclass` or `regression`.

    Args:
        spec: A tabular job.
        classes: Number of classes; None where the data was not read here: then the metric decides.
    """
    if isinstance(spec.task, TabularRegression):
        return "regression"
    if classes is not None:
        return "binary" if classes == 2 else "multiclass"
    return "binary"


def objective(spec: JobSpec, classes: int | None) -> str:
    """Google's word for what to optimise.

    Args:
        spec: A tabular job.
        classes: As for `kind_of`.

    Raises:
        SpecError: AutoML cannot optimise the metric of this job.
    """
    kind = kind_of(spec, classes)
    known = OBJECTIVES[kind]
    if spec.objective is None:
        return next(iter(known.values()))
    if spec.metric.name not in known:
        many = "more than two classes" if kind == "multiclass" else "this task"
        raise SpecError(
            f"Vertex AI cannot optimise {spec.metric.name} for {many}",
            where="objective.metric",
            hint=f"use {' or '.join(known)}, or name none",
        )
    return known[spec.metric.name]


def check_metric(spec: JobSpec) -> None:
    """Refuse a metric that AutoML could optimise for no data whatever.

    Raises:
        SpecError: It cannot.
    """
    objective(spec, None)
    positive = spec.task.positive if isinstance(spec.task, TabularClassification) else None
    if positive is not None and spec.objective is not None and spec.metric.name == "average_precision":
        raise SpecError(
            "Vertex AI chooses the class that average_precision is about by itself",
            where="task.positive",
            hint="leave it out, or take roc_auc",
        )
