"""Training of one model: epoch by epoch until its plan, its patience, its time or whoever watches ends it."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np

from cloudautoml.search import TrialFailedError
from cloudautoml_local.tasks.neural.plan import affordable, rates

if TYPE_CHECKING:
    from collections.abc import Callable

    import numpy.typing as npt

    from cloudautoml_local.tasks.neural.examples import Examples
    from cloudautoml_local.tasks.neural.problem import Floats
    from cloudautoml_local.tasks.tabular.families.base import Deadline

_STEPS_BETWEEN_LOOKS = 100
_NO_SCORE = -1e9


class Judge(Protocol):
    """What tells how good predictions are."""

    def score(self, target: npt.NDArray[Any], found: Floats, weight: Floats | None) -> float:
        """The score of predictions; higher is better."""
        ...


class Learner(Protocol):
    """What is trained: a model with the graph of its steps, such as `Loop`."""

    batch: int
    """Examples a step."""
    highest_rate: float | None
    """The highest learning rate; None where the optimiser has its own."""
    weights: list[npt.NDArray[Any]]
    """The weights as they are now; they can be set."""

    @property
    def problem(self) -> Judge:
        """What is to be learned."""
        ...

    def steps_of(self, examples: Examples) -> int:
        """Steps of an epoch."""
        ...

    def trace(self, examples: Examples) -> None:
        """Build the graph without taking a step."""
        ...

    def train(self, examples: Examples, order: npt.NDArray[np.int64], rates: npt.NDArray[np.float32] | None) -> float:
        """Take some steps; returns the mean loss."""
        ...

    def predict(self, x: npt.NDArray[Any]) -> Floats:
        """Predictions of inputs."""
        ...


@dataclass(frozen=True, slots=True, eq=False)
class Trained:
    """What a training came to.

    Attributes:
        curve: Validation score after each epoch; empty without validation examples.
        best_epoch: The epoch, from 1, whose weights were kept.
        epochs: Epochs that were trained.
        planned: Epochs that were to be trained.
        ended: Why it ended: `planned`, `patience`, `time` or `stopped`.
        found: Predictions of the validation examples at the best epoch; None without such examples.
        seconds_each: Seconds an epoch took, its validation included.
        predict_ms: Milliseconds to predict an example in a batch; None without validation examples.
    """

    curve: tuple[float, ...]
    best_epoch: int
    epochs: int
    planned: int
    ended: str
    found: Floats | None
    seconds_each: float
    predict_ms: float | None = None


def fit(
    loop: Learner,
    train: Examples,
    valid: Examples | None,
    *,
    epochs: int,
    patience: int | None,
    seed: int,
    deadline: Deadline,
    on_step: Callable[[int, float], bool] | None = None,
) -> Trained:
    """Train a model; afterwards it has the weights of its best epoch.

    Args:
        loop: The model.
        train: Examples to learn from.
        valid: Examples to find the best epoch by; None to keep the last one.
        epochs: Epochs to train; the learning rate is planned for them.
        patience: Epochs without a better score after which to end; None for never.
        seed: Seed of the order of the examples.
        deadline: When to end; the plan is shortened after the first epoch, if need be.
        on_step: Called after each epoch with its number, from 1, and its score; ends the training by False.

    Raises:
        TrialFailedError: The loss or the predictions are not numbers.
    """
    rng = np.random.default_rng(seed)
    loop.trace(train)  # by itself, so that the first epoch takes as long as the others
    curve: list[float] = []
    best: tuple[int, list[npt.NDArray[Any]], Floats] | None = None
    planned, epoch, ended = epochs, 0, "planned"
    predicting, begin = math.inf, time.monotonic()
    while epoch < planned and ended == "planned":
        whole = _epoch(loop, train, rng.permutation(len(train)), epoch=epoch, planned=planned, deadline=deadline)
        epoch += 1
        if valid is not None:
            start = time.monotonic()
            found = loop.predict(valid.x)
            predicting = min(predicting, time.monotonic() - start)
            if not np.isfinite(found).all():
                raise TrialFailedError("nan", f"the predictions of epoch {epoch} are not numbers")
            curve.append(max(_NO_SCORE, loop.problem.score(valid.target, found, valid.weight)))
            if best is None or curve[-1] > curve[best[0] - 1]:
                best = epoch, loop.weights, found
            if patience is not None and epoch - best[0] >= patience:
                ended = "patience"
            if on_step is not None and not on_step(epoch, curve[-1]):
                ended = "stopped"
        each = (time.monotonic() - begin) / epoch
        if epoch == 1:
            planned = affordable(planned, done=1, seconds_each=each, seconds_left=deadline.left)
        if not whole or (deadline.passed and epoch < planned):
            ended = "time"
    if ended == "planned" and planned < epochs:
        ended = "time"
    each = (time.monotonic() - begin) / epoch
    if best is None or valid is None:
        return Trained((), epoch, epoch, epochs, ended, None, each)
    loop.weights = best[1]
    return Trained(tuple(curve), best[0], epoch, epochs, ended, best[2], each, 1000 * predicting / len(valid))


def _epoch(
    loop: Learner, train: Examples, order: npt.NDArray[np.int64], *, epoch: int, planned: int, deadline: Deadline
) -> bool:
    """See each example once; tells whether the time sufficed."""
    each = loop.steps_of(train)
    for start in range(0, each, _STEPS_BETWEEN_LOOKS):
        if start and deadline.passed:
            return False
        steps = min(_STEPS_BETWEEN_LOOKS, each - start)
        planned_rates = None
        if loop.highest_rate is not None:
            planned_rates = rates(loop.highest_rate, first=epoch * each + start, count=steps, total=planned * each)
        loss = loop.train(train, order[start * loop.batch : (start + steps) * loop.batch], planned_rates)
        if not math.isfinite(loss):
            raise TrialFailedError("nan", f"the loss is {loss} in epoch {epoch + 1}")
    return True
