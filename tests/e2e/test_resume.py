"""A killed search goes on where it was and ends where an unbroken one would have."""

from __future__ import annotations

import os
import signal
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import TYPE_CHECKING

import pytest
from analytic_jobs import (
    faults,
    kill_runner,
    provider_for,
    results,
    runner_of,
    spec_for,
    submit,
    trial_states,
    until_blocked,
)
from processes import eventually, is_running, parent_of, processes_with

from cloudautoml.errors import CloudAutoMLError, JobNotFinishedError, JobOwnedError, SpecError
from cloudautoml.job import INTERRUPTED, JobState
from cloudautoml.search import TrialState

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.store import Store
    from cloudautoml_local.job import LocalJob

WORKERS = 2
WINDOW = 4


def starts_of(store: Store, job: LocalJob) -> dict[int, int]:
    """How often each trial was started."""
    counts: dict[int, int] = {}
    for event in store.events(job.id):
        if event.kind == "trial" and event.data["state"] == "running":
            counts[event.data["trial"]] = counts.get(event.data["trial"], 0) + 1
    return counts


def test_a_search_killed_twice_ends_as_an_unbroken_one(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = provider_for(analytic, workers=WORKERS)
    unbroken = submit(provider, spec_for(analytic, max_trials=13))
    unbroken.wait(timeout=60)

    stops = (1, 8)
    gates = {stop: tmp_path / f"gate-{stop}" for stop in stops}
    faults(monkeypatch, **{f"t{stop}": f"gate:{gate}" for stop, gate in gates.items()})
    job = submit(provider, spec_for(analytic, max_trials=13))
    for stop in stops:
        until_blocked(store, job, stop, window=WINDOW)
        before = {row[0]: row for row in results(store, job) if row[2] != "running"}
        kill_runner(store, job)
        assert (job.state, job.status().phase) == (JobState.RUNNING, INTERRUPTED)
        with pytest.raises(JobNotFinishedError, match=f"jobs resume {job.id}"):
            job.wait(timeout=60)
        assert set(before) == set(range(stop + WINDOW)) - {stop}
        gates[stop].touch()
        job.resume()
    job.wait(timeout=60)

    assert results(store, job) == results(store, unbroken)
    assert job.leaderboard().best is not None
    assert [c.params for c in job.leaderboard()] == [c.params for c in unbroken.leaderboard()]
    assert starts_of(store, job) == {number: 2 if number in stops else 1 for number in range(13)}


def test_a_trial_that_is_interrupted_twice_is_lost_and_the_search_goes_on(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "never"
    faults(monkeypatch, t2=f"gate:{gate}")
    job = submit(provider_for(analytic, workers=WORKERS), spec_for(analytic, max_trials=8))
    until_blocked(store, job, 2, window=WINDOW)
    kill_runner(store, job)
    job.resume()
    eventually(lambda: starts_of(store, job).get(2) == 2, seconds=60)
    kill_runner(store, job)
    job.resume().wait(timeout=60)
    lost = store.trials.list(job.id)[2]
    assert lost.state is TrialState.FAILED
    assert lost.error is not None
    assert lost.error.startswith("lost:")
    assert sum(trial.score is not None for trial in store.trials.list(job.id)) == 7


def test_a_runner_killed_while_it_builds_the_models_builds_them_again(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    monkeypatch.setenv("ANALYTIC_FINISH", f"gate:{gate}")
    job = submit(provider_for(analytic, workers=WORKERS), spec_for(analytic, max_trials=5))
    eventually(gate.with_suffix(".reached").exists, seconds=60)
    kill_runner(store, job)
    gate.touch()
    job.resume().wait(timeout=60)
    assert starts_of(store, job) == dict.fromkeys(range(5), 1)
    assert (job.directory / "models" / "best.json").exists()


def test_a_runner_killed_while_it_prepares_the_data_starts_over(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    monkeypatch.setenv("ANALYTIC_PREPARE", str(gate))
    job = submit(provider_for(analytic, workers=WORKERS), spec_for(analytic, max_trials=3))
    eventually(gate.with_suffix(".reached").exists, seconds=60)
    kill_runner(store, job)
    gate.touch()
    job.resume().wait(timeout=60)
    assert len(job.leaderboard()) == 3


def test_of_two_resumes_at_once_one_owns_the_job(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    faults(monkeypatch, t3=f"gate:{gate}")
    provider = provider_for(analytic, workers=WORKERS)
    job = submit(provider, spec_for(analytic, max_trials=8))
    until_blocked(store, job, 3, window=WINDOW)
    kill_runner(store, job)

    def resume(_: int) -> CloudAutoMLError | None:
        try:
            provider_for(analytic, workers=WORKERS).attach(job.id).resume()  # type: ignore[attr-defined]
        except CloudAutoMLError as exc:
            return exc
        return None

    with ThreadPoolExecutor(3) as pool:
        ends = list(pool.map(resume, range(3)))
    refusals = [end for end in ends if end is not None]
    assert len(refusals) < 3
    assert all(isinstance(refusal, JobOwnedError) and "process" in refusal.message for refusal in refusals)
    owner = runner_of(store, job)

    def runners() -> list[int]:
        return [pid for pid in processes_with(f"CLOUDAUTOML_HOME={analytic}") if parent_of(pid) == os.getpid()]

    eventually(lambda: runners() == [owner])  # those that were refused have ended
    gate.touch()
    job.wait(timeout=60)
    assert starts_of(store, job) == {number: 2 if number == 3 else 1 for number in range(8)}


def test_an_owner_that_comes_back_after_its_time_can_write_nothing(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    faults(monkeypatch, t1=f"gate:{gate}")
    job = submit(provider_for(analytic, workers=WORKERS), spec_for(analytic, max_trials=6))
    until_blocked(store, job, 1, window=WINDOW)
    frozen = runner_of(store, job)
    os.kill(frozen, signal.SIGSTOP)  # its heart stops
    monkeypatch.setattr("cloudautoml.store.leases.LEASE_SECONDS", -1.0)  # and in this process's eyes for long
    taken = store.leases.take(job.id)
    monkeypatch.undo()
    gate.touch()
    os.kill(frozen, signal.SIGCONT)
    eventually(lambda: not is_running(frozen))  # it notices, and ends with all its trials
    assert trial_states(store, job)[1] is TrialState.RUNNING
    running = store.trials.list(job.id)[1]
    stale = replace(taken, token=taken.token - 1)
    with pytest.raises(JobOwnedError):
        store.trials.put(stale, replace(running, state=TrialState.FAILED, error="too late"))
    store.leases.release(taken)


def test_more_budget_continues_a_finished_search_as_if_it_had_been_given_at_first(analytic: Path, store: Store) -> None:
    provider = provider_for(analytic, workers=WORKERS)
    long = submit(provider, spec_for(analytic, max_trials=14))
    long.wait(timeout=60)
    job = submit(provider, spec_for(analytic, max_trials=6))
    job.wait(timeout=60)
    assert job.resume() is job  # nothing to do
    assert job.state is JobState.SUCCEEDED
    job.resume(max_trials=14).wait(timeout=60)
    assert results(store, job) == results(store, long)
    assert set(starts_of(store, job).values()) == {1}
    assert job.spec.budget.max_trials == 14
    with pytest.raises(SpecError, match="used"):
        job.resume(max_time=0.001)


def test_the_budget_of_a_running_job_cannot_be_changed(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    faults(monkeypatch, t0=f"gate:{gate}")
    job = submit(provider_for(analytic, workers=WORKERS), spec_for(analytic, max_trials=3))
    assert job.resume() is job
    with pytest.raises(SpecError, match="is running"):
        job.resume(max_trials=5)
    gate.touch()
    job.wait(timeout=60)
    assert len(store.trials.list(job.id)) == 3
