"""A job on this machine: what its runner has written, and whether the runner is still alive."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal
from typing import TYPE_CHECKING

from typing_extensions import override

from cloudautoml.errors import JobFailedError, SpecError, UnknownNameError
from cloudautoml.job import INTERRUPTED, Cost, Job, JobState, JobStatus
from cloudautoml.leaderboard import Leaderboard
from cloudautoml.store import read_json
from cloudautoml.store.leases import LEASE_SECONDS
from cloudautoml_local import launch
from cloudautoml_local.parts import task_type
from cloudautoml_local.settings import RunSettings

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from datetime import timedelta
    from pathlib import Path

    from cloudautoml.model import Model
    from cloudautoml.spec import Budget, JobSpec
    from cloudautoml.store import JobRecord


class LocalJob(Job):
    """The handle to a job that a runner on this machine works on."""

    _poll_delay = 0.2
    _longest_poll_delay = 0.5
    _reports_itself = True

    @property
    def directory(self) -> Path:
        """The job's folder."""
        return self._store.job_dir(self.id)

    @override
    def _status(self) -> JobStatus:
        owner = self._store.leases.owner(self.id)
        record = self._store.job(self.id)  # read second: an owner that has ended in between has written so
        if record.state.is_terminal or owner is not None or _may_be_starting(record):
            return JobStatus(record.state, phase=record.phase, reason=record.reason, progress=record.progress)
        return JobStatus(
            record.state,
            phase=INTERRUPTED,
            reason=f"no process works on it any more; go on with: cloudautoml jobs resume {self.id}",
            progress=record.progress,
        )

    @override
    def _cancel(self) -> None:
        if self._store.leases.owner(self.id) is None:  # nobody is left who would obey
            self._store.observe(self.id, JobStatus(JobState.CANCELLED))

    def resume(self, *, max_trials: int | None = None, max_time: timedelta | float | str | None = None) -> LocalJob:
        """Go on with a job that was interrupted, cancelled or failed, or that has ended and gets more budget.

        Finished trials are kept. A job that is running, and one that has succeeded and gets nothing more, is
        left as it is.

        Args:
            max_trials: Trials in all, those already trained among them.
            max_time: Time in all, the time already used included.

        Returns:
            The job itself.

        Raises:
            JobOwnedError: Another process has just resumed it.
            JobFailedError: It ended before there was anything to go on with.
            SpecError: The new budget is used up already, or the job is running with another one.
        """
        status = self.status()
        running = not status.is_over
        spec = self._extended(max_trials=max_trials, max_time=max_time)
        if running and spec is None:
            return self
        if running:
            raise SpecError(f"job {self.id} is running; its budget can be changed when it has ended", where="budget")
        if status.state is JobState.SUCCEEDED and spec is None:
            return self
        if not (self.directory / "run.json").exists():
            raise JobFailedError(f"job {self.id} ended before its data was stored; submit it again")
        if spec is not None:
            self._store.replace_spec(self.id, spec)
        if status.state.is_terminal or status.state is JobState.CANCELLING:
            self._store.reopen(self.id)
        launch.start(self._store, self.id, executor=RunSettings.load(self.directory).executor)
        return self

    def _extended(self, *, max_trials: int | None, max_time: timedelta | float | str | None) -> JobSpec | None:
        """The spec with a larger budget; None when nothing is to change."""
        if max_trials is None and max_time is None:
            return None
        record = self._store.job(self.id)
        spec = record.spec
        given = {"max_trials": max_trials, "max_time": max_time}
        changes = {name: value for name, value in given.items() if value is not None}
        budget: Budget = type(spec.budget).model_validate({**spec.budget.model_dump(), **changes})
        if budget.max_time is not None and budget.max_time.total_seconds() <= record.active_seconds:
            raise SpecError(
                f"the job has used {record.active_seconds:.0f} s already", where="budget.max_time", hint="give it more"
            )
        return None if budget == spec.budget else spec.model_copy(update={"budget": budget})

    @override
    def logs(self, *, follow: bool = False) -> Iterator[str]:
        path = self.directory / launch.LOG
        if not path.exists():
            return
        with path.open(encoding="utf-8", errors="replace") as log:
            rest = ""
            while True:
                over = not follow or self.status().is_over  # looked at first, so that no last line is lost
                *lines, rest = (rest + log.read()).split("\n")
                yield from lines
                if over:
                    break
                self._clock.sleep(self._poll_delay)
            if rest:
                yield rest

    @override
    def leaderboard(self) -> Leaderboard:
        path = self.directory / "leaderboard.json"
        if path.exists():
            return Leaderboard.from_dict(read_json(path))
        return Leaderboard([], metric=self.spec.metric.name, job=self.id, protocol={"partial": True})

    @override
    def artifacts(self) -> Mapping[str, Path | str]:
        names = {"leaderboard": "leaderboard.json", "report": "report.html", "log": launch.LOG, "models": "models"}
        names |= {name: f"task/{name}.json" for name in ("evaluation", "importance")}
        paths = {name: self.directory / file for name, file in names.items()}
        return {name: path for name, path in paths.items() if path.exists()}

    @override
    def _model(self, name: str | None) -> Model:
        board = self.leaderboard()
        usable = [candidate for candidate in board if candidate.can_infer]
        chosen = next((candidate for candidate in usable if name in {None, candidate.model}), None)
        if chosen is None:
            raise UnknownNameError("model", name or "best", [candidate.model for candidate in usable])
        task = task_type(RunSettings.load(self.directory).task)
        return task(self.spec, self.directory).model(chosen)

    @override
    def cost(self) -> Cost:
        return Cost(Decimal(0), "free")

    @override
    def native(self) -> Path:
        """The job's folder: there is no vendor behind it."""
        return self.directory


def _may_be_starting(record: JobRecord) -> bool:
    """Whether the process that submits a job may still be about to hand it over."""
    if record.state not in {JobState.CREATED, JobState.QUEUED}:
        return False
    return (datetime.now(UTC) - record.updated).total_seconds() < LEASE_SECONDS
