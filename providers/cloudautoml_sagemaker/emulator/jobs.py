"""Jobs: the operations on Autopilot jobs, each of which is trained by the provider that was handed in."""

from __future__ import annotations

import json
import threading
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import Training
from cloudautoml.errors import CloudAutoMLError, ConfigError, SpecError
from cloudautoml_sagemaker._preflight import FEWEST_ROWS, check_request
from cloudautoml_sagemaker._spec import problem_of
from cloudautoml_sagemaker.emulator.candidates import delivered
from cloudautoml_sagemaker.emulator.data import check_channels, row_columns
from cloudautoml_sagemaker.emulator.errors import VendorError, in_use, invalid, not_found
from cloudautoml_sagemaker.emulator.notebooks import notebook
from cloudautoml_sagemaker.emulator.pages import page
from cloudautoml_sagemaker.emulator.predictions import Servable
from cloudautoml_sagemaker.emulator.run import Run
from cloudautoml_sagemaker.emulator.runnable import resolved, runnable, sketch

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml.emulation import SettableClock
    from cloudautoml.job import Job
    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker.emulator.storage import Storage
    from cloudautoml_sagemaker.emulator.tags import Tags
_PATIENCE = 30.0  # real seconds for a training to stop


class Jobs:
    """The Autopilot jobs of one account in one region.

    Args:
        provider: Who trains.
        storage: S3.
        folder: Where data is copied to.
        clock: The emulator's time of day.
        tags: Tags of all resources.
        prefix: What resource names start with, up to the kind.
        concurrent: Jobs at the same time at most.
        phase_seconds: The least that each phase of a job takes, by the clock.
        fewest_rows: Rows below which a table is refused.
    """

    def __init__(
        self,
        provider: Provider[Any],
        *,
        storage: Storage,
        folder: Path,
        clock: SettableClock,
        tags: Tags,
        prefix: str,
        concurrent: int,
        phase_seconds: float = 0.0,
        fewest_rows: int = FEWEST_ROWS,
    ) -> None:
        self._provider = provider
        self._storage = storage
        self._folder = folder
        self._clock = clock
        self._tags = tags
        self._prefix = prefix
        self._quota = concurrent
        self._phase_seconds = phase_seconds
        self._fewest_rows = fewest_rows
        self._servables: dict[str, Servable] = {}
        self._runs: dict[str, Run] = {}  # by lower-case name; a name is never free again
        self._lock = threading.Lock()

    def create(self, request: dict[str, Any]) -> dict[str, Any]:
        """`CreateAutoMLJobV2`."""
        self._check(request)
        name = str(request["AutoMLJobName"])
        asked = {field: value for field, value in request.items() if field != "Tags"}
        with self._lock:
            if name.lower() in self._runs:
                raise in_use(f"AutoML job {name}")
            if sum(not run.machine.is_over for run in self._seen()) >= self._quota:
                told = f"The account-level service limit 'Concurrent AutoML jobs' is {self._quota}"
                raise VendorError("ResourceLimitExceeded", told)
            run = Run(asked, f"{self._prefix}automl-job/{name.lower()}", self._clock.now())
            run.training = self._training(run)
            self._runs[name.lower()] = run
        self._tags.set(run.arn, request.get("Tags", []))
        run.training.start()
        return {"AutoMLJobArn": run.arn}

    def _check(self, request: dict[str, Any]) -> None:
        try:
            check_request(request)
            check_channels(request, self._storage)
            gaps = self._provider.check(sketch(request))
        except (SpecError, ConfigError) as exc:
            raise invalid(exc.message) from exc
        except CloudAutoMLError as exc:
            raise invalid(f"the emulator cannot train this: {exc.message}") from exc
        if gaps:
            told = "; ".join(str(gap) for gap in gaps)
            raise invalid(f"the emulator trains with the provider {self._provider.name}, which refuses: {told}")

    def _training(self, run: Run) -> Training:
        folder = self._folder / run.name.lower()

        def prepare() -> JobSpec:
            spec = runnable(run.request, self._provider, self._storage, folder, self._fewest_rows)
            run.resolved = resolved(run.request, spec)
            return spec

        def deliver(job: Job) -> None:
            run.candidates = delivered(
                job,
                arn=run.arn,
                root=self._root(run),
                created=run.created,
                ended=self._clock.now(),
                storage=self._storage,
                serve=lambda address, model: self._serve(run, job, address, model),
            )
            run.artifacts = self._notebooks(run)

        return Training(self._provider, prepare=prepare, deliver=deliver)

    def _serve(self, run: Run, job: Job, address: str, model: str) -> None:
        columns = row_columns(run.request, self._storage)
        self._servables[address] = Servable(
            lambda: job.model(model), columns, forecasts=problem_of(run.request)[0] == "TimeSeriesForecastingJobConfig"
        )

    def servable(self, address: str) -> Servable | None:
        """The model that was written to an address in S3; None where it is of no job of this emulator."""
        return self._servables.get(address)

    def close(self) -> None:
        """Have all that is still being trained stopped, and wait until it is."""
        trainings = [run.training for run in self._runs.values() if run.training is not None]
        for training in trainings:
            training.cancel()
        for training in trainings:
            training.join(_PATIENCE)

    def _root(self, run: Run) -> str:
        return f"{str(run.request['OutputDataConfig']['S3OutputPath']).rstrip('/')}/{run.name}"

    def _notebooks(self, run: Run) -> dict[str, str]:
        """Write the notebooks that a tabular job leaves; other jobs leave none."""
        if problem_of(run.request)[0] != "TabularJobConfig":
            return {}
        root = f"{self._root(run)}/sagemaker-automl-candidates/notebooks"
        addresses = {
            "CandidateDefinitionNotebookLocation": f"{root}/SageMakerAutopilotCandidateDefinitionNotebook.ipynb",
            "DataExplorationNotebookLocation": f"{root}/SageMakerAutopilotDataExplorationNotebook.ipynb",
        }
        about = {
            "CandidateDefinitionNotebookLocation": run.candidates,
            "DataExplorationNotebookLocation": run.request["AutoMLJobInputDataConfig"],
        }
        for field, address in addresses.items():
            self._storage.write(address, json.dumps(notebook(run.name, about[field])).encode())
        return addresses

    def _seen(self) -> list[Run]:
        now = self._clock.now()
        for run in self._runs.values():
            run.advance(now, self._phase_seconds)
        return list(self._runs.values())

    def _run(self, request: Mapping[str, Any]) -> Run:
        name = str(request["AutoMLJobName"])
        with self._lock:
            run = self._runs.get(name.lower())
            if run is None:
                raise not_found(f"AutoML job {name}")
            run.advance(self._clock.now(), self._phase_seconds)
            return run

    def describe(self, request: dict[str, Any]) -> dict[str, Any]:
        """`DescribeAutoMLJobV2`."""
        return self._run(request).description()

    def stop(self, request: dict[str, Any]) -> dict[str, Any]:
        """`StopAutoMLJob`; one that has ended cannot be stopped."""
        run = self._run(request)
        if not run.stop(self._clock.now()):
            raise invalid(f"AutoML job {run.name} is {run.machine.state} and cannot be stopped")
        return {}

    def list_jobs(self, request: dict[str, Any]) -> dict[str, Any]:
        """`ListAutoMLJobs`."""
        with self._lock:
            found = [run.summary() for run in self._seen()]
        found = [entry for entry in found if _asked_for(entry, request)]
        field = {"Name": "AutoMLJobName", "CreationTime": "CreationTime", "Status": "AutoMLJobStatus"}[
            request.get("SortBy", "Name")
        ]
        falling = request.get("SortOrder", "Descending") == "Descending"
        found.sort(key=lambda entry: (entry[field], entry["CreationTime"], entry["AutoMLJobName"]), reverse=falling)
        return page("ListAutoMLJobs", request, found, "AutoMLJobSummaries")

    def list_candidates(self, request: dict[str, Any]) -> dict[str, Any]:
        """`ListCandidatesForAutoMLJob`."""
        found = [
            item
            for item in self._run(request).candidates
            if request.get("StatusEquals", item["CandidateStatus"]) == item["CandidateStatus"]
            and request.get("CandidateNameEquals", item["CandidateName"]) == item["CandidateName"]
        ]
        falling = request.get("SortOrder", "Descending") == "Descending"
        match request.get("SortBy", "Status"):
            case "CreationTime":
                found.sort(key=lambda item: (item["CreationTime"], item["CandidateName"]), reverse=falling)
            case "FinalObjectiveMetricValue":
                valued = [item for item in found if "FinalAutoMLJobObjectiveMetric" in item]
                rest = [item for item in found if "FinalAutoMLJobObjectiveMetric" not in item]
                valued.sort(key=lambda item: item["FinalAutoMLJobObjectiveMetric"]["Value"], reverse=falling)
                found = [*valued, *rest]
            case _:
                found.sort(key=lambda item: (item["CandidateStatus"], item["CandidateName"]), reverse=falling)
        return page("ListCandidatesForAutoMLJob", request, found, "Candidates")


def _asked_for(entry: Mapping[str, Any], request: Mapping[str, Any]) -> bool:
    created, changed = entry["CreationTime"].timestamp(), entry["LastModifiedTime"].timestamp()
    return (
        request.get("NameContains", "").lower() in entry["AutoMLJobName"].lower()
        and request.get("StatusEquals", entry["AutoMLJobStatus"]) == entry["AutoMLJobStatus"]
        and request.get("CreationTimeAfter", created) <= created <= request.get("CreationTimeBefore", created)
        and request.get("LastModifiedTimeAfter", changed) <= changed <= request.get("LastModifiedTimeBefore", changed)
    )
