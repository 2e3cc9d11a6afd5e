"""Emulator: the whole of it, Vertex AI and Cloud Storage behind one address, as one thing to start and to close."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from cloudautoml.emulation import EmulationServer, Emulator, FaultScript, SettableClock
from cloudautoml_vertexai._preflight import FEWEST_ROWS
from cloudautoml_vertexai.emulator.batches import Batches
from cloudautoml_vertexai.emulator.credentials import key_file
from cloudautoml_vertexai.emulator.datasets import Datasets
from cloudautoml_vertexai.emulator.endpoints import Endpoints
from cloudautoml_vertexai.emulator.gcs import Gcs
from cloudautoml_vertexai.emulator.models import Models
from cloudautoml_vertexai.emulator.operations import Operations
from cloudautoml_vertexai.emulator.pipelines import Pipelines
from cloudautoml_vertexai.emulator.resources import NUMBER, PROJECT, Shelf
from cloudautoml_vertexai.emulator.service import VertexaiService
from cloudautoml_vertexai.emulator.storage import Storage

if TYPE_CHECKING:
    from cloudautoml.provider import Provider

BUCKET = "cloudautoml-emulated"
"""A bucket that is there from the start."""
_CONCURRENT = 5  # training pipelines at the same time in one region, as the quota usually is


class VertexaiEmulator(Emulator):
    """Vertex AI AutoML on this machine. Use it as a context manager, or call `start` and `close`.

    Args:
        provider: Who trains; its own store keeps what it trains.
        location: The region that it stands for.
        port: Port of everything; 0 takes a free one.
        faults: What goes wrong.
        clock: The emulator's time of day.
        phase_seconds: The least that each state of a pipeline takes, by that clock.
        fewest_rows: Rows below which a table is refused, as Google refuses it.
    """

    def __init__(
        self,
        provider: Provider[Any],
        *,
        location: str = "us-central1",
        port: int = 0,
        faults: FaultScript | None = None,
        clock: SettableClock | None = None,
        phase_seconds: float = 0.0,
        fewest_rows: int = FEWEST_ROWS,
    ) -> None:
        self.location = location
        self.clock = clock or SettableClock()
        self.faults = faults or FaultScript()
        self._folder = tempfile.TemporaryDirectory(prefix="cloudautoml-emulator-")
        folder = Path(self._folder.name)
        (folder / "objects").mkdir()
        self.storage = Storage(folder / "objects", self.clock)
        self.storage.add_bucket(BUCKET, location=location, owner=NUMBER)
        operations = Operations(self.clock)
        datasets = Datasets(Shelf("datasets", location), storage=self.storage, operations=operations, clock=self.clock)
        models = Models(Shelf("models", location), storage=self.storage, operations=operations, clock=self.clock)
        self._pipelines = pipelines = Pipelines(
            Shelf("trainingPipelines", location),
            provider,
            datasets=datasets,
            models=models,
            operations=operations,
            folder=folder / "jobs",
            clock=self.clock,
            faults=self.faults,
            phase_seconds=phase_seconds,
            fewest_rows=fewest_rows,
            concurrent=_CONCURRENT,
        )
        batches = Batches(
            Shelf("batchPredictionJobs", location),
            models=models,
            storage=self.storage,
            operations=operations,
            clock=self.clock,
        )
        endpoints = Endpoints(Shelf("endpoints", location), models=models, operations=operations, clock=self.clock)
        handlers = {
            "CreateDataset": datasets.create, "GetDataset": datasets.get, "ListDatasets": datasets.list_all,
            "DeleteDataset": datasets.delete,
            "CreateTrainingPipeline": pipelines.create, "GetTrainingPipeline": pipelines.get,
            "ListTrainingPipelines": pipelines.list_all, "CancelTrainingPipeline": pipelines.cancel,
            "DeleteTrainingPipeline": pipelines.delete,
            "GetModel": models.get, "ListModels": models.list_all, "DeleteModel": models.delete,
            "ExportModel": models.export, "ListModelEvaluations": models.evaluations,
            "GetModelEvaluation": models.evaluation,
            "CreateEndpoint": endpoints.create, "GetEndpoint": endpoints.get, "ListEndpoints": endpoints.list_all,
            "DeleteEndpoint": endpoints.delete, "DeployModel": endpoints.deploy, "UndeployModel": endpoints.undeploy,
            "Predict": endpoints.predict,
            "CreateBatchPredictionJob": batches.create, "GetBatchPredictionJob": batches.get,
            "ListBatchPredictionJobs": batches.list_all, "CancelBatchPredictionJob": batches.cancel,
            "DeleteBatchPredictionJob": batches.delete,
            "GetOperation": operations.look,
        }  # fmt: skip
        service = VertexaiService(handlers, Gcs(self.storage, lambda: self.url))
        self._server = EmulationServer(service, port=port, faults=self.faults, clock=self.clock)

    @property
    def url(self) -> str:
        """Address of Vertex AI and of Cloud Storage."""
        return self._server.url

    @override
    def start(self) -> Self:
        """Serve; returns when calls are answered."""
        self._server.start()
        return self

    @override
    def close(self) -> None:
        """Stop serving, and have what is still being trained stopped."""
        self._pipelines.close()
        self._server.close()
        self._folder.cleanup()

    @override
    def environment(self) -> dict[str, str]:
        """What a process sets so that Google's clients reach nobody else.

        They find Cloud Storage by it. For Vertex AI they have no variable: a program passes `api_endpoint`, the value
        of `STORAGE_EMULATOR_HOST`, and `api_transport="rest"` to `aiplatform.init`; one that forgets it is turned away
        by Google, since the credentials are good for nothing there.
        """
        return {
            "STORAGE_EMULATOR_HOST": self.url,
            "GOOGLE_CLOUD_PROJECT": PROJECT,
            "GOOGLE_CLOUD_REGION": self.location,
            "GOOGLE_APPLICATION_CREDENTIALS": str(key_file(Path(self._folder.name), self.url)),
        }

    @override
    def settings(self) -> dict[str, Any]:
        """What the provider `vertexai` is configured with so that its jobs run here."""
        return {
            "project": PROJECT,
            "location": self.location,
            "bucket": BUCKET,
            "bucket_project_number": None,
            "endpoint": self.url,
            "storage_endpoint": self.url,
            "poll_seconds": 0.5,
        }
