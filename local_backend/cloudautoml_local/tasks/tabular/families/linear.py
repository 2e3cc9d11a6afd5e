"""Linear models by scikit-learn, on the dense view: logistic regression, ridge, elastic net."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.search import Decision

if TYPE_CHECKING:
    from pathlib import Path

    import numpy as np
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
    from cloudautoml_local.tasks.tabular.target_encoding import TargetEncoder

NAME: Final = "linear"
PARAMETERS: Final = (
    Decision("penalty", ("l2", "elastic")),
    Decision("strength", (0.001, 0.01, 0.1, 1.0, 10.0, 100.0), ordered=True),
)
DEFAULTS: Final[tuple[dict[str, Any], ...]] = (
    {"penalty": "l2", "strength": 1.0},
    {"penalty": "elastic", "strength": 1.0},
)
_FILE = "linear.npz"
_ENCODE_FROM = 25


@dataclass(frozen=True, slots=True, eq=False)
class FittedLinear:
    """Weights of a linear model.

    Attributes:
        encoder: Adds target-encoded categories behind the dense view's columns.
        centre: Mean of each column.
        scale: Spread of each column.
        weights: Columns x outputs.
        intercept: One an output.
        classes: 1 for a number; with 2 there is one output.
    """

    encoder: TargetEncoder
    centre: npt.NDArray[np.float64]
    scale: npt.NDArray[np.float64]
    weights: npt.NDArray[np.float64]
    intercept: npt.NDArray[np.float64]
    classes: int
    rounds: int = 0
    rate: float = 0.0

    def predict(self, tree: Matrix, dense: Matrix) -> Floats:
        """Probabilities or numbers."""
        import numpy as np
        from scipy.special import expit, softmax

        x = (np.hstack([dense, self.encoder.transform(tree)]) - self.centre) / self.scale
        found = x @ self.weights + self.intercept
        if self.classes == 1:
            return np.asarray(found[:, 0])
        if self.classes == 2:
            return np.hstack([expit(-found), expit(found)])
        return np.asarray(softmax(found, axis=1))

    def save(self, directory: Path) -> None:
        """Write the arrays."""
        import numpy as np

        own = {name: getattr(self, name) for name in ("centre", "scale", "weights", "intercept", "classes")}
        np.savez(directory / _FILE, allow_pickle=False, **own, **self.encoder.arrays())


def fit(
    params: Params,
    train: Rows,
    valid: Rows | None,  # noqa: ARG001 - nothing here stops early
    problem: Problem,
    *,
    deadline: Deadline,
    rounds: int | None = None,  # noqa: ARG001 - nothing here has rounds
) -> Fitted:
    """Fit the weights; the number of iterations is bounded by the time."""
    import warnings

    import numpy as np
    from sklearn.exceptions import ConvergenceWarning

    from cloudautoml_local.tasks.tabular.target_encoding import fit_encode

    encoder, encoded = fit_encode(train, problem, levels_from=_ENCODE_FROM)
    x = np.hstack([train.dense, encoded]).astype(np.float64)
    centre, scale = x.mean(axis=0), x.std(axis=0)
    scale[scale < 1e-9] = 1.0
    x = (x - centre) / scale
    cells = x.size * max(1, problem.classes - 1)
    # one pass over the cells takes about a nanosecond a cell, and a solver makes a few of them a step
    steps = int(np.clip(min(deadline.left, 3600) / (cells * 4e-9 + 1e-6), 20, 500))
    model: Any = _model(params, problem, steps, len(x))
    with warnings.catch_warnings():
        # not having converged within its time is no failure: the score tells
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(x, train.target, sample_weight=train.weight)
    weights = np.atleast_2d(model.coef_).T
    intercept = np.atleast_1d(np.asarray(model.intercept_, np.float64))
    if problem.kind != "regression" and len(model.classes_) < problem.classes:
        weights, intercept = _spread(weights, intercept, model.classes_.astype(int), problem.classes)
    return FittedLinear(encoder, centre, scale, weights.astype(np.float64), intercept, problem.classes)


def load(directory: Path) -> Fitted:
    """Read the arrays."""
    import numpy as np

    from cloudautoml_local.tasks.tabular.target_encoding import TargetEncoder

    with np.load(directory / _FILE, allow_pickle=False) as file:
        encoder = TargetEncoder(file["te_positions"], file["te_offsets"], file["te_means"])
        return FittedLinear(
            encoder, file["centre"], file["scale"], file["weights"], file["intercept"], int(file["classes"])
        )


def _model(params: Params, problem: Problem, steps: int, rows: int) -> Any:
    from sklearn.linear_model import ElasticNet, LogisticRegression, Ridge

    strength, elastic = float(params["strength"] or 1.0), params["penalty"] == "elastic"
    if problem.kind != "regression":
        ratio = 0.5 if elastic else 0.0
        # the penalty's usual strength (C = 1 at strength 1) fits a few hundred rows; it fades with more of them
        return LogisticRegression(
            C=0.3 / strength,
            l1_ratio=ratio,
            solver="saga" if elastic else "lbfgs",
            max_iter=steps,
            tol=1e-3 if elastic else 1e-4,
            random_state=problem.seed % 2**32,
        )
    if elastic:
        return ElasticNet(alpha=strength * 0.01, l1_ratio=0.5, max_iter=steps, tol=1e-3)
    return Ridge(alpha=strength * max(1.0, rows / 1000))


def _spread(
    weights: npt.NDArray[np.float64], intercept: npt.NDArray[np.float64], seen: npt.NDArray[np.int64], classes: int
) -> tuple[npt.NDArray[np.float64], npt.NDArray[np.float64]]:
    """Give the classes that these rows lack an output that never wins."""
    import numpy as np

    if len(seen) == 2:
        weights, intercept = np.hstack([-weights / 2, weights / 2]), np.concatenate([-intercept / 2, intercept / 2])
    wide, low = np.zeros((len(weights), classes)), np.full(classes, -30.0)
    wide[:, seen], low[seen] = weights, intercept
    return wide, low
