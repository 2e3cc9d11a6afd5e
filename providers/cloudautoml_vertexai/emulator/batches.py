"""Batches: predictions from Cloud Storage to Cloud Storage."""

from __future__ import annotations

import csv
import io
import json
import threading
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import StateMachine
from cloudautoml_vertexai.emulator.errors import VendorError, invalid
from cloudautoml_vertexai.emulator.predictions import predict
from cloudautoml_vertexai.emulator.resources import Shelf, listed, stamp

if TYPE_CHECKING:
    from cloudautoml.emulation import SettableClock
    from cloudautoml_vertexai.emulator.models import Models
    from cloudautoml_vertexai.emulator.operations import Operations
    from cloudautoml_vertexai.emulator.resources import Query
    from cloudautoml_vertexai.emulator.storage import Storage

_STEPS: dict[str, set[str]] = {
    "PENDING": {"SUCCEEDED", "FAILED", "CANCELLING"},
    "CANCELLING": {"CANCELLED"},
    "SUCCEEDED": set(),
    "FAILED": set(),
    "CANCELLED": set(),
}
_SHARDS = 2


class Batches:
    """The batch prediction jobs of one project and region.

    Args:
        shelf: Where they are kept.
        models: Who predicts.
        storage: Cloud Storage.
        operations: Where work goes on.
        clock: The emulator's time of day.
    """

    def __init__(
        self, shelf: Shelf, *, models: Models, storage: Storage, operations: Operations, clock: SettableClock
    ) -> None:
        self._shelf = shelf
        self._models = models
        self._storage = storage
        self._operations = operations
        self._clock = clock
        self._machines: dict[str, StateMachine] = {}
        self._lock = threading.Lock()

    def create(self, name: str, body: dict[str, Any], _: Query) -> dict[str, Any]:
        """`CreateBatchPredictionJob`."""
        self._shelf.check_place(name)
        given, wanted = body.get("inputConfig", {}), body.get("outputConfig", {})
        if given.get("instancesFormat") != "csv" or wanted.get("predictionsFormat") != "jsonl":
            raise invalid("the emulator predicts from csv to jsonl.")
        if not body.get("dedicatedResources", {}).get("machineSpec", {}).get("machineType"):
            raise invalid("dedicated_resources is required: the model supports no automatic ones.")
        if body.get("generateExplanation"):
            raise invalid("the emulator explains no predictions.")
        self._models.trained(str(body.get("model")))
        now = stamp(self._clock.now())
        made = self._shelf.add({**body, "state": "JOB_STATE_PENDING", "createTime": now, "updateTime": now})
        with self._lock:
            self._machines[made["name"]] = StateMachine(_STEPS, "PENDING")
        threading.Thread(target=self._run, args=(made,), daemon=True, name="batch").start()
        return made

    def _run(self, job: dict[str, Any]) -> None:
        try:
            told = self._predict(job)
        except VendorError as exc:
            self._end(job, "FAILED", {"error": {"code": 3, "message": exc.message}})
        except Exception as exc:  # noqa: BLE001 - a batch whose thread dies in silence would run for ever
            self._end(job, "FAILED", {"error": {"code": 13, "message": f"{type(exc).__name__}: {exc}"}})
        else:
            self._end(job, "SUCCEEDED", told)

    def _predict(self, job: dict[str, Any]) -> dict[str, Any]:
        rows: list[dict[str, str]] = []
        for address in job["inputConfig"]["gcsSource"]["uris"]:
            rows += csv.DictReader(io.StringIO(self._storage.read(address).decode("utf-8-sig")))
        found = predict(self._models.trained(job["model"]), rows)
        lines = [
            json.dumps({"instance": row, "prediction": prediction}).encode() + b"\n"
            for row, prediction in zip(rows, found, strict=True)
        ]
        lines.reverse()  # the service keeps no order
        prefix = str(job["outputConfig"]["gcsDestination"]["outputUriPrefix"]).rstrip("/")
        folder = f"{prefix}/prediction-{job['displayName']}-{stamp(self._clock.now())}"
        for shard in range(_SHARDS):
            name = f"{folder}/prediction.results-{shard:05d}-of-{_SHARDS:05d}"
            self._storage.write(name, b"".join(lines[shard::_SHARDS]), content_type="application/json")
        return {
            "outputInfo": {"gcsOutputDirectory": folder},
            "completionStats": {"successfulCount": str(len(lines))},
            "resourcesConsumed": {"replicaHours": 0.0},
        }

    def _end(self, job: dict[str, Any], state: str, told: dict[str, Any]) -> None:
        machine = self._machines[job["name"]]
        if not machine.move(state):
            machine.move("CANCELLED")
            state, told = "CANCELLED", {}
        now = stamp(self._clock.now())
        self._shelf.put({**job, **told, "state": f"JOB_STATE_{state}", "endTime": now, "updateTime": now})

    def get(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`GetBatchPredictionJob`."""
        return self._shelf.get(name)

    def list_all(self, name: str, _: dict[str, Any], query: Query) -> dict[str, Any]:
        """`ListBatchPredictionJobs`."""
        self._shelf.check_place(name)
        return listed("batchPredictionJobs", self._shelf.all(), query)

    def cancel(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`CancelBatchPredictionJob`."""
        found = self._shelf.get(name)
        if not self._machines[found["name"]].move("CANCELLING"):
            raise VendorError("FAILED_PRECONDITION", f"The BatchPredictionJob is {found['state']}.")
        return {}

    def delete(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`DeleteBatchPredictionJob`."""
        self._shelf.remove(name)
        return self._operations.begin(name, "DeleteOperationMetadata", {})
