"""The search of a run: proposes, starts, watches and records trials until the budget or the space ends."""

from __future__ import annotations

import hashlib
import time
from collections import Counter
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import StorageError
from cloudautoml.search import Trial, TrialState
from cloudautoml_local.budget import kill_after
from cloudautoml_local.tasks.base import Resources
from cloudautoml_local.trial import TRAIN, measurement_of, train_arguments

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudautoml_local.budget import TimeBudget
    from cloudautoml_local.executors import Executor, Outcome
    from cloudautoml_local.journal import Journal
    from cloudautoml_local.schedule import Schedule
    from cloudautoml_local.settings import RunSettings
    from cloudautoml_local.tasks.base import LocalTask

_HOPELESS = 20
"""Trials that may fail before one has succeeded; then it is not the candidates."""
_MOST_UNTRAINED = 200
"""Candidates in a row that an estimator may predict or skip; then it has no use for any further one."""
_PUBLISH_SECONDS = 2.0
_PROGRESS_SECONDS = 0.5


class Cancelled(Exception):  # noqa: N818 - not an error
    """The user wants the job to stop."""


@dataclass(frozen=True, slots=True)
class Bench:
    """What a search works with.

    Attributes:
        journal: Where it says what it does.
        settings: How many trials at once, and the like.
        task: The job's task.
        executor: Runs the trials.
        budget: The clock.
        shared: Arguments that every call of the job needs.
        check: Raises `Cancelled` when the job is to stop.
    """

    journal: Journal
    settings: RunSettings
    task: LocalTask
    executor: Executor
    budget: TimeBudget
    shared: Mapping[str, Any]
    check: Callable[[], None]


