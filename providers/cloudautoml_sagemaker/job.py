"""A job of Autopilot: what SageMaker says of it and of its candidates."""

from __future__ import annotations

from datetime import UTC, datetime
from functools import partial
from pathlib import PurePosixPath
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.download import RemoteFile
from cloudautoml.errors import CloudAutoMLError, JobNotFoundError, SpecError, StorageError, UnknownNameError
from cloudautoml.job import Cost, Job, JobState, JobStatus
from cloudautoml.leaderboard import Leaderboard
from cloudautoml.store import read_json, write_json
from cloudautoml_sagemaker._cost import cost_of
from cloudautoml_sagemaker._holdout import holdout_metrics, with_holdout
from cloudautoml_sagemaker._response import artifacts_of, leaderboard, status_of
from cloudautoml_sagemaker._rows import sealed_rows
from cloudautoml_sagemaker._submission import describe
from cloudautoml_sagemaker._transform import is_done, start
from cloudautoml_sagemaker._usage import used_seconds

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping
    from pathlib import Path

    from cloudautoml.leftovers import Leftover
    from cloudautoml.model import Model
    from cloudautoml.polling import Clock
    from cloudautoml.store import JobRecord, Store
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker._rows import Trained
    from cloudautoml_sagemaker.config import SagemakerConfig

SCORING = "ScoringHoldout"
"""Phase of a job that Autopilot has ended, while its best model predicts the sealed rows."""

_SUBMISSION_SECONDS = 900.0
"""How long a job that SageMaker does not know may still be on its way there: uploads come first."""


_GROUPS = {
    "AWS::SageMaker::TrainingJob": "/aws/sagemaker/TrainingJobs",
    "AWS::SageMaker::ProcessingJob": "/aws/sagemaker/ProcessingJobs",
    "AWS::SageMaker::TransformJob": "/aws/sagemaker/TransformJobs",
}
"""Groups of CloudWatch Logs by the type of a step."""
_PAGE = 300  # candidates a call, the most that there may be; the usual page is so small that many calls are needed
_MOST_STEPS = 50  # whose machines' own lines are read: each is a call


