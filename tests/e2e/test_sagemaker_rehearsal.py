"""An Autopilot job that is really trained: unmodified boto3, the emulator, and the local backend behind it."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

import pytest
from autopilot_calls import create_request, rows, until

from cloudautoml.spec import Budget, JobSpec, Objective, TabularClassification
from cloudautoml.store import Store
from cloudautoml_local.config import LocalConfig
from cloudautoml_local.provider import LocalProvider
from cloudautoml_sagemaker.config import SagemakerConfig
from cloudautoml_sagemaker.emulator import BUCKET, ROLE, SagemakerEmulator
from cloudautoml_sagemaker.provider import SagemakerProvider

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[SagemakerEmulator]:
    local = LocalProvider(LocalConfig(workers=1, threads=1), store=Store(tmp_path / "emulated"))
    with SagemakerEmulator(local) as running:
        yield running


def test_boto3_gets_models_that_were_trained(emulator: SagemakerEmulator) -> None:
    emulator.client("s3").upload_fileobj(io.BytesIO(rows(600)), BUCKET, "data/train.csv")
    client = emulator.client("sagemaker")
    client.create_auto_ml_job_v2(
        **create_request(
            Mode="ENSEMBLING",
            CandidateGenerationConfig={"AlgorithmsConfig": [{"AutoMLAlgorithms": ["linear-learner", "randomforest"]}]},
        )
    )
    done: dict[str, Any] = until(
        lambda: client.describe_auto_ml_job_v2(AutoMLJobName="churn-1"),
        lambda seen: seen["AutoMLJobStatus"] != "InProgress",
        seconds=120,
    )
    assert done["AutoMLJobStatus"] == "Completed", done.get("FailureReason")
    found = client.list_candidates_for_auto_ml_job(AutoMLJobName="churn-1")["Candidates"]
    trained = [item for item in found if not item["CandidateName"].startswith("WeightedEnsemble")]
    assert [item["CandidateStatus"] for item in trained] == ["Completed"] * 2, trained
    assert all(0 <= item["FinalAutoMLJobObjectiveMetric"]["Value"] <= 1 for item in found)
    containers = done["BestCandidate"]["InferenceContainers"]
    client.create_model(ModelName="churn", ExecutionRoleArn=ROLE, Containers=containers)
    variant = {"VariantName": "all", "ModelName": "churn", "InstanceType": "ml.m5.large", "InitialInstanceCount": 1}
    client.create_endpoint_config(EndpointConfigName="churn", ProductionVariants=[variant])
    client.create_endpoint(EndpointName="churn", EndpointConfigName="churn")
    runtime = emulator.client("sagemaker-runtime")
    answer = runtime.invoke_endpoint(EndpointName="churn", ContentType="text/csv", Body=b"33,north\n44,south\n")
    labels = [line[0] for line in csv.reader(io.StringIO(answer["Body"].read().decode()))]
    assert len(labels) == 2
    assert set(labels) <= {"0", "1"}


def test_our_provider_gets_the_same(
    emulator: SagemakerEmulator, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in emulator.environment().items():
        monkeypatch.setenv(name, value)
    table = tmp_path / "train.csv"
    table.write_bytes(rows(800))
    spec = JobSpec(
        name="churn",
        task=TabularClassification(target="left"),
        data={"train": str(table)},  # type: ignore[arg-type]
        objective=Objective(metric="roc_auc"),
        budget=Budget(max_trials=2, max_time="2m"),  # type: ignore[arg-type]
    )
    provider = SagemakerProvider(SagemakerConfig(**emulator.settings()))
    job = provider.submit(spec).wait(timeout=120)
    best = job.leaderboard().best
    assert best is not None
    assert best.cost_source == "emulated"
    assert best.score_val is not None
    assert job.cost().source == "emulated"
    predicted = job.model().predict(str(table))
    assert set(predicted) <= {"0", "1"}
    assert len(predicted) == 800
