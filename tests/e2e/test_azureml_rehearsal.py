"""AutoML jobs that are really trained: Azure's unmodified SDK, the emulator, and the local backend behind it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from azureml_calls import TRAIN, rows, until, upload

from cloudautoml.spec import Budget, JobSpec, Objective, TabularClassification
from cloudautoml.store import Store
from cloudautoml_azureml._request import Input, create_request
from cloudautoml_azureml.config import AzuremlConfig
from cloudautoml_azureml.emulator import GROUP, SUBSCRIPTION, WORKSPACE, AzuremlEmulator
from cloudautoml_azureml.provider import AzuremlProvider
from cloudautoml_local.config import LocalConfig
from cloudautoml_local.provider import LocalProvider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("ignore")]  # the SDK's packages complain about one another


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[AzuremlEmulator]:
    local = LocalProvider(LocalConfig(workers=1, threads=1), store=Store(tmp_path / "emulated"))
    with AzuremlEmulator(local) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


def sdk_client() -> Any:
    """An MLClient that knows of the emulator by its environment alone."""
    from azure.ai.ml import MLClient
    from azure.identity import DefaultAzureCredential

    return MLClient(DefaultAzureCredential(), SUBSCRIPTION, GROUP, WORKSPACE, cloud="EmulatedCloud")


def sdk_job(name: str, **limits: Any) -> Any:
    """A job as the SDK's users write it."""
    from azure.ai.ml import Input, automl

    job = automl.classification(
        name=name,
        experiment_name="tests",
        compute="cpu-cluster",
        training_data=Input(type="mltable", path=TRAIN),
        target_column_name="left",
        primary_metric="AUC_weighted",
    )
    job.set_limits(timeout_minutes=10, **limits)
    job.set_training(allowed_training_algorithms=["LogisticRegression", "RandomForest"], enable_stack_ensemble=False)
    return job


def test_the_sdk_gets_models_that_were_trained(emulator: AzuremlEmulator) -> None:
    upload(emulator)
    client = sdk_client()
    made = client.jobs.create_or_update(sdk_job("churn-1", max_trials=2))
    assert made.name == "churn-1"
    done = until(lambda: client.jobs.get("churn-1"), lambda job: job.status not in {"NotStarted", "Running"},
                 seconds=120)  # fmt: skip
    assert done.status == "Completed"
    children = list(client.jobs.list(parent_job_name="churn-1"))
    assert {child.properties["run_algorithm"] for child in children} >= {"LogisticRegression", "RandomForest"}
    scores = {child.name: float(child.properties["score"]) for child in children}
    assert all(0 <= score <= 1 for score in scores.values())
    assert scores[done.tags["automl_best_child_run_id"]] == max(scores.values())
    assert "churn-1" in [job.name for job in client.jobs.list()]


def test_our_bodies_are_those_of_the_sdk(emulator: AzuremlEmulator) -> None:
    client = sdk_client()
    client.jobs.create_or_update(sdk_job("churn-3", max_trials=2, max_concurrent_trials=2, trial_timeout_minutes=3))
    theirs = AzuremlProvider(AzuremlConfig(**emulator.settings())).client.call("GET", "jobs/churn-3")["properties"]
    spec = JobSpec(
        name="churn",
        task=TabularClassification(target="left"),
        data={"train": TRAIN, "holdout": None},  # type: ignore[arg-type]
        objective=Objective(metric="roc_auc"),
        budget=Budget(max_trials=2, max_time="10m", max_trial_time="3m", max_parallel=2),  # type: ignore[arg-type]
        search={"families": ("linear", "random_forest")},  # type: ignore[arg-type]
    )
    config = AzuremlConfig(**{**emulator.settings(), "compute": "cpu-cluster"})
    ours = create_request(spec, config, name="churn-3", data=Input(TRAIN))["properties"]
    assert ours["computeId"] == theirs["computeId"]
    for part in ("limitSettings", "trainingSettings"):
        given = {name: value for name, value in theirs["taskDetails"][part].items() if not name.startswith("sweep")}
        assert {name: ours["taskDetails"][part][name] for name in given} == {
            **given, **({"enableStackEnsemble": True} if part == "trainingSettings" else {}),
        }  # fmt: skip
    rest = {"taskType", "targetColumnName", "primaryMetric", "trainingData", "logVerbosity"}
    assert {name: ours["taskDetails"][name] for name in rest} == {name: theirs["taskDetails"][name] for name in rest}


def test_the_sdk_cancels(emulator: AzuremlEmulator) -> None:
    upload(emulator)
    client = sdk_client()
    client.jobs.create_or_update(sdk_job("churn-2"))
    client.jobs.begin_cancel("churn-2").wait(60)
    assert client.jobs.get("churn-2").status == "Canceled"


def test_our_provider_gets_the_same(emulator: AzuremlEmulator, tmp_path: Path) -> None:
    table = tmp_path / "train.csv"
    table.write_bytes(rows(400))
    spec = JobSpec(
        name="churn",
        task=TabularClassification(target="left"),
        data={"train": str(table)},  # type: ignore[arg-type]
        objective=Objective(metric="roc_auc"),
        budget=Budget(max_trials=2, max_time="2m"),  # type: ignore[arg-type]
    )
    provider = AzuremlProvider(AzuremlConfig(**emulator.settings()))
    job = provider.submit(spec).wait(timeout=120)
    best = job.leaderboard().best
    assert best is not None
    assert best.cost_source == "emulated"
    assert best.score_val is not None
    assert best.score_holdout is not None
    assert job.cost().source == "emulated"
    model = job.model()
    assert set(model.predict(str(table))) <= {"0", "1"}
    assert len(model.predict_proba(str(table))) == 400
    saved = model.save(tmp_path / "model")
    assert (saved / "mlflow-model" / "MLmodel").exists()
