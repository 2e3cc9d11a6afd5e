"""Regressor: numbers in, numbers out."""

from __future__ import annotations

from typing import TYPE_CHECKING, Self

import numpy as np
from sklearn.base import RegressorMixin
from sklearn.utils.validation import assert_all_finite, check_consistent_length, check_is_fitted
from typing_extensions import override

from cloudautoml.sklearn.estimator import AutoMLEstimator
from cloudautoml.sklearn.tables import Array, labels_of
from cloudautoml.spec import TabularRegression

if TYPE_CHECKING:
    import numpy.typing as npt


class AutoMLRegressor(RegressorMixin, AutoMLEstimator):  # type: ignore[misc]
    """A regressor that runs an AutoML job to fit, and predicts with the job's best model.

    Parameters and attributes are those of `AutoMLClassifier`, without `positive` and `classes_`; the metric is
    `rmse` unless given.
    """

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Run the job.

        Args:
            X: n rows of features, as for `AutoMLClassifier.fit`.
            y: n numbers.
            sample_weight: n weights, zero and above.

        Raises:
            ValueError: The data cannot be learned from.
            JobFailedError: The job ended without a model.
        """
        frame = self._read(X, reset=True)
        values = labels_of(y, estimator=type(self).__name__).astype(np.float64)
        assert_all_finite(values, input_name="y")
        check_consistent_length(frame, values)
        self._fit(frame, values, sample_weight)
        return self

    @override
    def _task(self, target: str, weight: str | None) -> TabularRegression:
        return TabularRegression(target=target, weight=weight)

    def predict(self, X: Array) -> npt.NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        """A number for each row."""
        check_is_fitted(self)
        return self.model_.predict(self._read(X, reset=False)).to_numpy(dtype=np.float64)
