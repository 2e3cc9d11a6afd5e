"""A model of an AutoML job, which stays with Azure and predicts by command jobs."""

from __future__ import annotations

from pathlib import Path, PurePosixPath
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.capabilities import Feature, Gap, unsupported
from cloudautoml.errors import DataError, JobFailedError, StorageError, UnsupportedError
from cloudautoml.model import Model
from cloudautoml_azureml._holdout import class_of
from cloudautoml_azureml._scoring import Answer, finish, start
from cloudautoml_azureml._upload import send_rows, send_script

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.data import PreparedData
    from cloudautoml.leaderboard import Candidate
    from cloudautoml.polling import Clock
    from cloudautoml.spec import Dataset
    from cloudautoml_azureml._client import Client
    from cloudautoml_azureml.config import AzuremlConfig

ARTIFACTS = ("workspaceartifactstore", "ExperimentRun/dcid.{}/outputs/mlflow-model")
"""The datastore of what runs leave, and the folder of a run's model in it."""


class AzuremlModel(Model):
    """Predicts tables; each call is a command job, except for rows that it has predicted before.

    Args:
        candidate: Its row of the leaderboard.
        vendor_ref: The job's name at Azure.
        data: What it was trained on: the schema that new rows are read by.
        dataset: How the files that it was trained on are written; so are those that it predicts.
        client: Who calls.
        config: Where.
        clock: Time and sleep.
    """

    def __init__(
        self,
        candidate: Candidate,
        *,
        vendor_ref: str,
        data: PreparedData,
        dataset: Dataset,
        client: Client,
        config: AzuremlConfig,
        clock: Clock,
    ) -> None:
        super().__init__(candidate)
        self._vendor_ref = vendor_ref
        self._data = data
        self._dataset = dataset
        self._client = client
        self._config = config
        self._clock = clock

    def _rows(self, rows: Any) -> pd.DataFrame:
        from cloudautoml.data import read_table

        if isinstance(rows, (str, Path)):
            return self._data.schema.conform(read_table(str(rows), self._dataset), where=str(rows))
        return self._data.schema.conform(rows, where="rows")

    def _answers(self, frame: pd.DataFrame) -> list[Answer]:
        if frame.empty:
            return []
        rows = send_rows(self._data, frame, self._client, self._config)
        script = send_script(self._client, self._config)
        work = start(self._client, self._config, job=self._vendor_ref, child=self.name, rows=rows, script=script)
        found = finish(self._client, self._clock, work, first_delay=self._config.poll_seconds)
        if len(found) != len(frame):
            raise JobFailedError(f"{len(frame)} rows were sent, and {len(found)} predictions came back")
        return found

    @override
    def predict(self, rows: Any) -> pd.Series[Any]:
        import pandas as pd

        frame = self._rows(rows)
        classes = self._data.schema.classes
        labels = [answer.label for answer in self._answers(frame)]
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
        found = self._answers(frame)
        if any(not answer.shares for answer in found):
            raise UnsupportedError(
                "azureml", [Gap(Feature.PREDICT_PROBA, unsupported("this candidate's model gives labels alone"))]
            )
        rows_of = [{class_of(label, classes): share for label, share in answer.shares.items()} for answer in found]
        table = pd.DataFrame(rows_of, index=frame.index).reindex(columns=list(classes)).fillna(0.0).astype("float64")
        return table.div(table.sum(axis=1), axis=0)

    @override
    def save(self, path: Path) -> Path:
        """Copy the model in MLflow's form, as Azure keeps it."""
        from cloudautoml.store.files import write_bytes, write_json

        if path.exists():
            raise StorageError("the folder exists already", where=str(path))
        store, folder = ARTIFACTS[0], ARTIFACTS[1].format(self.name)
        contents = {file: self._client.read(store, file) for file in self._client.files(store, folder)}
        if not contents:
            raise StorageError(f"Azure keeps no model of run {self.name}", where=f"{store}/{folder}")
        path.mkdir(parents=True)
        for file, content in contents.items():
            inside = PurePosixPath(file).relative_to(folder)
            if ".." in inside.parts:
                raise StorageError(f"{file} leads out of its folder", where=str(path))
            target = path / "mlflow-model" / inside
            target.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(target, content)
        write_json(path / "candidate.json", self.candidate.to_dict())
        return path
