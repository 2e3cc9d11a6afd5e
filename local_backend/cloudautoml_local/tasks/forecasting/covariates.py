"""Covariates as numbers: about zero and of spread one, or one column for each of the commoner categories."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cloudautoml.data.series import Covariate
    from cloudautoml_local.tasks.forecasting.panel import Floats

_LEVELS = 20


@dataclass(frozen=True, slots=True)
class Encoding:
    """How one column becomes numbers.

    Attributes:
        name: The column.
        centre: What is taken off a number.
        spread: What it is divided by.
        levels: The categories that have a column each; empty for a number.
    """

    name: str
    centre: float = 0.0
    spread: float = 1.0
    levels: tuple[str, ...] = ()

    def encode(self, column: pd.Series) -> Floats:
        """N x k numbers; a missing number is the mean, a missing or new category none."""
        if not self.levels:
            values = (column.to_numpy(dtype=np.float64) - self.centre) / self.spread
            return np.nan_to_num(values)[:, None]
        text = column.astype("str").to_numpy(dtype=object)
        return np.stack([(text == level) for level in self.levels], axis=1).astype(np.float64)


def fit_encodings(frame: pd.DataFrame, columns: Sequence[Covariate]) -> tuple[Encoding, ...]:
    """Encodings of some columns, from the rows to learn from."""
    found: list[Encoding] = []
    for column in columns:
        values = frame[column.name]
        if column.type is ColumnType.NUMERIC:
            numbers = values.to_numpy(dtype=np.float64)
            known = numbers[np.isfinite(numbers)]
            centre, spread = (float(known.mean()), float(known.std())) if len(known) else (0.0, 1.0)
            found.append(Encoding(column.name, centre, spread if spread > 0 else 1.0))
        else:
            common = values.dropna().astype("str").value_counts().head(_LEVELS).index
            found.append(Encoding(column.name, levels=tuple(sorted(map(str, common))) or ("",)))
    return tuple(found)


def encoded(frame: pd.DataFrame, encodings: Sequence[Encoding]) -> Floats:
    """The columns side by side."""
    parts = [encoding.encode(frame[encoding.name]) for encoding in encodings]
    return np.hstack(parts) if parts else np.zeros((len(frame), 0))


def encodings_from(saved: Sequence[Mapping[str, Any]]) -> tuple[Encoding, ...]:
    """Read what `dataclasses.asdict` gave of each."""
    return tuple(
        Encoding(str(e["name"]), float(e["centre"]), float(e["spread"]), tuple(map(str, e["levels"]))) for e in saved
    )
