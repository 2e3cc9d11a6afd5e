"""The sqlite file: its tables, its versions, and short transactions that readers never block."""

from __future__ import annotations

import contextlib
import sqlite3
import threading
import weakref
from typing import TYPE_CHECKING

from cloudautoml.errors import StorageError
from cloudautoml.store.files import storage_error

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

MIGRATIONS: tuple[str, ...] = (
    """
    CREATE TABLE jobs (
        id TEXT PRIMARY KEY, name TEXT NOT NULL, provider TEXT NOT NULL, state TEXT NOT NULL,
        phase TEXT NOT NULL DEFAULT '', reason TEXT NOT NULL DEFAULT '', progress REAL,
        spec TEXT NOT NULL, fingerprint TEXT NOT NULL, vendor_ref TEXT,
        created REAL NOT NULL, updated REAL NOT NULL, ended REAL, active_seconds REAL NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX jobs_by_name ON jobs (name, created);
    CREATE TABLE events (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, number INTEGER NOT NULL, time REAL NOT NULL,
        kind TEXT NOT NULL, message TEXT NOT NULL, data TEXT NOT NULL,
        PRIMARY KEY (job, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE trials (
        job TEXT NOT NULL REFERENCES jobs (id) ON DELETE CASCADE, number INTEGER NOT NULL,
        state TEXT NOT NULL, architecture TEXT NOT NULL, fidelity TEXT NOT NULL, parent INTEGER,
        measurement TEXT, error TEXT, started REAL NOT NULL, ended REAL,
        PRIMARY KEY (job, number)
    ) STRICT, WITHOUT ROWID;
    CREATE TABLE leases (
        job TEXT PRIMARY KEY REFERENCES jobs (id) ON DELETE CASCADE, token INTEGER NOT NULL,
        pid INTEGER NOT NULL, host TEXT NOT NULL, since REAL NOT NULL, beat REAL NOT NULL
    ) STRICT, WITHOUT ROWID;
    """,
)
"""What brings a file from each version to the next; the version is the number of those applied."""


class Database:
    """One sqlite file in WAL mode, shared by threads and processes.

    Args:
        path: The file; made if it is missing.

    Raises:
        StorageError: It cannot be opened, or a newer version of the SDK wrote it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        try:
            path.parent.mkdir(parents=True, exist_ok=True)
            self._connection = sqlite3.connect(path, timeout=30, isolation_level=None, check_same_thread=False)
            self._close = weakref.finalize(self, self._connection.close)
            self._connection.row_factory = sqlite3.Row
            # FULL: what was reported as written survives a power cut
            for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                self._connection.execute(f"PRAGMA {pragma}")
            self._migrate()
        except OSError as exc:
            raise storage_error(exc, path) from exc
        except sqlite3.Error as exc:
            raise self._error(exc) from exc

    def _migrate(self) -> None:
        version = self._version()
        if version > len(MIGRATIONS):
            raise StorageError(
                f"the store has version {version}; this cloudautoml knows up to {len(MIGRATIONS)}",
                where=str(self.path),
                hint="upgrade cloudautoml, or set CLOUDAUTOML_HOME to another folder",
            )
        while version < len(MIGRATIONS):
            with self.write() as cursor:
                # another process may have migrated while this one waited for the lock
                version = self._version()
                if version < len(MIGRATIONS):
                    for statement in filter(str.strip, MIGRATIONS[version].split(";")):
                        cursor.execute(statement)
                    version += 1
                    cursor.execute(f"PRAGMA user_version={version}")

    def _version(self) -> int:
        return int(self._connection.execute("PRAGMA user_version").fetchone()[0])

    @contextlib.contextmanager
    def write(self) -> Generator[sqlite3.Cursor]:
        """A transaction that holds the write lock from its start; rolled back when the block raises."""
        with self._lock:
            cursor = self._connection.cursor()
            try:
                cursor.execute("BEGIN IMMEDIATE")
                try:
                    yield cursor
                except BaseException:
                    cursor.execute("ROLLBACK")
                    raise
                cursor.execute("COMMIT")
            except sqlite3.Error as exc:
                raise self._error(exc) from exc
            finally:
                cursor.close()

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self._lock:
            try:
                return self._connection.execute(query, values).fetchall()
            except sqlite3.Error as exc:
                raise self._error(exc) from exc

    def close(self) -> None:
        """Close the file; using the database afterwards is an error."""
        self._close()

    def _error(self, exc: sqlite3.Error) -> StorageError:
        text = str(exc)
        hint = "set CLOUDAUTOML_HOME to a writable folder on a local disk"
        if "full" in text:
            hint = "free some space, then run the command again"
        elif "locked" in text:
            hint = "another process holds the store; a network disk does this too"
        elif "malformed" in text or "not a database" in text:
            hint = "move the file away; jobs in the vendors' clouds can be attached again"
        return StorageError(text, where=str(self.path), hint=hint)