class Search:
    """Runs the trials of one job.

    Args:
        bench: What it works with.
        schedule: Which trial comes next.
        max_trials: Trials to train at most; None for no limit.
        publish: Called now and then with all trials, to show what there is.
    """

    def __init__(
        self,
        bench: Bench,
        schedule: Schedule,
        *,
        max_trials: int | None,
        publish: Callable[[Sequence[Trial]], None],
    ) -> None:
        self._bench = bench
        self._schedule = schedule
        self._max_trials = max_trials
        self._publish = publish
        self._queue: list[Trial] = []
        self._running: dict[int, Trial] = {}
        self._devices: dict[int, str | None] = {}
        self._requeued: set[int] = set()
        self._trained = 0
        self._succeeded = 0
        self._best: tuple[float, float] | None = None  # cost of the fidelity, score: only equals are compared
        self._misfits = 0
        self._untrained = 0  # in a row
        self._published = self._reported = time.monotonic()

    def run(self) -> Sequence[Trial]:
        """Search until the budget or the space ends.

        Returns:
            Every trial, finished.

        Raises:
            Cancelled: The job is to stop; what runs is still running.
            StorageError: The disk is full.
            JobOwnedError: Another process has taken the job over.
        """
        while True:
            self._bench.check()
            self._propose()
            self._launch()
            if not self._running and not self._queue and (self._is_over or not self._schedule.ready):
                return self.trials
            for outcome in self._bench.executor.wait(0.25 if self._running else 0.0):
                self._settle(outcome)
            self._report()

    @property
    def _is_over(self) -> bool:
        hopeless = self._succeeded == 0 and self._trained - len(self._running) - len(self._queue) >= _HOPELESS
        full = self._max_trials is not None and self._trained >= self._max_trials
        idle = self._misfits > self._bench.settings.window or self._untrained >= _MOST_UNTRAINED
        return full or hopeless or self._bench.budget.search_is_over or idle

    def _propose(self) -> None:
        if self._bench.budget.search_is_over:
            self._drop()
        while self._schedule.ready and not self._is_over:
            trial = self._schedule.propose()
            if trial is None:
                continue  # not ready any more, exhausted, or asked to be told more
            if trial.state is TrialState.SKIPPED:
                self._record(trial)
                continue
            self._trained += 1
            if trial.state.is_finished:
                self._learn(trial)  # an earlier process has run it
            else:
                self._queue.append(trial)

    def _drop(self) -> None:
        """Forget what was chosen and not started; a longer search would choose the same again."""
        self._trained -= len(self._queue)
        self._queue.clear()

    def _launch(self) -> None:
        while self._queue and len(self._running) < self._bench.settings.workers:
            trial = self._next_queued()
            self._queue.remove(trial)
            kind = self._kind(trial)
            if not self._bench.budget.fits(_length_class(kind, trial)):
                self._skip(trial, kind)
                continue
            seconds = self._bench.budget.trial_seconds()
            settings = self._bench.settings
            resources = Resources(settings.threads, self._seed(trial.number), seconds, settings.precision)
            device = self._free_device()
            self._bench.journal.trial(
                trial, f"trial {trial.number} started: {kind}", {"state": trial.state.value, "kind": kind}
            )
            self._bench.executor.start(
                trial.number,
                TRAIN,
                {
                    **self._bench.shared,
                    **train_arguments(trial, told=self._schedule.told, resources=resources),
                    "device": device,
                },
                group=self._bench.task.preload_of(trial.architecture),
                seconds=kill_after(seconds),
            )
            self._running[trial.number] = trial
            self._devices[trial.number] = device

    def _free_device(self) -> str | None:
        """The GPU that the fewest trials run on; empty where none is to be used, None where that is left open."""
        devices = self._bench.settings.devices
        if not devices:
            return None if devices is None else ""
        taken = Counter(self._devices[number] for number in self._running)
        return min(devices, key=lambda device: taken[device])

    def _next_queued(self) -> Trial:
        """The first trial whose libraries are loaded; the first one when none are."""
        ready = (t for t in self._queue if self._bench.executor.is_ready(self._bench.task.preload_of(t.architecture)))
        return next(ready, self._queue[0])

    def _skip(self, trial: Trial, kind: str) -> None:
        usual, left = self._bench.budget.expected(_length_class(kind, trial)), self._bench.budget.search_left
        skipped = replace(
            trial, state=TrialState.SKIPPED, error=f"{kind} usually takes {usual:.1f} s, and {left:.1f} s are left"
        )
        self._misfits += 1
        self._trained -= 1
        self._record(skipped)
        self._schedule.finish(skipped)

    def _settle(self, outcome: Outcome) -> None:
        trial = self._running.pop(outcome.number)
        if outcome.reason == "disk":
            raise StorageError(outcome.message, hint="free some space, then: cloudautoml jobs resume JOB")
        if outcome.reason == "lost" and trial.number not in self._requeued:
            self._requeued.add(trial.number)
            self._bench.journal.event(
                "warning",
                f"trial {trial.number} is run again: {outcome.message}",
                {"trial": trial.number, "requeued": True},
            )
            self._queue.insert(0, trial)
            return
        if outcome.reason == "skipped":
            ended = replace(trial, state=TrialState.SKIPPED, error=outcome.message)
        elif outcome.value is None:
            ended = replace(trial, state=TrialState.FAILED, error=f"{outcome.reason}: {outcome.message}")
        else:
            measurement = measurement_of(outcome.value)
            if not measurement.seconds:
                measurement = replace(measurement, seconds=outcome.seconds)
            ended = replace(trial, state=TrialState.SUCCEEDED, measurement=measurement)
        self._learn(ended, seconds=outcome.seconds)
        self._record(ended)
        self._schedule.finish(ended)

    def _learn(self, trial: Trial, *, seconds: float | None = None) -> None:
        """Take the outcome of a trial into the book-keeping."""
        trained = trial.state is not TrialState.SKIPPED and not (trial.measurement and trial.measurement.predicted)
        self._untrained = 0 if trained else self._untrained + 1
        if not trained:
            self._trained -= 1
            return
        if trial.score is None or trial.measurement is None:
            return
        self._succeeded += 1
        reached = (round(trial.measurement.fidelity.cost, 6), trial.score)
        best = self._best is None or reached > self._best
        self._best = reached if self._best is None or best else self._best
        length = _length_class(self._kind(trial), trial)
        self._bench.budget.record(length, seconds or trial.measurement.seconds, best=best)

    def _record(self, trial: Trial) -> None:
        metric = self._bench.task.spec.metric
        kind = self._kind(trial)
        best = None if self._best is None else self._natural(self._best[1])
        data: dict[str, Any] = {"state": trial.state.value, "kind": kind, "best": best}
        if trial.score is None:
            message = f"trial {trial.number} {trial.state.value}: {kind}: {trial.error}"
        else:
            data["score"] = self._natural(trial.score)
            word = "predicted" if trial.measurement and trial.measurement.predicted else "ended"
            message = f"trial {trial.number} {word}: {kind}: {metric.name} {data['score']:.6g}"
            message += "" if best is None else f", best {best:.6g}"
        self._bench.journal.trial(trial, message, data)

    def _natural(self, score: float | None) -> float | None:
        return None if score is None else self._bench.task.spec.metric.from_score(score)

    def _report(self) -> None:
        now = time.monotonic()
        if now - self._reported >= _PROGRESS_SECONDS:
            self._reported = now
            self._bench.journal.progress(self._progress())
        if now - self._published >= _PUBLISH_SECONDS:
            self._publish(self.trials)
            self._published = time.monotonic()

    def _progress(self) -> float:
        shares = [0.0]
        if self._max_trials is not None:
            shares.append((self._trained - len(self._running) - len(self._queue)) / self._max_trials)
        if self._bench.budget.total is not None:
            shares.append(self._bench.budget.elapsed / self._bench.budget.total)
        return min(0.99, max(shares))

    def abandon(self) -> None:
        """Kill what runs, and record it as cancelled."""
        executor = self._bench.executor
        for number in self._running:
            executor.kill(number)
        while self._running:
            for outcome in executor.wait(1.0):
                trial = self._running.pop(outcome.number)
                ended = replace(trial, state=TrialState.FAILED, error="cancelled: the job was cancelled")
                self._record(ended)
                self._schedule.finish(ended)

    @property
    def trials(self) -> Sequence[Trial]:
        """Every finished trial so far, by number."""
        return [trial for trial in self._schedule.trials if trial.state.is_finished]

    def _kind(self, trial: Trial) -> str:
        return str(trial.architecture.as_dict().get("family") or self._bench.task.preload_of(trial.architecture))

    def _seed(self, number: int) -> int:
        digest = hashlib.sha256(f"{self._bench.task.spec.search_seed}:{number}".encode()).digest()
        return int.from_bytes(digest[:4], "big") >> 1  # libraries take 31 bits


def _length_class(kind: str, trial: Trial) -> str:
    """What tells trials of about equal length together."""
    cost = trial.proposal.fidelity.cost
    return kind if cost == 1 else f"{kind} at {cost:.3g}"


def why_none_succeeded(trials: Sequence[Trial]) -> str:
    """Why a search has no result, in words that tell what to do."""
    if not trials:
        return "the time was over before a trial could end; give the job more (budget.max_time)"
    reasons = Counter(trial.error or "no reason given" for trial in trials)
    reason, count = reasons.most_common(1)[0]
    words = "the trial" if len(trials) == 1 else f"all {len(trials)} trials"
    return f"{words} failed, {count} of them with: {reason}"
