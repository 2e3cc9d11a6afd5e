"""The template methods of Provider and Job, over the reference provider."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cloudautoml.capabilities import Capabilities, Feature, Level, Support
from cloudautoml.errors import (
    JobCancelledError,
    JobFailedError,
    JobNotFinishedError,
    PermissionDeniedError,
    ServiceUnavailableError,
    ThrottledError,
    UnsupportedError,
)
from cloudautoml.job import JobState, JobStatus
from cloudautoml.polling import FakeClock
from cloudautoml.store import Store
from cloudautoml.testing import FakeProvider, FakeVendor
from cloudautoml.testing.tables import small_table_spec

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.spec import JobSpec

RUNNING, SUCCEEDED = JobStatus(JobState.RUNNING, phase="Training"), JobStatus(JobState.SUCCEEDED)


@pytest.fixture
def spec(tmp_path: Path) -> JobSpec:
    return small_table_spec("tabular_regression", tmp_path)


@pytest.fixture
def vendor() -> FakeVendor:
    return FakeVendor()


@pytest.fixture
def provider(home: Path, vendor: FakeVendor) -> FakeProvider:
    return FakeProvider(store=Store(home), vendor=vendor)


def test_refused_spec_creates_nothing(home: Path, spec: JobSpec, vendor: FakeVendor) -> None:
    provider = FakeProvider.refusing(Feature.TABULAR_REGRESSION, reason="no numbers")(store=Store(home), vendor=vendor)
    with pytest.raises(UnsupportedError, match="no numbers"):
        provider.submit(spec)
    assert not home.exists()
    assert vendor.calls == []


def test_refusal_by_the_vendor_ends_the_job(provider: FakeProvider, spec: JobSpec) -> None:
    provider.vendor.faults["create"] = [PermissionDeniedError("you may not")]
    with pytest.raises(PermissionDeniedError):
        provider.submit(spec)
    (record,) = provider.store.jobs()
    assert (record.state, record.reason) == (JobState.FAILED, "you may not")


def test_lost_reply_does_not_say_that_there_is_no_job(provider: FakeProvider, spec: JobSpec) -> None:
    provider.vendor.faults["create"] = [ServiceUnavailableError("the line dropped")]
    with pytest.raises(ServiceUnavailableError):
        provider.submit(spec)
    (record,) = provider.store.jobs()
    assert record.state is JobState.CREATED
    assert record.vendor_ref is not None, "the intent and the vendor's name were written before the call"


@pytest.mark.parametrize("fault", [ServiceUnavailableError("down"), ThrottledError("slowly")])
def test_unreadable_status_is_unknown_and_the_wait_goes_on(
    provider: FakeProvider, spec: JobSpec, fault: Exception
) -> None:
    provider.vendor.script = [RUNNING, RUNNING, SUCCEEDED]
    job = provider.submit(spec)
    assert job.state is JobState.RUNNING
    provider.vendor.faults["describe"] = [fault] * 30
    status = job.status()
    assert (status.state, status.phase) == (JobState.UNKNOWN, "Training")
    assert provider.store.job(job.id).state is JobState.RUNNING
    assert job.wait() is job
    assert [event.data.get("state") for event in job.events() if event.kind == "state"] == [
        "created", "running", "succeeded"
    ]  # fmt: skip


def test_permanent_error_in_status_is_raised(provider: FakeProvider, spec: JobSpec) -> None:
    job = provider.submit(spec)
    provider.vendor.faults["describe"] = [PermissionDeniedError("no longer")]
    with pytest.raises(PermissionDeniedError):
        job.status()
    assert job.wait() is job


def test_status_never_contradicts_the_record(provider: FakeProvider, spec: JobSpec) -> None:
    provider.vendor.script = [RUNNING]
    job = provider.submit(spec)
    provider.store.observe(job.id, JobStatus(JobState.CANCELLING))
    assert job.state is JobState.CANCELLING, "the vendor has not yet obeyed"
    provider.vendor.jobs = {name: [JobStatus(JobState.CANCELLED)] for name in provider.vendor.jobs}
    assert job.state is JobState.CANCELLED


def test_cancel_that_was_not_heard_can_be_repeated(provider: FakeProvider, spec: JobSpec) -> None:
    provider.vendor.script = [RUNNING]
    job = provider.submit(spec)
    provider.vendor.faults["stop"] = [ServiceUnavailableError("down")]
    with pytest.raises(ServiceUnavailableError):
        job.cancel()
    assert job.cancel().state is JobState.CANCELLED


def test_late_success_wins_over_cancelling(provider: FakeProvider, spec: JobSpec) -> None:
    job = provider.submit(spec)
    provider.store.observe(job.id, JobStatus(JobState.CANCELLING))
    assert job.wait().state is JobState.SUCCEEDED


@pytest.mark.parametrize(
    ("end", "error"),
    [
        (JobStatus(JobState.FAILED, reason="out of luck"), JobFailedError),
        (JobStatus(JobState.CANCELLED, reason="cancelled"), JobCancelledError),
    ],
)
def test_bad_end_is_raised(provider: FakeProvider, spec: JobSpec, end: JobStatus, error: type[Exception]) -> None:
    provider.vendor.script = [RUNNING, end]
    job = provider.submit(spec)
    with pytest.raises(JobNotFinishedError):
        job.model()
    with pytest.raises(error, match=end.reason):
        job.wait()
    with pytest.raises(error):
        job.model()


@pytest.mark.parametrize("timeout", [10, timedelta(seconds=10)])
def test_wait_gives_up_on_time(home: Path, spec: JobSpec, timeout: float | timedelta) -> None:
    clock = FakeClock()
    job = FakeProvider(store=Store(home), clock=clock, vendor=FakeVendor(script=[RUNNING])).submit(spec)
    seen: list[JobStatus] = []
    with pytest.raises(JobNotFinishedError, match="gave up"):
        job.wait(timeout=timeout, on_poll=seen.append)
    assert clock.now() == pytest.approx(10)
    assert {status.state for status in seen} == {JobState.RUNNING}


def test_following_events_ends_with_the_job(provider: FakeProvider, spec: JobSpec) -> None:
    job = provider.submit(spec)
    assert [event.message for event in job.events(follow=True)][-1] == "succeeded"


def test_capabilities_answer_for_everything_and_refuse_with_a_reason() -> None:
    with pytest.raises(ValueError, match=r"no answer for: .*report"):
        Capabilities({})
    for level in (Level.UNSUPPORTED, Level.NOT_IMPLEMENTED):
        with pytest.raises(ValueError, match="reason"):
            Support(level)
