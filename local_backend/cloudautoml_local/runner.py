"""The process that runs a job: takes its lease, prepares, searches, builds the models, and says how it ended."""

from __future__ import annotations

import json
import os
import sys
import time
import traceback
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import CloudAutoMLError, JobFailedError, JobOwnedError
from cloudautoml.job import JobState
from cloudautoml.leaderboard import Leaderboard
from cloudautoml.search import Trial, TrialState, rank_correlations
from cloudautoml.store import Store, write_json
from cloudautoml_local.budget import TimeBudget
from cloudautoml_local.executors.inline import InlineExecutor
from cloudautoml_local.executors.process import ProcessExecutor
from cloudautoml_local.heartbeat import Heartbeat
from cloudautoml_local.journal import Journal
from cloudautoml_local.parts import combination_of, estimator_of, import_path, task_type
from cloudautoml_local.schedule import Schedule
from cloudautoml_local.search import Bench, Cancelled, Search, why_none_succeeded
from cloudautoml_local.settings import RunSettings, effective_budget
from cloudautoml_local.trial import FINISH, board_json

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.leaderboard import Candidate
    from cloudautoml.store import JobRecord, Lease
    from cloudautoml_local.executors import Executor
    from cloudautoml_local.tasks.base import LocalTask

_FINISH_NUMBER = -1
_REPORT_SECONDS = 2.0


