"""Outcome: what a job came to: the table, the report, the next commands, and the exit status."""

import sys
from copy import copy
from typing import TYPE_CHECKING, Any

from cloudautoml.cli.output import Output, columns, width
from cloudautoml.errors import CloudAutoMLError, JobCancelledError, JobFailedError, JobNotFinishedError

if TYPE_CHECKING:
    from cloudautoml.cli.follow import Sight
    from cloudautoml.job import Job
    from cloudautoml.leaderboard import Leaderboard
    from cloudautoml.store import Store


def conclude(job: "Job", sight: "Sight", output: Output, *, store: "Store", rehearsed: bool = False) -> int:
    """Tell what a job came to.

    Args:
        job: The job.
        sight: How it was last seen.
        output: Where it is told.
        store: Where it is recorded.
        rehearsed: Whether the vendor is an emulator that goes with the command: then there is nothing to do next.

    Returns:
        The exit status: 0, 100 failed, 101 not finished, 103 cancelled.
    """
    from cloudautoml.job import INTERRUPTED, JobState

    state = sight.status.state
    if sight.status.phase == INTERRUPTED:
        output.warn(f"job {job.id} was interrupted: {sight.status.reason or 'what worked on it has died'}")
    elif sight.detached and not state.is_terminal:
        output.note(_left(job.id))
    report = report_of(job, store, output) if state is JobState.SUCCEEDED else None
    if output.as_json:
        output.result(outcome(job, sight, store=store, report=report))
    else:
        _tell(job, sight, output, report=report, rehearsed=rehearsed)
    statuses = {
        JobState.SUCCEEDED: 0,
        JobState.FAILED: JobFailedError.exit_code,
        JobState.CANCELLED: JobCancelledError.exit_code,
    }
    return statuses.get(state, JobNotFinishedError.exit_code)


def outcome(job: "Job", sight: "Sight", *, store: "Store", report: str | None) -> dict[str, Any]:
    """What a job came to, as one object."""
    record, board = store.job(job.id), job.leaderboard()
    return {
        "job": job.id,
        "name": record.name,
        "provider": record.provider,
        "state": sight.status.state.value,
        "phase": sight.status.phase,
        "reason": sight.status.reason or None,
        "metric": board.metric,
        "goal": board.to_dict()["goal"],
        "best": board.best.model if board.best else None,
        "seconds": round(sight.elapsed, 1),
        "leaderboard": board.rows(),
        "protocol": board.protocol,
        "findings": [dict(event.data) for event in store.events(job.id) if event.kind == "finding"],
        "report": report,
        "artifacts": {name: str(path) for name, path in job.artifacts().items()},
    }


def report_of(job: "Job", store: "Store", output: Output) -> str | None:
    """The job's report, written if it is wanted and missing; None where there is none."""
    if path := job.artifacts().get("report"):
        return str(path)
    if not store.job(job.id).spec.outputs.report:
        return None
    from cloudautoml.report import write_report

    try:
        return str(write_report(store, job.id))
    except CloudAutoMLError as exc:
        output.warn(f"no report was written: {exc}")
        return None


def _tell(job: "Job", sight: "Sight", output: Output, *, report: str | None, rehearsed: bool) -> None:
    from cloudautoml.job import JobState
    from cloudautoml.render import format_seconds

    state = sight.status.state
    if not state.is_terminal:
        output.data(job.id)
        return
    board = job.leaderboard()
    if len(board):
        output.data(fitted(board))
    if state is JobState.FAILED:
        output.warn(f"job {job.id} failed: {sight.status.reason or 'no reason given'}")
        if not rehearsed:
            output.note(f"next: cloudautoml jobs logs {job.id}\n      cloudautoml jobs resume {job.id}")
    elif state is JobState.CANCELLED:
        output.note(f"job {job.id} was cancelled\nnext: cloudautoml jobs resume {job.id}")
    elif state is JobState.SUCCEEDED:
        lines = [f"{output.paint('green', 'done')} {job.id} in {format_seconds(sight.elapsed)}"]
        lines += [f"  {name:<7} {path}" for name, path in job.artifacts().items() if name in {"model", "models"}]
        lines += [f"  report  {report}"] if report else []
        if not rehearsed:
            lines += [
                f"next: cloudautoml predict {job.id} FILE",
                f"      cloudautoml leaderboard {job.id}",
                f"      cloudautoml report {job.id} --open",
            ]
        output.note("\n".join(lines))


def fitted(board: "Leaderboard") -> str:
    """A leaderboard that fits the terminal on stdout: the least important columns give way."""
    from cloudautoml.leaderboard import Candidate
    from cloudautoml.render import leaderboard_text

    limit = width(sys.stdout)
    text = leaderboard_text(board)
    shown = copy(board)
    for column in ("size_mb", "predict_ms_per_row", "fit_seconds"):
        rows = [line for line in text.splitlines() if line[:1].isspace() or line[:1].isdigit() or line[:1] == "#"]
        if limit is None or max(map(columns, rows), default=0) <= limit:
            break
        shown.candidates = tuple(Candidate.from_dict({**row.to_dict(), column: None}) for row in shown)
        text = leaderboard_text(shown)
    return text


def _left(job: str) -> str:
    return (
        f"job {job} goes on without this window\n"
        f"  watch it:  cloudautoml jobs watch {job}\n"
        f"  stop it:   cloudautoml jobs cancel {job}"
    )
