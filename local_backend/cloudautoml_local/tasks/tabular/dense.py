"""Dense view: the tree view made fit for linear models and networks, without missing values and on one scale."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml_local.tasks.tabular.columns import Matrix, ViewColumn

ONE_HOT = 24
"""Levels of a category that get a column of their own; the rarer ones share the zeros."""


@dataclass(frozen=True, slots=True, eq=False)
class DenseView:
    """Turns rows of the tree view into rows of the dense view.

    Numbers are centred at the median, scaled by the spread of the middle half and bent towards a bound, so
    that an outlier cannot rule; missing ones are the median, with a flag. Cyclic parts become sine and
    cosine, categories one-hot.

    Attributes:
        columns: The tree view's columns.
        centre: Median of each.
        scale: Spread of each, above zero.
        flagged: Which have a flag for missing values.
    """

    columns: tuple[ViewColumn, ...]
    centre: npt.NDArray[np.float32]
    scale: npt.NDArray[np.float32]
    flagged: npt.NDArray[np.bool_]

    @classmethod
    def fit(cls, tree: Matrix, columns: Sequence[ViewColumn]) -> DenseView:
        """Learn from the tree view of the training rows."""
        centre, scale = np.zeros(len(columns), np.float32), np.ones(len(columns), np.float32)
        flagged = np.zeros(len(columns), np.bool_)
        for i, column in enumerate(columns):
            values = tree[:, i].astype(np.float64)
            known = values[np.isfinite(values)]
            flagged[i] = 0 < len(known) < len(values)
            if len(known) and not column.levels:
                low, middle, high = np.quantile(known, (0.25, 0.5, 0.75))
                spread = (high - low) / 1.349 or known.std()
                centre[i], scale[i] = middle, spread if spread > 1e-12 else 1.0
        return cls(tuple(columns), centre, scale, flagged)

    def transform(self, tree: Matrix) -> Matrix:
        """N rows of the dense view: float32, finite."""
        parts: list[Matrix] = []
        for i, column in enumerate(self.columns):
            values = tree[:, i]
            missing = np.isnan(values)
            if column.levels:
                parts.append((values[:, None] == np.arange(min(column.levels, ONE_HOT))).astype(np.float32))
            elif column.period:
                angle = np.where(missing, 0.0, values) * (2 * np.pi / column.period)
                waves = np.stack([np.sin(angle), np.cos(angle)], axis=1)
                parts.append(np.where(missing[:, None], 0.0, waves).astype(np.float32))
            else:
                z = np.where(missing, 0.0, (values - self.centre[i]) / self.scale[i])
                parts.append((z / np.sqrt(1.0 + (z / 4.0) ** 2)).astype(np.float32)[:, None])
            if self.flagged[i]:
                parts.append(missing.astype(np.float32)[:, None])
        return np.hstack(parts) if parts else np.zeros((len(tree), 0), np.float32)

    def arrays(self) -> dict[str, npt.NDArray[Any]]:
        """What it learned, by name."""
        return {"centre": self.centre, "scale": self.scale, "flagged": self.flagged}

    @classmethod
    def restore(cls, columns: Sequence[ViewColumn], arrays: Mapping[str, npt.NDArray[Any]]) -> DenseView:
        """Read what `arrays` gave.

        Raises:
            ValueError: The arrays do not fit the columns.
        """
        centre, scale, flagged = arrays["centre"], arrays["scale"], arrays["flagged"]
        if not len(centre) == len(scale) == len(flagged) == len(columns):
            msg = f"{len(centre)} dense columns for {len(columns)} tree columns"
            raise ValueError(msg)
        return cls(tuple(columns), centre, scale, flagged.astype(np.bool_))
