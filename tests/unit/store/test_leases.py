"""Leases: one owner at a time, and none that comes back from the dead writes."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

from cloudautoml.errors import JobOwnedError
from cloudautoml.search import Architecture, Measurement, Proposal, Trial, TrialState
from cloudautoml.spec import JobSpec, TabularRegression
from cloudautoml.store import Leases, Store
from cloudautoml.store.leases import LEASE_SECONDS

if TYPE_CHECKING:
    from pathlib import Path

SPEC = JobSpec(name="job", task=TabularRegression(target="y"), data="a.csv")  # type: ignore[arg-type]
TAKER = """
import pathlib, sys
from cloudautoml.errors import JobOwnedError
from cloudautoml.store import Store
store = Store(pathlib.Path(sys.argv[1]))
store.jobs()
print("ready", flush=True)
sys.stdin.readline()
try:
    print("token", store.leases.take(sys.argv[2]).token, flush=True)
except JobOwnedError as exc:
    print("refused", flush=True)
sys.stdin.readline()
"""


@pytest.fixture
def store(home: Path) -> Store:
    return Store(home)


@pytest.fixture
def job(store: Store) -> str:
    return store.create(SPEC, "local").id


def trial(number: int, state: TrialState = TrialState.RUNNING, score: float | None = None) -> Trial:
    measurement = None if score is None else Measurement(score, curve=(0.1, 1 / 3))
    return Trial(number, Proposal(Architecture((("a", True), ("b", 1)))), state, measurement)


def taker(store: Store, job: str) -> subprocess.Popen[str]:
    process = subprocess.Popen(
        [sys.executable, "-c", TAKER, str(store.home), job], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "ready\n"
    return process


def go(process: subprocess.Popen[str]) -> None:
    assert process.stdin is not None
    process.stdin.write("go\n")
    process.stdin.flush()


def answer(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().split()[0]


def test_owner_is_one(store: Store, job: str) -> None:
    assert store.leases.owner(job) is None
    lease = store.leases.take(job)
    assert store.leases.owner(job) == lease
    with pytest.raises(JobOwnedError, match=r"process \d+ on .* since"):
        store.leases.take(job)
    store.leases.release(lease)
    assert store.leases.owner(job) is None
    assert store.leases.take(job).token == lease.token + 1


def test_released_lease_writes_no_more(store: Store, job: str) -> None:
    lease = store.leases.take(job)
    store.trials.put(lease, trial(0))
    store.leases.release(lease)
    with pytest.raises(JobOwnedError, match="no longer owns"):
        store.trials.put(lease, trial(0, TrialState.SUCCEEDED, 0.5))
    with pytest.raises(JobOwnedError):
        store.leases.renew(lease, active_seconds=1)
    assert [known.state for known in store.trials.list(job)] == [TrialState.RUNNING]


def test_lease_that_is_not_renewed_is_lost(store: Store, job: str) -> None:
    now = 1000.0
    leases = Leases(store._database, now=lambda: now)
    old = leases.take(job)
    now += LEASE_SECONDS - 1
    leases.renew(old, active_seconds=29)
    now += LEASE_SECONDS - 1
    with pytest.raises(JobOwnedError):
        leases.take(job)
    now += 2
    new = leases.take(job)
    assert new.token > old.token
    with pytest.raises(JobOwnedError, match="is run by process"):
        store.trials.put(old, trial(0))
    store.trials.put(new, trial(0))
    assert store.job(job).active_seconds == 29


def test_dead_process_owns_nothing(store: Store, job: str) -> None:
    process = taker(store, job)
    go(process)
    assert answer(process) == "token"
    assert store.leases.owner(job) is not None
    process.kill()
    process.communicate()
    assert store.leases.owner(job) is None
    assert store.leases.take(job).token == 2


def test_of_two_takers_one_wins(store: Store, job: str) -> None:
    processes = [taker(store, job) for _ in range(2)]
    for process in processes:
        go(process)
    assert sorted(answer(process) for process in processes) == ["refused", "token"]
    for process in processes:
        process.communicate("\n")


def test_lease_of_a_removed_job_is_lost(store: Store, job: str) -> None:
    lease = store.leases.take(job)
    store.remove(job)
    with pytest.raises(JobOwnedError):
        store.trials.put(lease, trial(0))


def test_finished_trial_is_final_and_exact(store: Store, job: str) -> None:
    lease = store.leases.take(job)
    store.trials.put(lease, trial(0))
    store.trials.put(lease, trial(0, TrialState.SUCCEEDED, 1 / 3))
    store.trials.put(lease, trial(0, TrialState.FAILED))
    (known,) = Store(store.home).trials.list(job)
    assert known.state is TrialState.SUCCEEDED
    assert known.score == 1 / 3
    assert known.architecture.choices == (("a", True), ("b", 1))
    assert known.measurement is not None
    assert known.measurement.curve == (0.1, 1 / 3)
