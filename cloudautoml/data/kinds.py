"""Kinds: which preparation the data of a task needs, and prepared data of any kind read back."""

from __future__ import annotations

from typing import TYPE_CHECKING, TypeAlias

from cloudautoml.data.boxes import PreparedBoxes, prepare_boxes
from cloudautoml.data.boxes.schema import KIND as BOXES
from cloudautoml.data.images import PreparedImages, prepare_images
from cloudautoml.data.images.schema import KIND
from cloudautoml.data.prepare import prepare
from cloudautoml.data.prepared import PreparedData
from cloudautoml.data.series import PreparedSeries, prepare_series
from cloudautoml.data.series.schema import KIND as SERIES
from cloudautoml.data.tokens import PreparedTokens, prepare_tokens
from cloudautoml.data.tokens.schema import KIND as TOKENS
from cloudautoml.spec import (
    Forecasting,
    ImageClassification,
    NamedEntityRecognition,
    ObjectDetection,
    TabularClassification,
    TabularRegression,
    TextClassification,
)

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.spec import JobSpec

Prepared: TypeAlias = PreparedData | PreparedImages | PreparedBoxes | PreparedTokens | PreparedSeries
"""Prepared data of any kind: each has `findings`, `profile`, `fingerprint` and `save`."""


def prepare_for(spec: JobSpec, *, base: Path | None = None, strict: bool = True) -> Prepared | None:
    """Read, split and check the data of a job of any kind.

    Args:
        spec: The job.
        base: Folder that relative paths start from; the working directory unless given.
        strict: Refuse data with an error among its findings.

    Returns:
        The data, of the kind that the task needs; None for tasks whose data is left to their provider.

    Raises:
        DataError: The data cannot be read or trained on.
    """
    if isinstance(spec.task, (TabularClassification, TabularRegression, TextClassification)):
        return prepare(spec, base=base, strict=strict)
    if isinstance(spec.task, ImageClassification):
        return prepare_images(spec, base=base, strict=strict)
    if isinstance(spec.task, Forecasting):
        return prepare_series(spec, base=base, strict=strict)
    if isinstance(spec.task, ObjectDetection):
        return prepare_boxes(spec, base=base, strict=strict)
    if isinstance(spec.task, NamedEntityRecognition):
        return prepare_tokens(spec, base=base, strict=strict)
    return None


def load_prepared(directory: Path) -> Prepared:
    """Read what the `save` of prepared data wrote, of whichever kind it is.

    Raises:
        StorageError: A file is missing or damaged.
    """
    from cloudautoml.store.files import read_json

    kind = read_json(directory / "schema.json").get("kind")
    if kind == KIND:
        return PreparedImages.load(directory)
    if kind == BOXES:
        return PreparedBoxes.load(directory)
    if kind == SERIES:
        return PreparedSeries.load(directory)
    if kind == TOKENS:
        return PreparedTokens.load(directory)
    return PreparedData.load(directory)
