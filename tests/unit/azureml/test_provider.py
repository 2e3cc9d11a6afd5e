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
from cloudautoml.spec import Budget, Dataset, JobSpec, TabularClassification, TabularRegression
from cloudautoml.store import Store
from cloudautoml.testing.fake import FakeConfig, FakeProvider
from cloudautoml_azureml import AzuremlConfig, AzuremlProvider
from cloudautoml_azureml._names import TAG_REQUEST
from cloudautoml_azureml.emulator import AzuremlEmulator

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[AzuremlEmulator]:
    trainer = FakeProvider(FakeConfig(), store=Store(tmp_path_factory.mktemp("trainer")))
    with pytest.MonkeyPatch.context() as patch, AzuremlEmulator(trainer) as emulator:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        yield emulator


@pytest.fixture
def provider(emulator: AzuremlEmulator, tmp_path: Path) -> Generator[AzuremlProvider]:
    config = AzuremlConfig.model_validate({**emulator.settings(), "poll_seconds": 0.05})
    yield AzuremlProvider(config, store=Store(tmp_path / "home"))
    emulator.faults.clear()


@pytest.fixture(scope="module")
def rows(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path, rng = tmp_path_factory.mktemp("rows") / "rows.csv", random.Random(3)
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file)
        writer.writerow(["a", "b", "kind", "y"])
        for _ in range(60):
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


def _names(provider: AzuremlProvider) -> list[str]:
    return [job["name"] for job in provider.client.call("GET", "jobs")["value"]]


@pytest.mark.parametrize("kind", [FaultKind.LOST_REPLY, FaultKind.SERVER_ERROR, FaultKind.THROTTLE, FaultKind.REFUSED])
def test_a_lost_or_failed_put_is_one_job(
    emulator: AzuremlEmulator, provider: AzuremlProvider, rows: Path, kind: FaultKind
) -> None:
    before = len(_names(provider))
    emulator.faults.add(Fault(kind=kind, operation="Jobs_CreateOrUpdate"))
    job = provider.submit(_spec(rows))
    assert job.wait(timeout=60).state is JobState.SUCCEEDED
    assert len(_names(provider)) == before + 1
    assert job.id in _names(provider)


