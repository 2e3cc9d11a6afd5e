"""The canonical metric names: their direction, their tasks, and what they need from a model."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from typing import TYPE_CHECKING

from cloudautoml.errors import UnknownNameError

if TYPE_CHECKING:
    from cloudautoml.spec.task import TaskType


class Goal(StrEnum):
    """Which way a metric gets better."""

    MAXIMIZE = "maximize"
    MINIMIZE = "minimize"


class Needs(StrEnum):
    """What a metric is computed from, beside the truth."""

    LABELS = "labels"
    PROBABILITIES = "probabilities"
    VALUES = "values"
    QUANTILES = "quantiles"
    BOXES = "boxes"
    SPANS = "spans"
    TEXT = "text"


@dataclass(frozen=True, slots=True)
class Metric:
    """A metric that leaderboards can be sorted by.

    Attributes:
        name: Canonical name; scikit-learn's word where it has one.
        goal: Which way it gets better.
        needs: What it is computed from.
        groups: The kinds of task it fits.
        description: One line for people.
    """

    name: str
    goal: Goal
    needs: Needs
    groups: frozenset[str]
    description: str

    def to_score(self, value: float) -> float:
        """Turn a natural value into a score for which higher is better."""
        return value if self.goal is Goal.MAXIMIZE else -value

    def from_score(self, score: float) -> float:
        """Turn a higher-is-better score back into the natural value."""
        return score if self.goal is Goal.MAXIMIZE else -score


def _metric(name: str, goal: Goal, needs: Needs, groups: str, description: str) -> Metric:
    return Metric(name, goal, needs, frozenset(groups.split()), description)


_UP, _DOWN = Goal.MAXIMIZE, Goal.MINIMIZE

METRICS: dict[str, Metric] = {
    metric.name: metric
    for metric in (
        _metric("accuracy", _UP, Needs.LABELS, "classification multi_label", "share of rows predicted right"),
        _metric("balanced_accuracy", _UP, Needs.LABELS, "classification", "mean of the classes' recalls"),
        _metric("roc_auc", _UP, Needs.PROBABILITIES, "classification multi_label",
                "area under the ROC curve; mean of one-vs-rest for several classes"),
        _metric("average_precision", _UP, Needs.PROBABILITIES, "classification multi_label",
                "area under the precision-recall curve; mean over classes"),
        _metric("log_loss", _DOWN, Needs.PROBABILITIES, "classification", "cross-entropy of the probabilities"),
        _metric("brier_score", _DOWN, Needs.PROBABILITIES, "classification",
                "mean squared error of the probabilities"),
        _metric("f1", _UP, Needs.LABELS, "binary", "harmonic mean of precision and recall of the positive class"),
        _metric("precision", _UP, Needs.LABELS, "binary", "share of predicted positives that are positive"),
        _metric("recall", _UP, Needs.LABELS, "binary", "share of positives that were found"),
        _metric("f1_macro", _UP, Needs.LABELS, "classification multi_label", "mean of the classes' F1"),
        _metric("f1_micro", _UP, Needs.LABELS, "classification multi_label", "F1 over all decisions together"),
        _metric("f1_weighted", _UP, Needs.LABELS, "classification multi_label", "F1 weighted by class size"),
        _metric("precision_macro", _UP, Needs.LABELS, "classification multi_label", "mean of the classes' precision"),
        _metric("recall_macro", _UP, Needs.LABELS, "classification multi_label", "mean of the classes' recall"),
        _metric("matthews_corrcoef", _UP, Needs.LABELS, "classification", "correlation of truth and prediction"),
        _metric("rmse", _DOWN, Needs.VALUES, "regression forecasting", "root of the mean squared error"),
        _metric("mse", _DOWN, Needs.VALUES, "regression forecasting", "mean squared error"),
        _metric("mae", _DOWN, Needs.VALUES, "regression forecasting", "mean absolute error"),
        _metric("median_absolute_error", _DOWN, Needs.VALUES, "regression", "median absolute error"),
        _metric("mape", _DOWN, Needs.VALUES, "regression forecasting", "mean absolute error as a share of the truth"),
        _metric("rmsle", _DOWN, Needs.VALUES, "regression", "RMSE of log(1 + value); for values of zero and above"),
        _metric("r2", _UP, Needs.VALUES, "regression forecasting", "share of the variance explained"),
        _metric("spearman", _UP, Needs.VALUES, "regression", "rank correlation of truth and prediction"),
        _metric("smape", _DOWN, Needs.VALUES, "forecasting", "symmetric mean absolute percentage error"),
        _metric("mase", _DOWN, Needs.VALUES, "forecasting", "mean absolute error over the seasonal naive's"),
        _metric("wape", _DOWN, Needs.VALUES, "forecasting", "sum of absolute errors over sum of the truth"),
        _metric("weighted_quantile_loss", _DOWN, Needs.QUANTILES, "forecasting", "pinball loss over all quantiles"),
        _metric("map_50", _UP, Needs.BOXES, "boxes", "mean average precision at an overlap of 0.5"),
        _metric("map_50_95", _UP, Needs.BOXES, "boxes", "mean average precision over overlaps 0.5 to 0.95"),
        _metric("entity_f1", _UP, Needs.SPANS, "entities", "F1 over whole entities"),
        _metric("entity_precision", _UP, Needs.SPANS, "entities", "share of the predicted entities that are right"),
        _metric("entity_recall", _UP, Needs.SPANS, "entities", "share of the entities that were found"),
        _metric("rouge_l", _UP, Needs.TEXT, "generation", "longest common subsequence with the reference"),
        _metric("perplexity", _DOWN, Needs.TEXT, "generation", "exponential of the loss a token"),
        _metric("bleu", _UP, Needs.TEXT, "translation", "n-gram overlap with the reference"),
    )
}  # fmt: skip
"""Every canonical metric by name."""

TASK_GROUPS: dict[str, frozenset[str]] = {
    "tabular_classification": frozenset({"classification", "binary"}),
    "tabular_regression": frozenset({"regression"}),
    "forecasting": frozenset({"forecasting"}),
    "image_classification": frozenset({"classification", "binary"}),
    "object_detection": frozenset({"boxes"}),
    "instance_segmentation": frozenset({"boxes"}),
    "text_classification": frozenset({"classification", "binary"}),
    "named_entity_recognition": frozenset({"entities"}),
    "text_generation": frozenset({"generation"}),
    "video_classification": frozenset({"classification"}),
    "video_object_tracking": frozenset({"boxes"}),
    "translation": frozenset({"translation"}),
}

DEFAULT_METRICS: dict[str, str] = {
    "tabular_classification": "roc_auc",
    "tabular_regression": "rmse",
    "forecasting": "mase",
    "image_classification": "accuracy",
    "object_detection": "map_50",
    "instance_segmentation": "map_50",
    "text_classification": "accuracy",
    "named_entity_recognition": "entity_f1",
    "text_generation": "rouge_l",
    "video_classification": "accuracy",
    "video_object_tracking": "map_50",
    "translation": "bleu",
}
"""What a job is sorted by when its spec names no metric."""


def get_metric(name: str) -> Metric:
    """Look a metric up by its canonical name.

    Raises:
        UnknownNameError: There is none of that name.
    """
    try:
        return METRICS[name]
    except KeyError:
        raise UnknownNameError("metric", name, list(METRICS)) from None


def metrics_for(task: TaskType, *, multi_label: bool = False) -> list[Metric]:
    """The metrics that fit a kind of task, in the order of `METRICS`."""
    groups = frozenset({"multi_label"}) if multi_label else TASK_GROUPS[task]
    return [metric for metric in METRICS.values() if metric.groups & groups]
