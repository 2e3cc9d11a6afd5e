"""Trainer of detectors: one candidate from its architecture to a score, with its weights left on disk."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data.arrays import write_array
from cloudautoml.search import Measurement, TrialFailedError, TrialSkippedError
from cloudautoml.store.files import write_json
from cloudautoml_local.executors.call import failure_of
from cloudautoml_local.networks.lite import read_backbone
from cloudautoml_local.tasks.detection.loop import DetectionLoop
from cloudautoml_local.tasks.detection.problem import DetectionProblem
from cloudautoml_local.tasks.detection.task import BACKBONE_FILE
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.files import WEIGHTS_FILE, weights_of, write_weights
from cloudautoml_local.tasks.neural.plan import epochs_at
from cloudautoml_local.tasks.neural.session import begin_session
from cloudautoml_local.tasks.neural.training import fit
from cloudautoml_local.tasks.tabular.families.base import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cloudautoml.search import Architecture, EstimatorOptions, Fidelity
    from cloudautoml_local.spaces.detector import DetectorSpace
    from cloudautoml_local.tasks.base import Resources
    from cloudautoml_local.tasks.neural.training import Trained

EPOCHS = 40
"""Epochs of a whole training, unless told otherwise."""
PATIENCE = 15
"""Epochs without a better validation score after which training ends: average precision is a rough measure."""
_SHARE_OF_TIME = 0.9  # saving takes time as well


@dataclass(frozen=True, slots=True)
class DetectionTrainer:
    """Trains one candidate on the images to learn from and measures it on those to choose by.

    Attributes:
        directory: The trial's folder.
        task_directory: The task's folder with the examples.
        resources: What it may use.
        space: The space of the job, with its limits.
        options: Of the estimator: how long a whole training is.
        data_seed: Seed of which images are left where they are cut.
        began: When the trial began, by the monotonic clock.
    """

    directory: Path
    task_directory: Path
    resources: Resources
    space: DetectorSpace
    options: EstimatorOptions
    data_seed: int = 0
    began: float = field(default_factory=time.monotonic)

    def curve_length(self, fidelity: Fidelity) -> int:
        """Epochs of a training at a fidelity."""
        return epochs_at(fidelity, self.options.epochs or EPOCHS)

    def proxies(self, architecture: Architecture) -> Mapping[str, float]:  # noqa: ARG002 - the same for all
        """Detectors are not scored untrained.

        Raises:
            TrialFailedError: Always.
        """
        raise TrialFailedError("error", f"the space {self.space.name} has no scores of untrained networks")

    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,  # noqa: ARG002 - each is trained from its backbone
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        """Train one candidate.

        Leaves in the trial's folder: `weights.npz`, `valid.npy` (boxes of the validation images), and `trial.json`,
        written last.

        Args:
            architecture: The candidate.
            fidelity: What to cut: `epochs`, `rows`.
            parent: Not used.
            on_step: Called after each epoch, from 1, with its validation score; the best of them is what counts.

        Raises:
            TrialFailedError: With the reason `nan`, `oom` or `error`.
            TrialSkippedError: The candidate breaks a limit of its space.
        """
        try:
            return self._train(architecture, fidelity, on_step)
        except TrialFailedError:
            raise
        except Exception as exc:
            reason, message = failure_of(exc)
            raise TrialFailedError(reason, message[:500]) from exc

    def build(self, architecture: Architecture, problem: DetectionProblem) -> DetectionLoop:
        """The detector of a candidate, ready to be trained."""
        weights = read_backbone(self.task_directory / BACKBONE_FILE) if self.space.trained else None
        detector = self.space.build(architecture, side=problem.side, classes=len(problem.classes), weights=weights)
        return DetectionLoop(
            detector, problem, self.space.recipe(architecture), augment=str(architecture["augment"]),
            kept=self.task_directory / "kept", seed=self.data_seed,
        )  # fmt: skip

    def deadline(self) -> Deadline:
        """When to end, so that there is time to save."""
        seconds = self.resources.seconds
        return Deadline(None if seconds is None else self.began + _SHARE_OF_TIME * seconds - time.monotonic())

    def _train(
        self, architecture: Architecture, fidelity: Fidelity, on_step: Callable[[int, float], bool] | None
    ) -> Measurement:
        begin, deadline = time.perf_counter(), self.deadline()
        begin_session(self.resources)
        problem = DetectionProblem.load(self.task_directory)
        valid = Examples.open(self.task_directory, "valid")
        train = _some(Examples.open(self.task_directory, "train"), fidelity.share("rows"), seed=self.data_seed)
        loop = self.build(architecture, problem)
        costs = self._costs(loop)
        trained = fit(
            loop, train, valid, epochs=self.curve_length(fidelity), patience=self.options.patience or PATIENCE,
            seed=self.resources.seed, deadline=deadline, on_step=on_step,
        )  # fmt: skip
        reached = fidelity
        if trained.ended in {"stopped", "time"} and trained.epochs < trained.planned:
            reached = fidelity.cut(epochs=trained.epochs / trained.planned)
        assert trained.found is not None
        metrics = problem.metrics(valid.target, trained.found)
        if problem.metric not in metrics:
            raise TrialFailedError("error", "there is no box in the images to choose by")
        weights = weights_of(loop.model)
        costs["size_mb"] = sum(array.nbytes for array in weights.values()) / 1e6
        write_weights(self.directory / WEIGHTS_FILE, weights)
        write_array(self.directory / "valid.npy", trained.found)
        details = _details(trained, loop)
        left: dict[str, Any] = {
            "architecture": json.loads(architecture.to_json()), "fidelity": dict(reached.settings),
            "curve": list(trained.curve), **details,
        }  # fmt: skip
        write_json(self.directory / "trial.json", left)
        return Measurement(
            score=problem.score_of(metrics), metrics=metrics, curve=trained.curve,
            seconds=time.perf_counter() - begin, fidelity=reached, costs=costs, details=details,
        )  # fmt: skip

    def _costs(self, loop: DetectionLoop) -> dict[str, float]:
        """What using the candidate takes.

        Raises:
            TrialSkippedError: That is more than a limit.
        """
        costs = {"parameters": float(loop.model.count_params()), "latency_ms": loop.latency()}
        limits = self.space.limits
        broken = [name for name, most in limits.items() if costs.get(name, 0.0) > most]
        if broken:
            over = "; ".join(f"{name} is {costs[name]:g}, at most {limits[name]:g}" for name in broken)
            raise TrialSkippedError(over)
        return costs


def _some(examples: Examples, share: float, *, seed: int) -> Examples:
    """A share of the images; the same ones for every candidate of a job."""
    if share >= 1:
        return examples
    count = max(1, round(share * len(examples)))
    return examples.take(np.sort(np.random.default_rng(seed).choice(len(examples), count, replace=False)))


def _details(trained: Trained, loop: DetectionLoop) -> dict[str, str | int | float | bool | None]:
    return {
        "epochs": trained.epochs,
        "epochs_best": trained.best_epoch,
        "epochs_planned": trained.planned,
        "ended": trained.ended,
        "seconds_per_epoch": trained.seconds_each,
        "predict_ms_per_row": trained.predict_ms,
        "learning_rate": loop.highest_rate,
        "batch_size": loop.batch,
    }
