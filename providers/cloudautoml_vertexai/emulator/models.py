"""Models: what has come out of pipelines, with their evaluations, and how their files are exported."""

from __future__ import annotations

import json
import tempfile
import threading
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import EMULATED
from cloudautoml_vertexai.emulator.errors import VendorError, invalid, not_found
from cloudautoml_vertexai.emulator.resources import Shelf, listed, new_number, stamp
from cloudautoml_vertexai.emulator.results import chosen, evaluation_of, model_of

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.emulation import SettableClock
    from cloudautoml.job import Job
    from cloudautoml.model import Model
    from cloudautoml.spec import JobSpec
    from cloudautoml_vertexai.emulator.operations import Operations
    from cloudautoml_vertexai.emulator.resources import Query
    from cloudautoml_vertexai.emulator.storage import Storage

_FORMAT = "tf-saved-model"


class Trained:
    """A model of the provider behind the emulator.

    Args:
        job: Its job.
        name: Its name in the leaderboard.
        columns: The columns that a row must have.
    """

    def __init__(self, job: Job, name: str, columns: tuple[str, ...]) -> None:
        self.job = job
        self.name = name
        self.columns = columns

    @cached_property
    def model(self) -> Model:
        """The model, opened once."""
        return self.job.model(self.name)


class Models:
    """The models of one project and region.

    Args:
        shelf: Where they are kept.
        storage: Cloud Storage.
        operations: Where work goes on.
        clock: The emulator's time of day.
    """

    def __init__(self, shelf: Shelf, *, storage: Storage, operations: Operations, clock: SettableClock) -> None:
        self._shelf = shelf
        self._storage = storage
        self._operations = operations
        self._clock = clock
        self._lock = threading.Lock()
        self._trained: dict[str, Trained] = {}
        self._evaluations: dict[str, list[dict[str, Any]]] = {}

    def add(self, pipeline: Mapping[str, Any], spec: JobSpec, job: Job) -> dict[str, Any]:
        """Keep the best model of a job that has succeeded, and its evaluation.

        Returns:
            The `Model`.
        """
        from cloudautoml_vertexai.emulator.runnable import columns

        now, candidate = stamp(self._clock.now()), chosen(job)
        wanted = pipeline.get("modelId")
        made = self._shelf.add(model_of(pipeline, job, candidate, now=now), number=wanted)
        evaluation = evaluation_of(spec, job, candidate, now=now)
        with self._lock:
            needed = tuple(columns(pipeline["trainingTaskInputs"]))
            self._trained[made["name"]] = Trained(job, candidate.model, needed)
            self._evaluations[made["name"]] = [{**evaluation, "name": f"{made['name']}/evaluations/{new_number()}"}]
        return made

    def trained(self, name: str) -> Trained:
        """The provider's model behind one of Google's.

        Raises:
            VendorError: There is none.
        """
        return self._trained[str(self._get(name)["name"])]

    def _get(self, name: str) -> dict[str, Any]:
        found = self._shelf.get(name)
        version = name.rpartition("/")[2].partition("@")[2]
        if version not in {"", found["versionId"], *found["versionAliases"]}:
            raise not_found(name)
        return found

    def get(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`GetModel`; the name may say a version."""
        return self._get(name)

    def list_all(self, name: str, _: dict[str, Any], query: Query) -> dict[str, Any]:
        """`ListModels`."""
        self._shelf.check_place(name)
        return listed("models", self._shelf.all(), query)

    def delete(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`DeleteModel`; one that is deployed stays."""
        found = self._get(name)
        if found.get("deployedModels"):
            raise VendorError("FAILED_PRECONDITION", "The Model is deployed, and must be undeployed first.")
        self._shelf.remove(str(found["name"]))
        return self._operations.begin(str(found["name"]), "DeleteOperationMetadata", {})

    def deployed(self, name: str, where: list[dict[str, str]]) -> None:
        """Have a model say where it is deployed."""
        self._shelf.put({**self._get(name), "deployedModels": where})

    def evaluations(self, name: str, _: dict[str, Any], query: Query) -> dict[str, Any]:
        """`ListModelEvaluations`."""
        found = self._evaluations[str(self._get(name)["name"])]
        return listed("modelEvaluations", found, query)

    def evaluation(self, name: str, _: dict[str, Any], __: Query) -> dict[str, Any]:
        """`GetModelEvaluation`."""
        model = self._get(name.rpartition("/evaluations/")[0])
        for found in self._evaluations[str(model["name"])]:
            if str(found["name"]).rpartition("/")[2] == name.rpartition("/")[2]:
                return found
        raise not_found(name)

    def export(self, name: str, body: dict[str, Any], _: Query) -> dict[str, Any]:
        """`ExportModel`: the provider's files, in place of a SavedModel."""
        found = self._get(name)
        wanted: Mapping[str, Any] = body.get("outputConfig", {})
        if wanted.get("exportFormatId") != _FORMAT:
            raise invalid(f"the model can be exported as {_FORMAT}, not as {wanted.get('exportFormatId')!r}.")
        prefix = str(wanted.get("artifactDestination", {}).get("outputUriPrefix", "")).rstrip("/")
        if prefix.count("/") < 3:
            raise invalid("a model is not exported to the root of a bucket.")
        number = str(found["name"]).rpartition("/")[2]
        folder = f"{prefix}/model-{number}/{_FORMAT}/{stamp(self._clock.now())}"
        trained = self.trained(name)
        with tempfile.TemporaryDirectory() as place:
            saved = trained.model.save(Path(place) / "model")
            for file in sorted(path for path in saved.rglob("*") if path.is_file()):
                self._storage.write(f"{folder}/{file.relative_to(saved).as_posix()}", file.read_bytes())
        note = {"source": EMULATED, "trained_by": trained.job.provider, "model": trained.name}
        self._storage.write(f"{folder}/emulated.json", json.dumps(note).encode())
        told = {"outputInfo": {"artifactOutputUri": folder}}
        kind = "ExportModelOperationMetadata"
        return self._operations.begin(str(found["name"]), kind, {}, answer="ExportModelResponse", told=told)
