"""What is to be learned: one model a kind of task, told apart by its `type`."""

from __future__ import annotations

from typing import Annotated, Literal, Self, get_args

from pydantic import Field, model_validator

from cloudautoml.spec.base import SpecModel

TaskType = Literal[
    "tabular_classification",
    "tabular_regression",
    "forecasting",
    "image_classification",
    "object_detection",
    "instance_segmentation",
    "text_classification",
    "named_entity_recognition",
    "text_generation",
    "video_classification",
    "video_object_tracking",
    "translation",
]
TASK_TYPES: tuple[TaskType, ...] = get_args(TaskType)

Column = Annotated[str, Field(min_length=1)]
Label = str | int | float | bool


class TabularClassification(SpecModel):
    """Predict the class of a row."""

    type: Literal["tabular_classification"] = "tabular_classification"
    target: Column
    """Column that holds the class."""
    positive: Label | None = None
    """The class that `f1`, `precision` and `recall` are about; the rarer one unless given."""
    weight: Column | None = None
    """Column of row weights, zero and above; not a feature."""


class TabularRegression(SpecModel):
    """Predict a number for a row."""

    type: Literal["tabular_regression"] = "tabular_regression"
    target: Column
    """Column that holds the number."""
    weight: Column | None = None
    """Column of row weights, zero and above; not a feature."""


class Forecasting(SpecModel):
    """Predict the next values of one or many series."""

    type: Literal["forecasting"] = "forecasting"
    target: Column
    """Column that holds the values."""
    time: Column
    """Column that holds the time stamps."""
    series: tuple[Column, ...] = ()
    """Columns that tell the series apart; empty for one series."""
    horizon: Annotated[int, Field(ge=1)]
    """Steps to predict."""
    frequency: str | None = None
    """Step between stamps, as pandas writes it (`h`, `D`, `W`, `MS`); read off the data unless given."""
    known_ahead: tuple[Column, ...] = ()
    """Columns whose future values are known."""
    static: tuple[Column, ...] = ()
    """Columns that are constant for a series."""
    quantiles: tuple[Annotated[float, Field(gt=0, lt=1)], ...] = (0.1, 0.5, 0.9)
    """Quantiles to predict beside the mean."""

    @model_validator(mode="after")
    def _distinct(self) -> Self:
        columns = [self.target, self.time, *self.series, *self.known_ahead, *self.static]
        if twice := sorted({name for name in columns if columns.count(name) > 1}):
            msg = f"columns with two roles: {', '.join(twice)}"
            raise ValueError(msg)
        return self


class ImageClassification(SpecModel):
    """Predict the class of an image, or several labels with `multi_label`."""

    type: Literal["image_classification"] = "image_classification"
    image: Column = "image"
    """Column of image paths, for data given as a table."""
    target: Column = "label"
    """Column of the class, for data given as a table."""
    multi_label: bool = False
    """Whether an image may have any number of labels."""
    separator: Annotated[str, Field(min_length=1)] = ","
    """What joins the labels of an image where they are one text, with `multi_label`; lists are taken as they are."""


class ObjectDetection(SpecModel):
    """Find boxes around objects in an image."""

    type: Literal["object_detection"] = "object_detection"
    image: Column = "image"
    """Column or key of image paths."""
    target: Column = "label"
    """Column or key of the boxes."""


class InstanceSegmentation(SpecModel):
    """Find the outline of each object in an image."""

    type: Literal["instance_segmentation"] = "instance_segmentation"
    image: Column = "image"
    """Column or key of image paths."""
    target: Column = "label"
    """Column or key of the outlines."""


class TextClassification(SpecModel):
    """Predict the class of a text, or several labels with `multi_label`."""

    type: Literal["text_classification"] = "text_classification"
    text: Column = "text"
    """Column of the text."""
    target: Column = "label"
    """Column of the class."""
    multi_label: bool = False
    """Whether a text may have any number of labels."""
    separator: Annotated[str, Field(min_length=1)] = ","
    """What joins the labels of a text where they are one cell, with `multi_label`; lists are taken as they are."""
    language: str = "en"
    """ISO 639-1 code, where a provider asks for one."""


class NamedEntityRecognition(SpecModel):
    """Find the entities in a text."""

    type: Literal["named_entity_recognition"] = "named_entity_recognition"
    tokens: Column = "tokens"
    """Column of token lists."""
    target: Column = "tags"
    """Column of BIO tag lists."""
    language: str = "en"
    """ISO 639-1 code, where a provider asks for one."""


class TextGeneration(SpecModel):
    """Tune a language model on pairs of text."""

    type: Literal["text_generation"] = "text_generation"
    input: Column = "input"
    """Column of the prompt."""
    output: Column = "output"
    """Column of the wanted answer."""
    base_model: str | None = None
    """Model to tune; the provider's default unless given."""


class VideoClassification(SpecModel):
    """Predict the class of a video."""

    type: Literal["video_classification"] = "video_classification"
    video: Column = "video"
    """Column of video paths."""
    target: Column = "label"
    """Column of the class."""


class VideoObjectTracking(SpecModel):
    """Follow objects through a video."""

    type: Literal["video_object_tracking"] = "video_object_tracking"
    video: Column = "video"
    """Column of video paths."""
    target: Column = "label"
    """Column of the tracks."""


class Translation(SpecModel):
    """Translate text."""

    type: Literal["translation"] = "translation"
    source: Column = "source"
    """Column of the text."""
    target: Column = "target"
    """Column of its translation."""
    source_language: str = "en"
    """ISO 639-1 code of the text."""
    target_language: str
    """ISO 639-1 code of the translation."""


Task = Annotated[
    TabularClassification
    | TabularRegression
    | Forecasting
    | ImageClassification
    | ObjectDetection
    | InstanceSegmentation
    | TextClassification
    | NamedEntityRecognition
    | TextGeneration
    | VideoClassification
    | VideoObjectTracking
    | Translation,
    Field(discriminator="type"),
]
"""Any task; `type` says which."""

TabularTask = TabularClassification | TabularRegression
