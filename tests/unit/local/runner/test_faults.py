"""Trials and jobs that go wrong, each in its own way, and end in one honest state."""

from __future__ import annotations

import json
import os
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING

import pytest
from analytic_jobs import faults, provider_for, results, spec_for, submit, trial_states, until_blocked
from processes import eventually, is_running

from cloudautoml.errors import JobCancelledError, JobFailedError, JobNotFinishedError
from cloudautoml.job import JobState
from cloudautoml.search import TrialState
from cloudautoml_local import launch
from cloudautoml_local.job import LocalJob

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.store import Store


def test_each_bad_trial_fails_for_its_reason_and_the_search_goes_on(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    pids = tmp_path / "pids.json"
    faults(monkeypatch, t1="hang", t2="nan", t3="memory", t4="kill", t5="crash", t6="error", t7=f"forks:{pids}")
    spec = spec_for(analytic, max_trials=9, max_trial_time=2)
    job = submit(provider_for(analytic, workers=2), spec)
    job.wait(timeout=60)
    trials = store.trials.list(job.id)
    reasons = {trial.number: (trial.error or "").partition(":")[0] for trial in trials if trial.error}
    assert reasons == {1: "timeout", 2: "nan", 3: "oom", 4: "oom", 5: "crash", 6: "error"}
    assert {trial.number for trial in trials if trial.score is not None} == {0, 7, 8}
    assert not any(is_running(pid) for pid in json.loads(pids.read_text()))
    board = job.leaderboard()
    assert board.best is not None
    assert board.best.trial in {0, 7, 8}
    messages = [event.message for event in job.events() if event.kind == "trial"]
    assert any("trial 6 failed" in message and "a library's own error" in message for message in messages)
    assert "a library's own error" in (job.directory / "trials" / "00006" / "log.txt").read_text()


def test_what_is_predicted_or_skipped_is_no_trial_of_the_budget_and_never_the_best(
    analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults(monkeypatch, t1="skip", t2="predict", t4="predict")
    job = submit(provider_for(analytic, workers=2), spec_for(analytic, max_trials=4))
    job.wait(timeout=60)
    trials = store.trials.list(job.id)
    trained = [t for t in trials if t.measurement is not None and not t.measurement.predicted]
    assert [trial.number for trial in trained] == [0, 3, 5, 6]
    assert trials[1].state is TrialState.SKIPPED
    assert trials[1].error == "latency_ms is 9, at most 5"
    bests = [event.data["best"] for event in job.events() if event.kind == "trial" and event.data.get("best")]
    assert max(bests) <= 1, "the predicted 2 is nobody's best"


def test_a_search_without_a_success_fails_and_says_why(
    analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults(monkeypatch, every="nan")
    job = submit(provider_for(analytic, workers=2), spec_for(analytic, max_trials=4))
    with pytest.raises(JobFailedError, match=r"all 4 trials failed, 4 of them with: nan: the loss is not a number"):
        job.wait(timeout=60)
    assert [candidate.status for candidate in job.leaderboard()] == ["failed"] * 4


def test_a_full_disk_fails_the_job_and_not_the_trial_so_that_it_can_be_resumed(
    analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults(monkeypatch, t2="disk")
    job = submit(provider_for(analytic, workers=1), spec_for(analytic, max_trials=4))
    with pytest.raises(JobFailedError, match=rf"No space left.*jobs resume {job.id}"):
        job.wait(timeout=60)
    assert trial_states(store, job)[2] is TrialState.RUNNING
    faults(monkeypatch)
    job.resume().wait(timeout=60)
    assert set(trial_states(store, job).values()) == {TrialState.SUCCEEDED}


def test_final_models_that_cannot_be_built_fail_the_job_and_keep_its_trials(
    analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("ANALYTIC_FINISH", "error")
    job = submit(provider_for(analytic, workers=1), spec_for(analytic, max_trials=2))
    with pytest.raises(JobFailedError, match="the models do not fit together"):
        job.wait(timeout=60)
    monkeypatch.delenv("ANALYTIC_FINISH")
    job.resume().wait(timeout=60)
    assert len(job.leaderboard()) == 2


@pytest.mark.parametrize("stage", ["prepare", "search", "finish"])
def test_a_job_is_cancelled_at_any_stage_and_keeps_what_there_is(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, stage: str
) -> None:
    gate = tmp_path / "never"
    if stage == "prepare":
        monkeypatch.setenv("ANALYTIC_PREPARE", str(gate))
    elif stage == "search":
        faults(monkeypatch, t2="hang")
    else:
        monkeypatch.setenv("ANALYTIC_FINISH", f"gate:{gate}")
    job = submit(provider_for(analytic, workers=2), spec_for(analytic, max_trials=6))
    if stage == "search":
        until_blocked(store, job, 2, window=4)
    else:
        eventually(gate.with_suffix(".reached").exists, seconds=60)
    job.cancel()
    with pytest.raises(JobCancelledError):
        job.wait(timeout=30)
    assert all(state.is_finished for state in trial_states(store, job).values())
    assert len(job.leaderboard()) == {"prepare": 0, "search": 6, "finish": 6}[stage]
    assert job.cancel().state is JobState.CANCELLED
    states = [event.data["state"] for event in job.events() if event.kind == "state"]
    assert states[-2:] == ["cancelling", "cancelled"]


def test_a_job_whose_runner_is_gone_is_cancelled_at_once(
    analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    faults(monkeypatch, t0="hang")
    job = submit(provider_for(analytic, workers=1), spec_for(analytic, max_trials=2))
    eventually(lambda: trial_states(store, job), seconds=60)
    owner = store.leases.owner(job.id)
    assert owner is not None
    os.kill(owner.pid, 9)
    eventually(lambda: store.leases.owner(job.id) is None)
    assert job.cancel().state is JobState.CANCELLED


def test_a_job_ends_within_its_time(analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    faults(monkeypatch, every="slow:0.2", t5="hang")
    began = time.monotonic()
    job = submit(provider_for(analytic, workers=2), spec_for(analytic, max_time=8))
    job.wait(timeout=60)
    assert time.monotonic() - began < 13.0
    ended = store.job(job.id).ended
    assert ended is not None
    assert (datetime.now(UTC) - ended).total_seconds() < 2.0  # the wait ended soon after the job
    states = trial_states(store, job)
    assert states[5] is TrialState.FAILED
    assert list(states.values()).count(TrialState.SUCCEEDED) >= 2


def test_a_time_too_short_for_any_trial_says_so(analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    job = submit(provider_for(analytic, workers=1), spec_for(analytic, max_time=0.05))
    with pytest.raises(JobFailedError, match=r"budget\.max_time"):
        job.wait(timeout=60)


def test_a_wait_that_is_given_up_leaves_the_job_alone(
    analytic: Path, store: Store, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    gate = tmp_path / "gate"
    faults(monkeypatch, t0=f"gate:{gate}")
    job = submit(provider_for(analytic, workers=1), spec_for(analytic, max_trials=1))
    with pytest.raises(JobNotFinishedError, match="gave up"):
        job.wait(timeout=0.3)
    gate.touch()
    job.wait(timeout=60)


def test_the_same_seed_gives_the_same_search_however_the_trials_are_timed(
    analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = provider_for(analytic, workers=2)
    faults(monkeypatch, every="shuffled", t4="nan")
    found = []
    for _ in range(2):
        job = submit(provider, spec_for(analytic, max_trials=25))
        job.wait(timeout=60)
        board = [(candidate.model, candidate.score_val, candidate.status) for candidate in job.leaderboard()]
        found.append((results(store, job), board))
    assert found[0] == found[1]
    other = submit(provider, spec_for(analytic, max_trials=25, seed=4))
    other.wait(timeout=60)
    assert results(store, other) != found[0][0]


def test_a_job_cancelled_before_its_runner_begins_runs_nothing(
    analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    with monkeypatch.context() as patch:
        patch.setattr("cloudautoml_local.launch.start", lambda *_, **__: None)
        job = submit(provider_for(analytic, workers=1), spec_for(analytic, max_trials=2))
    assert job.state is JobState.QUEUED
    job.cancel()
    launch.start(store, job.id, executor="inline")
    assert job.status().state is JobState.CANCELLED
    assert trial_states(store, job) == {}


def test_a_job_that_was_never_handed_over_does_not_keep_anybody_waiting(
    analytic: Path, store: Store, monkeypatch: pytest.MonkeyPatch
) -> None:
    provider = provider_for(analytic, workers=1)
    record = store.create(spec_for(analytic, max_trials=2), "local")
    job = provider.attach(record.id)
    assert isinstance(job, LocalJob)
    assert not job.status().is_over  # whoever submits it may be busy with the data
    monkeypatch.setattr("cloudautoml_local.job.LEASE_SECONDS", 0.0)
    with pytest.raises(JobNotFinishedError, match="interrupted"):
        job.wait(timeout=5)
    with pytest.raises(JobFailedError, match="submit it again"):
        job.resume()
