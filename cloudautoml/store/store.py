"""The store: every job this user has submitted, what happened to it, and the folder it keeps its files in."""

from __future__ import annotations

import contextlib
import os
import secrets
import shutil
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import JobNotFoundError
from cloudautoml.job import JobState, JobStatus
from cloudautoml.store import records
from cloudautoml.store.database import Database
from cloudautoml.store.history import append_event
from cloudautoml.store.leases import Leases
from cloudautoml.store.trials import TrialLog

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Generator, Mapping

    from cloudautoml.job import Event
    from cloudautoml.spec import JobSpec
    from cloudautoml.store.leases import Lease
    from cloudautoml.store.records import JobRecord

_ALPHABET = "abcdefghijkmnpqrstuvwxyz23456789"  # without letters that look like digits
_ID_LENGTH = 8


def default_home() -> Path:
    """Where the SDK keeps its files: `CLOUDAUTOML_HOME`, or the system's place for data."""
    if home := os.environ.get("CLOUDAUTOML_HOME"):
        return Path(home).expanduser().absolute()
    from platformdirs import user_data_path

    return user_data_path("cloudautoml", appauthor=False)


class Store:
    """Jobs, events, trials and leases in one sqlite file, and a folder a job.

    Args:
        home: Folder of the store; `default_home()` unless given. It is made when something is first recorded
            or looked up; what cannot be used raises `StorageError` then.
    """

    def __init__(self, home: Path | None = None) -> None:
        self.home = home or default_home()
        self._database = Database(self.home / "store.db")
        self.trials = TrialLog(self._database)
        self.leases = Leases(self._database)

    def close(self) -> None:
        """Close the file."""
        self._database.close()

    def job_dir(self, job: str) -> Path:
        """The folder that a job keeps its files in."""
        return self.home / "jobs" / job

    # jobs

    def create(self, spec: JobSpec, provider: str) -> JobRecord:
        """Write the intent to run a job, before anybody else is told.

        Returns:
            The record, with a new id: the name and eight letters.
        """
        now = time.time()
        token = "".join(secrets.choice(_ALPHABET) for _ in range(_ID_LENGTH))
        job = f"{spec.name}-{token}"
        with self._database.write() as cursor:
            cursor.execute(
                """
                INSERT INTO jobs (id, name, provider, state, spec, fingerprint, created, updated)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?)
                """,
                (
                    job,
                    spec.name,
                    provider,
                    JobState.CREATED.value,
                    spec.model_dump_json(),
                    spec.fingerprint(),
                    now,
                    now,
                ),
            )
            append_event(cursor, job, "state", "created", {"state": "created"})
        return self.job(job)

    def job(self, job: str) -> JobRecord:
        """The record of a job.

        Raises:
            JobNotFoundError: The store has none of that id.
        """
        rows = self._database.read("SELECT * FROM jobs WHERE id = ?", (job,))
        if not rows:
            known = [row["id"] for row in self._database.read("SELECT id FROM jobs ORDER BY created DESC")]
            raise JobNotFoundError(f"no job {job!r}", hint=_guess(job, known))
        return records.job_record(rows[0])

    def find(self, ref: str) -> JobRecord:
        """The job meant by an id, the start of one, a vendor's name, a job name (its latest), or `last`.

        Raises:
            JobNotFoundError: It means none, or the start of several.
        """
        if not ref:  # the start of every id: an unset shell variable must not mean the only job there is
            raise JobNotFoundError("an empty reference means no job", hint="cloudautoml jobs ls")
        if ref == "last":
            rows = self._database.read("SELECT * FROM jobs ORDER BY created DESC, rowid DESC LIMIT 1")
        else:
            rows = self._database.read(
                "SELECT * FROM jobs WHERE id = ? OR vendor_ref = ? OR name = ? ORDER BY id = ? DESC, created DESC, "
                "rowid DESC LIMIT 1",
                (ref, ref, ref, ref),
            ) or self._database.read("SELECT * FROM jobs WHERE substr(id, 1, ?) = ?", (len(ref), ref))
        if len(rows) > 1:
            ids = ", ".join(sorted(row["id"] for row in rows)[:5])
            raise JobNotFoundError(f"{ref!r} is the start of {len(rows)} jobs: {ids}", hint="give more of the id")
        return records.job_record(rows[0]) if rows else self.job(ref)

    def jobs(self, *, provider: str | None = None, limit: int | None = None) -> list[JobRecord]:
        """Jobs, newest first."""
        rows = self._database.read(
            "SELECT * FROM jobs WHERE ?1 IS NULL OR provider = ?1 ORDER BY created DESC, rowid DESC LIMIT ?2",
            (provider, -1 if limit is None else limit),
        )
        return [records.job_record(row) for row in rows]

    def observe(self, job: str, status: JobStatus, *, lease: Lease | None = None) -> JobRecord:
        """Record what was seen of a job; a step that the state machine forbids changes nothing.

        Raises:
            JobOwnedError: It was seen by an owner that has lost its `lease`.
        """
        now = time.time()
        with self._database.write() as cursor:
            if lease is not None:
                Leases.fence(cursor, lease)
            row = cursor.execute("SELECT * FROM jobs WHERE id = ?", (job,)).fetchone()
            if row is None:
                raise JobNotFoundError(f"no job {job!r}")
            old = JobState(row["state"])
            if old.can_become(status.state) and status.state is not JobState.UNKNOWN and not old.is_terminal:
                cursor.execute(
                    "UPDATE jobs SET state=?, phase=?, reason=?, progress=?, updated=?, ended=? WHERE id=?",
                    (
                        status.state.value,
                        status.phase,
                        status.reason,
                        status.progress,
                        now,
                        now if status.state.is_terminal else None,
                        job,
                    ),
                )
                if old is not status.state:
                    message = f"{status.state.value}: {status.reason}" if status.reason else status.state.value
                    append_event(cursor, job, "state", message, {"state": status.state.value})
                elif row["phase"] != status.phase:
                    append_event(cursor, job, "phase", status.phase, {"phase": status.phase})
        return self.job(job)

    def set_vendor_ref(self, job: str, ref: str) -> None:
        """Record the vendor's name for a job, as soon as the vendor has answered."""
        with self._write(job) as cursor:
            cursor.execute("UPDATE jobs SET vendor_ref = ?, updated = ? WHERE id = ?", (ref, time.time(), job))

    def replace_spec(self, job: str, spec: JobSpec) -> None:
        """Record a spec that says the same in another way: data in memory that has become a file."""
        with self._write(job) as cursor:
            cursor.execute("UPDATE jobs SET spec = ? WHERE id = ?", (spec.model_dump_json(), job))

    def reopen(self, job: str) -> None:
        """Let an ended local job go on: the one way back from a terminal state, for `resume` with more budget."""
        with self._write(job) as cursor:
            cursor.execute(
                "UPDATE jobs SET state = ?, reason = '', ended = NULL, updated = ? WHERE id = ?",
                (JobState.QUEUED.value, time.time(), job),
            )
            append_event(cursor, job, "state", "resumed", {"state": JobState.QUEUED.value})

    def remove(self, job: str) -> None:
        """Forget a job and delete its folder."""
        self.job(job)
        shutil.rmtree(self.job_dir(job), ignore_errors=True)
        with self._database.write() as cursor:
            cursor.execute("DELETE FROM jobs WHERE id = ?", (job,))

    # events

    def add_event(
        self, job: str, kind: str, message: str, data: Mapping[str, Any] | None = None, *, lease: Lease | None = None
    ) -> None:
        """Append to a job's history.

        Raises:
            JobOwnedError: The one who appends has lost its `lease`.
        """
        with self._write(job) as cursor:
            if lease is not None:
                Leases.fence(cursor, lease)
            append_event(cursor, job, kind, message, data or {})

    @contextlib.contextmanager
    def _write(self, job: str) -> Generator[sqlite3.Cursor]:
        """A transaction on a job that exists; another process may have removed it."""
        with self._database.write() as cursor:
            if cursor.execute("SELECT 1 FROM jobs WHERE id = ?", (job,)).fetchone() is None:
                raise JobNotFoundError(f"no job {job!r}")
            yield cursor

    def events(self, job: str, *, after: int = 0) -> list[Event]:
        """A job's history after an event, oldest first."""
        rows = self._database.read("SELECT * FROM events WHERE job = ? AND number > ? ORDER BY number", (job, after))
        return [records.event(row) for row in rows]


def _guess(job: str, known: list[str]) -> str:
    import difflib

    close = difflib.get_close_matches(job, known, n=1)
    return f"did you mean {close[0]!r}?" if close else "cloudautoml jobs ls"
