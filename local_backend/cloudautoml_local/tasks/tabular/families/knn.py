"""Nearest neighbours by scikit-learn, on the dense view; a different kind of mistake for the ensemble."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision

if TYPE_CHECKING:
    from pathlib import Path

    import numpy.typing as npt

    from cloudautoml_local.tasks.tabular.families.base import (
        Deadline,
        Fitted,
        Floats,
        Matrix,
        Params,
        Problem,
        Rows,
    )

NAME: Final = "knn"
PARAMETERS: Final = (
    Decision("neighbours", (3, 5, 9, 15, 25, 50), ordered=True),
    Decision("weights", ("uniform", "distance")),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = ({"neighbours": 15, "weights": "distance"},)
_FILE = "knn.npz"
_MAX_ROWS = 20_000


@dataclass(frozen=True, slots=True, eq=False)
class FittedNeighbours:
    """The training rows, their outcomes and how to average them."""

    index: Any
    x: Matrix
    outcomes: Floats
    neighbours: int
    by_distance: bool
    rounds: int = 0
    rate: float = 0.0

    def predict(self, tree: Matrix, dense: Matrix) -> Floats:  # noqa: ARG002 - every family gets both views
        """Probabilities or numbers."""
        import numpy as np

        distance, rows = self.index.kneighbors(dense, n_neighbors=self.neighbours)
        weight = 1.0 / (distance + 1e-6) if self.by_distance else np.ones_like(distance)
        weight /= weight.sum(axis=1, keepdims=True)
        found = np.einsum("nk,nkc->nc", weight, self.outcomes[rows])
        return np.asarray(found if self.outcomes.shape[1] > 1 else found[:, 0])

    def save(self, directory: Path) -> None:
        """Write the rows."""
        import numpy as np

        arrays: dict[str, npt.NDArray[Any]] = {
            "x": self.x,
            "outcomes": self.outcomes,
            "settings": np.array([self.neighbours, self.by_distance], np.int64),
        }
        np.savez(directory / _FILE, allow_pickle=False, **arrays)


def fit(
    params: Params,
    train: Rows,
    valid: Rows | None,  # noqa: ARG001 - nothing here stops early
    problem: Problem,
    *,
    deadline: Deadline,  # noqa: ARG001 - bounded by the number of rows
    rounds: int | None = None,  # noqa: ARG001 - nothing here has rounds
) -> Fitted:
    """Keep the rows, a sample where there are many."""
    import numpy as np

    keep = np.arange(len(train))
    if len(train) > _MAX_ROWS:
        keep = np.sort(np.random.default_rng(problem.seed).choice(len(train), _MAX_ROWS, replace=False))
    x, target = np.ascontiguousarray(train.dense[keep]), train.target[keep]
    outcomes = target[:, None] if problem.kind == "regression" else np.eye(problem.classes)[target.astype(int)]
    neighbours = min(int(params["neighbours"] or 1), len(x))
    return _indexed(x, outcomes, neighbours, by_distance=params["weights"] == "distance")


def load(directory: Path) -> Fitted:
    """Read the rows and index them again."""
    import numpy as np

    with np.load(directory / _FILE, allow_pickle=False) as file:
        neighbours, by_distance = file["settings"].tolist()
        return _indexed(file["x"], file["outcomes"], int(neighbours), by_distance=bool(by_distance))


def _indexed(x: Matrix, outcomes: Floats, neighbours: int, *, by_distance: bool) -> FittedNeighbours:
    from sklearn.neighbors import NearestNeighbors

    return FittedNeighbours(NearestNeighbors(n_jobs=1).fit(x), x, outcomes, neighbours, by_distance)
