"""Trainer of networks: one candidate from its architecture to a score, with what others may start from left on disk."""

from __future__ import annotations

import contextlib
import json
import time
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data.arrays import write_array
from cloudautoml.search import FULL, Measurement, TrialFailedError, TrialSkippedError
from cloudautoml.store.files import write_json
from cloudautoml_local.executors.call import failure_of
from cloudautoml_local.spaces.neural import NetworkSpace
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.fidelity import examples_at, rows_at, signature_at
from cloudautoml_local.tasks.neural.files import WEIGHTS_FILE, weights_of, write_weights
from cloudautoml_local.tasks.neural.loop import Loop
from cloudautoml_local.tasks.neural.parents import Start, start_from
from cloudautoml_local.tasks.neural.plan import EPOCHS, PATIENCE, epochs_at
from cloudautoml_local.tasks.neural.problem import Problem
from cloudautoml_local.tasks.neural.session import arithmetic, begin_session
from cloudautoml_local.tasks.neural.training import Trained, fit
from cloudautoml_local.tasks.tabular.families.base import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cloudautoml.search import Architecture, EstimatorOptions, Fidelity, Signature
    from cloudautoml_local.spaces.neural import NeuralSpace
    from cloudautoml_local.tasks.base import Resources

_PROXY_EXAMPLES = 64
_SHARE_OF_TIME = 0.9  # saving takes time as well


