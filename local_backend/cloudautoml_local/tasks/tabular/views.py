"""Preprocessing of a table: the tree view and the dense view, fitted once and saved as JSON and npz."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml.errors import StorageError
from cloudautoml.spec import ColumnType
from cloudautoml.store.files import atomic_path, read_json, write_json
from cloudautoml_local.tasks.tabular.columns import (
    BooleanEncoder,
    CategoryEncoder,
    ColumnEncoder,
    DateEncoder,
    Matrix,
    NumericEncoder,
    ViewColumn,
)
from cloudautoml_local.tasks.tabular.dense import DenseView
from cloudautoml_local.tasks.tabular.text import TextEncoder

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from cloudautoml.data import Schema

FORMAT = 1
CHARACTERS_FROM = 30
"""Levels from which on the characters of a category are looked at: many codes mean something by their beginning."""

_KINDS: dict[str, type[Any]] = {
    "numeric": NumericEncoder,
    "category": CategoryEncoder,
    "boolean": BooleanEncoder,
    "date": DateEncoder,
    "text": TextEncoder,
}
_NAMES = {kind: name for name, kind in _KINDS.items()}


@dataclass(frozen=True, slots=True, eq=False)
class Preprocessor:
    """Turns a table into the two views.

    Attributes:
        encoders: Pairs of source column and encoder, in the order of the tree view's columns.
        dense: Turns the tree view into the dense view.
    """

    encoders: tuple[tuple[str, ColumnEncoder], ...]
    dense: DenseView

    @classmethod
    def fit(cls, frame: pd.DataFrame, schema: Schema, *, seed: int) -> Preprocessor:
        """Learn from the training rows; nothing here looks at the target.

        Args:
            frame: The features, in the schema's order.
            schema: Their types.
            seed: Seed of what is drawn.
        """
        encoders: list[tuple[str, ColumnEncoder]] = []
        for feature in schema.features:
            column = frame[feature.name]
            if column.nunique(dropna=False) > 1:
                encoders += [(feature.name, encoder) for encoder in _encoders(column, feature.type, seed=seed)]
        tree = _tree(encoders, frame)
        return cls(tuple(encoders), DenseView.fit(tree, _columns(encoders)))

    @property
    def columns(self) -> list[ViewColumn]:
        """The columns of the tree view."""
        return _columns(self.encoders)

    def tree(self, frame: pd.DataFrame) -> Matrix:
        """The tree view: n x len(columns), float32, NaN for missing, categories as codes."""
        return _tree(self.encoders, frame)

    def save(self, directory: Path) -> None:
        """Write `preprocess.json` and `preprocess.npz`."""
        arrays: dict[str, npt.NDArray[Any]] = {f"dense.{name}": array for name, array in self.dense.arrays().items()}
        listed: list[dict[str, Any]] = []
        for i, (source, encoder) in enumerate(self.encoders):
            state, own = encoder.state()
            listed.append({"source": source, "kind": _NAMES[type(encoder)], "state": state})
            arrays |= {f"{i}.{name}": array for name, array in own.items()}
        with atomic_path(directory / "preprocess.npz") as path, path.open("wb") as file:
            np.savez(file, allow_pickle=False, **arrays)
        write_json(directory / "preprocess.json", {"format": FORMAT, "encoders": listed})

    @classmethod
    def load(cls, directory: Path) -> Preprocessor:
        """Read what `save` wrote.

        Raises:
            StorageError: A file is missing, or is not what `save` writes.
        """
        saved = read_json(directory / "preprocess.json")
        where = str(directory / "preprocess.json")
        try:
            if saved["format"] != FORMAT:
                raise StorageError(f"format {saved['format']} is not known", where=where, hint="update cloudautoml")
            with np.load(directory / "preprocess.npz", allow_pickle=False) as file:
                arrays: dict[str, npt.NDArray[Any]] = {name: file[name] for name in file.files}
            encoders = tuple(
                (str(item["source"]), _KINDS[item["kind"]].restore(item["state"], _within(arrays, f"{i}.")))
                for i, item in enumerate(saved["encoders"])
            )
            return cls(encoders, DenseView.restore(_columns(encoders), _within(arrays, "dense.")))
        except (KeyError, TypeError, ValueError, OSError, AttributeError) as exc:
            raise StorageError(f"this is not a saved preprocessing: {exc!r}", where=where) from exc


def _within(arrays: dict[str, npt.NDArray[Any]], prefix: str) -> dict[str, npt.NDArray[Any]]:
    return {name.removeprefix(prefix): array for name, array in arrays.items() if name.startswith(prefix)}


def _columns(encoders: Sequence[tuple[str, ColumnEncoder]]) -> list[ViewColumn]:
    return [column for source, encoder in encoders for column in encoder.columns(source)]


def _tree(encoders: Sequence[tuple[str, ColumnEncoder]], frame: pd.DataFrame) -> Matrix:
    parts = [encoder.transform(frame[source]) for source, encoder in encoders]
    return np.hstack(parts) if parts else np.zeros((len(frame), 0), np.float32)


def _encoders(column: pd.Series[Any], kind: ColumnType, *, seed: int) -> list[ColumnEncoder]:
    if kind is ColumnType.NUMERIC:
        return [NumericEncoder.fit(column)]
    if kind is ColumnType.BOOLEAN:
        return [BooleanEncoder()]
    if kind is ColumnType.DATETIME:
        return [DateEncoder.fit(column)]
    if kind is ColumnType.TEXT:
        words = column.dropna().str.count(" ").mean()
        return [TextEncoder.fit(column, unit="word" if words >= 1 else "char", seed=seed)]
    levels, filled = column.nunique(), int(column.notna().sum())
    encoders: list[ColumnEncoder] = []
    if levels <= filled / 2:  # nearly every row its own category: the code would only name the row
        encoders.append(CategoryEncoder.fit(column))
    if levels >= CHARACTERS_FROM or not encoders:
        encoders.append(TextEncoder.fit(column, unit="char", seed=seed))
    return encoders
