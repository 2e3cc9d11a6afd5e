"""The trials of a job in the store: written before they start and when they have ended, by the owner alone."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cloudautoml.store import records
from cloudautoml.store.history import append_event
from cloudautoml.store.leases import Leases

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.search.trial import Trial
    from cloudautoml.store.database import Database
    from cloudautoml.store.leases import Lease


class TrialLog:
    """The trials of all jobs.

    Args:
        database: The store's database.
    """

    def __init__(self, database: Database) -> None:
        self._database = database

    def list(self, job: str) -> list[Trial]:
        """A job's trials, in the order of their numbers."""
        rows = self._database.read("SELECT * FROM trials WHERE job = ? ORDER BY number", (job,))
        return [records.trial(row) for row in rows]

    def put(self, lease: Lease, trial: Trial, *, message: str = "", data: Mapping[str, Any] | None = None) -> None:
        """Write a trial as it stands, over what was known of that number; a finished trial is final.

        Args:
            lease: The right to work on its job.
            trial: The trial.
            message: Tells of it in the job's history, written together with it; no event without one.
            data: The event's data.

        Raises:
            JobOwnedError: The lease has been lost: a worker that was given up for dead has come back.
        """
        now = time.time()
        with self._database.write() as cursor:
            Leases.fence(cursor, lease)
            cursor.execute(
                """
                INSERT INTO trials (job, number, state, architecture, fidelity, parent, measurement, error, started,
                                    ended)
                VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)
                ON CONFLICT (job, number) DO UPDATE SET
                    state = excluded.state, measurement = excluded.measurement, error = excluded.error,
                    ended = excluded.ended
                WHERE trials.state = 'running'
                """,
                (
                    lease.job,
                    trial.number,
                    trial.state.value,
                    trial.architecture.to_json(),
                    records.fidelity_json(trial.proposal.fidelity),
                    trial.proposal.parent,
                    records.measurement_json(trial.measurement) if trial.measurement else None,
                    trial.error,
                    now,
                    now if trial.state.is_finished else None,
                ),
            )
            if message:
                append_event(cursor, lease.job, "trial", message, data or {})
