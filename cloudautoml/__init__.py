"""One typed job spec for AutoML on SageMaker Autopilot, Azure AutoML, Vertex AI or your own machine."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from cloudautoml.capabilities import Capabilities, Feature, Gap, Level, Support
    from cloudautoml.comparison import Comparison, compare, compare_jobs
    from cloudautoml.config import connect, load_spec
    from cloudautoml.endpoint import Endpoint
    from cloudautoml.job import Cost, Event, Job, JobState, JobStatus
    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.leftovers import Leftover
    from cloudautoml.model import Model, load_model
    from cloudautoml.plan import Plan
    from cloudautoml.provider import Provider, ProviderConfig, ProviderPlugin
    from cloudautoml.sklearn import AutoMLClassifier, AutoMLRegressor
    from cloudautoml.spec import (
        Budget,
        ColumnType,
        Constraints,
        CsvDialect,
        Dataset,
        Forecasting,
        Holdout,
        ImageClassification,
        InstanceSegmentation,
        JobSpec,
        Money,
        NamedEntityRecognition,
        ObjectDetection,
        Objective,
        Outputs,
        Part,
        Search,
        TabularClassification,
        TabularRegression,
        TextClassification,
        TextGeneration,
        Translation,
        VideoClassification,
        VideoObjectTracking,
    )
    from cloudautoml.store import Store

__version__ = "0.1.0"

# where each public name lives: it is imported when it is first used, so that importing the package costs nothing
_HOMES = {
    "capabilities": "Capabilities Feature Gap Level Support",
    "comparison": "Comparison compare compare_jobs",
    "config": "connect load_spec",
    "endpoint": "Endpoint",
    "job": "Cost Event Job JobState JobStatus",
    "leaderboard": "Candidate Leaderboard",
    "leftovers": "Leftover",
    "model": "Model load_model",
    "plan": "Plan",
    "provider": "Provider ProviderConfig ProviderPlugin",
    "sklearn": "AutoMLClassifier AutoMLRegressor",
    "spec": (
        "Budget ColumnType Constraints CsvDialect Dataset Forecasting Holdout ImageClassification "
        "InstanceSegmentation JobSpec Money NamedEntityRecognition ObjectDetection Objective Outputs Part Search "
        "TabularClassification TabularRegression TextClassification TextGeneration Translation VideoClassification "
        "VideoObjectTracking"
    ),
    "store": "Store",
}
_HOME_OF = {name: module for module, names in _HOMES.items() for name in names.split()}

__all__ = [
    "AutoMLClassifier",
    "AutoMLRegressor",
    "Budget",
    "Candidate",
    "Capabilities",
    "ColumnType",
    "Comparison",
    "Constraints",
    "Cost",
    "CsvDialect",
    "Dataset",
    "Endpoint",
    "Event",
    "Feature",
    "Forecasting",
    "Gap",
    "Holdout",
    "ImageClassification",
    "InstanceSegmentation",
    "Job",
    "JobSpec",
    "JobState",
    "JobStatus",
    "Leaderboard",
    "Leftover",
    "Level",
    "Model",
    "Money",
    "NamedEntityRecognition",
    "ObjectDetection",
    "Objective",
    "Outputs",
    "Part",
    "Plan",
    "Provider",
    "ProviderConfig",
    "ProviderPlugin",
    "Search",
    "Store",
    "Support",
    "TabularClassification",
    "TabularRegression",
    "TextClassification",
    "TextGeneration",
    "Translation",
    "VideoClassification",
    "VideoObjectTracking",
    "__version__",
    "compare",
    "compare_jobs",
    "connect",
    "load_model",
    "load_spec",
]


def __getattr__(name: str) -> Any:
    home = _HOME_OF.get(name)
    if home is None:
        msg = f"module 'cloudautoml' has no attribute {name!r}"
        raise AttributeError(msg)
    value = getattr(import_module(f"cloudautoml.{home}"), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__})
