"""What the user asks for: frozen values that say what to learn, from what, how well and at what price."""

from cloudautoml.spec.base import Duration, Money, MoneyAmount, SpecModel, format_duration, parse_duration
from cloudautoml.spec.dataset import ColumnType, CsvDialect, Dataset, Holdout, InMemory
from cloudautoml.spec.job import JobSpec
from cloudautoml.spec.metrics import METRICS, Goal, Metric, get_metric, metrics_for
from cloudautoml.spec.objective import Budget, Objective
from cloudautoml.spec.search import Constraints, Outputs, Part, Search
from cloudautoml.spec.task import (
    TASK_TYPES,
    Forecasting,
    ImageClassification,
    InstanceSegmentation,
    NamedEntityRecognition,
    ObjectDetection,
    TabularClassification,
    TabularRegression,
    TabularTask,
    Task,
    TaskType,
    TextClassification,
    TextGeneration,
    Translation,
    VideoClassification,
    VideoObjectTracking,
)

__all__ = [
    "METRICS",
    "TASK_TYPES",
    "Budget",
    "ColumnType",
    "Constraints",
    "CsvDialect",
    "Dataset",
    "Duration",
    "Forecasting",
    "Goal",
    "Holdout",
    "ImageClassification",
    "InMemory",
    "InstanceSegmentation",
    "JobSpec",
    "Metric",
    "Money",
    "MoneyAmount",
    "NamedEntityRecognition",
    "ObjectDetection",
    "Objective",
    "Outputs",
    "Part",
    "Search",
    "SpecModel",
    "TabularClassification",
    "TabularRegression",
    "TabularTask",
    "Task",
    "TaskType",
    "TextClassification",
    "TextGeneration",
    "Translation",
    "VideoClassification",
    "VideoObjectTracking",
    "format_duration",
    "get_metric",
    "metrics_for",
    "parse_duration",
]
