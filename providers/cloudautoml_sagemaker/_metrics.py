"""Metrics: Autopilot's names for ours and ours for Autopilot's, and which of them it can optimise."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal, TypeAlias

from cloudautoml.errors import SpecError
from cloudautoml.spec import TabularClassification, TabularRegression

if TYPE_CHECKING:
    from cloudautoml.spec import JobSpec

Kind: TypeAlias = Literal["BinaryClassification", "MulticlassClassification", "Regression"]
"""What Autopilot calls a `ProblemType`."""

CANONICAL: dict[str, str] = {
    "Accuracy": "accuracy",
    "AUC": "roc_auc",
    "BalancedAccuracy": "balanced_accuracy",
    "F1": "f1",
    "F1macro": "f1_macro",
    "Precision": "precision",
    "PrecisionMacro": "precision_macro",
    "Recall": "recall",
    "RecallMacro": "recall_macro",
    "LogLoss": "log_loss",
    "MSE": "mse",
    "RMSE": "rmse",
    "MAE": "mae",
    "R2": "r2",
    "MAPE": "mape",
    "MASE": "mase",
    "WAPE": "wape",
    "AverageWeightedQuantileLoss": "weighted_quantile_loss",
    "RougeL": "rouge_l",
    "Perplexity": "perplexity",
}
"""Our name of each metric that Autopilot reports and we have a name for."""

VENDOR: dict[str, str] = {ours: theirs for theirs, ours in CANONICAL.items()}
"""Autopilot's name of each of our metrics that it knows."""

# the values of AutoMLJobObjective$MetricName by problem type, in the words of its documentation in the service model
_BY_KIND: dict[str, tuple[str, ...]] = {
    "BinaryClassification": ("Accuracy", "AUC", "BalancedAccuracy", "F1", "Precision", "Recall"),
    "MulticlassClassification": ("Accuracy", "BalancedAccuracy", "F1macro", "PrecisionMacro", "RecallMacro"),
    "Regression": ("MAE", "MSE", "R2", "RMSE"),
    "image_classification": ("Accuracy",),
    "text_classification": ("Accuracy",),
    "forecasting": ("RMSE", "MAPE", "MASE", "WAPE", "AverageWeightedQuantileLoss"),
}


def objectives(kind: str) -> tuple[str, ...]:
    """Our names of what Autopilot can optimise.

    Args:
        kind: A `ProblemType`, or the type of a task that is not tabular.
    """
    return tuple(CANONICAL[name] for name in _BY_KIND.get(kind, ()))


def problem_type(spec: JobSpec, classes: int | None) -> Kind | None:
    """The problem type of a tabular job.

    Args:
        spec: The job.
        classes: Number of classes in the data; None where the data was not read here.

    Returns:
        None where only Autopilot can find out: then no objective may be sent either.

    Raises:
        SpecError: The metric needs the problem type, and it cannot be told.
    """
    if isinstance(spec.task, TabularRegression):
        return "Regression"
    if not isinstance(spec.task, TabularClassification):
        return None
    if classes is not None:
        return "BinaryClassification" if classes == 2 else "MulticlassClassification"
    if spec.objective is None:
        return None
    name = VENDOR.get(spec.metric.name, "")
    fitting: list[Kind] = [
        kind for kind in ("BinaryClassification", "MulticlassClassification") if name in _BY_KIND[kind]
    ]
    if len(fitting) == 1:
        return fitting[0]
    if not fitting:
        _refuse(spec.metric.name, (*objectives("BinaryClassification"), *objectives("MulticlassClassification")))
    raise SpecError(
        f"{spec.metric.name} is an objective for two classes and for more, and the number of classes is not known: "
        "the data is not read here",
        where="objective.metric",
        hint="name a metric of one kind (roc_auc, f1_macro), leave the objective out, or give the data as a local file",
    )


def objective(spec: JobSpec, classes: int | None) -> str | None:
    """Autopilot's name of the metric to optimise; None where none may be sent.

    Args:
        spec: The job.
        classes: As for `problem_type`.

    Raises:
        SpecError: Autopilot cannot optimise the metric of this job.
    """
    if spec.task.type == "text_generation":  # "do not set": the base model's own loss is used
        return None
    tabular = isinstance(spec.task, (TabularClassification, TabularRegression))
    kind = problem_type(spec, classes) if tabular else spec.task.type
    if kind is None:
        return None
    name = VENDOR.get(spec.metric.name, "")
    if name not in _BY_KIND[kind]:
        _refuse(spec.metric.name, objectives(kind))
    return name


def check_metric(spec: JobSpec) -> None:
    """Refuse a metric that Autopilot could optimise for no data whatever.

    Raises:
        SpecError: It cannot.
    """
    if isinstance(spec.task, TabularClassification):
        both = (*objectives("BinaryClassification"), *objectives("MulticlassClassification"))
        if spec.metric.name not in both:
            _refuse(spec.metric.name, tuple(dict.fromkeys(both)))
        if spec.task.positive is not None and spec.metric.name in {"f1", "precision", "recall"}:
            raise SpecError(
                f"Autopilot chooses the class that {spec.metric.name} is about by itself",
                where="task.positive",
                hint="leave it out, or take roc_auc or balanced_accuracy",
            )
    else:
        objective(spec, None)


def _refuse(metric: str, known: tuple[str, ...]) -> None:
    raise SpecError(
        f"Autopilot cannot optimise {metric} for this data",
        where="objective.metric",
        hint=f"use one of {', '.join(known)}",
    )
