"""What a provider can do: one table that drives refusals, the conformance suite and the README's matrix."""

from __future__ import annotations

from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping


class Feature(StrEnum):
    """Something a job may ask for; every provider answers for every member."""

    TABULAR_CLASSIFICATION = "tabular_classification"
    TABULAR_REGRESSION = "tabular_regression"
    FORECASTING = "forecasting"
    IMAGE_CLASSIFICATION = "image_classification"
    IMAGE_MULTI_LABEL = "image_multi_label"
    OBJECT_DETECTION = "object_detection"
    INSTANCE_SEGMENTATION = "instance_segmentation"
    TEXT_CLASSIFICATION = "text_classification"
    TEXT_MULTI_LABEL = "text_multi_label"
    NAMED_ENTITY_RECOGNITION = "named_entity_recognition"
    TEXT_GENERATION = "text_generation"
    VIDEO_CLASSIFICATION = "video_classification"
    VIDEO_OBJECT_TRACKING = "video_object_tracking"
    TRANSLATION = "translation"

    MAX_TRIALS = "max_trials"
    MAX_TIME = "max_time"
    MAX_TRIAL_TIME = "max_trial_time"
    MAX_PARALLEL = "max_parallel"
    MAX_COST = "max_cost"

    SEARCH_SPACE = "search_space"
    SEARCH_STRATEGY = "search_strategy"
    PERFORMANCE_ESTIMATOR = "performance_estimator"
    CONSTRAINTS = "constraints"
    MULTI_OBJECTIVE = "multi_objective"
    FAMILIES = "families"
    ENSEMBLE = "ensemble"
    SEED = "seed"

    HOLDOUT_FRACTION = "holdout_fraction"
    HOLDOUT_COLUMN = "holdout_column"
    HOLDOUT_TIME = "holdout_time"
    HOLDOUT_GROUP = "holdout_group"
    SAMPLE_WEIGHTS = "sample_weights"

    CANCEL = "cancel"
    RESUME = "resume"
    ATTACH = "attach"
    EVENTS = "events"
    LOGS = "logs"
    LEADERBOARD = "leaderboard"
    PREDICT = "predict"
    PREDICT_PROBA = "predict_proba"
    ENDPOINT = "endpoint"
    BATCH_PREDICT = "batch_predict"
    EXPORT_ONNX = "export_onnx"
    FEATURE_IMPORTANCE = "feature_importance"
    REPORT = "report"


class Level(StrEnum):
    """How far a feature is supported."""

    NATIVE = "native"  # the provider does it itself
    EMULATED = "emulated"  # we do it around the provider
    NOT_IMPLEMENTED = "not_implemented"  # possible there, not yet built here
    UNSUPPORTED = "unsupported"  # the provider cannot do it


@dataclass(frozen=True, slots=True)
class Support:
    """The answer to "can this provider do that?".

    Attributes:
        level: How far it is supported.
        reason: Why not, for the two refusing levels; how, where that is worth knowing.
        instead: What to do instead, for a refusal.
    """

    level: Level
    reason: str = ""
    instead: str = ""

    def __post_init__(self) -> None:
        if not self and not self.reason:
            msg = f"a feature that is {self.level} needs a reason"
            raise ValueError(msg)

    def __bool__(self) -> bool:
        return self.level in {Level.NATIVE, Level.EMULATED}


NATIVE = Support(Level.NATIVE)
EMULATED = Support(Level.EMULATED)


def unsupported(reason: str, instead: str = "") -> Support:
    """A feature that the provider itself lacks."""
    return Support(Level.UNSUPPORTED, reason, instead)


def not_implemented(reason: str, instead: str = "") -> Support:
    """A feature that the provider has and this SDK does not reach yet."""
    return Support(Level.NOT_IMPLEMENTED, reason, instead)


class Capabilities:
    """An allow-list from every `Feature` to its `Support`.

    Args:
        table: An answer for each feature.

    Raises:
        ValueError: A feature is missing, so that a new one fails here until every provider answers.
    """

    def __init__(self, table: Mapping[Feature, Support]) -> None:
        missing = [feature.value for feature in Feature if feature not in table]
        if missing:
            msg = f"no answer for: {', '.join(missing)}"
            raise ValueError(msg)
        self._table = MappingProxyType(dict(table))

    def __getitem__(self, feature: Feature) -> Support:
        return self._table[feature]

    def __iter__(self) -> Iterator[Feature]:
        return iter(Feature)

    def items(self) -> Iterator[tuple[Feature, Support]]:
        """Each feature with its support, in the order of `Feature`."""
        return ((feature, self._table[feature]) for feature in Feature)


@dataclass(frozen=True, slots=True)
class Gap:
    """One thing that a provider will not do for a spec: a refusal as a value.

    Attributes:
        feature: What was asked for.
        support: The provider's answer.
        field: The path in the spec that asked for it, such as `budget.max_cost`.
    """

    feature: Feature
    support: Support
    field: str = ""

    @override
    def __str__(self) -> str:
        place = f" ({self.field})" if self.field else ""
        instead = f"; {self.support.instead}" if self.support.instead else ""
        return f"{self.feature.value}{place}: {self.support.reason}{instead}"
