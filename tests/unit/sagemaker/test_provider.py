"""Submission against the emulator: whatever happens to a call, a reply or a process, there is one vendor's job."""

from __future__ import annotations

import csv
import random
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml import errors
from cloudautoml.emulation import Fault, FaultKind
from cloudautoml.job import JobState
from cloudautoml.polling import FakeClock
from cloudautoml.spec import Budget, Dataset, JobSpec, Objective, TabularClassification, TabularRegression
from cloudautoml.store import Store
from cloudautoml.testing.fake import FakeConfig, FakeProvider
from cloudautoml_sagemaker import SagemakerConfig, SagemakerProvider
from cloudautoml_sagemaker.emulator import SagemakerEmulator

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[SagemakerEmulator]:
    trainer = FakeProvider(FakeConfig(), store=Store(tmp_path_factory.mktemp("trainer")))
    with pytest.MonkeyPatch.context() as patch, SagemakerEmulator(trainer) as emulator:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        yield emulator


@pytest.fixture
def provider(emulator: SagemakerEmulator, tmp_path: Path) -> SagemakerProvider:
    config = SagemakerConfig.model_validate({**emulator.settings(), "poll_seconds": 0.05})
    return SagemakerProvider(config, store=Store(tmp_path / "home"))


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, rng = tmp_path_factory.mktemp("rows") / "rows.csv", random.Random(3)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "kind", "y"])
        for _ in range(520):
            a, b = rng.random(), rng.random()
            writer.writerow([a, b, rng.choice(("one", "two", "three")), a + b])
    return path


def _spec(rows: Path, **fields: Any) -> JobSpec:
    usual: dict[str, Any] = {
        "name": "one",
        "task": TabularRegression(target="y"),
        "data": Dataset(train=str(rows), holdout=None),
        "budget": Budget(max_time=timedelta(minutes=10)),
    }
    return JobSpec.model_validate({**usual, **fields})


def _names(emulator: SagemakerEmulator) -> list[str]:
    pages = emulator.client("sagemaker").get_paginator("list_auto_ml_jobs").paginate()
    return [job["AutoMLJobName"] for page in pages for job in page["AutoMLJobSummaries"]]


@pytest.mark.parametrize("kind", [FaultKind.LOST_REPLY, FaultKind.SERVER_ERROR, FaultKind.THROTTLE, FaultKind.REFUSED])
def test_a_lost_or_failed_create_is_one_job(
    emulator: SagemakerEmulator, provider: SagemakerProvider, rows: Path, kind: FaultKind
) -> None:
    before = len(_names(emulator))
    emulator.faults.add(Fault(kind=kind, operation="CreateAutoMLJobV2"))
    job = provider.submit(_spec(rows))
    assert job.wait(timeout=60).state is JobState.SUCCEEDED
    assert len(_names(emulator)) == before + 1
    assert job.id in _names(emulator)


def test_eight_submits_of_one_job_are_one_job(
    emulator: SagemakerEmulator, provider: SagemakerProvider, rows: Path
) -> None:
    before, spec = len(_names(emulator)), _spec(rows)
    record = provider.store.create(spec, provider.name)
    data = provider._prepare(spec, strict=True)
    assert data is not None
    data.save(provider.store.job_dir(record.id) / "data")
    provider.client.sagemaker, provider.client.s3  # noqa: B018 - boto3's sessions are not made by several threads
    others = [SagemakerProvider(provider.config, store=provider.store) for _ in range(8)]
    for other in others:
        other.client = provider.client
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda other: other._submit(record, spec), others))
    assert len(_names(emulator)) == before + 1
    assert provider.attach(record.id).wait(timeout=60).state is JobState.SUCCEEDED