def test_eight_submits_of_one_job_are_one_job(provider: AzuremlProvider, rows: Path) -> None:
    before, spec = len(_names(provider)), _spec(rows)
    record = provider.store.create(spec, provider.name)
    data = provider._prepare(spec, strict=True)
    assert data is not None
    data.save(provider.store.job_dir(record.id) / "data")
    others = [AzuremlProvider(provider.config, store=provider.store) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        list(pool.map(lambda other: other._submit(record, spec), others))
    assert len(_names(provider)) == before + 1
    assert provider.attach(record.id).wait(timeout=60).state is JobState.SUCCEEDED


def test_a_name_that_asks_for_something_else_is_a_conflict(provider: AzuremlProvider, rows: Path) -> None:
    job = provider.submit(_spec(rows))
    other = _spec(rows, budget=Budget(max_time=timedelta(minutes=11)))
    with pytest.raises(errors.ConflictError, match="something else"):
        provider._submit(provider.store.job(job.id), other)
    assert job.wait(timeout=60).state is JobState.SUCCEEDED


def test_a_submission_that_was_killed_is_found_or_has_failed(
    provider: AzuremlProvider, rows: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Killed(BaseException):
        pass

    def die(*_: object) -> None:
        raise Killed

    with monkeypatch.context() as patch:
        patch.setattr("cloudautoml_azureml.provider.create_once", die)
        with pytest.raises(Killed):
            provider.submit(_spec(rows))
    lost = provider.list_jobs()[0]
    assert lost.status().state is JobState.CREATED, "it may still be on its way"
    monkeypatch.setattr("cloudautoml_azureml.job._SUBMISSION_SECONDS", 0.0)
    assert lost.status().state is JobState.FAILED

    with monkeypatch.context() as patch:  # the request arrives, and the process does not live to hear it
        patch.setattr(provider.store, "observe", die)
        with pytest.raises(Killed):
            provider.submit(_spec(rows))
    found = provider.list_jobs()[0]
    assert found.id != lost.id
    assert found.wait(timeout=60).state is JobState.SUCCEEDED


def test_a_job_is_adopted_from_its_name_alone(provider: AzuremlProvider, rows: Path, tmp_path: Path) -> None:
    job = provider.submit(_spec(rows)).wait(timeout=60)
    elsewhere = AzuremlProvider(provider.config, store=Store(tmp_path / "elsewhere"))
    again = elsewhere.attach(job.id)
    assert again.wait(timeout=60).state is JobState.SUCCEEDED
    assert again.spec.task == job.spec.task
    assert [c.score_val for c in again.leaderboard()] == [c.score_val for c in job.leaderboard()]
    with pytest.raises(errors.StorageError, match="where their job was submitted"):
        again.model()
    with pytest.raises(errors.JobNotFoundError):
        elsewhere.attach("nobody-knows-me")


def test_the_same_data_is_sent_once(provider: AzuremlProvider, rows: Path) -> None:
    with pytest.raises(errors.DataError, match="50 or more"):
        provider.submit(_spec(rows, data=Dataset(train=str(rows))))
    plain = _spec(rows, data=Dataset(train=str(rows), holdout=None, types={"b": "ignore"}))
    messages = []
    for _ in range(2):
        job = provider.submit(plain)
        messages.append(next(event.message for event in job.events() if event.kind == "upload"))
        job.wait(timeout=60)
    assert messages == ["2 of 2 files sent, the others were there", "0 of 2 files sent, the others were there"]


def test_a_wait_goes_through_throttles_errors_and_dropped_connections(
    emulator: AzuremlEmulator, provider: AzuremlProvider, rows: Path
) -> None:
    job = provider.submit(_spec(rows))
    emulator.faults.add(
        Fault(kind=FaultKind.SERVER_ERROR, operation="Jobs_Get", count=6),
        Fault(kind=FaultKind.THROTTLE, operation="Jobs_Get"),
        Fault(kind=FaultKind.REFUSED, operation="Jobs_Get"),
        Fault(kind=FaultKind.UNKNOWN_STATUS, operation="Jobs_Get"),
        Fault(kind=FaultKind.SERVER_ERROR, operation="Metrics_Search"),
    )
    seen: list[JobState] = []
    job.wait(timeout=120, on_poll=lambda status: seen.append(status.state))
    assert seen[-1] is JobState.SUCCEEDED
    assert JobState.UNKNOWN in seen, "a status that could not be read says nothing about the job"
    assert JobState.FAILED not in seen


def test_waits_are_rare_enough(provider: AzuremlProvider, rows: Path) -> None:
    clock = FakeClock()
    patient = AzuremlProvider(
        provider.config.model_copy(update={"poll_seconds": 30.0}), store=provider.store, clock=clock
    )
    record = provider.store.create(_spec(rows), provider.name)  # it never gets there, so that the wait does not end
    with pytest.raises(errors.JobNotFinishedError):
        patient.attach(record.id).wait(timeout=timedelta(hours=3))
    assert 180 <= len(clock.slept) <= 240, "a look a minute"


@pytest.mark.parametrize(
    ("kind", "error"),
    [
        (FaultKind.EXPIRED_TOKEN, errors.AuthenticationError),
        (FaultKind.ACCESS_DENIED, errors.PermissionDeniedError),
        (FaultKind.QUOTA, errors.QuotaExceededError),
    ],
)
def test_what_is_refused_for_good_fails_the_submission(
    emulator: AzuremlEmulator, provider: AzuremlProvider, rows: Path, kind: FaultKind, error: type[Exception]
) -> None:
    emulator.faults.add(Fault(kind=kind, operation="Jobs_CreateOrUpdate"))
    with pytest.raises(error) as caught:
        provider.submit(_spec(rows))
    assert getattr(caught.value, "hint", None)
    assert provider.list_jobs()[0].state is JobState.FAILED


def test_storage_that_says_no_is_told_as_such(emulator: AzuremlEmulator, provider: AzuremlProvider, rows: Path) -> None:
    emulator.faults.add(Fault(kind=FaultKind.ACCESS_DENIED, operation="GetBlobProperties"))
    with pytest.raises(errors.PermissionDeniedError):
        provider.submit(_spec(rows))


def test_a_datastore_that_is_not_there_is_a_setting_that_is_wrong(provider: AzuremlProvider, rows: Path) -> None:
    lost = AzuremlProvider(provider.config.model_copy(update={"datastore": "nowhere"}), store=provider.store)
    with pytest.raises(errors.ConfigError, match="nowhere"):
        lost.submit(_spec(rows))


def test_data_at_azure_is_trained_on_where_it_is(provider: AzuremlProvider, rows: Path) -> None:
    first = provider.submit(_spec(rows))
    first.wait(timeout=60)
    address = first.native()["properties"]["taskDetails"]["trainingData"]["uri"]
    again = provider.submit(_spec(rows, data=Dataset(train=address, holdout=None))).wait(timeout=60)
    assert again.leaderboard().best is not None
    lost = provider.submit(_spec(rows, data=Dataset(train=f"{address}nothing/", holdout=None)))
    with pytest.raises(errors.JobFailedError, match="MLTable"):
        lost.wait(timeout=60)


def test_a_job_says_what_it_was_asked_for(provider: AzuremlProvider, rows: Path) -> None:
    task = TabularClassification(target="kind")
    job = provider.submit(_spec(rows, task=task, objective={"metric": "accuracy"}))
    native = job.native()["properties"]
    assert native["taskDetails"]["primaryMetric"] == "Accuracy"
    assert len(native["properties"][TAG_REQUEST]) == 64
    assert job.cancel().state in {JobState.CANCELLING, JobState.CANCELLED, JobState.SUCCEEDED}
