"""Sources: what a report is made from, read from the store and the job's folder; a missing file is no error."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.errors import StorageError
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.search.trial import TrialState
from cloudautoml.store.files import read_json

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.job import Event
    from cloudautoml.search.trial import Trial
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import JobRecord, Store

Json = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Sources:
    """Everything that is known of a job.

    Attributes:
        record: The job as the store knows it.
        spec: What was asked for.
        board: The leaderboard; made from the trials where the job left none.
        trials: The trials, in order.
        events: What happened, oldest first.
        profile: Picture of each column.
        findings: What the data check found.
        schema: The columns that models see, and the classes.
        importance: How much each feature matters to the best model.
        evaluation: Curves, tables and errors of the best model.
        architecture: The layers of the best network.
        finished: Whether the leaderboard is the final one.
        folder: The job's folder.
    """

    record: JobRecord
    spec: JobSpec
    board: Leaderboard
    trials: tuple[Trial, ...]
    events: tuple[Event, ...]
    profile: Json
    findings: tuple[Json, ...]
    schema: Json
    importance: Json
    evaluation: Json
    architecture: Json
    finished: bool
    folder: Path

    @classmethod
    def read(cls, store: Store, job: str) -> Sources:
        """Read what there is of a job.

        Raises:
            JobNotFoundError: The store has no such job.
        """
        record = store.job(job)
        spec = record.spec
        folder = store.job_dir(job)
        trials = tuple(store.trials.list(job))
        written = (folder / "leaderboard.json").is_file()
        board = _board(folder / "leaderboard.json", record, spec, trials)
        return cls(
            record=record,
            spec=spec,
            board=board,
            trials=trials,
            events=tuple(store.events(job)),
            profile=_object(folder / "data" / "profile.json"),
            findings=_findings(folder / "data" / "findings.json"),
            schema=_object(folder / "data" / "schema.json"),
            importance=_object(folder / "task" / "importance.json"),
            evaluation=_object(folder / "task" / "evaluation.json"),
            architecture=_object(folder / "task" / "best.json"),
            finished=written and not board.protocol.get("partial"),
            folder=folder,
        )


def _board(path: Path, record: JobRecord, spec: JobSpec, trials: tuple[Trial, ...]) -> Leaderboard:
    data = _object(path)
    if data:
        return Leaderboard.from_dict(data)
    # a job that failed or was cancelled may have left nothing but its trials
    candidates = [_candidate(trial, record) for trial in trials if trial.state is not TrialState.RUNNING]
    return Leaderboard(candidates, metric=spec.metric.name, job=record.id)


def _candidate(trial: Trial, record: JobRecord) -> Candidate:
    choices = trial.architecture.as_dict()
    return Candidate(
        model=f"trial_{trial.number}",
        algorithm=str(choices.get("family") or "search"),
        provider=record.provider,
        job=record.id,
        status=trial.state.value,
        score_val=trial.score,
        fit_seconds=trial.measurement.seconds if trial.measurement else None,
        trial=trial.number,
        params=choices,
        reason=trial.error or "",
    )


def _read(path: Path) -> object:
    if not path.is_file():
        return None
    try:
        return cast("object", read_json(path))
    except StorageError:
        return None  # half a report is better than none


def _object(path: Path) -> Json:
    value = _read(path)
    return cast("Json", value) if isinstance(value, dict) else {}


def _findings(path: Path) -> tuple[Json, ...]:
    value = _read(path)
    items = cast("list[object]", value) if isinstance(value, list) else []
    return tuple(cast("Json", item) for item in items if isinstance(item, dict))
