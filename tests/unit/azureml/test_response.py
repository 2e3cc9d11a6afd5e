"""Responses: what Azure says of a job and its child runs, read as it is meant."""

from __future__ import annotations

import json
import sys
import types
from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml import errors
from cloudautoml.job import JobState
from cloudautoml_azureml._errors import error_of
from cloudautoml_azureml._metrics import canonical, logged
from cloudautoml_azureml._response import leaderboard, moment, reason_of, status_of
from cloudautoml_azureml._score import ANSWER, COLUMNS, ROWS, main
from cloudautoml_azureml._scoring import answers

if TYPE_CHECKING:
    from pathlib import Path


@pytest.mark.parametrize(
    ("raw", "state"),
    [
        ("NotStarted", JobState.QUEUED),
        ("Queued", JobState.QUEUED),
        ("Finalizing", JobState.RUNNING),
        ("CancelRequested", JobState.CANCELLING),
        ("Canceled", JobState.CANCELLED),
        ("Completed", JobState.SUCCEEDED),
        ("Failed", JobState.FAILED),
        ("NotResponding", JobState.RUNNING),
        ("Paused", JobState.RUNNING),
        ("NeverHeardOf", JobState.RUNNING),
    ],
)
def test_a_status(raw: str, state: JobState) -> None:
    found = status_of({"properties": {"status": raw}})
    assert (found.state, found.phase) == (state, raw)


def _run(number: int, status: str = "Completed", **properties: str) -> dict[str, Any]:
    return {
        "runId": f"job_{number}",
        "status": status,
        "startTimeUtc": "2026-01-01T00:00:00.0000000+00:00",
        "endTimeUtc": "2026-01-01T00:01:30.5000000Z",
        "properties": {"run_algorithm": "LightGBM", "run_preprocessor": "MaxAbsScaler", **properties},
        "tags": {},
    }


def _board(children: list[dict[str, Any]], metrics: dict[str, dict[str, float]], metric: str = "roc_auc") -> Any:
    return leaderboard(
        children, metrics, task="tabular_classification", metric=metric, job="job", provider="azureml"
    )  # fmt: skip


def test_a_leaderboard_has_every_trial_once_best_first() -> None:
    children = [
        _run(2),
        _run(10, run_algorithm="VotingEnsemble"),
        _run(0, run_algorithm="XGBoostClassifier"),
        _run(2),
        {**_run(3, "Failed"), "error": {"error": {"message": "out of memory"}}},
        _run(4, "Running"),
        {"runId": "job_setup", "status": "Completed", "properties": {}},
    ]
    board = _board(children, {"job_2": {"AUC_macro": 0.8}, "job_10": {"AUC_macro": 0.9}, "job_0": {"AUC_macro": 0.7}})
    assert [c.model for c in board] == ["job_10", "job_2", "job_0", "job_3", "job_4"]
    assert [c.algorithm for c in board][:3] == ["ensemble", "lightgbm", "xgboost"]
    assert [c.trial for c in board] == [None, 2, 0, 3, 4]
    assert board["job_3"].reason == "out of memory"
    assert board["job_4"].status == "skipped"
    assert board["job_2"].fit_seconds == 90.5
    assert board["job_2"].params == {"preprocessor": "MaxAbsScaler"}


def test_a_score_stands_in_for_a_metric_that_it_is() -> None:
    scored = [_run(0, score="0.75", primary_metric="accuracy")]
    assert _board(scored, {}, "accuracy").best.score_val == 0.75
    other = _board([_run(0, score="0.1", primary_metric="normalized_root_mean_squared_error")], {}, "roc_auc")
    assert other.best is None, "a normalised error is no metric of ours"
    assert "gave it no roc_auc" in other["job_0"].reason


def test_metrics_are_told_in_our_units() -> None:
    found = canonical({"root_mean_squared_error": 3.0, "mean_absolute_percentage_error": 25.0, "residuals": 1.0})
    assert found == {"rmse": 3.0, "mse": 9.0, "mape": 0.25}
    assert canonical({"AUC_macro": 0.7, "AUC_binary": 0.8, "AUC_weighted": 0.6}) == {"roc_auc": 0.8}
    assert canonical(logged({"mape": 0.25, "f1": 0.5, "accuracy": 0.9})) == {"mape": 0.25, "f1": 0.5, "accuracy": 0.9}


def test_times_with_seven_digits_are_read() -> None:
    assert moment("2026-01-01T00:00:00.1234567Z").microsecond == 123456


def test_a_reason_that_is_not_given() -> None:
    assert reason_of({}) == ""
    assert reason_of({"error": None}) == ""


@pytest.mark.parametrize(
    ("status", "answer", "kind"),
    [
        (400, {"error": {"code": "UserError", "message": "no"}}, errors.SpecError),
        (400, {"error": {"code": "UserError", "innererror": {"code": "JobPropertyImmutable"}}}, errors.ConflictError),
        (400, {"error": {"code": "UserError", "message": "ClusterMinNodesExceedCoreQuota"}},
         errors.QuotaExceededError),
        (401, {}, errors.AuthenticationError),
        (403, {}, errors.PermissionDeniedError),
        (404, "<html>", errors.JobNotFoundError),
        (409, {"error": {"code": "Conflict", "message": "busy"}}, errors.ConflictError),
        (429, None, errors.ThrottledError),
        (503, "", errors.ServiceUnavailableError),
        (418, {}, errors.CloudAutoMLError),
    ],
)  # fmt: skip
def test_a_refusal_says_what_to_do(status: int, answer: object, kind: type[errors.CloudAutoMLError]) -> None:
    assert type(error_of(status, answer, operation="GET jobs/a")) is kind


class _Model:
    classes_ = (0, 1)

    def predict(self, rows: Any) -> list[int]:
        assert str(rows["day"].dtype).startswith("datetime64")
        return [int(value > 1) for value in rows["a"]]

    def predict_proba(self, rows: Any) -> list[list[float]]:
        return [[0.25, 0.75]] * len(rows)


def test_the_program_that_predicts_at_azure(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    mlflow, sklearn = types.ModuleType("mlflow"), types.ModuleType("mlflow.sklearn")
    sklearn.__dict__["load_model"] = lambda folder: _Model() if folder == "model" else None
    monkeypatch.setitem(sys.modules, "mlflow", mlflow)
    monkeypatch.setitem(sys.modules, "mlflow.sklearn", sklearn)
    (tmp_path / ROWS).write_text("a,day\n1,2026-01-01\n2,2026-01-02\n")
    (tmp_path / COLUMNS).write_text(json.dumps({"dates": ["day"]}))
    main(["--model", "model", "--rows", str(tmp_path), "--output", str(tmp_path / "out")])
    found = answers((tmp_path / "out" / ANSWER).read_bytes())
    assert [answer.label for answer in found] == ["0", "1"]
    assert found[0].shares == {"0": 0.25, "1": 0.75}


def test_a_model_that_tells_labels_alone() -> None:
    found = answers(json.dumps({"labels": [1.5, 2]}).encode())
    assert [(answer.label, answer.shares) for answer in found] == [("1.5", {}), ("2", {})]
