"""Leases: which live process works on a job, so that never two do."""

from __future__ import annotations

import os
import socket
import time
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

from typing_extensions import override

from cloudautoml.errors import JobOwnedError

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Callable

    from cloudautoml.store.database import Database

LEASE_SECONDS = 30.0
"""A process that has not renewed its lease for so long, or is seen to be dead, has lost it."""


@dataclass(frozen=True, slots=True)
class Lease:
    """The right to work on a job.

    Attributes:
        job: The job's id.
        token: Fencing token: grows with each new owner; writes with an older one are refused.
        pid: Process of the owner.
        host: Its machine.
        since: When it took the job over.
    """

    job: str
    token: int
    pid: int
    host: str
    since: datetime

    @override
    def __str__(self) -> str:
        return f"process {self.pid} on {self.host} since {self.since.astimezone():%Y-%m-%d %H:%M:%S}"


class Leases:
    """The leases of a store.

    Args:
        database: The store's database.
        now: Seconds since the epoch; tests give their own.
    """

    def __init__(self, database: Database, now: Callable[[], float] = time.time) -> None:
        self._database = database
        self._now = now

    def owner(self, job: str) -> Lease | None:
        """The live process that works on a job, if any."""
        rows = self._database.read("SELECT * FROM leases WHERE job = ?", (job,))
        return _lease(rows[0]) if rows and self._is_live(rows[0]) else None

    def take(self, job: str) -> Lease:
        """Become the owner of a job that has no live one.

        Raises:
            JobOwnedError: It has one.
        """
        now = self._now()
        with self._database.write() as cursor:
            row = cursor.execute("SELECT * FROM leases WHERE job = ?", (job,)).fetchone()
            if row is not None and row["pid"] and self._is_live(row):
                raise JobOwnedError(f"job {job} is being run by {_lease(row)}", hint=f"cloudautoml jobs watch {job}")
            token = row["token"] + 1 if row is not None else 1
            cursor.execute(
                "INSERT OR REPLACE INTO leases (job, token, pid, host, since, beat) VALUES (?, ?, ?, ?, ?, ?)",
                (job, token, os.getpid(), socket.gethostname(), now, now),
            )
        return Lease(job, token, os.getpid(), socket.gethostname(), datetime.fromtimestamp(now, UTC))

    def renew(self, lease: Lease, *, active_seconds: float) -> None:
        """Show that the owner is alive, and how many more seconds it has worked.

        Raises:
            JobOwnedError: Somebody else has taken the job over.
        """
        with self._database.write() as cursor:
            self.fence(cursor, lease)
            cursor.execute("UPDATE leases SET beat = ? WHERE job = ?", (self._now(), lease.job))
            cursor.execute(
                "UPDATE jobs SET active_seconds = active_seconds + ? WHERE id = ?",
                (active_seconds, lease.job),
            )

    def release(self, lease: Lease) -> None:
        """Give the job up, if it is still held; the token stays known, so that late writes are refused."""
        with self._database.write() as cursor:
            cursor.execute("UPDATE leases SET pid = 0, beat = 0 WHERE job = ? AND token = ?", (lease.job, lease.token))

    @staticmethod
    def fence(cursor: sqlite3.Cursor, lease: Lease) -> None:
        """Refuse to go on with a lease that has been lost; called inside the transaction that writes.

        Raises:
            JobOwnedError: It has been lost.
        """
        row = cursor.execute("SELECT * FROM leases WHERE job = ?", (lease.job,)).fetchone()
        if row is None or row["token"] != lease.token or row["pid"] != lease.pid:
            by = f"; it is run by {_lease(row)}" if row is not None and row["pid"] else ""
            raise JobOwnedError(f"this process no longer owns job {lease.job}{by}")

    def _is_live(self, row: sqlite3.Row) -> bool:
        if row["pid"] == 0 or self._now() - row["beat"] > LEASE_SECONDS:
            return False
        return row["host"] != socket.gethostname() or _process_exists(row["pid"])


def _process_exists(pid: int) -> bool:
    if os.name == "nt":
        return True  # signal 0 would end the process there; its heartbeat tells
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return False
    except PermissionError:
        return True
    return not _is_zombie(pid)


def _is_zombie(pid: int) -> bool:
    """Whether a process has ended and only waits to be collected, which in some containers nobody does."""
    try:
        status = Path(f"/proc/{pid}/stat").read_bytes()
    except OSError:
        return False  # another system, or it has just been collected: the heartbeat tells
    return status.rpartition(b")")[2].split()[0] in {b"Z", b"X"}


def _lease(row: sqlite3.Row) -> Lease:
    return Lease(row["job"], row["token"], row["pid"], row["host"], datetime.fromtimestamp(row["since"], UTC))
