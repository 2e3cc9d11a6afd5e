"""Jobs: the operations on jobs; AutoML jobs are trained by the provider that was handed in."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import Training
from cloudautoml.errors import CloudAutoMLError
from cloudautoml_azureml._preflight import is_job_name, rules
from cloudautoml_azureml.emulator.children import delivered
from cloudautoml_azureml.emulator.errors import VendorError, invalid, not_found
from cloudautoml_azureml.emulator.predictions import Prediction
from cloudautoml_azureml.emulator.run import MUTABLE, Run
from cloudautoml_azureml.emulator.runnable import runnable, sketch
from cloudautoml_azureml.emulator.schema import violations

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml.emulation import SettableClock
    from cloudautoml.job import Job
    from cloudautoml.model import Model
    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec
    from cloudautoml_azureml.emulator.blobs import Blobs

_PATIENCE = 30.0


class Jobs:
    """The jobs of one workspace.

    Args:
        provider: Who trains.
        blobs: Where data, models and predictions are.
        containers: The container of each datastore.
        folder: Where data is copied to.
        clock: The emulator's time of day.
        prefix: The workspace's path.
        phase_seconds: The least that each phase of a job takes.
    """

    def __init__(
        self,
        provider: Provider[Any],
        *,
        blobs: Blobs,
        containers: Mapping[str, str],
        folder: Path,
        clock: SettableClock,
        prefix: str,
        phase_seconds: float = 0.0,
    ) -> None:
        self._provider = provider
        self._blobs = blobs
        self._containers = containers
        self._folder = folder
        self._clock = clock
        self._prefix = prefix
        self._phase_seconds = phase_seconds
        self._runs: dict[str, Run] = {}
        self._work: list[Training | Prediction] = []
        self._models: dict[str, tuple[Job, str]] = {}
        self._lock = threading.Lock()

    def put(self, name: str, body: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        """Make a job, or change of one that is there what can be changed.

        Returns:
            201 or 200, and the job.
        """
        if not is_job_name(name):
            raise invalid(f"{name!r} is not a name that a job may have")
        properties: dict[str, Any] = body.get("properties") or {}
        with self._lock:
            known = self._runs.get(name)
            if known is not None:
                return 200, self._changed(known, properties)
        self._check(name, properties)
        with self._lock:
            if name in self._runs:  # somebody was quicker
                return 200, self._changed(self._runs[name], properties)
            run, work = self._made(name, properties)
            self._runs[name] = run
            self._work.append(work)
        work.start()
        return 201, self._described(run)

    def _changed(self, run: Run, properties: Mapping[str, Any]) -> dict[str, Any]:
        fixed = {name: value for name, value in properties.items() if name not in {*MUTABLE, "status", "services"}}
        if any(run.properties.get(name) != value for name, value in fixed.items()):
            raise invalid(
                f"A job with this name already exists: {run.name}. Only description, tags, displayName, properties, "
                "and isArchived of it can be changed.",
                inner="JobPropertyImmutable",
            )
        run.properties |= {name: properties[name] for name in MUTABLE if name in properties}
        return self._described(run)

    def _check(self, name: str, properties: Mapping[str, Any]) -> None:
        if properties.get("jobType") not in {"AutoML", "Command"}:
            raise invalid(f"the emulator runs no jobs of type {properties.get('jobType')}")
        found = list(violations(properties))
        if not found and properties["jobType"] == "AutoML":
            found = list(rules(properties))
        if found:
            raise invalid("; ".join(f"{path}: {message}" for path, message in found))
        if properties["jobType"] != "AutoML":
            return
        try:
            gaps = self._provider.check(sketch({"properties": properties}, name=name))
        except CloudAutoMLError as exc:
            raise invalid(f"the emulator cannot train this: {exc.message}") from exc
        if gaps:
            told = "; ".join(str(gap) for gap in gaps)
            raise invalid(f"the emulator trains with the provider {self._provider.name}, which refuses: {told}")

    def _made(self, name: str, properties: dict[str, Any]) -> tuple[Run, Training | Prediction]:
        if properties["jobType"] == "Command":
            prediction = Prediction(properties, model=self._model, blobs=self._blobs, containers=self._containers)
            run = Run(name, properties, self._clock.now(), lambda: prediction.status, prediction.cancel)
            return run, prediction
        training = self._training(name, properties)
        return Run(name, properties, self._clock.now(), lambda: training.status, training.cancel), training

    def _training(self, name: str, properties: Mapping[str, Any]) -> Training:
        def prepare() -> JobSpec:
            return runnable(
                {"properties": properties},
                name=name,
                provider=self._provider,
                blobs=self._blobs,
                containers=self._containers,
                folder=self._folder / name,
            )

        def deliver(job: Job) -> None:
            run = self._runs[name]
            found = delivered(job, name=name, created=run.created, ended=self._clock.now(), blobs=self._blobs)
            run.metrics, run.children = found.metrics, found.children
            self._models |= {child: (job, model) for child, model in found.models.items()}

        return Training(self._provider, prepare=prepare, deliver=deliver)

    def _model(self, child: str) -> Model:
        if child not in self._models:
            msg = f"run {child} has left no model"
            raise ValueError(msg)
        job, name = self._models[child]
        return job.model(name)

    def run(self, name: str) -> Run:
        """A job, as it stands now.

        Raises:
            VendorError: There is none of that name.
        """
        with self._lock:
            run = self._runs.get(name)
            if run is None:
                raise not_found(f"Job {name}")
            run.advance(self._clock.now(), self._phase_seconds)
            return run

    def child(self, name: str) -> dict[str, Any] | None:
        """A child run by its name, as run history has it; None where there is none."""
        parent = self._runs.get(name.rpartition("_")[0])
        return next((run for run in parent.children if run["runId"] == name), None) if parent else None

    def get(self, name: str) -> dict[str, Any]:
        """A job, or a child run as the job that it is, too."""
        child = None if name in self._runs else self.child(name)
        return self._described(self.run(name)) if child is None else self._child_job(child)

    def all(self) -> list[dict[str, Any]]:
        """The jobs, newest first."""
        return [self._described(self.run(name)) for name in reversed(list(self._runs))]

    def cancel(self, name: str) -> None:
        """Have a job end.

        Raises:
            VendorError: It has ended, or there is none of that name.
        """
        run = self.run(name)
        if not run.cancel():
            raise invalid(f"Job {name} is {run.machine.state} and cannot be cancelled")

    def delete(self, name: str) -> None:
        """Forget a job that has ended.

        Raises:
            VendorError: It goes on, or there is none of that name.
        """
        run = self.run(name)
        if not run.machine.is_over:
            raise VendorError(409, "Conflict", f"Job {name} is {run.machine.state}; cancel it first")
        del self._runs[name]

    def _described(self, run: Run) -> dict[str, Any]:
        return {
            "id": f"{self._prefix}/jobs/{run.name}",
            "name": run.name,
            "type": "Microsoft.MachineLearningServices/workspaces/jobs",
            "properties": {**run.properties, "status": run.machine.state, "tags": run.tags(), "services": {}},
            "systemData": {"createdAt": run.created.isoformat(), "createdBy": "emulated", "createdByType": "User"},
        }

    def _child_job(self, child: Mapping[str, Any]) -> dict[str, Any]:
        return {
            "id": f"{self._prefix}/jobs/{child['runId']}",
            "name": child["runId"],
            "type": "Microsoft.MachineLearningServices/workspaces/jobs",
            "properties": {
                "jobType": "Command",
                "displayName": child["runId"],
                "experimentName": "emulated",
                "command": "emulated",
                "environmentId": "emulated",
                "status": child["status"],
                "properties": child["properties"],
                "tags": child["tags"],
                "inputs": {},
                "outputs": {},
                "services": {},
            },
            "systemData": {"createdAt": child["startTimeUtc"], "createdBy": "emulated", "createdByType": "User"},
        }

    def close(self) -> None:
        """Have all that is still going stopped, and wait until it is."""
        for work in self._work:
            work.cancel()
        for work in self._work:
            work.join(_PATIENCE)
