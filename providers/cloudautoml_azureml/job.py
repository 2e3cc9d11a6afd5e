"""A job of Azure AutoML: what the workspace says of it and of its child runs."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.errors import (
    CloudAutoMLError,
    ConflictError,
    JobNotFoundError,
    SpecError,
    StorageError,
    UnknownNameError,
)
from cloudautoml.job import Cost, Job, JobState, JobStatus
from cloudautoml.leaderboard import Leaderboard
from cloudautoml.store import read_json, write_json
from cloudautoml_azureml._cost import cost_of
from cloudautoml_azureml._holdout import features_of, holdout_metrics, with_holdout
from cloudautoml_azureml._response import leaderboard, moment, number_of, reason_of, seconds_of_run, status_of, trials
from cloudautoml_azureml._scoring import MODEL, is_done, read_answers, start
from cloudautoml_azureml._submission import describe
from cloudautoml_azureml._upload import send_rows, send_script

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cloudautoml.data import PreparedData
    from cloudautoml.model import Model
    from cloudautoml.polling import Clock
    from cloudautoml.store import JobRecord, Store
    from cloudautoml_azureml._client import Client
    from cloudautoml_azureml.config import AzuremlConfig

SCORING = "ScoringHoldout"
"""Phase of a job that Azure has ended, while its best model predicts the sealed rows."""

COLLECTING = "CollectingMetrics"
"""Phase of a job that Azure has ended, while what its models have logged cannot be searched yet."""

_COLLECTING_SECONDS = 900.0
"""How long that may take."""
_SUBMISSION_SECONDS = 900.0
"""How long a job that Azure does not know may still be on its way there: uploads come first."""


class AzuremlJob(Job):
    """The handle to an AutoML job.

    Args:
        id: Our id.
        store: Where the job is recorded.
        clock: Time and sleep.
        client: Who calls.
        config: Where.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - the name in Job
        *,
        store: Store,
        clock: Clock,
        client: Client,
        config: AzuremlConfig,
    ) -> None:
        super().__init__(id, store=store, clock=clock)
        self._client = client
        self._config = config
        self._poll_delay = config.poll_seconds
        self._longest_poll_delay = max(2 * config.poll_seconds, 1.0)

    @property
    def vendor_ref(self) -> str:
        """The job's name at Azure."""
        return self._store.job(self.id).vendor_ref or self.id

    @override
    def _status(self) -> JobStatus:
        try:
            found = describe(self._client, self.vendor_ref)
        except JobNotFoundError:
            return _unknown_there(self._store.job(self.id))
        status = status_of(found)
        if status.state is JobState.FAILED:
            reason = reason_of(self._client.run(self.vendor_ref))
            return JobStatus(JobState.FAILED, phase=status.phase, reason=reason or "no reason given")
        if status.state is not JobState.SUCCEEDED:
            return status
        board = self._board()
        if not any(candidate.status == "succeeded" for candidate in board):
            return JobStatus(JobState.FAILED, phase=status.phase, reason="no model was finished")
        if board.best is None and self._has_just_ended():
            return JobStatus(JobState.RUNNING, phase=COLLECTING)
        return status if self._is_scored(board) else JobStatus(JobState.RUNNING, phase=SCORING)

    def _has_just_ended(self) -> bool:
        end = self._client.run(self.vendor_ref).get("endTimeUtc")
        return not end or (datetime.now(UTC) - moment(str(end))).total_seconds() < _COLLECTING_SECONDS

    @property
    def _holdout(self) -> Path:
        return self._store.job_dir(self.id) / "holdout.json"

    def _is_scored(self, board: Leaderboard) -> bool:
        """Whether the best model has been scored on the sealed rows, or never will be; what is left is started."""
        data = None if self._holdout.exists() else self._data()
        sealed = None if data is None else features_of(data)
        if data is None or sealed is None or board.best is None:
            return True
        try:
            rows = send_rows(data, sealed, self._client, self._config)
            script = send_script(self._client, self._config)
            work = start(
                self._client, self._config, job=self.vendor_ref, child=board.best.model, rows=rows, script=script
            )
            if not is_done(self._client, work):
                return False
            metrics = holdout_metrics(self.spec, data, read_answers(self._client, work))
        except CloudAutoMLError as exc:
            if exc.retryable:
                raise
            # training has succeeded all the same
            self._store.add_event(self.id, "warning", f"the sealed rows were not scored: {exc.message}")
            metrics = {}
        write_json(self._holdout, {"model": board.best.model, "metrics": metrics})
        return True

    def _data(self) -> PreparedData | None:
        """What the job was trained on, where it was submitted from this store, from a table."""
        from cloudautoml.data import PreparedData, load_prepared

        folder = self._store.job_dir(self.id) / "data"
        data = load_prepared(folder) if folder.exists() else None
        return data if isinstance(data, PreparedData) else None

    @override
    def _cancel(self) -> None:
        try:
            self._client.call("POST", f"jobs/{self.vendor_ref}/cancel")
        except JobNotFoundError:  # it never got there
            self._store.observe(self.id, JobStatus(JobState.CANCELLED))
        except (SpecError, ConflictError):  # it has ended in the meantime, as the next look will tell
            pass

    @override
    def logs(self, *, follow: bool = False) -> Iterator[str]:
        told: set[str] = set()
        while True:
            over = not follow or self.status().is_over  # looked at first, so that no last line is lost
            for line in self._lines():
                if line not in told:
                    told.add(line)
                    yield line
            if over:
                return
            self._clock.sleep(self._poll_delay)

    def _lines(self) -> Iterator[str]:
        found = self._client.run(self.vendor_ref)
        if found.get("startTimeUtc"):
            yield f"{found['startTimeUtc']} job {self.vendor_ref} started"
        for run in sorted(self._children(), key=number_of):
            properties: Mapping[str, str] = run["properties"]
            if run.get("startTimeUtc"):
                yield f"{run['startTimeUtc']} trial {run['runId']} started: {properties.get('run_algorithm')}"
            if run.get("endTimeUtc"):
                reason = f": {reason_of(run)}" if reason_of(run) else ""
                yield f"{run['endTimeUtc']} trial {run['runId']} {run['status']}{reason}"
        if found.get("endTimeUtc"):
            reason = f": {reason_of(found)}" if reason_of(found) else ""
            yield f"{found['endTimeUtc']} job {found['status']}{reason}"

    def _children(self) -> list[Mapping[str, Any]]:
        return trials(self._client.children(self.vendor_ref))

    @override
    def leaderboard(self) -> Leaderboard:
        kept = self._store.job_dir(self.id) / "leaderboard.json"
        if kept.exists():
            return Leaderboard.from_dict(read_json(kept))
        ended = self.status().state.is_terminal
        try:
            board = self._board()
        except JobNotFoundError:
            return Leaderboard([], metric=self.spec.metric.name, job=self.id, protocol={"partial": True})
        if self._holdout.exists():
            board = with_holdout(board, read_json(self._holdout))
        if ended:
            write_json(kept, board.to_dict())
        return board

    def _board(self) -> Leaderboard:
        """The child runs as Azure scored them."""
        spec, run = self.spec, self._client.run(self.vendor_ref)
        experiment = str(run.get("experimentId", ""))
        return leaderboard(
            self._children(),
            self._client.metrics(experiment, self.vendor_ref) if experiment else {},
            task=spec.task.type,
            metric=spec.metric.name,
            job=self.id,
            provider=self.provider,
            cost_source="emulated" if self._client.emulated else "estimated",
        )

    @override
    def artifacts(self) -> Mapping[str, Path | str]:
        best = self.leaderboard().best
        found: dict[str, Path | str] = {} if best is None else {"model": MODEL.format(best.model)}
        request = self._store.job_dir(self.id) / "request.json"
        return {"request": request, **found} if request.exists() else found

    @override
    def _model(self, name: str | None) -> Model:
        from cloudautoml_azureml.model import AzuremlModel

        board = self.leaderboard()
        usable = {candidate.model: candidate for candidate in board if candidate.can_infer}
        chosen = name or next(iter(usable), None)
        if chosen not in usable:
            raise UnknownNameError("model", name or "best", list(usable))
        data = self._data()
        if data is None:
            raise StorageError(
                "models predict where their job was submitted, from a table: its columns are recorded there",
                where=str(self._store.job_dir(self.id)),
                hint="job.native() and job.artifacts() have all that Azure keeps",
            )
        return AzuremlModel(
            usable[chosen],
            vendor_ref=self.vendor_ref,
            data=data,
            dataset=self.spec.data,
            client=self._client,
            config=self._config,
            clock=self._clock,
        )

    @override
    def cost(self) -> Cost:
        """What its child runs have used, at the rate of the settings; what an emulator has used costs nothing there."""
        if self._client.emulated:
            return Cost(None, "emulated")
        return cost_of((seconds_of_run(run) or 0.0 for run in self._children()), self._config)

    @override
    def native(self) -> dict[str, Any]:
        """What Azure Resource Manager says of the job; `MLClient(...).jobs.get(job.vendor_ref)` is the SDK's object."""
        return describe(self._client, self.vendor_ref)


def _unknown_there(record: JobRecord) -> JobStatus:
    """The status of a job that Azure does not know."""
    if record.state is JobState.CANCELLING:
        return JobStatus(JobState.CANCELLED)
    if record.state is not JobState.CREATED:
        raise JobNotFoundError(
            f"the workspace knows no job {record.vendor_ref!r}, and has known it",
            hint="is this the workspace that it was submitted to?",
        )
    if (datetime.now(UTC) - record.updated).total_seconds() < _SUBMISSION_SECONDS:
        return JobStatus(JobState.CREATED)
    return JobStatus(JobState.FAILED, reason="its submission was interrupted before Azure had heard of it")
