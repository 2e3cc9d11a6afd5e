"""Endpoints, what is left, artifacts and logs, against the emulator: found by tag, deleted once, copied safely."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from cloudautoml import errors
from cloudautoml.spec import Budget, Dataset, JobSpec, TabularRegression
from cloudautoml.store import Store
from cloudautoml.testing.fake import FakeConfig, FakeProvider
from cloudautoml_sagemaker import SagemakerConfig, SagemakerProvider
from cloudautoml_sagemaker.emulator import SagemakerEmulator

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

    from cloudautoml.job import Job


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Generator[SagemakerProvider]:
    trainer = FakeProvider(FakeConfig(), store=Store(tmp_path_factory.mktemp("trainer")))
    with pytest.MonkeyPatch.context() as patch, SagemakerEmulator(trainer) as emulator:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        config = SagemakerConfig.model_validate({**emulator.settings(), "poll_seconds": 0.05})
        yield SagemakerProvider(config, store=Store(tmp_path_factory.mktemp("home")))


def submitted(provider: SagemakerProvider, tmp_path_factory: pytest.TempPathFactory) -> Job:
    rows = tmp_path_factory.mktemp("rows") / "rows.csv"
    rows.write_text("a,b,y\n" + "".join(f"{n % 7},{n % 11},{n % 13}\n" for n in range(600)))
    spec = JobSpec(
        name="left",
        task=TabularRegression(target="y"),
        data=Dataset(train=str(rows), holdout=None),
        budget=Budget(max_time=timedelta(minutes=10)),
    )
    return provider.submit(spec).wait(timeout=60)


@pytest.fixture(scope="module")
def job(provider: SagemakerProvider, tmp_path_factory: pytest.TempPathFactory) -> Job:
    return submitted(provider, tmp_path_factory)


def kinds(provider: SagemakerProvider, job: Job, **which: Any) -> list[str]:
    return [item.kind for item in provider.sweep(job=job.id, **which)]


def test_an_endpoint_answers_until_its_time_is_over(provider: SagemakerProvider, job: Job) -> None:
    table = pd.DataFrame({"a": [1, 2], "b": [3, 4]})
    endpoint = job.model().deploy(max_hours=1)
    assert list(endpoint.predict(table)) == list(job.model().predict(table))
    assert endpoint.native()["EndpointStatus"] == "InService"
    assert kinds(provider, job)[0] == "endpoint", "what costs comes first"
    assert kinds(provider, job, expired=True) == []
    endpoint.expires = datetime.now(UTC) - timedelta(seconds=1)
    with pytest.raises(errors.JobNotFoundError, match="is over"):
        endpoint.predict(table)
    assert "endpoint" not in kinds(provider, job)


def test_an_expired_endpoint_is_swept(provider: SagemakerProvider, job: Job) -> None:
    job.model().deploy(max_hours=0.0001)  # less than a second
    found = provider.sweep(expired=True)
    assert [item.kind for item in found] == ["endpoint", "endpoint-config"]
    assert "endpoint" in kinds(provider, job), "nothing is deleted unless it is wanted"
    provider.sweep(expired=True, dry_run=False)
    assert provider.sweep(expired=True, dry_run=False) == []


def test_machines_for_calls_only(provider: SagemakerProvider, job: Job) -> None:
    with job.model().deploy(max_hours=1, min_instances=0, max_instances=3) as endpoint:
        found = provider.client.call("DescribeEndpointConfig", {"EndpointConfigName": endpoint.name})
        assert found["ProductionVariants"][0]["ServerlessConfig"] == {"MemorySizeInMB": 4096, "MaxConcurrency": 3}
    with pytest.raises(errors.UnsupportedError, match="by load"):
        job.model().deploy(max_hours=1, max_instances=2)


def test_artifacts_are_copied(job: Job, tmp_path: Path) -> None:
    found = job.download(tmp_path, names=["candidate_notebook", "exploration_notebook", "model_1", "request"])
    assert found["candidate_notebook"].suffix == ".ipynb"
    assert found["model_1"].stat().st_size > 0
    assert "emulator" in found["exploration_notebook"].read_text()
    whole = job.download(tmp_path / "all")
    assert any((whole["output"]).rglob("*.tar.gz"))


def test_the_machines_own_lines_are_read(provider: SagemakerProvider, job: Job) -> None:
    group = "/aws/sagemaker/TrainingJobs"
    step = job.native()["BestCandidate"]["CandidateSteps"][0]["CandidateStepName"]
    logs = provider.client.cloudwatch
    logs.create_log_group(logGroupName=group)
    logs.create_log_stream(logGroupName=group, logStreamName=f"{step}/algo-1")
    now = int(datetime.now(UTC).timestamp() * 1000)
    events = [{"timestamp": now, "message": "epoch 1\n"}]
    logs.put_log_events(logGroupName=group, logStreamName=f"{step}/algo-1", logEvents=events)
    assert any(line.endswith(f"{step} epoch 1") for line in job.logs())


def test_a_job_is_cleaned_up(provider: SagemakerProvider, tmp_path_factory: pytest.TempPathFactory) -> None:
    job = submitted(provider, tmp_path_factory)
    job.model().predict(pd.DataFrame({"a": [1], "b": [3]}))
    best = job.leaderboard().best
    assert {item.kind for item in job.cleanup()} >= {"model", "files"}
    assert kinds(provider, job) == []
    assert job.cleanup() == []
    assert job.leaderboard().best == best, "the record stays"
