"""The journal of a run: what it writes about itself, to the store under its lease and to its log."""

from __future__ import annotations

import sys
from datetime import datetime
from typing import TYPE_CHECKING, Any

from cloudautoml.job import JobState, JobStatus

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.search import Trial
    from cloudautoml.store import JobRecord, Lease, Store


class Journal:
    """Writes states, phases and events; refused by the store once the lease is lost.

    Args:
        store: The store.
        lease: The right to work on the job.
        log: Whether to print each line to stderr as well.
    """

    def __init__(self, store: Store, lease: Lease, *, log: bool) -> None:
        self._store, self._lease, self._log = store, lease, log
        self._phase = ""

    def phase(self, phase: str, *, progress: float | None = None) -> None:
        """Say what is being done now."""
        if phase != self._phase:
            self._print(phase)
        self._phase = phase
        self._store.observe(
            self._lease.job, JobStatus(JobState.RUNNING, phase=phase, progress=progress), lease=self._lease
        )

    def progress(self, progress: float) -> None:
        """Say how much is done."""
        self.phase(self._phase, progress=progress)

    def event(self, kind: str, message: str, data: Mapping[str, Any] | None = None) -> None:
        """Say what has happened."""
        self._print(message)
        self._store.add_event(self._lease.job, kind, message, data, lease=self._lease)

    def trial(self, trial: Trial, message: str, data: Mapping[str, Any]) -> None:
        """Record a trial as it stands, and say so, at once."""
        self._print(message)
        self._store.trials.put(self._lease, trial, message=message, data={"trial": trial.number, **data})

    def end(self, state: JobState, *, reason: str = "") -> JobRecord:
        """Say how the job has ended."""
        self._print(f"{state.value}: {reason}" if reason else state.value)
        return self._store.observe(
            self._lease.job,
            JobStatus(state, reason=reason, progress=1.0 if state is JobState.SUCCEEDED else None),
            lease=self._lease,
        )

    def _print(self, message: str) -> None:
        if self._log:
            sys.stderr.write(f"{datetime.now().astimezone():%H:%M:%S} {message}\n")
            sys.stderr.flush()
