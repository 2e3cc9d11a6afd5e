"""Classifier: labels of any type, as text in the job and as themselves again in the predictions."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import ClassifierMixin
from sklearn.utils.multiclass import check_classification_targets
from sklearn.utils.validation import check_consistent_length, check_is_fitted
from typing_extensions import override

from cloudautoml.sklearn.estimator import AutoMLEstimator
from cloudautoml.sklearn.tables import Array, class_texts, labels_of, weights_of
from cloudautoml.spec import TabularClassification

if TYPE_CHECKING:
    from collections.abc import Sequence
    from datetime import timedelta
    from pathlib import Path

    import numpy.typing as npt

    from cloudautoml.provider import ProviderConfig
    from cloudautoml.spec import Holdout, Part


class AutoMLClassifier(ClassifierMixin, AutoMLEstimator):  # type: ignore[misc]
    """A classifier that runs an AutoML job to fit, and predicts with the job's best model.

    The job is recorded as any other (`cloudautoml jobs ls`), and the fitted estimator holds its id: pickling it,
    or copying it with joblib, keeps the id and the store's folder, and predicting elsewhere needs that folder.

    Args:
        metric: What decides; `roc_auc` unless given.
        max_trials: Models to train at most.
        max_time: Time for the job: a timedelta, seconds, or text such as `5m`. With neither, the provider's default.
        max_trial_time: Time for one trial, alike.
        families: Model families to try; all unless given.
        strategy: Search strategy: a name, or `{"type": name, ...}` with its options.
        provider: Name of a provider or of a profile, or a provider's settings.
        executor: For the local provider: `process`, or `inline` to train in this process.
        ensemble: Combine the best candidates.
        holdout: Share of rows to seal for an unbiased score in `leaderboard_`, or a `Holdout`; none unless given,
            since `cross_val_score` and the like hold rows back themselves.
        positive: The class that `f1`, `precision` and `recall` are about; the rarer one unless given.
        random_state: Seed of the job; drawn from numpy's global generator unless given.
        name: Name of the job.
        home: Folder of the store; the user's own unless given.
        verbose: Above 0, progress and the leaderboard are printed to stderr.

    Attributes:
        classes_: The labels, sorted, in the type of `y`.
        n_features_in_: Number of columns.
        feature_names_in_: Their names, where X had text names.
        leaderboard_: All candidates.
        best_: The best one's row.
        job_: The job.
        model_: The best model.

    Checks of scikit-learn that cannot hold are listed, with the reasons, in
    `cloudautoml.sklearn.EXPECTED_FAILED_CHECKS`.
    """

    def __init__(
        self,
        *,
        metric: str | None = None,
        max_trials: int | None = None,
        max_time: timedelta | float | str | None = None,
        max_trial_time: timedelta | float | str | None = None,
        families: Sequence[str] | None = None,
        strategy: str | dict[str, Any] | Part | None = None,
        provider: str | ProviderConfig = "local",
        executor: str = "auto",
        ensemble: bool = True,
        holdout: float | Holdout | None = None,
        positive: str | float | bool | None = None,
        random_state: int | np.random.RandomState | None = None,
        name: str = "sklearn",
        home: str | Path | None = None,
        verbose: int = 0,
    ) -> None:
        super().__init__(
            metric=metric, max_trials=max_trials, max_time=max_time, max_trial_time=max_trial_time,
            families=families, strategy=strategy, provider=provider, executor=executor, ensemble=ensemble,
            holdout=holdout, random_state=random_state, name=name, home=home, verbose=verbose,
        )  # fmt: skip
        self.positive = positive

    def fit(self, X: Array, y: Array, sample_weight: Array | None = None) -> Self:  # noqa: N803 - scikit-learn's name
        """Run the job.

        Args:
            X: n rows of features: numpy, pandas, polars, Arrow or lists; missing values and text are fine.
            y: n labels of at least two classes.
            sample_weight: n weights, zero and above.

        Raises:
            ValueError: The data cannot be learned from.
            JobFailedError: The job ended without a model.
        """
        frame = self._read(X, reset=True)
        labels = labels_of(y, estimator=type(self).__name__)
        check_consistent_length(frame, labels)
        check_classification_targets(labels)
        self.classes_, codes = np.unique(labels, return_inverse=True)
        seen = codes if sample_weight is None else codes[weights_of(sample_weight, len(codes)) > 0]
        if len(np.unique(seen)) < 2:
            msg = f"{type(self).__name__} needs rows of at least two classes; the data has one class"
            raise ValueError(msg)
        self._texts = class_texts(self.classes_)
        self._fit(frame, np.array(self._texts, dtype=object)[codes], sample_weight)
        return self

    @override
    def _task(self, target: str, weight: str | None) -> TabularClassification:
        positive = None
        if self.positive is not None:
            places = np.flatnonzero(self.classes_ == self.positive)
            if len(places) != 1:
                msg = f"positive={self.positive!r} is not among the classes {self.classes_!r}"
                raise ValueError(msg)
            positive = self._texts[int(places[0])]
        return TabularClassification(target=target, weight=weight, positive=positive)

    def predict(self, X: Array) -> npt.NDArray[Any]:  # noqa: N803 - scikit-learn's name
        """The label of each row, in the type of `y`."""
        check_is_fitted(self)
        found = self.model_.predict(self._read(X, reset=False))
        codes = found.map({text: code for code, text in enumerate(self._texts)})
        return self.classes_[codes.to_numpy(dtype=np.intp)]

    def predict_proba(self, X: Array) -> npt.NDArray[np.float64]:  # noqa: N803 - scikit-learn's name
        """The probability of each class: n rows, columns in the order of `classes_`."""
        check_is_fitted(self)
        found = self.model_.predict_proba(self._read(X, reset=False))
        # a class of which every row had weight zero is unknown to the model
        return np.asarray(found.reindex(columns=self._texts, fill_value=0.0), dtype=np.float64)
