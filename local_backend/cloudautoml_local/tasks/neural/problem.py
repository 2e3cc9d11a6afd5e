"""Problem: what the networks of a job learn, how their outputs become predictions, and how those are judged."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Literal

import numpy as np
import numpy.typing as npt

from cloudautoml.scoring import classification_metrics, regression_metrics
from cloudautoml.scoring_labels import label_metrics
from cloudautoml.search import Signature
from cloudautoml.spec.metrics import get_metric
from cloudautoml.store.files import read_json, write_json

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

Floats = npt.NDArray[np.float64]
Kind = Literal["binary", "multiclass", "multi_label", "regression"]

SIGNATURE_FILE = "signature.json"
_FILE = "problem.json"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be learned.

    Attributes:
        signature: What goes into the networks and what comes out.
        metric: Canonical name of the metric that decides.
        classes: Class labels in the order of their codes; empty for a number.
        positive: Code of the class that binary metrics are about.
        loss: What to minimise in training.
        logarithm: Whether the logarithm of one plus the target is learned instead of the target.
        centre: Mean of what is learned, where it is a number.
        spread: Its standard deviation, above zero.
    """

    signature: Signature
    metric: str
    classes: tuple[str, ...] = ()
    positive: int = 0
    loss: Literal["log", "squared", "absolute"] = "log"
    logarithm: bool = False
    centre: float = 0.0
    spread: float = 1.0

    @property
    def kind(self) -> Kind:
        """Two classes, more, any number of labels, or a number."""
        if self.signature.target == "labels":
            return "multi_label"
        return "regression" if not self.classes else "binary" if len(self.classes) == 2 else "multiclass"

    def wanted(self, target: npt.NDArray[Any]) -> npt.NDArray[Any]:
        """What the outputs are compared with.

        Returns:
            n codes as int32, n x k zeros and ones, or n x 1 numbers about 0 with spread 1.
        """
        if self.kind == "multi_label":
            return target.astype(np.float32)
        if self.classes:
            return target.astype(np.int32)
        values = np.log1p(target) if self.logarithm else target
        return np.asarray((values - self.centre) / self.spread, np.float32)[:, None]

    def predictions(self, outputs: npt.NDArray[Any], *, logits: bool) -> Floats:
        """What outputs of a network mean.

        Args:
            outputs: n x k; one column for two classes is the second class's.
            logits: Whether they are yet to become probabilities.

        Returns:
            n x classes probabilities, of labels each by itself; or n numbers on the scale of the user's target.
        """
        found = outputs.astype(np.float64).reshape(len(outputs), -1)
        if self.kind == "multi_label":
            return _sigmoid(found) if logits else found
        if not self.classes:
            values = found[:, 0] * self.spread + self.centre
            return np.asarray(np.expm1(np.clip(values, None, 700)) if self.logarithm else values)
        if found.shape[1] == 1:
            second = _sigmoid(found) if logits else found
            return np.hstack([1 - second, second])
        if logits:
            shifted = np.exp(found - found.max(axis=1, keepdims=True))
            found = shifted
        return np.asarray(found / np.maximum(found.sum(axis=1, keepdims=True), 1e-12))

    def metrics(
        self, target: npt.NDArray[Any], found: Floats, weight: Floats | None, *, names: Iterable[str] | None = None
    ) -> dict[str, float]:
        """All metrics of predictions that are defined; examples of an unknown class (-1) do not count.

        Args:
            target: n codes, n x k zeros and ones, or n numbers.
            found: What `predictions` gave.
            weight: n weights; all equal unless given.
            names: Metrics wanted; all unless given.
        """
        if not self.classes:
            return regression_metrics(target.astype(np.float64), found, weights=weight, names=names)
        if self.kind == "multi_label":
            return label_metrics(target, found, weights=weight, names=names)
        known = target >= 0
        weights = None if weight is None else weight[known]
        codes = target[known].astype(np.int64)
        return classification_metrics(codes, found[known], weights=weights, positive=self.positive, names=names)

    def score(self, target: npt.NDArray[Any], found: Floats, weight: Floats | None) -> float:
        """The metric that decides, higher is better; minus infinity where it is not defined."""
        value = self.metrics(target, found, weight, names=[self.metric]).get(self.metric)
        return -float("inf") if value is None else self.score_of({self.metric: value})

    def score_of(self, metrics: Mapping[str, float]) -> float:
        """The score that natural values of metrics give."""
        return get_metric(self.metric).to_score(metrics[self.metric])

    def save(self, directory: Path) -> None:
        """Write `problem.json`, and `signature.json` by itself."""
        saved = asdict(self)
        write_json(directory / _FILE, saved)
        write_json(directory / SIGNATURE_FILE, saved["signature"])

    @classmethod
    def load(cls, directory: Path) -> Problem:
        """Read what `save` wrote.

        Raises:
            StorageError: It is not there, or damaged.
        """
        return cls.from_dict(read_json(directory / _FILE))

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Problem:
        """Read a JSON object that `dataclasses.asdict` gave."""
        fields: dict[str, Any] = dict(saved)
        fields |= {"signature": signature_from(saved["signature"]), "classes": tuple(map(str, saved["classes"]))}
        return cls(**fields)


def _sigmoid(outputs: Floats) -> Floats:
    return np.asarray(1 / (1 + np.exp(-np.clip(outputs, -500, 500))))


def signature_from(saved: Mapping[str, Any]) -> Signature:
    """Read a signature from a JSON object."""
    fields: dict[str, Any] = dict(saved)
    fields["shape"] = tuple(int(side) for side in saved["shape"])
    return Signature(**fields)
