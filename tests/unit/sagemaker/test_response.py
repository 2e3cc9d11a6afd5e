"""Responses: every status is told honestly, and no candidate is lost or misplaced."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.job import JobState
from cloudautoml.spec import Budget, JobSpec, TabularRegression
from cloudautoml_sagemaker._cost import bound_of, cost_of
from cloudautoml_sagemaker._response import algorithm_of, artifacts_of, leaderboard, metrics_of, status_of
from cloudautoml_sagemaker.config import SagemakerConfig

START = datetime(2026, 1, 1, tzinfo=UTC)


def _candidate(name: str, value: float | None = None, *, metric: str = "RMSE", **fields: Any) -> dict[str, Any]:
    final = {"Type": "Minimize", "MetricName": metric, "StandardMetricName": metric, "Value": value}
    return {
        "CandidateName": name,
        "CandidateStatus": "Completed",
        "ObjectiveStatus": "Succeeded",
        "CandidateSteps": [],
        "CreationTime": START,
        "LastModifiedTime": START,
        "EndTime": START + timedelta(seconds=30),
        "InferenceContainers": [{"Image": "image", "ModelDataUrl": f"s3://b/{name}/model.tar.gz"}],
        **({"FinalAutoMLJobObjectiveMetric": final} if value is not None else {}),
        **fields,
    }


def _described(status: str, secondary: str, **fields: Any) -> dict[str, Any]:
    return {
        "AutoMLJobStatus": status,
        "AutoMLJobSecondaryStatus": secondary,
        "OutputDataConfig": {"S3OutputPath": "s3://b/out"},
        **fields,
    }


BEST = {"BestCandidate": _candidate("best", 1.0)}


@pytest.mark.parametrize(
    ("description", "state", "phase", "reason"),
    [
        (_described("InProgress", "Starting"), JobState.RUNNING, "Starting", ""),
        (_described("InProgress", "TrainingModels", **BEST), JobState.RUNNING, "TrainingModels", ""),
        (_described("InProgress", "Brewing"), JobState.RUNNING, "Brewing", ""),
        (_described("Hibernating", "Starting"), JobState.RUNNING, "Hibernating", ""),
        (_described("Stopping", "Stopping"), JobState.CANCELLING, "Stopping", ""),
        (_described("Stopped", "Stopped", **BEST), JobState.CANCELLED, "Stopped", ""),
        (_described("Completed", "Completed", **BEST), JobState.SUCCEEDED, "Completed", ""),
        (_described("Completed", "MaxAutoMLJobRuntimeReached", **BEST), JobState.SUCCEEDED,
         "MaxAutoMLJobRuntimeReached", ""),
        (_described("Completed", "MaxAutoMLJobRuntimeReached"), JobState.FAILED, "MaxAutoMLJobRuntimeReached",
         "no model was finished (MaxAutoMLJobRuntimeReached)"),
        (_described("Completed", "CandidateDefinitionsGenerated"), JobState.SUCCEEDED,
         "CandidateDefinitionsGenerated", ""),
        (_described("Completed", "ExplainabilityError", **BEST,
                    PartialFailureReasons=[{"PartialFailureMessage": "Clarify gave up"}]),
         JobState.SUCCEEDED, "ExplainabilityError", "ExplainabilityError; Clarify gave up"),
        (_described("Failed", "Failed", FailureReason="no such column"), JobState.FAILED, "Failed", "no such column"),
        (_described("Failed", "Failed"), JobState.FAILED, "Failed", "no reason given"),
    ],
)  # fmt: skip
def test_each_status_is_told_honestly(description: dict[str, Any], state: JobState, phase: str, reason: str) -> None:
    status = status_of(description)
    assert (status.state, status.phase, status.reason) == (state, phase, reason)


def test_750_candidates_over_pages() -> None:
    rng = random.Random(3)
    values = [rng.uniform(1, 100) for _ in range(750)]
    items = [
        _candidate(f"c{number}", None if number % 10 == 0 else value, CreationTime=START + timedelta(seconds=number))
        for number, value in enumerate(values)
    ]
    rng.shuffle(items)
    pages = [{"Candidates": items[at : at + 300]} for at in (0, 300, 600)]
    pages[1]["Candidates"] = [*items[290:300], *pages[1]["Candidates"]]  # some moved while the pages were read
    board = leaderboard(pages, metric="rmse", job="j", provider="sagemaker")
    assert len(board) == 750
    scored = [candidate for candidate in board if candidate.succeeded]
    assert len(scored) == 675
    natural = [candidate.metrics_val["rmse"] for candidate in scored]
    assert natural == sorted(natural), "a metric that is minimised: the smallest first"
    assert board.best is not None
    assert board.best.metrics_val["rmse"] == min(v for n, v in enumerate(values) if n % 10)
    assert all(candidate.reason for candidate in board if not candidate.succeeded)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=20), st.sampled_from(["Maximize", "Minimize"]))
def test_the_order_is_the_vendors(values: list[float], direction: str) -> None:
    items = [_candidate(f"c{number}", value, metric="AUC") for number, value in enumerate(values)]
    for item in items:
        item["FinalAutoMLJobObjectiveMetric"]["Type"] = direction
    board = leaderboard([{"Candidates": items}], metric="roc_auc", job="j", provider="sagemaker")
    best = max(values) if direction == "Maximize" else min(values)
    assert board.best is not None
    assert values[int(board.best.model[1:])] == best


def test_metrics_by_our_names_validation_first() -> None:
    def datum(name: str, value: float, source: str) -> dict[str, Any]:
        return {"MetricName": name, "StandardMetricName": name, "Value": value, "Set": source}

    data = [
        datum("AUC", 0.8, "Validation"), datum("AUC", 0.99, "Train"), datum("LogLoss", 0.4, "Test"),
        datum("Accuracy", 0.9, "Train"), datum("InferenceLatency", 0.1, "Validation"),
        datum("F1", float("nan"), "Validation"),
        {"StandardMetricName": "BalancedAccuracy", "Value": 0.7},
    ]  # fmt: skip
    assert metrics_of({"CandidateProperties": {"CandidateMetrics": data}}) == {
        "roc_auc": 0.8, "log_loss": 0.4, "balanced_accuracy": 0.7,
    }  # fmt: skip


def test_candidates_that_failed_or_go_on() -> None:
    items = [
        _candidate("good", 2.0),
        _candidate("bad", CandidateStatus="Failed", FailureReason="out of memory"),
        _candidate("slow", CandidateStatus="InProgress"),
        _candidate("late", CandidateStatus="Stopped"),
    ]
    board = leaderboard([{"Candidates": items}], metric="rmse", job="j", provider="sagemaker", cost_source="emulated")
    found = {candidate.model: (candidate.status, candidate.reason, candidate.can_infer) for candidate in board}
    assert found == {
        "good": ("succeeded", "", True),
        "bad": ("failed", "out of memory", False),
        "slow": ("skipped", "still being trained", False),
        "late": ("skipped", "stopped", False),
    }
    assert board.best is not None
    assert board.best.fit_seconds == 30
    assert {candidate.cost_source for candidate in board} == {"emulated"}


@pytest.mark.parametrize(
    ("name", "algorithm"),
    [
        ("jobLightGBM-BAG-L1", "lightgbm"),
        ("WeightedEnsemble-L2-FULL", "ensemble"),
        ("job-RandomForestGini-3", "random_forest"),
        ("job-cnn-qr-1", "cnn-qr"),
        ("trial-1-abc", "autopilot"),
    ],
)
def test_families_are_read_off_names(name: str, algorithm: str) -> None:
    assert algorithm_of({"CandidateName": name}) == algorithm


def test_artifacts_that_are_there() -> None:
    places = {"Explainability": "s3://b/explain", "ModelInsights": "s3://b/insights"}
    best = _candidate("best", 1.0, CandidateProperties={"CandidateArtifactLocations": places})
    notebooks = {"DataExplorationNotebookLocation": "s3://b/explore.ipynb"}
    assert artifacts_of(_described("Completed", "Completed", BestCandidate=best, AutoMLJobArtifacts=notebooks)) == {
        "output": "s3://b/out",
        "exploration_notebook": "s3://b/explore.ipynb",
        "explainability": "s3://b/explain",
        "model_insights": "s3://b/insights",
        "model_1": "s3://b/best/model.tar.gz",
    }
    assert artifacts_of(_described("InProgress", "Starting")) == {"output": "s3://b/out"}


def test_cost() -> None:
    spec = JobSpec(name="j", task=TabularRegression(target="y"), data="s3://b/r", budget=Budget(max_time="90m"))
    config = SagemakerConfig.model_validate({"hourly_rate": "2.5", "instance_prices": {"ml.m5.xlarge": "0.3"}})
    assert str(bound_of(spec, config).amount) == "3.75"
    assert bound_of(spec, SagemakerConfig()).amount is None
    assert str(cost_of({"ml.m5.xlarge": 7200}, config).amount) == "0.6"
    assert cost_of({"ml.m5.xlarge": 7200, "ml.p3": 1}, config).amount is None
