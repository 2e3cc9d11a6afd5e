"""Jobs of the analytic task: submitting them, waiting for points in their lives, and killing their runners."""

from __future__ import annotations

import json
import os
import signal
from pathlib import Path
from typing import TYPE_CHECKING, Any

from processes import eventually, is_running

from cloudautoml.search import TrialState
from cloudautoml.spec import Budget, JobSpec, Outputs, Part, Search, TabularClassification
from cloudautoml.store import Store
from cloudautoml_local import LocalConfig, LocalProvider
from cloudautoml_local.job import LocalJob

if TYPE_CHECKING:
    import pytest

TESTS = Path(__file__).parent


def prepare_environment(monkeypatch: pytest.MonkeyPatch, home: Path) -> None:
    """Runners can import what `tests/` holds, and find a table to prepare."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
    home.mkdir(parents=True, exist_ok=True)
    lines = [f"{(row * 37) % 41},{(row * 53) % 29},{'pn'[(row * row) % 3 % 2]}" for row in range(80)]
    table_of(home).write_text("\n".join(["a,b,y", *lines]) + "\n")


def table_of(home: Path) -> Path:
    """A small table."""
    return home / "table.csv"


def faults(monkeypatch: pytest.MonkeyPatch, **wishes: str) -> None:
    """Ask trials to misbehave: `t3="hang"`, or `every="nan"`."""
    by_number = {name.removeprefix("t").replace("every", "*"): wish for name, wish in wishes.items()}
    monkeypatch.setenv("ANALYTIC", json.dumps(by_number))


def spec_for(home: Path, *, seed: int = 3, strategy: str = "bayesian", **budget: Any) -> JobSpec:
    """A job of the analytic task."""
    return JobSpec(
        name="analytic",
        task=TabularClassification(target="y"),
        data=str(table_of(home)),
        budget=Budget(**budget),
        search=Search(strategy=Part(type=strategy)),
        outputs=Outputs(report=False),
        seed=seed,
    )


def provider_for(home: Path, **config: Any) -> LocalProvider:
    """A local provider that serves the analytic task."""
    return LocalProvider(LocalConfig(task="analytic_task:AnalyticTask", **config), store=Store(home))


def submit(provider: LocalProvider, spec: JobSpec) -> LocalJob:
    """Submit a job."""
    job = provider.submit(spec)
    assert isinstance(job, LocalJob)
    return job


def trial_states(store: Store, job: LocalJob) -> dict[int, TrialState]:
    """Where each trial stands."""
    return {trial.number: trial.state for trial in store.trials.list(job.id)}


def results(store: Store, job: LocalJob) -> list[tuple[int, str, str, float | None]]:
    """What a search has found, without what a clock has measured."""
    return [(t.number, t.architecture.to_json(), t.state.value, t.score) for t in store.trials.list(job.id)]


def until_blocked(store: Store, job: LocalJob, number: int, *, window: int) -> None:
    """Wait until a trial that waits at its gate has stopped the whole search: all that may pass it has ended."""

    def blocked() -> bool:
        states = trial_states(store, job)
        others = [state for other, state in states.items() if other != number]
        return (
            states.get(number) is TrialState.RUNNING
            and len(states) >= number + window
            and all(state.is_finished for state in others)
        )

    eventually(blocked, seconds=60)


def runner_of(store: Store, job: LocalJob) -> int:
    """The process that works on a job."""
    owner = store.leases.owner(job.id)
    assert owner is not None
    return owner.pid


def kill_runner(store: Store, job: LocalJob) -> None:
    """Kill the runner as the system would: without a word."""
    pid = runner_of(store, job)
    os.kill(pid, signal.SIGKILL)
    eventually(lambda: not is_running(pid))
