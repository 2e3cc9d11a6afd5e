"""Target encoding of categories: the mean outcome of each, shrunk to the whole, and never from a row's own outcome."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cloudautoml_local.tasks.tabular.families.base import Floats, Matrix, Problem, Rows

_SHRINK = 10.0
_FOLDS = 5
_MAX_OUTPUTS = 8


@dataclass(frozen=True, slots=True, eq=False)
class TargetEncoder:
    """Means by category.

    Attributes:
        positions: c columns of the tree view that it encodes.
        offsets: c + 1 positions in `means`, where each column's categories begin; its last row is for missing.
        means: One row a category, one column an outcome.
    """

    positions: npt.NDArray[np.int64]
    offsets: npt.NDArray[np.int64]
    means: npt.NDArray[np.float32]

    @property
    def width(self) -> int:
        """Columns that it makes."""
        return int(len(self.positions) * self.means.shape[1])

    def transform(self, tree: Matrix) -> Matrix:
        """N x width."""
        if not self.width:
            return np.zeros((len(tree), 0), np.float32)
        return self.means[self.codes_of(tree)].reshape(len(tree), self.width)

    def codes_of(self, tree: Matrix) -> npt.NDArray[np.int64]:
        """Positions in `means`: n x c."""
        codes = tree[:, self.positions].astype(np.float64)
        sizes = np.diff(self.offsets) - 1
        return self.offsets[:-1] + np.where(np.isnan(codes), sizes, codes).astype(np.int64)

    def arrays(self) -> dict[str, npt.NDArray[np.generic]]:
        """What it learned, by name."""
        return {"te_positions": self.positions, "te_offsets": self.offsets, "te_means": self.means}


def fit_encode(rows: Rows, problem: Problem, *, levels_from: int) -> tuple[TargetEncoder, Matrix]:
    """Learn the means, and encode the rows they were learned from out of fold.

    Args:
        rows: Training rows.
        problem: What is to be learned.
        levels_from: Categories with at least so many levels are encoded.

    Returns:
        The encoder for other rows, and the training rows encoded: n x width.
    """
    positions = np.array([i for i, levels in enumerate(problem.levels) if levels >= levels_from], np.int64)
    sizes = np.array([problem.levels[i] + 1 for i in positions], np.int64)
    offsets = np.concatenate(([0], np.cumsum(sizes))).astype(np.int64)
    outcomes = _outcomes(rows.target, problem)
    weight = np.ones(len(rows)) if rows.weight is None else rows.weight
    empty = TargetEncoder(positions, offsets, np.zeros((int(offsets[-1]), outcomes.shape[1]), np.float32))
    if not len(positions):
        return empty, empty.transform(rows.tree)
    codes = empty.codes_of(rows.tree)
    whole = TargetEncoder(positions, offsets, _means(codes, outcomes, weight, int(offsets[-1])))
    encoded = np.empty((len(rows), whole.width), np.float32)
    fold = np.random.default_rng(problem.seed).permutation(len(rows)) % _FOLDS
    for part in range(_FOLDS):
        here, rest = fold == part, fold != part
        means = _means(codes[rest], outcomes[rest], weight[rest], int(offsets[-1]))
        encoded[here] = means[codes[here]].reshape(-1, whole.width)
    return whole, encoded


def _outcomes(target: Floats, problem: Problem) -> Floats:
    if problem.kind == "multiclass":
        common = np.argsort(-np.bincount(target.astype(np.int64), minlength=problem.classes), kind="stable")
        return np.asarray(target[:, None] == common[None, :_MAX_OUTPUTS], np.float64)
    return np.asarray(target[:, None])


def _means(codes: npt.NDArray[np.int64], outcomes: Floats, weight: Floats, size: int) -> npt.NDArray[np.float32]:
    middle = np.average(outcomes, axis=0, weights=weight)
    sums, counts = np.zeros((size, outcomes.shape[1])), np.zeros(size)
    for column in codes.T:
        counts += np.bincount(column, weights=weight, minlength=size)
        for i in range(outcomes.shape[1]):
            sums[:, i] += np.bincount(column, weights=weight * outcomes[:, i], minlength=size)
    return ((sums + _SHRINK * middle) / (counts + _SHRINK)[:, None]).astype(np.float32)