class Runner:
    """Runs one job from wherever it stands to its end.

    Args:
        store: The store.
        lease: The right to work on the job; given up at the end.
        detached: Whether this process has no other purpose, so that it may print and end itself.
    """

    def __init__(self, store: Store, lease: Lease, *, detached: bool) -> None:
        record = store.job(lease.job)
        spec = record.spec
        self._store, self._lease, self._detached = store, lease, detached
        self._spec = spec
        self._directory = store.job_dir(record.id)
        self._settings = RunSettings.load(self._directory)
        self._journal = Journal(store, lease, log=detached)
        self._limits = effective_budget(spec.budget)
        used = _used_before(record)
        self._budget = TimeBudget(
            total=self._limits.max_time.total_seconds() if self._limits.max_time else None,
            used=used,
            trial=self._limits.max_trial_time.total_seconds() if self._limits.max_trial_time else None,
            closing=_REPORT_SECONDS if spec.outputs.report and detached else 0.0,
        )
        # of a first run the time since the submission is counted as well
        uncounted = used - record.active_seconds
        self._heartbeat = Heartbeat(store, lease, began=time.monotonic() - uncounted, on_lost=self._lost)
        self._search: Search | None = None

    def run(self) -> None:
        """Run the job; how it ended is in the store."""
        try:
            self._heartbeat.start()
            self._run()
        except JobOwnedError as exc:
            self._say(str(exc))  # another process goes on; nothing of this one counts any more
        except CloudAutoMLError as exc:
            hint = (exc.hint or "").replace("resume JOB", f"resume {self._lease.job}")
            self._fail(f"{exc.message} ({hint})" if hint else exc.message)
        except Exception as exc:  # noqa: BLE001 - whatever it is, the job must say that it has failed
            self._say(traceback.format_exc())
            self._fail(f"internal error: {type(exc).__name__}: {exc}")
        finally:
            self._heartbeat.stop()
            self._store.leases.release(self._lease)

    def _run(self) -> None:
        if self._heartbeat.cancelling:
            self._journal.end(JobState.CANCELLED)
            return
        self._journal.phase("starting")
        task = task_type(self._settings.task)(self._spec, self._directory)
        executor = self._executor(task)
        try:
            executor.warm_up()
            self._prepare(task)
            trials = self._find(task, executor)
            board = self._finish(task, executor, trials)
            write_json(self._directory / "leaderboard.json", board)
        except Cancelled:
            self._cancel(task)
            return
        finally:
            executor.close()
        self._report()
        self._journal.end(JobState.SUCCEEDED)

    def _executor(self, task: LocalTask) -> Executor:
        if self._settings.executor == "inline":
            return InlineExecutor()
        estimator, _ = estimator_of(self._spec)
        own = (type(task).__module__, estimator.__module__)
        return ProcessExecutor(
            [replace(group, modules=(*group.modules, *own)) for group in task.preloads()],
            directory=lambda number: self._directory / "final" if number == _FINISH_NUMBER else task.trial_dir(number),
            threads=self._settings.threads,
        )

    def _prepare(self, task: LocalTask) -> None:
        from cloudautoml.data import load_prepared

        self._journal.phase("preparing the data")
        data = load_prepared(self._directory / "data")
        self._check_cancelled()
        task.prepare(data, progress=self._heard("phase"))
        self._check_cancelled()

    def _heard(self, kind: str) -> Any:
        def say(message: str) -> None:
            self._check_cancelled()
            self._journal.event(kind, message)

        return say

    def _check_cancelled(self) -> None:
        if self._heartbeat.cancelling:
            raise Cancelled

    def _shared(self) -> dict[str, Any]:
        estimator, _ = estimator_of(self._spec)
        return {
            "home": str(self._store.home),
            "job": self._lease.job,
            "directory": str(self._directory),
            "spec": self._spec.model_dump_json(),
            "task": self._settings.task,
            "estimator": import_path(estimator),
        }

    def _find(self, task: LocalTask, executor: Executor) -> Sequence[Trial]:
        self._journal.phase("searching")
        if self._limits is not self._spec.budget:
            self._journal.event(
                "warning",
                f"no budget was given: the job ends after {self._limits.max_trials} trials or 5 minutes",
                self._limits.model_dump(mode="json", exclude_none=True),
            )
        space, strategy, _ = combination_of(task)
        schedule = Schedule(
            space,
            strategy,
            warm_start=space.defaults() if self._spec.search.warm_start else (),
            window=self._settings.window,
            minimize=self._spec.minimize,
            recorded=self._recorded(),
        )
        self._search = Search(
            Bench(
                journal=self._journal,
                settings=self._settings,
                task=task,
                executor=executor,
                budget=self._budget,
                shared=self._shared(),
                check=self._check_cancelled,
            ),
            schedule,
            max_trials=self._limits.max_trials,
            publish=lambda trials: self._publish(task, trials),
        )
        trials = self._search.run()
        for found in rank_correlations(trials):
            kind = "warning" if found.verdict == "do not trust" else "fidelity"
            self._journal.event(kind, str(found), {"pairs": found.pairs, "verdict": found.verdict})
        if schedule.diverged:
            self._journal.event("warning", "another version began this search: its own candidates were kept")
        if not any(trial.measurement is not None and not trial.measurement.predicted for trial in trials):
            self._publish(task, trials)
            raise JobFailedError(why_none_succeeded([t for t in trials if t.state is TrialState.FAILED]))
        return trials

    def _recorded(self) -> Mapping[int, Trial]:
        """Finished trials of earlier processes. One that had not ended is run again, once."""
        trials = self._store.trials.list(self._lease.job)
        unfinished = [trial for trial in trials if not trial.state.is_finished]
        again = {event.data["trial"] for event in self._store.events(self._lease.job) if event.data.get("requeued")}
        for trial in unfinished:
            if trial.number in again:
                lost = replace(trial, state=TrialState.FAILED, error="lost: it was interrupted twice")
                self._journal.trial(lost, f"trial {trial.number} failed: {lost.error}", {"state": lost.state.value})
                trials[trials.index(trial)] = lost
            else:
                self._journal.event(
                    "warning",
                    f"trial {trial.number} had been interrupted and is run again",
                    {"trial": trial.number, "requeued": True},
                )
        return {trial.number: trial for trial in trials if trial.state.is_finished}

    def _publish(self, task: LocalTask, trials: Sequence[Trial]) -> None:
        """Write the leaderboard as it stands."""
        candidates: Sequence[Candidate] = task.partial(trials)
        board = Leaderboard(
            candidates,
            metric=self._spec.metric.name,
            job=self._lease.job,
            protocol={"partial": True},
            minimize=self._spec.minimize,
        )
        write_json(self._directory / "leaderboard.json", board_json(board))

    def _finish(self, task: LocalTask, executor: Executor, trials: Sequence[Trial]) -> dict[str, Any]:
        self._journal.phase("building the final models", progress=0.99)
        scored = [trial for trial in trials if trial.measurement is not None and not trial.measurement.predicted]
        best = max(scored, key=lambda trial: trial.score or 0.0)
        seconds = self._budget.finish_left
        executor.start(
            _FINISH_NUMBER,
            FINISH,
            {
                **self._shared(),
                "lease": {"token": self._lease.token, "pid": self._lease.pid, "host": self._lease.host},
                "seconds": seconds,
                "threads": self._settings.threads * self._settings.workers,
                "device": devices[0] if (devices := self._settings.devices) else None if devices is None else "",
            },
            group=task.preload_of(best.architecture),
            seconds=None if seconds is None else seconds + max(4.0, 0.08 * (self._budget.total or 0.0)),
        )
        while True:
            for outcome in executor.wait(0.25):
                if outcome.value is None:
                    raise JobFailedError(f"building the final models failed: {outcome.reason}: {outcome.message}")
                return dict(outcome.value)
            self._check_cancelled()

    def _cancel(self, task: LocalTask) -> None:
        if self._search is not None:
            self._search.abandon()
            self._publish(task, self._search.trials)
        self._journal.end(JobState.CANCELLED)

    def _report(self) -> None:
        if not self._spec.outputs.report:
            return
        self._journal.phase("writing the report", progress=0.99)
        try:
            from cloudautoml.report import write_report

            write_report(self._store, self._lease.job)
        except Exception as exc:  # noqa: BLE001 - the models are there; a page about them must not undo that
            self._say(traceback.format_exc())
            self._journal.event("warning", f"the report could not be written: {type(exc).__name__}: {exc}")

    def _fail(self, reason: str) -> None:
        try:
            self._journal.end(JobState.FAILED, reason=reason)
        except CloudAutoMLError as exc:  # nothing can be written: the job stands as interrupted, which is true
            self._say(f"{reason}\nand this could not be recorded: {exc}")

    def _lost(self) -> None:
        """Another process owns the job: end at once, and with this process its hosts and trials."""
        if self._detached:
            self._say("another process has taken the job over")
            os._exit(1)

    def _say(self, text: str) -> None:
        if self._detached:
            sys.stderr.write(text.rstrip("\n") + "\n")
            sys.stderr.flush()


def _used_before(record: JobRecord) -> float:
    """Seconds of a job that are spent: those that were worked, or, when nothing has been, those since it was made."""
    return record.active_seconds or max(0.0, time.time() - record.created.timestamp())


def run_here(store: Store, job: str) -> None:
    """Run a job in this process, to its end.

    Raises:
        JobOwnedError: Another process is running it.
    """
    lease = store.leases.take(job)
    try:
        runner = Runner(store, lease, detached=False)
    except BaseException:
        store.leases.release(lease)
        raise
    runner.run()


def main(arguments: Sequence[str]) -> int:
    """Run a job in a process of its own; the first line of stdout says whether it has been taken over.

    Args:
        arguments: The job's id.
    """
    store = Store()
    try:
        runner = Runner(store, store.leases.take(arguments[0]), detached=True)
    except CloudAutoMLError as exc:
        _answer({"owned": isinstance(exc, JobOwnedError), "error": exc.message, "hint": exc.hint})
        return 1
    _answer({"pid": os.getpid()})
    runner.run()
    return 0


def _answer(message: dict[str, Any]) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()
    os.dup2(2, 1)  # whoever listened goes its way; what is printed from now on belongs in the log


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
