"""Forests of decision trees: grown by scikit-learn in slices of time, kept and predicted as plain arrays."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

import numpy as np
import numpy.typing as npt

from cloudautoml.errors import StorageError
from cloudautoml_local.tasks.tabular.target_encoding import TargetEncoder, fit_encode

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.tabular.families.base import Deadline, Floats, Matrix, Params, Problem, Rows

_FILE = "forest.npz"
_FIRST, _SLICE = 2, 50
_LEAF = -1
_CHUNK = 2_000_000


@dataclass(frozen=True, slots=True, eq=False)
class Forest:
    """Trees as arrays, one entry a node, the trees behind each other.

    Attributes:
        encoder: Adds target-encoded categories behind the tree view's columns.
        roots: Position of each tree's first node.
        feature: Column that a node splits on; -1 for a leaf.
        threshold: Values up to it go left.
        left: Position of the left child; the right one for missing values is told by `missing_left`.
        right: Position of the right child.
        missing_left: Whether missing values go left.
        value: What a leaf predicts: k probabilities, or one number.
    """

    encoder: TargetEncoder
    roots: npt.NDArray[np.int32]
    feature: npt.NDArray[np.int32]
    threshold: npt.NDArray[np.float64]
    left: npt.NDArray[np.int32]
    right: npt.NDArray[np.int32]
    missing_left: npt.NDArray[np.bool_]
    value: npt.NDArray[np.float32]

    @property
    def rounds(self) -> int:
        """Number of trees."""
        return len(self.roots)

    @property
    def rate(self) -> float:
        """None: trees do not learn from each other."""
        return 0.0

    def predict(self, tree: Matrix, dense: Matrix) -> Floats:  # noqa: ARG002 - every family gets both views
        """Probabilities or numbers: the mean over the trees."""
        x = np.hstack([tree, self.encoder.transform(tree)])
        found = np.empty((len(x), self.value.shape[1]))
        step = max(1, _CHUNK // max(1, len(self.roots)))
        for start in range(0, len(x), step):
            found[start : start + step] = self._mean(x[start : start + step])
        return found if self.value.shape[1] > 1 else found[:, 0]

    def _mean(self, x: Matrix) -> Floats:
        rows = np.repeat(np.arange(len(x)), len(self.roots))
        nodes = np.tile(self.roots, len(x))
        moving = np.flatnonzero(self.feature[nodes] != _LEAF)
        while len(moving):
            at = nodes[moving]
            values = x[rows[moving], self.feature[at]]
            goes_left = np.where(np.isnan(values), self.missing_left[at], values <= self.threshold[at])
            nodes[moving] = after = np.where(goes_left, self.left[at], self.right[at])
            moving = moving[self.feature[after] != _LEAF]
        return cast("Floats", self.value[nodes].reshape(len(x), len(self.roots), -1).mean(axis=1, dtype=np.float64))

    def save(self, directory: Path) -> None:
        """Write the arrays."""
        arrays = {name: getattr(self, name) for name in self.__slots__ if name != "encoder"}
        np.savez(directory / _FILE, allow_pickle=False, **arrays, **self.encoder.arrays())


def load_forest(directory: Path) -> Forest:
    """Read what `Forest.save` wrote.

    Raises:
        StorageError: The arrays are not those of a forest: a child before its parent, or outside.
    """
    with np.load(directory / _FILE, allow_pickle=False) as file:
        found = {name: file[name] for name in file.files}
    encoder = TargetEncoder(found.pop("te_positions"), found.pop("te_offsets"), found.pop("te_means"))
    forest = Forest(encoder=encoder, **found)
    nodes = np.arange(len(forest.feature))
    inner = forest.feature != _LEAF
    children = np.stack([forest.left, forest.right])[:, inner]
    # a child behind its parent and inside the arrays: no loop and no read outside, whatever the file says
    if (children <= nodes[inner]).any() or (children >= len(nodes)).any() or (forest.feature < _LEAF).any():
        raise StorageError("the trees of this forest are damaged", where=str(directory / _FILE))
    return forest


def grow(
    kind: str, params: Params, train: Rows, problem: Problem, *, deadline: Deadline, rounds: int | None, most: int
) -> Forest:
    """Grow trees until there are `rounds` (else `most`) of them or the time is up; at least a few.

    Args:
        kind: `RandomForest` or `ExtraTrees`.
        params: `max_features`, `min_samples_leaf`, and `bootstrap` where it is a choice.
        train: Rows to learn from.
        problem: What is to be learned.
        deadline: When to stop.
        rounds: Trees wanted; None for `most`.
        most: Trees that are enough.
    """
    import sklearn.ensemble

    encoder, encoded = fit_encode(train, problem, levels_from=3)
    x = np.hstack([train.tree, encoded])
    task = "Regressor" if problem.kind == "regression" else "Classifier"
    settings = {
        **params,
        "n_jobs": problem.threads,
        "random_state": problem.seed % 2**32,
        "warm_start": True,
        "n_estimators": 0,
    }
    model: Any = getattr(sklearn.ensemble, f"{kind}{task}")(**settings)
    wanted, begin = rounds or most, time.monotonic()
    while model.n_estimators < wanted and not (deadline.passed and model.n_estimators):
        # the first trees tell how many more there is time for
        each = (time.monotonic() - begin) / max(1, model.n_estimators)
        more = _FIRST if not model.n_estimators else int(np.clip(deadline.left / 2 / max(each, 1e-6), 1, _SLICE))
        model.set_params(n_estimators=min(wanted, model.n_estimators + more))
        model.fit(x, train.target, sample_weight=train.weight)
    classes = None if problem.kind == "regression" else model.classes_.astype(np.int64)
    return _arrays(model.estimators_, encoder, problem.classes, classes)


def _arrays(trees: list[Any], encoder: TargetEncoder, outputs: int, classes: npt.NDArray[np.int64] | None) -> Forest:
    sizes = np.array([tree.tree_.node_count for tree in trees])
    roots = np.concatenate(([0], np.cumsum(sizes)[:-1])).astype(np.int32)

    def joined(name: str) -> npt.NDArray[Any]:
        return np.concatenate([getattr(tree.tree_, name) for tree in trees])

    left, shift = joined("children_left"), np.repeat(roots, sizes)
    leaf = left < 0
    value = np.zeros((len(left), outputs), np.float32)
    value[:, classes if classes is not None else [0]] = joined("value")[:, 0, :]
    return Forest(
        encoder=encoder,
        roots=roots,
        feature=np.where(leaf, _LEAF, joined("feature")).astype(np.int32),
        threshold=joined("threshold"),
        left=np.where(leaf, 0, left + shift).astype(np.int32),
        right=np.where(leaf, 0, joined("children_right") + shift).astype(np.int32),
        missing_left=joined("missing_go_to_left").astype(np.bool_),
        value=value,
    )
