"""Ledger: which job stands for which provider in a comparison, so that none is submitted twice."""

from __future__ import annotations

import hashlib
import threading
import time
from typing import TYPE_CHECKING

from cloudautoml.job import JobState
from cloudautoml.store.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from cloudautoml.spec import JobSpec
    from cloudautoml.store import Store

_FILE = "comparison.json"


class Ledger:
    """The jobs of one comparison; what it knows is on disk before anything is submitted.

    Args:
        store: Where the jobs are recorded.
        spec: What is compared.
        providers: Names of the providers.
        fresh: Begin anew, whatever an earlier process has left.
    """

    def __init__(self, store: Store, spec: JobSpec, providers: Sequence[str], *, fresh: bool) -> None:
        self._store, self._spec = store, spec
        self._lock = threading.Lock()
        print_of_all = f"{spec.fingerprint()} {' '.join(sorted(providers))}{time.time_ns() if fresh else ''}"
        self.id = f"{spec.name}-{hashlib.sha256(print_of_all.encode()).hexdigest()[:8]}"
        self._path = self.folder / _FILE
        if self._path.exists():
            kept = read_json(self._path)
            self._created, self._jobs = float(kept["created"]), dict[str, str](kept["jobs"])
        else:
            self._created, self._jobs = time.time(), {}
            self._write()

    @property
    def folder(self) -> Path:
        """Where the comparison keeps its files."""
        return self._store.home / "comparisons" / self.id

    def _write(self) -> None:
        content = {"created": self._created, "spec": self._spec.fingerprint(), "jobs": self._jobs}
        write_json(self._path, content)

    def job_of(self, provider: str, spec: JobSpec) -> str | None:
        """The job that stands for a provider, unless it has failed; then another one may be submitted.

        Args:
            provider: Its name.
            spec: What it is asked for.
        """
        job = self._jobs.get(provider) or self._unclaimed(provider, spec.fingerprint())
        if job is None or self._store.job(job).state in {JobState.FAILED, JobState.CANCELLED}:
            return None
        return job

    def _unclaimed(self, provider: str, wanted: str) -> str | None:
        """A job that was submitted for this comparison by a process that died before it could write that down."""
        claimed = set(self._jobs.values())
        for record in self._store.jobs(provider=provider):
            since = record.created.timestamp() >= self._created
            if since and record.fingerprint == wanted and record.id not in claimed:
                self.enter(provider, record.id)
                return record.id
        return None

    def enter(self, provider: str, job: str) -> None:
        """Write down which job stands for a provider."""
        with self._lock:
            self._jobs[provider] = job
            self._write()
