"""A model of Vertex AI, which stays there and predicts by batch jobs."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.capabilities import Feature, Gap, unsupported
from cloudautoml.errors import DataError, StorageError, UnsupportedError
from cloudautoml.model import Model
from cloudautoml_vertexai._batch import Answer, finish, start
from cloudautoml_vertexai._holdout import class_of
from cloudautoml_vertexai._names import uri
from cloudautoml_vertexai._upload import names_of, send_rows

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cloudautoml.data import PreparedData
    from cloudautoml.leaderboard import Candidate
    from cloudautoml.polling import Clock
    from cloudautoml.spec import Dataset
    from cloudautoml_vertexai._client import Client
    from cloudautoml_vertexai.config import VertexaiConfig

_FORMAT = "tf-saved-model"


class VertexaiModel(Model):
    """Predicts tables; each call is a batch job, except for rows that it has predicted before.

    Args:
        candidate: Its row of the leaderboard.
        resource: Resource name, with the version.
        data: What it was trained on: the schema that new rows are read by.
        dataset: How the files that it was trained on are written; so are those that it predicts.
        client: Who calls.
        config: Which machine.
        clock: Time and sleep.
    """

    def __init__(
        self,
        candidate: Candidate,
        *,
        resource: str,
        data: PreparedData,
        dataset: Dataset,
        client: Client,
        config: VertexaiConfig,
        clock: Clock,
    ) -> None:
        super().__init__(candidate)
        self._resource = resource
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
        if not len(frame):
            return []
        rows = send_rows(frame, names_of(self._data.schema), self._client, self._config)
        batch = start(self._client, self._config, self._clock, job=self.candidate.job, model=self._resource, rows=rows)
        return finish(self._client, self._clock, batch, rows=len(frame), first_delay=self._config.poll_seconds)

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
        named = [
            {class_of(label, classes): share for label, share in answer.shares.items()}
            for answer in self._answers(frame)
        ]
        table = pd.DataFrame(named, index=frame.index).reindex(columns=list(classes)).fillna(0.0).astype("float64")
        return table.div(table.sum(axis=1), axis=0)  # the service rounds

    @override
    def save(self, path: Path) -> Path:
        """Have the model exported as a TensorFlow SavedModel, and fetch its files."""
        from cloudautoml.store.files import write_bytes, write_json

        if path.exists():
            raise StorageError("the folder exists already", where=str(path))
        found = self._client.call("GetModel", {"name": self._resource})
        if _FORMAT not in [known["id"] for known in found.get("supportedExportFormats", [])]:
            reason = unsupported("Google does not let this model be exported")
            raise UnsupportedError("vertexai", [Gap(Feature.EXPORT_ONNX, reason)])
        prefix = uri(self._config, "jobs", self.candidate.job, "export")
        wanted = {"exportFormatId": _FORMAT, "artifactDestination": {"outputUriPrefix": prefix}}
        _, told = self._client.long("ExportModel", {"name": self._resource, "outputConfig": wanted}, self._clock)
        folder = str(told["outputInfo"]["artifactOutputUri"])
        contents = {address: self._client.read(address) for address in self._client.addresses(folder)}
        for address, content in contents.items():
            parts = address.removeprefix(folder).strip("/").split("/")
            if ".." in parts:
                raise StorageError("an object's name leads out of the folder", where=address)
            place = path.joinpath(*parts)
            place.parent.mkdir(parents=True, exist_ok=True)
            write_bytes(place, content)
        write_json(path / "candidate.json", self.candidate.to_dict())
        return path
