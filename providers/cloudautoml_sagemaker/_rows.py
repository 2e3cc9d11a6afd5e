"""Rows: what is to be predicted, read the way that the training data was, for each kind of data."""

from __future__ import annotations

import io
from abc import ABC, abstractmethod
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.errors import JobFailedError
from cloudautoml_sagemaker._batch import CSV_ROWS, Answer, answers
from cloudautoml_sagemaker._upload import csv_text, send_rows

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pandas as pd

    from cloudautoml.data import Prepared, PreparedData, PreparedImages
    from cloudautoml.data.images import Images
    from cloudautoml.spec import Dataset
    from cloudautoml_sagemaker._batch import Batch
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker.config import SagemakerConfig

    Invoke = Callable[[bytes, str], bytes]

LARGEST_BODY = 6_291_456
"""Bytes: "the maximum size of the input data is 6 MB", InvokeEndpoint, API reference."""


class Rows(ABC):
    """Inputs of a model that predicts one answer for each.

    Args:
        index: What predictions are indexed by.
    """

    def __init__(self, index: pd.Index[Any]) -> None:
        self.index = index

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


class TableRows(Rows):
    """Rows of a table.

    Args:
        frame: The features, in the order of training.
    """

    def __init__(self, frame: pd.DataFrame) -> None:
        super().__init__(frame.index)
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
    """

    def __init__(self, images: Images, index: pd.Index[Any]) -> None:
        super().__init__(index)
        self._images = images

    @override
    def send(self, client: Client, config: SagemakerConfig, *, job: str) -> Batch:
        from cloudautoml_sagemaker._images import send_images

        return send_images(self._images, client, config, job=job)

    @override
    def ask(self, invoke: Invoke) -> list[bytes]:
        from cloudautoml_sagemaker._images import one_by_one

        return one_by_one(self._images, invoke)


def rows_of(source: Any, data: PreparedData | PreparedImages, dataset: Dataset) -> Rows:
    """What a user wants predicted.

    Args:
        source: A table or a path; images also as a folder, a zip archive or an array.
        data: What the model was trained on.
        dataset: How the files that it was trained on are written.

    Raises:
        DataError: It cannot be read as what the model was trained on.
    """
    from cloudautoml.data import PreparedImages, read_images, read_table

    if isinstance(data, PreparedImages):
        found = read_images(source, data.schema)
        return PictureRows(found.images, found.index)
    if isinstance(source, (str, Path)):
        return TableRows(data.schema.conform(read_table(str(source), dataset), where=str(source)))
    return TableRows(data.schema.conform(source, where="rows"))


def sealed_rows(data: Prepared) -> Rows | None:
    """The features of the sealed rows, which may leave once training has ended; None where none is sealed."""
    import pandas as pd

    from cloudautoml.data import PreparedData, PreparedImages

    if isinstance(data, PreparedImages):
        places = data.positions("holdout")
        return PictureRows(data.images.take(places), pd.RangeIndex(len(places))) if len(places) else None
    if isinstance(data, PreparedData):
        sealed = data.holdout
        return None if sealed is None or sealed.empty else TableRows(sealed[data.schema.names])
    return None
