"""Linear models of texts: one weight a feature and class, however it was found, and files of plain arrays."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from cloudautoml.data.arrays import read_array, write_array

if TYPE_CHECKING:
    from pathlib import Path

Floats = npt.NDArray[np.float64]
Method = Literal["svm", "logistic", "bayes"]

_STEPS = 400
_NEVER = -2.0


@dataclass(frozen=True, slots=True)
class Choice:
    """How weights are found.

    Attributes:
        method: A support vector machine, logistic regression, or complement naive Bayes.
        strength: The higher, the closer to the examples; for Bayes the lower the smoothing.
        log_counts: Whether features are scaled first by how much oftener they occur in a class than elsewhere.
    """

    method: Method
    strength: float
    log_counts: bool = False


@dataclass(frozen=True, slots=True, eq=False)
class Weights:
    """Weights of a linear model.

    Attributes:
        slopes: Features x outputs; one output for two classes.
        starts: One an output.
    """

    slopes: npt.NDArray[np.float32]
    starts: npt.NDArray[np.float32]

    def scores(self, features: Any, *, labels: bool) -> Floats:
        """How much speaks for each class: n x classes.

        Args:
            features: n sparse rows.
            labels: Whether the outputs are labels, each by itself.
        """
        found = np.asarray(features @ self.slopes, np.float64) + self.starts
        return found if labels or found.shape[1] > 1 else np.hstack([-found, found])

    def save(self, directory: Path) -> None:
        """Write the arrays."""
        write_array(directory / "slopes.npy", self.slopes)
        write_array(directory / "starts.npy", self.starts)

    @classmethod
    def load(cls, directory: Path) -> Weights:
        """Read what `save` wrote."""
        return cls(read_array(directory / "slopes.npy"), read_array(directory / "starts.npy"))


def fit(features: Any, wanted: npt.NDArray[np.bool_], choice: Choice, *, seed: int) -> Weights:
    """Find the weights.

    Args:
        features: n sparse rows.
        wanted: n x outputs: whether the row is of the class; one output for two classes.
        choice: How to find them.
        seed: Seed of what is drawn.
    """
    slopes = np.zeros((features.shape[1], wanted.shape[1]), np.float32)
    starts = np.full(wanted.shape[1], _NEVER, np.float32)
    single = choice.method == "logistic" and wanted.shape[1] > 1 and bool((wanted.sum(axis=1) == 1).all())
    if single and not choice.log_counts and wanted.any(axis=0).sum() > 1:
        return _together(features, wanted, choice, seed=seed)
    for output in range(wanted.shape[1]):
        of = wanted[:, output]
        if of.all() or not of.any():  # nothing to tell apart in this fold
            starts[output] = -_NEVER if of.all() else _NEVER
            continue
        if choice.method == "bayes":
            slopes[:, output], starts[output] = _bayes(features, of, 0.1 / choice.strength)
            continue
        scale = _log_counts(features, of) if choice.log_counts else None
        slope, starts[output] = _separate(features if scale is None else _scaled(features, scale), of, choice, seed)
        slopes[:, output] = slope if scale is None else slope * scale
    return Weights(slopes, starts)


def _separate(features: Any, of: npt.NDArray[np.bool_], choice: Choice, seed: int) -> tuple[Any, float]:
    from sklearn.linear_model import LogisticRegression
    from sklearn.svm import LinearSVC

    strength = choice.strength * (0.1 if choice.log_counts else 1.0)
    model: Any
    if choice.method == "svm":
        model = LinearSVC(C=strength, tol=1e-3, max_iter=_STEPS, random_state=seed % 2**32)
    else:
        model = LogisticRegression(C=strength * 10, solver="liblinear", tol=1e-3, max_iter=_STEPS)
    _quietly(model, features, of)
    return model.coef_[0].astype(np.float32), float(np.ravel(model.intercept_)[0])


def _together(features: Any, wanted: npt.NDArray[np.bool_], choice: Choice, *, seed: int) -> Weights:
    """All classes at once, where each row is of one."""
    from sklearn.linear_model import LogisticRegression

    model: Any = LogisticRegression(C=choice.strength * 10, tol=1e-3, max_iter=_STEPS, random_state=seed % 2**32)
    _quietly(model, features, wanted.argmax(axis=1))
    slopes = np.zeros((features.shape[1], wanted.shape[1]), np.float32)
    starts = np.full(wanted.shape[1], 10 * _NEVER, np.float32)
    if len(model.classes_) == 2:
        model.coef_ = np.vstack([-model.coef_, model.coef_]) / 2
        model.intercept_ = np.concatenate([-model.intercept_, model.intercept_]) / 2
    slopes[:, model.classes_], starts[model.classes_] = model.coef_.T, model.intercept_
    return Weights(slopes, starts)


def _quietly(model: Any, features: Any, target: Any) -> None:
    import warnings

    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # not having converged within its steps is no failure: the score tells
        warnings.simplefilter("ignore", ConvergenceWarning)
        model.fit(features, target)


def _bayes(features: Any, of: npt.NDArray[np.bool_], smoothing: float) -> tuple[npt.NDArray[np.float32], float]:
    """How much likelier each feature is in the class than elsewhere, on the logarithmic scale."""
    inside, outside = _sums(features, of, smoothing)
    slope = np.log(inside / inside.sum()) - np.log(outside / outside.sum())
    return slope.astype(np.float32), float(np.log(of.mean() / (1 - of.mean())))


def _log_counts(features: Any, of: npt.NDArray[np.bool_]) -> npt.NDArray[np.float32]:
    inside, outside = _sums(features, of, 1.0)
    ratio = np.log((inside / inside.sum()) / (outside / outside.sum()))
    return np.asarray(ratio / max(1e-9, float(np.abs(ratio).mean())), np.float32)


def _sums(features: Any, of: npt.NDArray[np.bool_], smoothing: float) -> tuple[Floats, Floats]:
    inside = of.astype(np.float32) @ features
    whole = np.asarray(features.sum(axis=0), np.float64).ravel()
    # what an embedding holds may be below zero, and is no count
    inside, outside = np.maximum(inside, 0.0), np.maximum(whole - inside, 0.0)
    return np.asarray(inside + smoothing, np.float64), np.asarray(outside + smoothing, np.float64)


def _scaled(features: Any, scale: npt.NDArray[np.float32]) -> Any:
    scaled = features.copy()
    scaled.data = scaled.data * scale[scaled.indices]
    return scaled
