"""A model of an Autopilot job, which stays with SageMaker and predicts by batch transforms."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.capabilities import Feature, Gap, unsupported
from cloudautoml.errors import DataError, JobFailedError, StorageError, UnsupportedError
from cloudautoml.model import Model
from cloudautoml_sagemaker._holdout import class_of
from cloudautoml_sagemaker._response import containers_of
from cloudautoml_sagemaker._transform import Answer, answers, finish, start
from cloudautoml_sagemaker._upload import send_rows

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import pandas as pd

    from cloudautoml.data import PreparedData
    from cloudautoml.leaderboard import Candidate
    from cloudautoml.polling import Clock
    from cloudautoml.spec import Dataset
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker.config import SagemakerConfig


class SagemakerModel(Model):
    """Predicts tables; each call is a transform job, except for rows that it has predicted before.

    Args:
        candidate: Its row of the leaderboard.
        described: The candidate, as SageMaker lists it.
        vendor_ref: The job's name at SageMaker.
        data: What it was trained on: the schema that new rows are read by.
        dataset: How the files that it was trained on are written; so are those that it predicts.
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
        data: PreparedData,
        dataset: Dataset,
        client: Client,
        config: SagemakerConfig,
        clock: Clock,
    ) -> None:
        super().__init__(candidate)
        self._described = described
        self._vendor_ref = vendor_ref
        self._data = data
        self._dataset = dataset
        self._client = client
        self._config = config
        self._clock = clock

    def _rows(self, rows: Any) -> pd.DataFrame:
        from pathlib import Path

        from cloudautoml.data import read_table

        if isinstance(rows, (str, Path)):
            return self._data.schema.conform(read_table(str(rows), self._dataset), where=str(rows))
        return self._data.schema.conform(rows, where="rows")

    def _answers(self, frame: pd.DataFrame) -> list[Answer]:
        rows = send_rows(frame, self._client, self._config)
        work = start(self._client, self._config, job=self._vendor_ref, candidate=self._described, rows=rows)
        output = finish(self._client, self._clock, work, first_delay=self._config.poll_seconds)
        found = answers(output)
        if len(found) != len(frame):
            raise JobFailedError(f"{len(frame)} rows were sent, and {len(found)} predictions came back")
        return found

    @override
    def predict(self, rows: Any) -> pd.Series[Any]:
        import pandas as pd

        frame = self._rows(rows)
        classes = self._data.schema.classes
        labels = [answer.label for answer in self._answers(frame)] if len(frame) else []
        if classes is None:
            return pd.Series([float(label) for label in labels], index=frame.index, dtype="float64")
        return pd.Series([class_of(label, classes) for label in labels], index=frame.index, dtype="str")

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        import pandas as pd

        classes = self._data.schema.classes
        if classes is None:
            raise DataError("a regression has no probabilities")
        frame = self._rows(rows)
        found = self._answers(frame) if len(frame) else []
        if any(not answer.shares for answer in found):
            raise UnsupportedError(
                "sagemaker", [Gap(Feature.PREDICT_PROBA, unsupported("this candidate's container gives labels alone"))]
            )
        rows_of = [{class_of(label, classes): share for label, share in answer.shares.items()} for answer in found]
        table = pd.DataFrame(rows_of, index=frame.index).reindex(columns=list(classes)).fillna(0.0).astype("float64")
        return table.div(table.sum(axis=1), axis=0)  # the service rounds

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
