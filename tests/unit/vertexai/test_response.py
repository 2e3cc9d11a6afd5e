"""What Google answers, as our status, metrics and errors."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from vertexai_jobs import config_of

from cloudautoml.errors import (
    AuthenticationError,
    CloudAutoMLError,
    QuotaExceededError,
    ServiceUnavailableError,
    ThrottledError,
)
from cloudautoml.job import JobState
from cloudautoml_vertexai._batch import answers
from cloudautoml_vertexai._cost import cost_of
from cloudautoml_vertexai._errors import error_of
from cloudautoml_vertexai._response import confusion_of, importance_of, metrics_of, model_name, status_of


@pytest.mark.parametrize(
    ("state", "error", "wanted"),
    [
        ("PIPELINE_STATE_PENDING", {}, JobState.QUEUED),
        ("PIPELINE_STATE_PAUSED", {}, JobState.RUNNING),
        ("PIPELINE_STATE_FAILED", {"code": 3, "message": "bad rows"}, JobState.FAILED),
        ("PIPELINE_STATE_FAILED", {"code": 1, "message": "CANCELED"}, JobState.CANCELLED),
        ("PIPELINE_STATE_CANCELLED", {"code": 1, "message": "CANCELED"}, JobState.CANCELLED),
        (99, {}, JobState.RUNNING),
    ],
)
def test_states(state: str | int, error: dict[str, Any], wanted: JobState) -> None:
    status = status_of({"state": state, "error": error})
    assert status.state is wanted
    assert (status.reason == error.get("message")) is (wanted is JobState.FAILED)


def test_a_quota_that_is_found_used_up_later_says_so() -> None:
    status = status_of({"state": "PIPELINE_STATE_FAILED", "error": {"code": 8, "message": "no machines"}})
    assert "quota" in status.reason


def test_metrics() -> None:
    table = {
        "annotationSpecs": [{"displayName": "no"}, {"displayName": "yes"}],
        "rows": [[6.0, 2.0], {"row": [1.0, 1.0]}],
    }
    evaluation = {"metrics": {"auRoc": 0.9, "logLoss": "NaN", "confusionMatrix": table}}
    metrics = metrics_of(evaluation)
    assert metrics["roc_auc"] == 0.9
    assert metrics["accuracy"] == 0.7
    assert metrics["balanced_accuracy"] == pytest.approx((0.75 + 0.5) / 2)
    assert "log_loss" not in metrics
    assert confusion_of(evaluation) == (["no", "yes"], [[6, 2], [1, 1]])
    assert metrics_of({}) == {}


def test_importance_is_by_the_users_names() -> None:
    told = {"modelExplanation": {"meanAttributions": [{"featureAttributions": {"a_b": 0.1, "c": 0.7}}]}}
    found = importance_of(told, {"a_b": "a b"})
    assert found is not None
    assert [feature["name"] for feature in found["features"]] == ["c", "a b"]
    assert importance_of({}, {}) is None


def test_cost_comes_as_a_float_or_as_text() -> None:
    config = config_of(node_hour_prices={"tabular": "20"})
    for used in (500, 500.0, "500"):
        assert cost_of({"trainingTaskMetadata": {"trainCostMilliNodeHours": used}}, config).amount == Decimal(10)
    assert cost_of({}, config).amount is None
    assert cost_of({"state": "PIPELINE_STATE_FAILED"}, config).amount == 0


def test_a_model_has_its_version() -> None:
    assert model_name({"modelToUpload": {"displayName": "x"}}) is None
    assert model_name({"modelToUpload": {"name": "projects/1/locations/l/models/2", "versionId": "3"}}) == (
        "projects/1/locations/l/models/2@3"
    )


def test_answers_are_put_in_order() -> None:
    lines = [
        '{"instance": {"cloudautoml_row": "1"}, "prediction": {"classes": ["a", "b"], "scores": [0.2, 0.8]}}',
        '{"instance": {"cloudautoml_row": 0.0}, "prediction": {"value": 4.5}}',
        "",
    ]
    found = answers(lines)
    assert found[0].label == "4.5"
    assert (found[1].label, found[1].shares) == ("b", {"a": 0.2, "b": 0.8})


@pytest.mark.parametrize(
    ("status", "message", "reason", "wanted"),
    [
        ("RESOURCE_EXHAUSTED", "Quota exceeded for requests per minute", "", ThrottledError),
        ("RESOURCE_EXHAUSTED", "Quota exceeded", "RATE_LIMIT_EXCEEDED", ThrottledError),
        ("RESOURCE_EXHAUSTED", "The following quotas are exceeded: X", "", QuotaExceededError),
        ("UNAVAILABLE", "", "", ServiceUnavailableError),
        ("UNAUTHENTICATED", "expired", "", AuthenticationError),
        ("DATA_LOSS", "?", "", CloudAutoMLError),
    ],
)
def test_errors(status: str, message: str, reason: str, wanted: type[CloudAutoMLError]) -> None:
    assert type(error_of(status, message, operation="GetModel", reason=reason)) is wanted