class SagemakerJob(Job):
    """The handle to an Autopilot job.

    Args:
        id: Our id.
        store: Where the job is recorded.
        clock: Time and sleep.
        client: Who calls.
        config: Where, and as whom.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - the name in Job
        *,
        store: Store,
        clock: Clock,
        client: Client,
        config: SagemakerConfig,
    ) -> None:
        super().__init__(id, store=store, clock=clock)
        self._client = client
        self._config = config
        self._poll_delay = config.poll_seconds
        self._longest_poll_delay = max(2 * config.poll_seconds, 1.0)

    @property
    def vendor_ref(self) -> str:
        """The job's name at SageMaker."""
        return self._store.job(self.id).vendor_ref or self.id

    @override
    def _status(self) -> JobStatus:
        try:
            found = describe(self._client, self.vendor_ref)
        except JobNotFoundError:
            return _unknown_there(self._store.job(self.id))
        status = status_of(found)
        if status.state is JobState.SUCCEEDED and "BestCandidate" in found and not self._is_scored(found):
            return JobStatus(JobState.RUNNING, phase=SCORING)
        return status

    @property
    def _holdout(self) -> Path:
        return self._store.job_dir(self.id) / "holdout.json"

    def _is_scored(self, found: Mapping[str, Any]) -> bool:
        """Whether the best model has been scored on the sealed rows, or never will be; what is left is started."""
        data = None if self._holdout.exists() else self._data()
        sealed = None if data is None else sealed_rows(data, self.spec)
        board = self._board()
        if data is None or sealed is None or board.best is None or not board.best.can_infer:
            return True
        best = next(item for item in self._candidates() if item["CandidateName"] == board.best.model)
        try:
            batch = sealed.send(self._client, self._config, job=self.vendor_ref)
            work = start(self._client, self._config, job=found["AutoMLJobName"], candidate=best, batch=batch)
            if not is_done(self._client, work):
                return False
            metrics = holdout_metrics(self.spec, data, sealed, [self._client.read(output) for output in work.outputs])
        except CloudAutoMLError as exc:
            if exc.retryable:
                raise
            # training has succeeded all the same
            self._store.add_event(self.id, "warning", f"the sealed rows were not scored: {exc.message}")
            metrics = {}
        write_json(self._holdout, {"model": board.best.model, "metrics": metrics})
        return True

    def _data(self) -> Trained | None:
        """What the job was trained on, where it was submitted from this store."""
        from cloudautoml.data import PreparedData, PreparedImages, PreparedSeries, load_prepared

        folder = self._store.job_dir(self.id) / "data"
        data = load_prepared(folder) if folder.exists() else None
        return data if isinstance(data, (PreparedData, PreparedImages, PreparedSeries)) else None

    @override
    def _cancel(self) -> None:
        try:
            self._client.call("StopAutoMLJob", {"AutoMLJobName": self.vendor_ref})
        except JobNotFoundError:  # it never got there
            self._store.observe(self.id, JobStatus(JobState.CANCELLED))
        except SpecError:  # it has ended in the meantime, as the next look will tell
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
                yield from self._machine_lines()
                return
            self._clock.sleep(self._poll_delay)

    def _lines(self) -> Iterator[str]:
        found = describe(self._client, self.vendor_ref)
        yield f"{_stamp(found['CreationTime'])} job {found['AutoMLJobName']} created"
        for item in self._candidates():
            name, steps = item["CandidateName"], [step["CandidateStepName"] for step in item["CandidateSteps"]]
            yield f"{_stamp(item['CreationTime'])} candidate {name} started: {', '.join(steps) or 'no steps'}"
            if "EndTime" in item:
                reason = f": {item['FailureReason']}" if item.get("FailureReason") else ""
                yield f"{_stamp(item['EndTime'])} candidate {name} {item['CandidateStatus']}{reason}"
        if "EndTime" in found:
            reason = f": {found['FailureReason']}" if found.get("FailureReason") else ""
            yield f"{_stamp(found['EndTime'])} job {found['AutoMLJobStatus']}{reason}"

    def _machine_lines(self) -> Iterator[str]:
        """What the machines of the first steps wrote, as far as CloudWatch has it and the caller may read it."""
        steps = {step["CandidateStepName"]: step for item in self._candidates() for step in item["CandidateSteps"]}
        for name, step in list(steps.items())[:_MOST_STEPS]:
            try:
                for stamp, text in self._client.machine_log(_GROUPS[step["CandidateStepType"]], f"{name}/"):
                    yield f"{_stamp(datetime.fromtimestamp(stamp / 1000, UTC))} {name} {text.rstrip()}"
            except CloudAutoMLError as exc:
                yield f"the machines' own lines cannot be read: {exc.message}"
                return

    def _pages(self) -> Iterator[dict[str, Any]]:
        body = {
            "AutoMLJobName": self.vendor_ref,
            "SortBy": "CreationTime",
            "SortOrder": "Ascending",
            "MaxResults": _PAGE,
        }
        yield from self._client.pages("ListCandidatesForAutoMLJob", body)

    def _candidates(self) -> list[dict[str, Any]]:
        found = {item["CandidateName"]: item for page in self._pages() for item in page["Candidates"]}
        return sorted(found.values(), key=lambda item: (item["CreationTime"], item["CandidateName"]))

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
        """The candidates as Autopilot scored them."""
        source = "emulated" if self._client.emulated else "estimated"
        return leaderboard(
            self._pages(), metric=self.spec.metric.name, job=self.id, provider=self.provider, cost_source=source
        )

    @override
    def artifacts(self) -> Mapping[str, Path | str]:
        found: dict[str, Path | str] = {**artifacts_of(describe(self._client, self.vendor_ref))}
        request = self._store.job_dir(self.id) / "request.json"
        return {"request": request, **found} if request.exists() else found

    @override
    def _files(self, name: str, place: Path | str) -> Iterable[RemoteFile]:
        if not str(place).startswith("s3://"):
            return super()._files(name, place)
        return self._remote_files(name, str(place))

    def _remote_files(self, name: str, place: str) -> Iterator[RemoteFile]:
        for address, size in self._client.listed(place):
            rest = address.removeprefix(place).lstrip("/")
            if address == place:
                rest, suffix = "", PurePosixPath(place).suffix
                yield RemoteFile(name + suffix, size, partial(self._client.stream, address))
            elif not rest.endswith("/") and (place.endswith("/") or address.startswith(f"{place}/")):
                yield RemoteFile(f"{name}/{rest}", size, partial(self._client.stream, address))

    @override
    def cleanup(self) -> list[Leftover]:
        from cloudautoml_sagemaker._leftovers import find, remove

        if not self.status().state.is_terminal:
            return []
        self.leaderboard()  # kept here from now on
        found = list(find(self._client, self._config, self.vendor_ref))
        for item in found:
            remove(self._client, item)
        return found

    @override
    def _model(self, name: str | None) -> Model:
        from cloudautoml_sagemaker.model import SagemakerModel

        board = self.leaderboard()
        usable = {candidate.model: candidate for candidate in board if candidate.can_infer}
        chosen = name or next(iter(usable), None)
        if chosen not in usable:
            raise UnknownNameError("model", name or "best", list(usable))
        data = self._data()
        if data is None:
            raise StorageError(
                "models predict where their job was submitted: how its data is read is recorded there",
                where=str(self._store.job_dir(self.id)),
                hint="job.native() and job.artifacts() have all that SageMaker keeps",
            )
        return SagemakerModel(
            usable[chosen],
            described=next(item for item in self._candidates() if item["CandidateName"] == chosen),
            vendor_ref=self.vendor_ref,
            data=data,
            spec=self.spec,
            client=self._client,
            config=self._config,
            clock=self._clock,
        )

    @override
    def cost(self) -> Cost:
        """What its machines have used, at the prices of the settings; what an emulator has used costs nothing there."""
        if self._client.emulated:
            return Cost(None, "emulated")
        return cost_of(used_seconds(self._client, self._candidates()), self._config)

    @override
    def native(self) -> dict[str, Any]:
        """What boto3's `describe_auto_ml_job_v2` answers."""
        return describe(self._client, self.vendor_ref)


def _unknown_there(record: JobRecord) -> JobStatus:
    """The status of a job that SageMaker does not know."""
    if record.state is JobState.CANCELLING:
        return JobStatus(JobState.CANCELLED)
    if record.state is not JobState.CREATED:
        raise JobNotFoundError(
            f"SageMaker knows no job {record.vendor_ref!r}, and has known it",
            hint="is this the account and the region that it was submitted to?",
        )
    if (datetime.now(UTC) - record.updated).total_seconds() < _SUBMISSION_SECONDS:
        return JobStatus(JobState.CREATED)
    return JobStatus(JobState.FAILED, reason="its submission was interrupted before SageMaker had heard of it")


def _stamp(time: datetime) -> str:
    return time.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
