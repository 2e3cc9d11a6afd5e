"""Predictions: the one command job that the emulator runs, which predicts rows with a child run's model."""

from __future__ import annotations

import json
import re
import tempfile
import threading
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import CloudAutoMLError
from cloudautoml.job import JobState, JobStatus
from cloudautoml_azureml._names import split_uri
from cloudautoml_azureml._score import ANSWER, ROWS, answer_of
from cloudautoml_azureml._scoring import COMMAND, SCRIPT
from cloudautoml_azureml.emulator.blobs import BlobError
from cloudautoml_azureml.emulator.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudautoml.model import Model
    from cloudautoml_azureml.emulator.blobs import Blobs

_MODEL = re.compile(r"azureml://jobs/(?P<run>[^/]+)/outputs/artifacts/(paths/)?outputs/mlflow-model/?")


class Prediction:
    """A command job on its way, in a thread.

    Args:
        properties: Of the job.
        model: Opens the model of a child run.
        blobs: Where rows and answers are.
        containers: The container of each datastore.

    Raises:
        VendorError: It is a command that the emulator does not run.
    """

    def __init__(
        self,
        properties: Mapping[str, Any],
        *,
        model: Callable[[str], Model],
        blobs: Blobs,
        containers: Mapping[str, str],
    ) -> None:
        inputs: Mapping[str, Any] = properties.get("inputs") or {}
        match = _MODEL.fullmatch(str((inputs.get("model") or {}).get("uri", "")))
        if properties.get("command") != COMMAND or match is None:
            raise invalid("the emulator runs no commands but the one by which cloudautoml has rows predicted")
        self._run = match["run"]
        self._inputs = inputs
        self._output = str(((properties.get("outputs") or {}).get("predictions") or {}).get("uri", ""))
        self._model = model
        self._blobs = blobs
        self._containers = containers
        self._status = JobStatus(JobState.RUNNING)
        self._cancelled = False
        self._thread = threading.Thread(target=self._work, daemon=True, name="prediction")

    def start(self) -> None:
        """Predict; returns at once."""
        self._thread.start()

    @property
    def status(self) -> JobStatus:
        """Where it stands."""
        return JobStatus(JobState.CANCELLED) if self._cancelled else self._status

    def cancel(self) -> None:
        """Have it count as cancelled."""
        self._cancelled = True

    def join(self, timeout: float) -> None:
        """Wait for its end in real seconds."""
        self._thread.join(timeout)

    def _work(self) -> None:
        try:
            self._predict()
            self._status = JobStatus(JobState.SUCCEEDED)
        except (CloudAutoMLError, BlobError, ValueError) as exc:
            self._status = JobStatus(JobState.FAILED, reason=str(exc))
        except Exception as exc:  # noqa: BLE001 - a job whose thread dies in silence would run for ever
            self._status = JobStatus(JobState.FAILED, reason=f"{type(exc).__name__}: {exc}")

    def _predict(self) -> None:
        if self._read(str(self._inputs["script"]["uri"])) != SCRIPT.read_bytes():
            msg = "the program is not the one that cloudautoml sends"
            raise ValueError(msg)
        model = self._model(self._run)
        with tempfile.TemporaryDirectory() as folder:
            rows = Path(folder) / ROWS
            rows.write_bytes(self._read(f"{str(self._inputs['rows']['uri']).rstrip('/')}/{ROWS}"))
            answer = answer_of(_as_sklearn(model, str(rows)), None)
        datastore, place = split_uri(self._output)
        self._blobs.write(self._containers[datastore], f"{place.rstrip('/')}/{ANSWER}", json.dumps(answer).encode())

    def _read(self, uri: str) -> bytes:
        datastore, place = split_uri(uri)
        return self._blobs.read(self._containers[datastore], place)


class _Labels:
    """A model of ours with scikit-learn's methods, for the rows of one file."""

    def __init__(self, model: Model, rows: str) -> None:
        self._labels = model.predict(rows)

    def predict(self, _: object) -> list[Any]:
        return list(self._labels)


class _Shares(_Labels):
    """The same of a classifier that tells probabilities."""

    def __init__(self, model: Model, rows: str) -> None:
        super().__init__(model, rows)
        self._table = model.predict_proba(rows)
        self.classes_ = [str(name) for name in self._table.columns]

    def predict_proba(self, _: object) -> list[list[float]]:
        return self._table.to_numpy().tolist()


def _as_sklearn(model: Model, rows: str) -> _Labels:
    try:
        return _Shares(model, rows)
    except CloudAutoMLError:  # a regression, or a provider whose models tell labels alone
        return _Labels(model, rows)