@dataclass(frozen=True, slots=True)
class NeuralTrainer:
    """Trains one candidate on the training examples and measures it on the validation examples.

    Attributes:
        directory: The trial's folder; its neighbours are those of the other trials.
        task_directory: The task's folder with the examples.
        resources: What it may use.
        space: The space of the job, with its limits.
        options: Of the estimator: how long a whole training is.
        data_seed: Seed of which rows are left where they are cut.
        measured_costs: Costs that are wanted whatever it takes to measure them.
        began: When the trial began, by the monotonic clock; an estimator may train more than once.
    """

    directory: Path
    task_directory: Path
    resources: Resources
    space: NeuralSpace
    options: EstimatorOptions
    data_seed: int = 0
    measured_costs: frozenset[str] = frozenset()
    began: float = field(default_factory=time.monotonic)

    @property
    def epochs(self) -> int:
        """Epochs of a whole training."""
        return self.options.epochs or EPOCHS

    def curve_length(self, fidelity: Fidelity) -> int:
        """Epochs of a training at a fidelity."""
        return epochs_at(fidelity, self.epochs)

    def proxies(self, architecture: Architecture) -> Mapping[str, float]:
        """Scores of the untrained network, and what it takes.

        Raises:
            TrialFailedError: It cannot be built.
        """
        from cloudautoml_local.networks.proxies import proxies

        with _failing_as_trial():
            begin_session(self.resources)
            problem = Problem.load(self.task_directory)
            train = Examples.open(self.task_directory, "train")
            model = self.space.build(architecture, problem.signature)
            costs = {"parameters": float(model.count_params()), **self.space.costs(architecture)}
            rng = np.random.default_rng(0)  # the same examples for every candidate
            which = np.sort(rng.choice(len(train), min(_PROXY_EXAMPLES, len(train)), replace=False))
            x = train.take(which).x
            return {**proxies(model, x.astype(np.float32) / 255 if x.dtype == np.uint8 else x), **costs}

    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        """Train one candidate.

        Leaves in the trial's folder: `weights.npz`, `valid.npy` (predictions of the validation examples), and
        `trial.json`, written last.

        Args:
            architecture: The candidate.
            fidelity: What to cut: `epochs`, `rows`, `resolution`, `width`, `cells`.
            parent: Number of a trial to start from.
            on_step: Called after each epoch, from 1, with its validation score; the best of them is what counts.

        Raises:
            TrialFailedError: With the reason `nan`, `oom` or `error`.
            TrialSkippedError: The candidate breaks a limit of its space.
        """
        with _failing_as_trial():
            return self._train(architecture, fidelity, parent, on_step)

    def _train(
        self,
        architecture: Architecture,
        fidelity: Fidelity,
        parent: int | None,
        on_step: Callable[[int, float], bool] | None,
    ) -> Measurement:
        begin = time.perf_counter()
        seconds = self.resources.seconds
        deadline = Deadline(None if seconds is None else self.began + _SHARE_OF_TIME * seconds - time.monotonic())
        begin_session(self.resources)
        problem = Problem.load(self.task_directory)
        signature = signature_at(problem.signature, fidelity)
        valid = examples_at(self.task_directory, "valid", signature)
        train = rows_at(examples_at(self.task_directory, "train", signature), problem, fidelity, seed=self.data_seed)
        loop = self.build(architecture, problem, signature, fidelity)
        costs = self._costs(architecture, loop, problem, fidelity)
        start = Start(epochs=epochs_at(fidelity, self.epochs))
        if parent is not None:
            place = self.directory.parent / f"{parent:05d}"
            start = start_from(
                place, loop.model, (architecture, fidelity), space=self.space, signature=problem.signature,
                epochs=start.epochs, seed=self.resources.seed,
            )  # fmt: skip
        trained = fit(
            loop, train, valid, epochs=start.epochs, patience=self.options.patience or PATIENCE,
            seed=self.resources.seed, deadline=deadline, on_step=on_step,
        )  # fmt: skip
        reached = fidelity
        if trained.ended in {"stopped", "time"} and trained.epochs < trained.planned:
            reached = fidelity.cut(epochs=(start.before + trained.epochs) / (start.before + trained.planned))
        details = {**_details(trained, loop), **start.details}
        return self._measured(
            architecture, loop, problem, valid, trained, fidelity=reached, costs=costs, details=details,
            seconds=time.perf_counter() - begin,
        )  # fmt: skip

    def build(self, architecture: Architecture, problem: Problem, signature: Signature, fidelity: Fidelity) -> Loop:
        """The network of a candidate at a fidelity, ready to be trained."""
        width, cells = fidelity.share("width"), fidelity.share("cells")
        # a user's own model keeps the arithmetic that its builder has chosen
        ours = isinstance(self.space, NetworkSpace)
        with arithmetic(self.resources) if ours else contextlib.nullcontext():
            model = self.space.build(architecture, signature, width=width, cells=cells)
        batch = getattr(self.space.options, "batch_size", None)
        return Loop(model, problem, self.space.recipe(architecture), shape=signature.shape, batch=batch or 32)

    def _costs(self, architecture: Architecture, loop: Loop, problem: Problem, fidelity: Fidelity) -> dict[str, float]:
        """What using the candidate takes, at full fidelity.

        Raises:
            TrialSkippedError: That is more than a limit.
        """
        limits = self.space.limits
        costs = {str(name): float(value) for name, value in self.space.costs(architecture).items()}
        smaller = bool({"resolution", "width", "cells"} & fidelity.settings.keys())
        if smaller and (self.measured_costs | limits.keys()) & ({"latency_ms", "parameters"} - costs.keys()):
            loop, smaller = self.build(architecture, problem, problem.signature, FULL), False
        if not smaller:
            costs["parameters"] = float(loop.model.count_params())
            costs["latency_ms"] = loop.latency()
        broken = [name for name, most in limits.items() if costs.get(name, 0.0) > most]
        if broken:
            over = "; ".join(f"{name} is {costs[name]:g}, at most {limits[name]:g}" for name in broken)
            raise TrialSkippedError(over)
        return costs

    def _measured(
        self,
        architecture: Architecture,
        loop: Loop,
        problem: Problem,
        valid: Examples,
        trained: Trained,
        *,
        fidelity: Fidelity,
        costs: dict[str, float],
        details: dict[str, str | int | float | bool | None],
        seconds: float,
    ) -> Measurement:
        assert trained.found is not None
        metrics = problem.metrics(valid.target, trained.found, valid.weight)
        if problem.metric not in metrics:
            raise TrialFailedError("nan", f"{problem.metric} of the predictions is not a number")
        weights = weights_of(loop.model)
        costs["size_mb"] = sum(array.nbytes for array in weights.values()) / 1e6
        write_weights(self.directory / WEIGHTS_FILE, weights)
        write_array(self.directory / "valid.npy", trained.found)
        write_json(
            self.directory / "trial.json",
            {
                "architecture": json.loads(architecture.to_json()),
                "fidelity": dict(fidelity.settings),
                "curve": list(trained.curve),
                "logits": loop.logits,
                **details,
            },
        )
        return Measurement(
            score=problem.score_of(metrics),
            metrics=metrics,
            curve=trained.curve,
            seconds=seconds,
            fidelity=fidelity,
            costs=costs,
            details=details,
        )


def _details(trained: Trained, loop: Loop) -> dict[str, str | int | float | bool | None]:
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


class _failing_as_trial:  # noqa: N801 - reads as a block
    """Whatever is raised inside becomes a `TrialFailedError`."""

    def __enter__(self) -> None:
        pass

    def __exit__(self, kind: type[BaseException] | None, exc: BaseException | None, _traceback: Any) -> None:
        if isinstance(exc, Exception) and not isinstance(exc, TrialFailedError):
            reason, message = failure_of(exc)
            raise TrialFailedError(reason, message[:500]) from exc
