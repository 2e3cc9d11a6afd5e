"""A model of an Autopilot job, which stays with SageMaker and predicts by batch transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.endpoint import check_deployment
from cloudautoml.errors import StorageError
from cloudautoml.model import Model
from cloudautoml_sagemaker._response import containers_of
from cloudautoml_sagemaker._rows import rows_of
from cloudautoml_sagemaker._transform import finish, start
from cloudautoml_sagemaker.endpoint import SagemakerEndpoint, open_endpoint

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from cloudautoml.leaderboard import Candidate
    from cloudautoml.polling import Clock
    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker._rows import Rows, Trained
    from cloudautoml_sagemaker.config import SagemakerConfig


class SagemakerModel(Model):
    """Predicts rows and images; each call is a transform job, except for rows that it has predicted before.

    Args:
        candidate: Its row of the leaderboard.
        described: The candidate, as SageMaker lists it.
        vendor_ref: The job's name at SageMaker.
        data: What it was trained on: the schema that new rows are read by.
        spec: Its job, which says how files are written.
        client: Who calls.
        config: Which machine, and as whom.
        clock: Time and sleep.
    """

    def __init__(
        self,
        candidate: Candidate,
        *,
        described: Mapping[str, Any],
        vendor_ref: str,
        data: Trained,
        spec: JobSpec,
        client: Client,
        config: SagemakerConfig,
        clock: Clock,
    ) -> None:
        super().__init__(candidate)
        self._described = described
        self._vendor_ref = vendor_ref
        self._data = data
        self._spec = spec
        self._client = client
        self._config = config
        self._clock = clock

    def _outputs(self, rows: Rows) -> list[bytes]:
        if not len(rows):
            return []
        batch = rows.send(self._client, self._config, job=self._vendor_ref)
        work = start(self._client, self._config, job=self._vendor_ref, candidate=self._described, batch=batch)
        return finish(self._client, self._clock, work, first_delay=self._config.poll_seconds)

    @override
    def predict(self, rows: Any = None) -> Any:
        """Predict, as `Model.predict` says; of series the steps that follow those given, or all of them for None."""
        given = rows_of(rows, self._data, self._spec)
        return given.predicted(self._outputs(given))

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        given = rows_of(rows, self._data, self._spec)
        return given.shares(self._outputs(given))

    @override
    def deploy(self, *, max_hours: float, min_instances: int = 1, max_instances: int = 1) -> SagemakerEndpoint:
        check_deployment(max_hours=max_hours, min_instances=min_instances, max_instances=max_instances)
        name, expires = open_endpoint(
            self._client,
            self._config,
            self._clock,
            job=self._vendor_ref,
            candidate=self._described,
            hours=max_hours,
            machines=(min_instances, max_instances),
        )
        return SagemakerEndpoint(name, expires=expires, data=self._data, spec=self._spec, client=self._client)

    @override
    def save(self, path: Path) -> Path:
        """Copy the model's archives, in the order of their containers, and what their containers are."""
        from cloudautoml.store.files import write_bytes, write_json

        if path.exists():
            raise StorageError("the folder exists already", where=str(path))
        containers = containers_of(self._described)
        contents = [self._client.read(str(container["ModelDataUrl"])) for container in containers]
        path.mkdir(parents=True)
        for number, content in enumerate(contents, 1):
            write_bytes(path / f"model_{number}.tar.gz", content)
        write_json(path / "containers.json", containers)
        write_json(path / "candidate.json", self.candidate.to_dict())
        return path
