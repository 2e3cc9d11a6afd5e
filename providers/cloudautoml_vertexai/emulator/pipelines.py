"""Pipelines: the operations on training pipelines, each of which is trained by the provider that was handed in."""

from __future__ import annotations

import math
import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import FaultKind, StateMachine, Training
from cloudautoml.errors import CloudAutoMLError, ConfigError, SpecError
from cloudautoml.job import JobState
from cloudautoml_vertexai._preflight import check_request
from cloudautoml_vertexai._request import TRAINING
from cloudautoml_vertexai.emulator.datasets import header
from cloudautoml_vertexai.emulator.errors import VendorError, invalid
from cloudautoml_vertexai.emulator.resources import Shelf, listed, stamp
from cloudautoml_vertexai.emulator.runnable import columns, runnable, sketch

if TYPE_CHECKING:
    from datetime import datetime
    from pathlib import Path

    from cloudautoml.emulation import FaultScript, SettableClock
    from cloudautoml.job import Job
    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec
    from cloudautoml_vertexai.emulator.datasets import Datasets
    from cloudautoml_vertexai.emulator.models import Models
    from cloudautoml_vertexai.emulator.operations import Operations
    from cloudautoml_vertexai.emulator.resources import Query

RUN = "RunTrainingPipeline"
"""What a fault script calls the work of a pipeline: it may find a quota used up long after it was taken."""
_PATIENCE = 30.0  # real seconds for a training to stop
_STEPS: dict[str, set[str]] = {
    "PENDING": {"RUNNING", "FAILED", "CANCELLING"},
    "RUNNING": {"SUCCEEDED", "FAILED", "CANCELLING"},
    "CANCELLING": {"CANCELLED"},
    "SUCCEEDED": set(),
    "FAILED": set(),
    "CANCELLED": set(),
}
_RETIRED = {
    "text": "AutoML Text is no longer available since 2025-06-15.",
    "video": "AutoML Video is no longer available since 2025-07-31.",
}


@dataclass
class _Run:
    """What is known of a pipeline beside what is shown."""

    name: str
    created: datetime
    training: Training
    machine: StateMachine = field(default_factory=lambda: StateMachine(_STEPS, "PENDING"))
    started: datetime | None = None
    model: dict[str, Any] = field(default_factory=dict)


