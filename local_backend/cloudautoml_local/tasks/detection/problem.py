"""Problem: what a detector has to find, and how well it does."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml.scoring_boxes import box_metrics, score_boxes
from cloudautoml.search import Signature
from cloudautoml.spec.metrics import get_metric
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.detection.decode import lists
from cloudautoml_local.tasks.detection.windows import IGNORED

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    from cloudautoml.scoring_boxes import ClassScore

    Floats = npt.NDArray[np.float64]

PROBLEM_FILE = "problem.json"
_SCALE = 1000.0


@dataclass(frozen=True, slots=True)
class DetectionProblem:
    """What is to be found.

    Attributes:
        side: Pixels of the squares that images are kept in.
        classes: The class labels, in the order of their numbers.
        metric: Canonical name of the metric that decides.
    """

    side: int
    classes: tuple[str, ...]
    metric: str

    @property
    def signature(self) -> Signature:
        """What goes into the networks and how many classes there are."""
        return Signature("scene", (self.side, self.side, 3), len(self.classes))

    def scores(self, target: npt.NDArray[Any], found: Floats) -> Sequence[ClassScore | None]:
        """How well each class is found.

        Args:
            target: (images, boxes, 5), as `Examples` have it.
            found: (images, 100, 6), as `decoded` gives it.
        """
        return score_boxes(truth_of(target), [boxes * _GROWN for boxes in lists(found)], classes=len(self.classes))

    def metrics(self, target: npt.NDArray[Any], found: Floats) -> dict[str, float]:
        """Metrics by name; empty where there is nothing to find."""
        return box_metrics(self.scores(target, found))

    def score_of(self, metrics: Mapping[str, float]) -> float:
        """The score of the metric that decides; higher is better."""
        return get_metric(self.metric).to_score(metrics[self.metric])

    def score(self, target: npt.NDArray[Any], found: Floats, weight: Floats | None) -> float:  # noqa: ARG002
        """The score of the metric that decides; images have no weights."""
        metrics = self.metrics(target, found)
        return self.score_of(metrics) if self.metric in metrics else 0.0

    def save(self, directory: Path) -> None:
        """Write it."""
        write_json(directory / PROBLEM_FILE, asdict(self))

    @classmethod
    def load(cls, directory: Path) -> DetectionProblem:
        """Read what `save` wrote."""
        return cls.from_dict(read_json(directory / PROBLEM_FILE))

    @classmethod
    def from_dict(cls, value: Mapping[str, Any]) -> DetectionProblem:
        """Read a JSON object."""
        return cls(int(value["side"]), tuple(map(str, value["classes"])), str(value["metric"]))


_GROWN = np.array([_SCALE, _SCALE, _SCALE, _SCALE, 1.0, 1.0])
"""Shares of the side as pixels: what COCO calls an area is never below one."""


def truth_of(target: npt.NDArray[Any]) -> list[Floats]:
    """For each image its boxes (boxes, 6) as scoring wants them: edges, class, and 1 for a crowd."""
    found: list[Floats] = []
    for boxes in np.asarray(target, np.float64):
        real = boxes[boxes[:, 4] >= 0]
        plain = np.column_stack([real[:, :4] * _SCALE, real[:, 4], np.zeros(len(real))])
        crowds = boxes[boxes[:, 4] <= IGNORED]
        crowd = np.column_stack([crowds[:, :4] * _SCALE, IGNORED - crowds[:, 4], np.ones(len(crowds))])
        found.append(np.concatenate([plain, crowd]))
    return found
