"""Job: the handle to one submitted job, the same whoever runs it."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, final

from typing_extensions import override

from cloudautoml.errors import (
    CloudAutoMLError,
    JobCancelledError,
    JobFailedError,
    JobNotFinishedError,
    UnknownNameError,
)

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from datetime import datetime, timedelta
    from decimal import Decimal

    from cloudautoml.download import RemoteFile
    from cloudautoml.leaderboard import Leaderboard
    from cloudautoml.leftovers import Leftover
    from cloudautoml.model import Model
    from cloudautoml.polling import Clock
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import JobRecord, Store


class JobState(StrEnum):
    """Where a job stands; one machine for all providers."""

    CREATED = "created"  # the intent is written; nobody else knows yet
    QUEUED = "queued"
    RUNNING = "running"
    CANCELLING = "cancelling"
    SUCCEEDED = "succeeded"
    FAILED = "failed"
    CANCELLED = "cancelled"
    UNKNOWN = "unknown"  # the status could not be read; says nothing about the job

    @property
    def is_terminal(self) -> bool:
        """Whether nothing more will happen."""
        return self in _TERMINAL

    def can_become(self, other: JobState) -> bool:
        """Whether the machine allows this step; a terminal state never changes."""
        return other is self or other in _STEPS[self]


INTERRUPTED = "interrupted"
"""Phase of a job whose own process has died before its end; nothing is lost, and `resume` goes on with it."""

_TERMINAL = frozenset({JobState.SUCCEEDED, JobState.FAILED, JobState.CANCELLED})
_ENDS = _TERMINAL
_STEPS: dict[JobState, frozenset[JobState]] = {
    JobState.CREATED: _ENDS | {JobState.QUEUED, JobState.RUNNING, JobState.CANCELLING},
    JobState.QUEUED: _ENDS | {JobState.RUNNING, JobState.CANCELLING},
    JobState.RUNNING: _ENDS | {JobState.CANCELLING, JobState.QUEUED},
    JobState.CANCELLING: _ENDS,  # a job that finished while it was being cancelled has succeeded
    JobState.SUCCEEDED: frozenset(),
    JobState.FAILED: frozenset(),
    JobState.CANCELLED: frozenset(),
    JobState.UNKNOWN: frozenset(JobState),
}


@dataclass(frozen=True, slots=True)
class JobStatus:
    """What was last seen of a job.

    Attributes:
        state: Where it stands.
        phase: The provider's own word for what it is doing.
        reason: Why it failed, or why the state is unknown.
        progress: Share done, in [0, 1], where it can be told.
    """

    state: JobState
    phase: str = ""
    reason: str = ""
    progress: float | None = None

    @property
    def is_over(self) -> bool:
        """Whether waiting is of no use: the job has ended, or what worked on it has died and must be resumed."""
        return self.state.is_terminal or self.phase == INTERRUPTED


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened to a job.

    Attributes:
        number: Position in the job's history, from 1.
        time: When, in UTC.
        kind: What: `state`, `phase`, `finding`, `trial`, `model`, `warning`.
        message: For people.
        data: For programs.
    """

    number: int
    time: datetime
    kind: str
    message: str
    data: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "number": self.number,
            "time": self.time.isoformat(),
            "kind": self.kind,
            "message": self.message,
            "data": dict(self.data),
        }


@dataclass(frozen=True, slots=True)
class Cost:
    """What a job cost.

    Attributes:
        amount: In `currency`; None when it cannot be told.
        source: `free`, `estimated`, `billed` or `emulated`.
        currency: ISO 4217 code.
    """

    amount: Decimal | None
    source: str
    currency: str = "USD"


def _status_of(record: JobRecord) -> JobStatus:
    progress = 1.0 if record.state is JobState.SUCCEEDED else record.progress
    return JobStatus(record.state, phase=record.phase, reason=record.reason, progress=progress)


