"""Where the data is, how its columns are to be read, and which rows stay sealed."""

from __future__ import annotations

import re
from collections.abc import Mapping
from enum import StrEnum
from pathlib import Path
from typing import Annotated, Any, Literal, Self, cast

from pydantic import Field, PlainSerializer, PlainValidator, WithJsonSchema, model_validator
from typing_extensions import override

from cloudautoml.spec.base import SpecModel
from cloudautoml.spec.task import Column


class ColumnType(StrEnum):
    """How a column is to be understood."""

    NUMERIC = "numeric"
    CATEGORICAL = "categorical"
    BOOLEAN = "boolean"
    TEXT = "text"
    DATETIME = "datetime"
    IGNORE = "ignore"


class InMemory:
    """Data held in memory: a table (anything with `__arrow_c_stream__`: pandas, polars, Arrow, DuckDB), or arrays.

    Arrays are a pair (images, labels), or a mapping that names them. The data is compared by identity and has no
    JSON form; submitting a job writes it to the store first.
    """

    __slots__ = ("table",)

    def __init__(self, table: Any) -> None:
        self.table = table

    @override
    def __repr__(self) -> str:
        if parts := _arrays_in(self.table):
            return f"<arrays {', '.join(f'{name} {tuple(array.shape)}' for name, array in parts.items())}>"
        kind = type(self.table)
        shape = getattr(self.table, "shape", None)
        return f"<{kind.__module__.split('.')[0]} {kind.__name__}{f' {shape}' if shape else ''}>"


def _arrays_in(value: object) -> dict[str, Any]:
    """The arrays of a pair (images, labels), or of a mapping that names them; empty where it is neither."""
    if isinstance(value, tuple):
        pair = cast("tuple[object, ...]", value)
        named: dict[str, Any] = {"images": pair[0], "labels": pair[1]} if len(pair) == 2 else {}
        return named if hasattr(named.get("images"), "shape") and hasattr(named.get("labels"), "shape") else {}
    if isinstance(value, Mapping):
        items = cast("Mapping[object, object]", value).items()
        return {str(name): part for name, part in items if hasattr(part, "shape") and not hasattr(part, "columns")}
    return {}


_SCHEME = re.compile(r"([A-Za-z][A-Za-z0-9+.-]*)://")
SCHEMES = ("s3", "gs", "az", "abfs", "azureml")
"""Remote places that a spec may name; each provider says which of them it can read."""


def _source(value: object) -> str | InMemory:
    if isinstance(value, InMemory):
        return value
    if isinstance(value, Path):
        return str(value)
    if isinstance(value, str):
        if not value.strip():
            msg = "the path is empty"
            raise ValueError(msg)
        scheme = _SCHEME.match(value)
        if scheme and scheme[1].lower() not in SCHEMES:
            msg = (
                f"{scheme[1]}:// is not a place data is read from; give a local path or one of "
                f"{', '.join(f'{name}://' for name in SCHEMES)}"
            )
            raise ValueError(msg)
        return value
    if hasattr(value, "__arrow_c_stream__") or _arrays_in(value):
        return InMemory(value)
    msg = f"data is a path or a table (pandas, polars, Arrow), or arrays (images, labels), not {type(value).__name__}"
    raise ValueError(msg)


Source = Annotated[
    str | InMemory,
    PlainValidator(_source, json_schema_input_type=str),
    PlainSerializer(lambda value: value if isinstance(value, str) else repr(value), return_type=str),
    WithJsonSchema({"type": "string", "minLength": 1}),
]
"""A local path, a path in a cloud store, or (in Python) a table in memory."""


class Holdout(SpecModel):
    """The rows that are sealed before anything else happens, and that models are compared on.

    At most one of `column`, `time` and `group` is given. With none of them, rows are drawn at random
    (by class, for classification).
    """

    fraction: Annotated[float, Field(gt=0, lt=1)] = 0.2
    """Share of rows to seal; with `time` the latest, with `group` whole groups."""
    column: Column | None = None
    """Column that says which rows are sealed; not a feature."""
    values: tuple[str, ...] = ("test", "holdout")
    """Values of `column` that mark a sealed row."""
    time: Column | None = None
    """Column of time stamps: the latest rows are sealed."""
    group: Column | None = None
    """Column whose equal values stay together on one side."""
    seed: int = 0
    """Seed of the draw; apart from the job's seed, so that all jobs on this data share one holdout."""

    @model_validator(mode="after")
    def _one_way(self) -> Self:
        given = [name for name in ("column", "time", "group") if getattr(self, name) is not None]
        if len(given) > 1:
            msg = f"split by one of column, time and group, not by {' and '.join(given)}"
            raise ValueError(msg)
        return self


class CsvDialect(SpecModel):
    """How a CSV file is written. Nothing is guessed beyond the byte-order mark."""

    delimiter: Annotated[str, Field(min_length=1, max_length=1)] = ","
    """Character between fields."""
    quote: Annotated[str, Field(min_length=1, max_length=1)] = '"'
    """Character around fields that hold a delimiter."""
    encoding: str = "utf-8"
    """Character encoding, as Python names it."""
    header: bool = True
    """Whether the first line names the columns; without it they are `f0`, `f1`, ..."""


Format = Literal["auto", "csv", "parquet", "jsonl", "image_folder", "npz", "coco", "voc", "conll"]


class Dataset(SpecModel):
    """The data of a job."""

    train: Source
    """Rows to learn from."""
    test: Source | None = None
    """Sealed rows given as a file of their own; then `holdout` is not drawn."""
    format: Format = "auto"
    """How the files are written; `auto` goes by the file's ending, and takes a folder or a zip for `image_folder`."""
    csv: CsvDialect = CsvDialect()
    """How CSV files are written."""
    types: dict[str, ColumnType] = Field(default_factory=dict)
    """Types of columns, for those that should not be inferred."""
    na_values: tuple[str, ...] = ("", "NA", "N/A", "NaN", "nan", "null", "NULL", "None")
    """Texts that mean "missing"."""
    holdout: Holdout | None = Holdout()
    """Which rows are sealed; null seals none."""


def dataset_from(value: Any) -> Any:
    """Accept `data: file.csv`, `data=frame` and `data=(images, labels)` as short forms of `data: {train: ...}`.

    So is `data=((images, labels), (images, labels))`, whose second pair is the test, as Keras' data sets come.
    """
    if isinstance(value, tuple) and len(pair := cast("tuple[object, ...]", value)) == 2 and all(map(_arrays_in, pair)):
        return {"train": InMemory(pair[0]), "test": InMemory(pair[1])}
    if _arrays_in(value):
        return {"train": InMemory(value)}
    if isinstance(value, (str, Path, InMemory)) or hasattr(value, "__arrow_c_stream__"):
        return {"train": value}
    return value
