"""A search killed at any point, with any strategy, finds what an unbroken one finds."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import pytest
from analytic_jobs import kill_runner, provider_for, results, runner_of, spec_for, submit
from processes import eventually, is_running

from cloudautoml.errors import JobNotFinishedError
from cloudautoml.search import TrialState

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.store import Store
    from cloudautoml_local.job import LocalJob

TRIALS = 40
STRATEGIES = ("bayesian", "evolution", "grid", "hyperband", "local_search", "optuna", "random")
POINTS = 20


def points() -> list[tuple[str, int]]:
    """Which strategy to kill after how many events; the same ones every time."""
    rng = random.Random(11)
    return [(STRATEGIES[number % len(STRATEGIES)], rng.randrange(1, 2 * TRIALS - 4)) for number in range(POINTS)]


@pytest.fixture(scope="module")
def unbroken() -> dict[str, list[tuple[int, str, str, float | None]]]:
    """What each strategy finds when nobody kills it, as far as it was asked."""
    return {}


def finished(store: Store, job: LocalJob) -> list[tuple[int, str, str, float | None]]:
    job.wait(timeout=120)
    return results(store, job)


@pytest.mark.exhaustive
@pytest.mark.parametrize(("strategy", "events"), points())
def test_a_search_killed_anywhere_ends_as_an_unbroken_one(
    analytic: Path,
    store: Store,
    unbroken: dict[str, list[tuple[int, str, str, float | None]]],
    strategy: str,
    events: int,
) -> None:
    provider = provider_for(analytic, workers=2)
    spec = spec_for(analytic, strategy=strategy, max_trials=TRIALS)
    if strategy not in unbroken:
        unbroken[strategy] = finished(store, submit(provider, spec))

    job = submit(provider, spec)
    eventually(lambda: sum(event.kind == "trial" for event in store.events(job.id)) >= events, seconds=60)
    pid = runner_of(store, job)
    kill_runner(store, job)
    assert not is_running(pid)
    with pytest.raises(JobNotFinishedError, match="resume"):
        job.wait(timeout=60)
    open_trials = [trial for trial in store.trials.list(job.id) if trial.state is TrialState.RUNNING]
    assert len(open_trials) <= 2, "no more than the workers can have been at work"
    job.resume()
    assert finished(store, job) == unbroken[strategy]
    board = job.leaderboard()
    assert board.best is not None
    assert board.best.score_val == max(row[3] for row in unbroken[strategy] if row[3] is not None)
