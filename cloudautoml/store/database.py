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
    """One sqlite file in WAL mode, shared by threads and processes; opened, and made, when it is first used.

    Args:
        path: The file.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._lock = threading.RLock()
        self._connection: sqlite3.Connection | None = None
        self._closed = False

    def _connect(self) -> sqlite3.Connection:
        """The open file; the caller holds the lock.

        Raises:
            StorageError: It cannot be opened, or a newer version of the SDK wrote it.
        """
        if self._connection is not None:
            return self._connection
        if self._closed:
            raise StorageError("the store has been closed", where=str(self.path))
        try:
            self.path.parent.mkdir(parents=True, exist_ok=True)
            connection = sqlite3.connect(self.path, timeout=30, isolation_level=None, check_same_thread=False)
            try:
                connection.row_factory = sqlite3.Row
                # FULL: what was reported as written survives a power cut
                for pragma in ("journal_mode=WAL", "synchronous=FULL", "foreign_keys=ON"):
                    connection.execute(f"PRAGMA {pragma}")
                self._migrate(connection)
            except BaseException:
                connection.close()
                raise
        except OSError as exc:
            raise storage_error(exc, self.path) from exc
        except sqlite3.Error as exc:
            raise self._error(exc) from exc
        weakref.finalize(self, connection.close)
        self._connection = connection
        return connection

    def _migrate(self, connection: sqlite3.Connection) -> None:
        version = _version(connection)
        if version > len(MIGRATIONS):
            raise StorageError(
                f"the store has version {version}; this cloudautoml knows up to {len(MIGRATIONS)}",
                where=str(self.path),
                hint="upgrade cloudautoml, or set CLOUDAUTOML_HOME to another folder",
            )
        while version < len(MIGRATIONS):
            with _transaction(connection) as cursor:
                # another process may have migrated while this one waited for the lock
                version = _version(connection)
                if version < len(MIGRATIONS):
                    for statement in filter(str.strip, MIGRATIONS[version].split(";")):
                        cursor.execute(statement)
                    version += 1
                    cursor.execute(f"PRAGMA user_version={version}")

    @contextlib.contextmanager
    def write(self) -> Generator[sqlite3.Cursor]:
        """A transaction that holds the write lock from its start; rolled back when the block raises."""
        with self._lock:
            try:
                with _transaction(self._connect()) as cursor:
                    yield cursor
            except sqlite3.Error as exc:
                raise self._error(exc) from exc

    def read(self, query: str, values: tuple[object, ...] = ()) -> list[sqlite3.Row]:
        """The rows of a query."""
        with self._lock:
            try:
                return self._connect().execute(query, values).fetchall()
            except sqlite3.Error as exc:
                raise self._error(exc) from exc

    def close(self) -> None:
        """Close the file; using the database afterwards is an error."""
        with self._lock:
            if self._connection is not None:
                self._connection.close()
            self._connection, self._closed = None, True

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


def _version(connection: sqlite3.Connection) -> int:
    return int(connection.execute("PRAGMA user_version").fetchone()[0])


@contextlib.contextmanager
def _transaction(connection: sqlite3.Connection) -> Generator[sqlite3.Cursor]:
    cursor = connection.cursor()
    try:
        cursor.execute("BEGIN IMMEDIATE")
        yield cursor
        cursor.execute("COMMIT")
    finally:
        if connection.in_transaction:  # the block or the commit failed; sqlite may have rolled back by itself
            connection.rollback()
        cursor.close()