def test_a_submission_that_was_killed_is_found_or_has_failed(
    emulator: SagemakerEmulator, provider: SagemakerProvider, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    spec = _spec(rows)

    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("cloudautoml_sagemaker.provider.create_once", die)
        with pytest.raises(Killed):
            provider.submit(spec)
    lost = provider.list_jobs()[0]
    assert lost.status().state is JobState.CREATED, "it may still be on its way"
    monkeypatch.setattr("cloudautoml_sagemaker.job._SUBMISSION_SECONDS", 0.0)
    assert lost.status().state is JobState.FAILED

    with monkeypatch.context() as patch:  # the request arrives, and the process does not live to hear it
        patch.setattr(provider.store, "observe", die)
        with pytest.raises(Killed):
            provider.submit(spec)
    found = provider.list_jobs()[0]
    assert found.id != lost.id
    assert found.wait(timeout=60).state is JobState.SUCCEEDED


def test_a_job_is_adopted_from_its_name_alone(
    emulator: SagemakerEmulator, provider: SagemakerProvider, rows: Path, tmp_path: Path
) -> None:
    job = provider.submit(_spec(rows)).wait(timeout=60)
    elsewhere = SagemakerProvider(provider.config, store=Store(tmp_path / "elsewhere"))
    again = elsewhere.attach(job.id)
    assert again.wait(timeout=60).state is JobState.SUCCEEDED
    assert again.spec.task == job.spec.task
    assert [c.score_val for c in again.leaderboard()] == [c.score_val for c in job.leaderboard()]
    with pytest.raises(errors.StorageError, match="where their job was submitted"):
        again.model()
    assert elsewhere.attach(job.id).id == again.id
    with pytest.raises(errors.JobNotFoundError):
        elsewhere.attach("nobody-knows-me")


def test_the_same_data_is_sent_once(emulator: SagemakerEmulator, provider: SagemakerProvider, rows: Path) -> None:
    spec = _spec(rows, data=Dataset(train=str(rows)), name="sent")
    messages = []
    with pytest.raises(errors.DataError, match="500 or more"):
        provider.submit(spec)
    plain = _spec(rows, data=Dataset(train=str(rows), holdout=None, types={"b": "ignore"}))
    for _ in range(2):
        job = provider.submit(plain)
        messages.append(next(event.message for event in job.events() if event.kind == "upload"))
        job.wait(timeout=60)
    assert messages == ["2 of 2 files sent, the others were there", "0 of 2 files sent, the others were there"]


def test_three_classes_take_no_metric_of_two(provider: SagemakerProvider, rows: Path) -> None:
    spec = _spec(rows, task=TabularClassification(target="kind"), objective=Objective(metric="roc_auc"))
    with pytest.raises(errors.SpecError, match="cannot optimise roc_auc") as caught:
        provider.submit(spec)
    assert "balanced_accuracy" in str(caught.value.hint)
    assert provider.store.jobs() == []


def test_a_wait_goes_through_throttles_errors_and_dropped_connections(
    emulator: SagemakerEmulator, provider: SagemakerProvider, rows: Path
) -> None:
    job = provider.submit(_spec(rows))
    describe = "DescribeAutoMLJobV2"
    emulator.faults.add(
        Fault(kind=FaultKind.THROTTLE, operation=describe, count=5),
        Fault(kind=FaultKind.SERVER_ERROR, operation=describe),
        Fault(kind=FaultKind.REFUSED, operation=describe),
        Fault(kind=FaultKind.UNKNOWN_STATUS, operation=describe),
    )
    seen: list[JobState] = []
    job.wait(timeout=120, on_poll=lambda status: seen.append(status.state))
    assert seen[-1] is JobState.SUCCEEDED
    assert JobState.UNKNOWN in seen, "a status that could not be read says nothing about the job"
    assert JobState.FAILED not in seen


def test_waits_are_rare_enough(provider: SagemakerProvider, rows: Path) -> None:
    clock = FakeClock()
    patient = SagemakerProvider(
        provider.config.model_copy(update={"poll_seconds": 30.0}), store=provider.store, clock=clock
    )
    spec = _spec(rows)
    record = provider.store.create(spec, provider.name)  # it never gets there, so that the wait does not end
    with pytest.raises(errors.JobNotFinishedError):
        patient.attach(record.id).wait(timeout=timedelta(hours=3))
    assert 180 <= len(clock.slept) <= 240, "a look a minute"