class Job(ABC):
    """A handle that goes out to the service on each call; safe to drop and to make again from any process.

    Args:
        id: Our id; also the name, or part of the name, of the vendor's job.
        store: Where the job is recorded.
        clock: Time and sleep; tests give their own.
    """

    def __init__(self, id: str, *, store: Store, clock: Clock | None = None) -> None:  # noqa: A002
        from cloudautoml.polling import SystemClock

        self.id = id
        self._store = store
        self._clock = clock or SystemClock()

    @property
    def spec(self) -> JobSpec:
        """What was asked for."""
        return self._store.job(self.id).spec

    @property
    def provider(self) -> str:
        """Registry name of the provider that runs it."""
        return self._store.job(self.id).provider

    @final
    def status(self) -> JobStatus:
        """What the provider says now; recorded, unless it could not be read: then it is UNKNOWN, not failed."""
        recorded = self._store.job(self.id)
        if recorded.state.is_terminal:
            return _status_of(recorded)
        try:
            status = self._status()
        except CloudAutoMLError as exc:
            if not exc.retryable:
                raise
            return JobStatus(JobState.UNKNOWN, phase=recorded.phase, reason=exc.message)
        if status.state is JobState.UNKNOWN or self._reports_itself:
            return status
        recorded = self._store.observe(self.id, status)
        # the record is ahead where another process has seen the end, or a wish to cancel is not yet obeyed
        return status if recorded.state is status.state else _status_of(recorded)

    _reports_itself = False
    """Whether the job's own process writes to the store, so that a reader must not write what it has read there."""

    @property
    def state(self) -> JobState:
        """Where the job stands now."""
        return self.status().state

    @abstractmethod
    def _status(self) -> JobStatus:
        """Ask the provider."""

    @final
    def wait(
        self,
        *,
        timeout: timedelta | float | None = None,
        on_poll: Callable[[JobStatus], None] | None = None,
    ) -> Job:
        """Wait until the job has ended.

        Args:
            timeout: Give up waiting after this long (a timedelta or seconds); the job goes on.
            on_poll: Called with each status seen.

        Returns:
            The job itself, succeeded.

        Raises:
            JobFailedError: It failed; the message says why.
            JobCancelledError: It was cancelled.
            JobNotFinishedError: The timeout passed, or the job was interrupted and has to be resumed.
        """
        from cloudautoml.polling import poll_until

        status = poll_until(
            self.status,
            done=lambda seen: seen.is_over,
            clock=self._clock,
            timeout=timeout,
            first_delay=self._poll_delay,
            max_delay=self._longest_poll_delay,
            on_value=on_poll,
        )
        if status is None:
            raise JobNotFinishedError(
                f"job {self.id} is still going; the wait gave up", hint=f"cloudautoml jobs watch {self.id}"
            )
        self._raise_unless_succeeded(status)
        return self

    _poll_delay = 2.0
    """Seconds before the second look; a provider that costs nothing to ask sets less."""
    _longest_poll_delay = 60.0
    """Seconds between two looks at most: a wait may end so much later than the job."""

    def _raise_unless_succeeded(self, status: JobStatus) -> None:
        if status.state is JobState.FAILED:
            raise JobFailedError(
                f"job {self.id} failed: {status.reason or 'no reason given'}",
                hint=f"cloudautoml jobs logs {self.id}",
            )
        if status.state is JobState.CANCELLED:
            raise JobCancelledError(f"job {self.id} was cancelled")
        if status.phase == INTERRUPTED:
            raise JobNotFinishedError(
                f"job {self.id} was interrupted: the process that worked on it has died",
                hint=f"cloudautoml jobs resume {self.id}",
            )
        if status.state is not JobState.SUCCEEDED:
            raise JobNotFinishedError(
                f"job {self.id} is {status.state}, so it has no result yet",
                hint=f"cloudautoml jobs watch {self.id}",
            )

    @final
    def cancel(self) -> JobStatus:
        """Ask the provider to stop; calling it again, or on an ended job, changes nothing."""
        status = self.status()
        if status.state.is_terminal:
            return status
        self._store.observe(self.id, JobStatus(JobState.CANCELLING))
        self._cancel()
        return self.status()

    @abstractmethod
    def _cancel(self) -> None:
        """Ask the provider to stop."""

    def events(self, *, after: int = 0, follow: bool = False) -> Iterator[Event]:
        """What happened, oldest first.

        Args:
            after: Leave out events up to this number.
            follow: Go on until the job has ended.
        """
        while True:
            ended = not follow or self.status().is_over  # looked at first, so that no last event is lost
            for event in self._store.events(self.id, after=after):
                after = event.number
                yield event
            if ended:
                return
            self._clock.sleep(min(self._poll_delay, 0.5))

    @abstractmethod
    def logs(self, *, follow: bool = False) -> Iterator[str]:
        """Lines of the job's log, oldest first, without line ends."""

    @abstractmethod
    def leaderboard(self) -> Leaderboard:
        """The candidates so far, best first; complete once the job has ended."""

    @abstractmethod
    def artifacts(self) -> Mapping[str, Path | str]:
        """What the job left, by name: local paths, or addresses in the vendor's store."""

    @final
    def download(
        self, folder: Path, *, names: Sequence[str] | None = None, most_bytes: int | None = None
    ) -> dict[str, Path]:
        """Copy what the job left into a folder, each artifact under its name; `checksums.json` has the SHA-256 of all.

        Args:
            folder: To where; made if it is not there.
            names: Which of `artifacts`; all unless given.
            most_bytes: Bytes at most; 4 GiB unless given.

        Returns:
            Where each artifact is, by name: a file or a folder. One that holds no files is left out.

        Raises:
            UnknownNameError: There is no such artifact.
            StorageError: A file would leave the folder, is too large, or did not arrive as the store has it.
        """
        from cloudautoml.download import MOST_BYTES, download
        from cloudautoml.store.files import write_json

        known = self.artifacts()
        for name in names or ():
            if name not in known:
                raise UnknownNameError("artifact", name, list(known))
        chosen = [name for name in known if names is None or name in names]
        files = {name: list(self._files(name, known[name])) for name in chosen}
        sums = download(
            [file for name in chosen for file in files[name]],
            folder,
            most_bytes=MOST_BYTES if most_bytes is None else most_bytes,
        )
        write_json(folder / "checksums.json", sums)
        return {name: folder / files[name][0].name.partition("/")[0] for name in chosen if files[name]}

    def _files(self, name: str, place: Path | str) -> Iterable[RemoteFile]:
        """The files of an artifact: one called `name` with an ending, or many called `name/...`; here, on this disk."""
        from cloudautoml.download import local_files

        return local_files(name, Path(place))

    def cleanup(self) -> list[Leftover]:
        """Delete what the job has made at its vendor: endpoints, models, files. The record and what is here stay.

        A job that is still going is left alone.

        Returns:
            What was deleted; nothing where a provider keeps nothing elsewhere.
        """
        return []

    @final
    def model(self, name: str | None = None) -> Model:
        """The best model, or one of the leaderboard by name.

        Raises:
            JobNotFinishedError: The job has not succeeded yet.
            JobFailedError: It never will.
            UnknownNameError: The leaderboard has no such model.
        """
        self._raise_unless_succeeded(self.status())
        return self._model(name)

    @abstractmethod
    def _model(self, name: str | None) -> Model:
        """A model of a job that succeeded."""

    @abstractmethod
    def cost(self) -> Cost:
        """What it has cost so far."""

    @abstractmethod
    def native(self) -> Any:
        """The vendor SDK's own object for this job, so that nobody is locked in."""

    @override
    def __repr__(self) -> str:
        record = self._store.job(self.id)
        return f"<{record.provider} job {self.id} {record.state.value}>"

    def _repr_html_(self) -> str:
        from cloudautoml.render import job_html

        return job_html(self._store.job(self.id), self.leaderboard())
