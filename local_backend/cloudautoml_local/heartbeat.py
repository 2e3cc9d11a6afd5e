"""The heartbeat of a run: keeps its lease alive, adds up its time, and hears when it is to stop."""

from __future__ import annotations

import threading
import time
from typing import TYPE_CHECKING

from cloudautoml.errors import CloudAutoMLError, JobOwnedError
from cloudautoml.job import JobState

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.store import Lease, Store

LOOK_SECONDS = 0.25
BEAT_SECONDS = 2.0


class Heartbeat:
    """A thread that beats until it is stopped.

    Args:
        store: The store.
        lease: The lease to keep.
        began: When the time to be counted began, by the monotonic clock.
        on_lost: Called in the thread when another process has taken the job over.
    """

    def __init__(self, store: Store, lease: Lease, *, began: float, on_lost: Callable[[], None]) -> None:
        self._store, self._lease, self._on_lost = store, lease, on_lost
        self._counted = began
        self._stop = threading.Event()
        self._cancel = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True, name="heartbeat")

    @property
    def cancelling(self) -> bool:
        """Whether the user wants the job to stop."""
        return self._cancel.is_set()

    def start(self) -> None:
        """Beat once, then go on beside the caller.

        Raises:
            JobOwnedError: The lease is lost.
        """
        self._beat()
        self._look()
        self._thread.start()

    def stop(self) -> None:
        """Beat a last time, so that all the time is counted."""
        self._stop.set()
        if self._thread.ident is not None:
            self._thread.join()
        try:
            self._beat()
        except CloudAutoMLError:
            return  # a lost lease or a full disk: whoever called has met it too

    def _run(self) -> None:
        while not self._stop.wait(LOOK_SECONDS):
            try:
                self._look()
                if time.monotonic() - self._counted >= BEAT_SECONDS:
                    self._beat()
            except JobOwnedError:
                self._on_lost()
                return
            except CloudAutoMLError:
                continue  # a full or busy disk may pass; the lease is good for a while

    def _look(self) -> None:
        state = self._store.job(self._lease.job).state
        if state is JobState.CANCELLING or state.is_terminal:  # it may have been cancelled before this process began
            self._cancel.set()

    def _beat(self) -> None:
        now = time.monotonic()
        self._store.leases.renew(self._lease, active_seconds=now - self._counted)
        self._counted = now
