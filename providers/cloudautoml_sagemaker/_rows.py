"""Rows: what is to be predicted, read the way that the training data was, for each kind of data."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.errors import DataError, JobFailedError
from cloudautoml.spec import Forecasting
from cloudautoml_sagemaker._answers import labelled, weighed
from cloudautoml_sagemaker._batch import CSV_ROWS, Answer, answers
from cloudautoml_sagemaker._upload import csv_text, send_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from cloudautoml.data import PreparedData, PreparedImages, PreparedSeries
    from cloudautoml.data.images import Images
    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker._batch import Batch
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker.config import SagemakerConfig

    Invoke = Callable[[bytes, str], bytes]
    Trained = PreparedData | PreparedImages | PreparedSeries

LARGEST_BODY = 6_291_456
"""Bytes: "the maximum size of the input data is 6 MB", InvokeEndpoint, API reference."""


class Rows(ABC):
    """Inputs of a model that predicts one answer for each.

    Args:
        index: What predictions are indexed by.
        classes: The classes that the model knows; None where it predicts numbers.
    """

    def __init__(self, index: pd.Index[Any], classes: Sequence[str] | None = None) -> None:
        self.index = index
        self._classes = classes

    def __len__(self) -> int:
        return len(self.index)

    @abstractmethod
    def send(self, client: Client, config: SagemakerConfig, *, job: str) -> Batch:
        """Put them into S3, among the files of a job, unless they are there."""

    @abstractmethod
    def ask(self, invoke: Invoke) -> list[bytes]:
        """What an endpoint answers.

        Args:
            invoke: Calls the endpoint with a body of a content type.
        """

    def read(self, outputs: Sequence[bytes]) -> list[Answer]:
        """The answers in what a model wrote.

        Raises:
            JobFailedError: There are more or fewer than inputs.
        """
        found = [answer for output in outputs for answer in answers(output)]
        if len(found) != len(self):
            raise JobFailedError(f"{len(self)} rows were sent, and {len(found)} predictions came back")
        return found

    def predicted(self, outputs: Sequence[bytes]) -> Any:
        """The predictions in what a model wrote."""
        return labelled(self.read(outputs), self.index, self._classes)

    def shares(self, outputs: Sequence[bytes]) -> pd.DataFrame:
        """The probabilities in what a model wrote."""
        if self._classes is None:
            raise DataError("a regression has no probabilities")
        return weighed(self.read(outputs), self.index, self._classes)


class TableRows(Rows):
    """Rows of a table.

    Args:
        frame: The features, in the order of training.
        classes: As for `Rows`.
    """

    def __init__(self, frame: pd.DataFrame, classes: Sequence[str] | None) -> None:
        super().__init__(frame.index, classes)
        self._frame = frame

    @override
    def send(self, client: Client, config: SagemakerConfig, *, job: str) -> Batch:
        return send_rows(self._frame, client, config, job=job)

    @override
    def ask(self, invoke: Invoke) -> list[bytes]:
        return [invoke(body, CSV_ROWS) for body in _bodies(csv_text(self._frame))]


def _bodies(text: str) -> list[bytes]:
    """Lines in as few bodies as the endpoint takes."""
    bodies: list[bytes] = []
    body = io.BytesIO()
    for line in text.splitlines(keepends=True):
        encoded = line.encode()
        if body.tell() and body.tell() + len(encoded) > LARGEST_BODY:
            bodies.append(body.getvalue())
            body = io.BytesIO()
        body.write(encoded)
    return [*bodies, body.getvalue()] if body.tell() else bodies


class PictureRows(Rows):
    """Images.

    Args:
        images: The images.
        index: What their predictions are indexed by.
        classes: As for `Rows`.
    """

    def __init__(self, images: Images, index: pd.Index[Any], classes: Sequence[str]) -> None:
        super().__init__(index, classes)
        self._images = images

    @override
    def send(self, client: Client, config: SagemakerConfig, *, job: str) -> Batch:
        from cloudautoml_sagemaker._images import send_images

        return send_images(self._images, client, config, job=job)

    @override
    def ask(self, invoke: Invoke) -> list[bytes]:
        from cloudautoml_sagemaker._images import one_by_one

        return one_by_one(self._images, invoke)


def rows_of(source: Any, data: Trained, spec: JobSpec) -> Rows:
    """What a user wants predicted.

    Args:
        source: A table or a path; images also as a folder, a zip archive or an array.
        data: What the model was trained on.
        spec: Its job, which says how files are written.

    Raises:
        DataError: It cannot be read as what the model was trained on.
    """
    from cloudautoml.data import PreparedImages, PreparedSeries, read_images, read_table

    if isinstance(data, PreparedSeries):
        from cloudautoml_sagemaker._series import series_rows

        return series_rows(source, data, spec.data, levels_of(spec))
    if isinstance(data, PreparedImages):
        found = read_images(source, data.schema)
        return PictureRows(found.images, found.index, data.classes)
    if isinstance(source, (str, Path)):
        frame = data.schema.conform(read_table(str(source), spec.data), where=str(source))
        return TableRows(frame, data.schema.classes)
    return TableRows(data.schema.conform(source, where="rows"), data.schema.classes)


def sealed_rows(data: Trained, spec: JobSpec) -> Rows | None:
    """The features of the sealed rows, which may leave once training has ended; None where none is sealed."""
    import pandas as pd

    from cloudautoml.data import PreparedImages, PreparedSeries

    if isinstance(data, PreparedSeries):
        from cloudautoml_sagemaker._series import sealed_series

        return sealed_series(data, levels_of(spec))
    if isinstance(data, PreparedImages):
        places = data.positions("holdout")
        index = pd.RangeIndex(len(places))
        return PictureRows(data.images.take(places), index, data.classes) if len(places) else None
    sealed = data.holdout
    return None if sealed is None or sealed.empty else TableRows(sealed[data.schema.names], data.schema.classes)


def levels_of(spec: JobSpec) -> tuple[float, ...]:
    """The quantiles that a forecast has."""
    return spec.task.quantiles if isinstance(spec.task, Forecasting) else ()