class Pipelines:
    """The training pipelines of one project and region.

    Args:
        shelf: Where they are kept.
        provider: Who trains.
        datasets: What is trained on.
        models: Where what comes out goes.
        operations: Where work goes on.
        folder: Where data is copied to.
        clock: The emulator's time of day.
        faults: What goes wrong.
        phase_seconds: The least that each state takes, by the clock.
        fewest_rows: Rows below which a table is refused.
        concurrent: Pipelines at the same time at most.
    """

    def __init__(
        self,
        shelf: Shelf,
        provider: Provider[Any],
        *,
        datasets: Datasets,
        models: Models,
        operations: Operations,
        folder: Path,
        clock: SettableClock,
        faults: FaultScript,
        phase_seconds: float,
        fewest_rows: int,
        concurrent: int,
    ) -> None:
        self._shelf = shelf
        self._provider = provider
        self._datasets = datasets
        self._models = models
        self._operations = operations
        self._folder = folder
        self._clock = clock
        self._faults = faults
        self._phase_seconds = phase_seconds
        self._fewest_rows = fewest_rows
        self._quota = concurrent
        self._runs: dict[str, _Run] = {}
        self._lock = threading.RLock()

    def create(self, name: str, body: dict[str, Any], _: Query) -> dict[str, Any]:
        """`CreateTrainingPipeline`, which is not an operation: the pipeline itself is answered."""
        self._shelf.check_place(name)
        table = self._check(body)
        with self._lock:
            if sum(not run.machine.is_over for run in self._seen()) >= self._quota:
                told = "The following quotas are exceeded: ConcurrentTrainingPipelinesPerProjectPerRegion"
                raise VendorError("RESOURCE_EXHAUSTED", told)
            now = self._clock.now()
            made = self._shelf.add(
                {**body, "state": "PIPELINE_STATE_PENDING", "createTime": stamp(now), "updateTime": stamp(now)}
            )
            run = _Run(made["name"], now, self._training(made, table))
            self._runs[run.name] = run
        run.training.start()
        return made

    def _check(self, body: dict[str, Any]) -> bytes:
        definition = str(body.get("trainingTaskDefinition", ""))
        for word, told in _RETIRED.items():
            if f"automl_{word}" in definition:
                raise VendorError("FAILED_PRECONDITION", told)
        if definition != TRAINING:
            raise invalid(f"the emulator trains {TRAINING}, not {definition}")
        table = self._datasets.table(str(body.get("inputDataConfig", {}).get("datasetId", "")))
        inputs: dict[str, Any] = body.get("trainingTaskInputs", {})
        body["trainingTaskInputs"] = {name: value for name, value in inputs.items() if value is not None}
        try:
            check_request(body)
            gaps = self._provider.check(sketch(body, self._provider))
        except (SpecError, ConfigError) as exc:
            raise invalid(exc.message) from exc
        except CloudAutoMLError as exc:
            raise invalid(f"the emulator cannot train this: {exc.message}") from exc
        if gaps:
            told = "; ".join(str(gap) for gap in gaps)
            raise invalid(f"the emulator trains with the provider {self._provider.name}, which refuses: {told}")
        known = header(table)
        wanted = [*columns(inputs), inputs["targetColumn"], inputs.get("weightColumnName")]
        if missing := [name for name in wanted if name and name not in known]:
            raise invalid(f"the data set has no column {', '.join(map(repr, missing))}; it has {', '.join(known)}")
        return table

    def _training(self, pipeline: dict[str, Any], table: bytes) -> Training:
        number = str(pipeline["name"]).rpartition("/")[2]
        specs: list[JobSpec] = []

        def prepare() -> JobSpec:
            place = self._folder / number / "train.csv"
            place.parent.mkdir(parents=True, exist_ok=True)
            place.write_bytes(table)
            specs.append(runnable(pipeline, self._provider, place, self._fewest_rows))
            return specs[0]

        def deliver(job: Job) -> None:
            self._runs[str(pipeline["name"])].model = self._models.add(pipeline, specs[0], job)

        return Training(self._provider, prepare=prepare, deliver=deliver)

    def close(self) -> None:
        """Have all that is still being trained stopped, and wait until it is."""
        for run in self._runs.values():
            run.training.cancel()
        for run in self._runs.values():
            run.training.join(_PATIENCE)

    def _seen(self) -> list[_Run]:
        for run in self._runs.values():
            self._advance(run)
        return list(self._runs.values())

    def _advance(self, run: _Run) -> None:
        """Let a pipeline go on as far as the clock and its training allow; an end stays one."""
        if run.machine.is_over:
            return
        status, now = run.training.status, self._clock.now()
        passed = (now - run.created).total_seconds()
        if run.machine.state == "CANCELLING":
            if status.state.is_terminal:
                self._show(run, "CANCELLED", error=(1, "CANCELED"))
            return
        if status.state is JobState.FAILED:
            self._show(run, "FAILED", error=(3, status.reason or "the training failed"))
        elif run.machine.state == "PENDING" and passed >= self._phase_seconds:
            self._begin(run)
        elif run.machine.state == "RUNNING" and passed >= 2 * self._phase_seconds:
            if status.state is JobState.SUCCEEDED:
                self._show(run, "SUCCEEDED")
            elif status.state is JobState.CANCELLED:
                self._show(run, "FAILED", error=(13, "the training was stopped from outside"))

    def _begin(self, run: _Run) -> None:
        fault = self._faults.take(RUN)
        run.started = self._clock.now()
        if fault is not None and fault.kind in {FaultKind.QUOTA, FaultKind.THROTTLE}:
            run.training.cancel()
            self._show(run, "FAILED", error=(8, "The following quotas are exceeded: CustomModelTrainingCPUs"))
        elif fault is not None:
            run.training.cancel()
            self._show(run, "FAILED", error=(13, "Internal error."))
        else:
            self._show(run, "RUNNING")

    def _show(self, run: _Run, state: str, *, error: tuple[int, str] | None = None) -> None:
        if not run.machine.move(state):
            return
        now = self._clock.now()
        shown: dict[str, Any] = {
            **self._shelf.get(run.name),
            "state": f"PIPELINE_STATE_{state}",
            "updateTime": stamp(now),
        }
        if run.started is not None:
            shown["startTime"] = stamp(run.started)
        if run.machine.is_over:
            shown["endTime"] = stamp(now)
            hours = (now - run.created).total_seconds() / 3600
            asked = float(shown["trainingTaskInputs"]["trainBudgetMilliNodeHours"])
            shown["trainingTaskMetadata"] = {"trainCostMilliNodeHours": float(min(asked, math.ceil(hours * 1000)))}
        if error is not None:
            shown["error"] = {"code": error[0], "message": error[1]}
        if state == "SUCCEEDED":
            shown["modelToUpload"] = {
                **shown["modelToUpload"], "name": run.model["name"], "versionId": run.model["versionId"]
            }  # fmt: skip
        self._shelf.put(shown)

    def get(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`GetTrainingPipeline`."""
        found = str(self._shelf.get(name)["name"])
        with self._lock:
            self._advance(self._runs[found])
        return self._shelf.get(name)

    def list_all(self, name: str, _: dict[str, Any], query: Query) -> dict[str, Any]:
        """`ListTrainingPipelines`."""
        self._shelf.check_place(name)
        with self._lock:
            self._seen()
        return listed("trainingPipelines", self._shelf.all(), query)

    def cancel(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`CancelTrainingPipeline`; one that has ended cannot be cancelled."""
        found = str(self._shelf.get(name)["name"])
        with self._lock:
            run = self._runs[found]
            self._advance(run)
            if run.machine.is_over:
                told = f"The TrainingPipeline is {run.machine.state} and cannot be cancelled."
                raise VendorError("FAILED_PRECONDITION", told)
            self._show(run, "CANCELLING")
            run.training.cancel()
        return {}

    def delete(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`DeleteTrainingPipeline`; its model stays."""
        found = str(self._shelf.get(name)["name"])
        with self._lock:
            if not self._runs[found].machine.is_over:
                raise VendorError("FAILED_PRECONDITION", "The TrainingPipeline has not ended.")
            self._shelf.remove(name)
            del self._runs[found]
        return self._operations.begin(name, "DeleteOperationMetadata", {})
