"""Sealed rows: what they truly are, how a model predicts them, and one scorer for all models."""

from __future__ import annotations

import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml.data import PreparedData, dataset_fingerprint, match_label, positive_code
from cloudautoml.errors import DataError, UnsupportedError
from cloudautoml.scoring import classification_metric, regression_metric
from cloudautoml.spec.metrics import Needs, get_metric

if TYPE_CHECKING:
    from collections.abc import Callable

    import pandas as pd

    from cloudautoml.model import Model
    from cloudautoml.spec import JobSpec

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

_ALONE = 40
"""Rows that are predicted one by one to time it."""


@dataclass(frozen=True, slots=True, eq=False)
class Predicted:
    """What a model says of the sealed rows.

    Attributes:
        values: n x classes probabilities, or n numbers.
        shares: Whether the probabilities are the model's; else each label has all of it.
        seconds: Wall-clock seconds of one call for all rows.
        alone_ms: Milliseconds of calls for one row each; empty where that was not timed.
    """

    values: Floats
    shares: bool
    seconds: float
    alone_ms: tuple[float, ...] = ()


class Sealed:
    """The sealed rows of a job.

    Args:
        data: What the job was given.
        spec: The job.

    Raises:
        DataError: No row is sealed.
    """

    def __init__(self, data: PreparedData, spec: JobSpec) -> None:
        holdout, schema = data.holdout, data.schema
        if holdout is None or holdout.empty or schema.target is None:
            raise DataError(
                "no rows are sealed, so there is nothing that models can be compared on",
                where="data.holdout",
                hint="leave data.holdout out of the spec, and a fifth of the rows is sealed",
            )
        self.metric = get_metric(spec.metric.name)
        self.features: pd.DataFrame = holdout[schema.names]
        self.classes = schema.classes
        self.digest = dataset_fingerprint(holdout)
        self.weights = None if schema.weight is None else holdout[schema.weight].to_numpy(np.float64)
        target = holdout[schema.target]
        if self.classes is None:
            self._values = target.to_numpy(np.float64)
            self._codes: Codes = np.zeros(0, np.int64)
        else:
            codes = {label: code for code, label in enumerate(self.classes)}
            self._codes = np.array([codes.get(str(label), -1) for label in target], np.int64)
            self._values = np.zeros(0)
        # a class that no row to learn from has: nobody can be right about it
        self.known = np.flatnonzero(self._codes >= 0) if self.classes is not None else np.arange(len(holdout))
        self.positive = 0 if self.classes is None else positive_code(spec, data)
        self._train = data.train[schema.target]

    def __len__(self) -> int:
        return len(self.known)

    def baseline(self) -> Predicted:
        """What is right without looking at the rows: the shares of the classes, or the mean or median."""
        rows = len(self.features)
        if self.classes is not None:
            shares = self._train.value_counts(normalize=True).reindex(list(self.classes), fill_value=0.0)
            repeated = np.asarray(np.tile(shares.to_numpy(), (rows, 1)), np.float64)
            return Predicted(repeated, shares=True, seconds=0.0)
        middle = self._train.median() if "absolute" in self.metric.description else self._train.mean()
        constant = np.array([float(middle)] * rows, np.float64)
        return Predicted(constant, shares=False, seconds=0.0)

    def predict(self, model: Model, *, timed: bool) -> Predicted:
        """Let a model predict the features; labels do not leave.

        Args:
            model: The model.
            timed: Whether calls for single rows are timed as well, which a vendor would charge for.

        Raises:
            CloudAutoMLError: It could not.
        """
        call, shares = self._call(model)
        alone: list[float] = []
        if timed:
            for row in range(min(_ALONE, len(self.features))):
                begin = time.perf_counter()
                call(self.features.iloc[[row]])
                alone.append(1000 * (time.perf_counter() - begin))
            alone = alone[1:] or alone  # the first call reads the model
        begin = time.perf_counter()
        values = call(self.features)
        return Predicted(values, shares, time.perf_counter() - begin, tuple(alone))

    def _call(self, model: Model) -> tuple[Callable[[Any], Floats], bool]:
        classes = self.classes
        if classes is None:
            return (lambda rows: np.asarray(model.predict(rows), np.float64)), False

        def probabilities(rows: Any) -> Floats:
            table = model.predict_proba(rows)
            table.columns = [match_label(_plain(label), classes) or str(label) for label in table.columns]
            return table.reindex(columns=list(classes), fill_value=0.0).to_numpy(np.float64)

        def labels(rows: Any) -> Floats:
            found = [match_label(_plain(label), classes) for label in model.predict(rows)]
            return np.array([[float(label == name) for name in classes] for label in found])

        try:
            probabilities(self.features.iloc[:1])
        except UnsupportedError:
            return labels, False
        return probabilities, True

    def scorer(self, found: Predicted) -> Callable[[Codes], float]:
        """What gives the score of predictions on some of the rows that are `known`, by their places; higher is better.

        It is not a number where the metric needs probabilities and the model gives none.
        """
        name, known = self.metric.name, self.known
        values, weights = found.values[known], None if self.weights is None else self.weights[known]
        if self.classes is not None:
            codes = self._codes[known]
            if self.metric.needs is Needs.PROBABILITIES and not found.shares:
                return lambda _: float("nan")
            return lambda rows: self.metric.to_score(
                classification_metric(
                    name, codes[rows], values[rows],
                    weights=None if weights is None else weights[rows], positive=self.positive,
                )
            )  # fmt: skip
        truth = self._values[known]
        return lambda rows: self.metric.to_score(
            regression_metric(name, truth[rows], values[rows], weights=None if weights is None else weights[rows])
        )


def _plain(label: object) -> Any:
    return label.item() if isinstance(label, np.generic) else label
