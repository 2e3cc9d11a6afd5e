"""A long wait: hours of looking at a job of a service that refuses, fails and hangs up, with few calls more."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace
from typing import TYPE_CHECKING, Any

import pytest
from autopilot_calls import rows, until
from typing_extensions import override

from cloudautoml.emulation import Fault, FaultKind, SettableClock
from cloudautoml.job import JobState, JobStatus
from cloudautoml.polling import FakeClock
from cloudautoml.spec import Budget, Dataset, JobSpec, TabularRegression
from cloudautoml.store import Store
from cloudautoml.testing.fake import FakeConfig, FakeProvider
from cloudautoml_sagemaker import SagemakerConfig, SagemakerProvider
from cloudautoml_sagemaker.emulator import SagemakerEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

DESCRIBE = "DescribeAutoMLJobV2"
PHASES, PHASE_SECONDS = 6, 2000.0  # 200 minutes, so at a look a minute 200 looks or a few more
MOST_ATTEMPTS = 5


class SharedClock(FakeClock):
    """A waiter's clock that takes the service's clock along."""

    def __init__(self, service: SettableClock) -> None:
        super().__init__()
        self.service = service

    @override
    def sleep(self, seconds: float) -> None:
        super().sleep(seconds)
        self.service.advance(seconds)


@pytest.fixture
def clock() -> SharedClock:
    return SharedClock(SettableClock(datetime(2026, 1, 1, tzinfo=UTC), rate=0))


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, clock: SharedClock) -> Iterator[SagemakerEmulator]:
    trainer = FakeProvider(FakeConfig(), store=Store(tmp_path / "trainer"))
    with SagemakerEmulator(trainer, clock=clock.service, phase_seconds=PHASE_SECONDS) as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        yield emulator


def _faults(calls: int) -> list[Fault]:
    """A fifth of the calls is throttled, one in forty fails, one is hung up on, and once nothing helps."""
    rng = random.Random(11)
    drawn = rng.choices([None, FaultKind.THROTTLE, FaultKind.SERVER_ERROR], [0.775, 0.2, 0.025], k=calls)
    drawn[50] = FaultKind.REFUSED
    drawn[100 : 100 + MOST_ATTEMPTS] = [FaultKind.THROTTLE] * MOST_ATTEMPTS
    drawn[99] = None
    found: list[Fault] = []
    well = 0
    for kind in drawn:
        if kind is None:
            well += 1
        else:  # a fault counts the calls that go well before it
            found.append(Fault(kind=kind, operation=DESCRIBE, after=well))
    return found


def test_200_looks_at_a_service_that_fails_now_and_then(
    emulator: SagemakerEmulator, clock: SharedClock, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    table = tmp_path / "rows.csv"
    table.write_bytes(rows(520))
    config = SagemakerConfig.model_validate({**emulator.settings(), "poll_seconds": 30.0})
    provider = SagemakerProvider(config, store=Store(tmp_path / "home"), clock=clock)
    spec = JobSpec(
        name="long",
        task=TabularRegression(target="age"),
        data=Dataset(train=str(table), holdout=None),
        budget=Budget(max_time=timedelta(hours=4)),
    )
    job = provider.submit(spec)
    candidates = emulator.client("sagemaker").list_candidates_for_auto_ml_job
    until(lambda: candidates(AutoMLJobName=job.id)["Candidates"], bool)  # from here on, the clock alone decides

    backoffs: list[float] = []
    monkeypatch.setattr("botocore.endpoint.time", SimpleNamespace(sleep=backoffs.append))
    calls: list[Any] = []

    def count(request: Any, **_: Any) -> None:
        calls.append(request)

    provider.client.sagemaker.meta.events.register(f"before-send.sagemaker.{DESCRIBE}", count)
    scripted = _faults(600)
    emulator.faults.add(*scripted)
    seen: list[JobStatus] = []
    assert job.wait(timeout=timedelta(hours=12), on_poll=seen.append).state is JobState.SUCCEEDED
    met = scripted[: len(scripted) - len(emulator.faults.left())]

    assert 200 <= len(seen) <= 240
    states = [status.state for status in seen]
    assert set(states) == {JobState.RUNNING, JobState.UNKNOWN, JobState.SUCCEEDED}
    assert states[-1] is JobState.SUCCEEDED
    unread = states.count(JobState.UNKNOWN)
    assert 1 <= unread <= 3, "hardly a look comes to nothing"
    kinds = [fault.kind for fault in met]
    assert kinds.count(FaultKind.THROTTLE) >= 0.18 * len(calls)
    assert kinds.count(FaultKind.SERVER_ERROR) >= 3
    assert kinds.count(FaultKind.REFUSED) == 1

    assert len(calls) == len(seen) - unread + len(met), "each failed call is made once more, until a look gives up"
    assert len(calls) <= 1.5 * len(seen)
    assert len(backoffs) == len(calls) - len(seen), "no call is repeated without a pause"
    assert all(0 <= pause <= 20 for pause in backoffs)

    pauses = clock.slept
    assert len(pauses) == len(seen) - 1
    assert 24 <= pauses[0] <= pauses[1] <= 54
    assert all(48 <= pause <= 60 for pause in pauses[2:])
    assert max(pauses) == 60
    assert sum(pauses) <= PHASES * PHASE_SECONDS + 5 * 60, "the end is seen soon after it came"
