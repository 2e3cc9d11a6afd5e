"""Bridge: a vendor's job that is really trained, by a provider that was handed in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import CloudAutoMLError
from cloudautoml.job import JobState, JobStatus

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.job import Job
    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec

EMULATED = "emulated"
"""What every result, tag and cost of an emulator is labelled with."""


class Training:
    """One job on its way: submitted, followed and ended in a thread, looked at from any other.

    Training itself happens wherever the provider trains, which for the local one is a process of its own.

    Args:
        provider: Who trains.
        prepare: Makes the spec, in the thread, for what is slow (such as reading the data from the vendor's store).
        deliver: Called in the thread with the job that has succeeded, before `status` says so: writes the results.
        poll_seconds: Pause between two looks.
    """

    def __init__(
        self,
        provider: Provider[Any],
        *,
        prepare: Callable[[], JobSpec],
        deliver: Callable[[Job], None],
        poll_seconds: float = 0.1,
    ) -> None:
        self._provider = provider
        self._prepare = prepare
        self._deliver = deliver
        self._poll_seconds = poll_seconds
        self._status = JobStatus(JobState.QUEUED)
        self._cancelled = threading.Event()
        self._over = threading.Event()
        self._job: Job | None = None
        self._thread = threading.Thread(target=self._run, daemon=True, name="training")

    def start(self) -> None:
        """Submit; returns at once."""
        self._thread.start()

    @property
    def status(self) -> JobStatus:
        """Where the job stands, as of the last look."""
        return self._status

    @property
    def job(self) -> Job | None:
        """The provider's job; None until it is submitted, and where it was refused."""
        return self._job

    def cancel(self) -> None:
        """Have it stopped; obeyed soon, and not at all once it has ended."""
        self._cancelled.set()

    def join(self, timeout: float | None = None) -> bool:
        """Wait for the end in real seconds; whether it came."""
        return self._over.wait(timeout)

    def _run(self) -> None:
        try:
            status = self._follow()
        except CloudAutoMLError as exc:
            status = JobStatus(JobState.FAILED, reason=str(exc))
        except Exception as exc:  # noqa: BLE001 - a job whose thread dies in silence would run for ever
            status = JobStatus(JobState.FAILED, reason=f"{type(exc).__name__}: {exc}")
        self._status = status
        self._over.set()

    def _follow(self) -> JobStatus:
        spec = self._prepare()
        if self._cancelled.is_set():
            return JobStatus(JobState.CANCELLED)
        job = self._job = self._provider.submit(spec, allow=_LENIENT)
        while True:
            if self._cancelled.is_set():
                job.cancel()
            status = job.status()
            if status.state is JobState.SUCCEEDED:
                self._deliver(job)
            if status.state.is_terminal:
                return status
            if status.is_over:
                return JobStatus(JobState.FAILED, phase=status.phase, reason=status.reason)
            self._status = status
            # a wish to cancel ends the pause at once; when it is known already, nothing ends it
            (self._over if self._cancelled.is_set() else self._cancelled).wait(self._poll_seconds)


_LENIENT = ("rows.too_few",)  # how few rows are too few is the vendor's rule here, not ours
