"""The history of a job: events, numbered from 1, that are only ever appended."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sqlite3
    from collections.abc import Mapping


def append_event(cursor: sqlite3.Cursor, job: str, kind: str, message: str, data: Mapping[str, Any]) -> None:
    """Append an event, as part of the transaction that writes what it tells of."""
    cursor.execute(
        """
        INSERT INTO events (job, number, time, kind, message, data)
        SELECT ?1, coalesce(max(number), 0) + 1, ?2, ?3, ?4, ?5 FROM events WHERE job = ?1
        """,
        (job, time.time(), kind, message, json.dumps(dict(data))),
    )
