"""The contract of a model family: what it is fitted on, what it gives back, and what a module of one offers."""

from __future__ import annotations

import math
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Literal, Protocol, TypeAlias

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt

    from cloudautoml.search import Decision
    from cloudautoml.search.space import Option

    Floats: TypeAlias = npt.NDArray[np.float64]
    Matrix: TypeAlias = npt.NDArray[np.float32]

Kind = Literal["binary", "multiclass", "regression"]
Loss = Literal["log", "squared", "absolute"]
Params: TypeAlias = "Mapping[str, Option]"


@dataclass(frozen=True, slots=True)
class Problem:
    """What is to be learned, and with what.

    Attributes:
        kind: Two classes, more, or a number.
        classes: Number of classes; 1 for a number.
        loss: What to minimise in training.
        levels: For each column of the tree view, its number of categories, 0 for a number.
        seed: Seed of everything that is drawn.
        threads: CPU threads.
    """

    kind: Kind
    classes: int
    loss: Loss
    levels: tuple[int, ...]
    seed: int = 0
    threads: int = 1

    @property
    def categorical(self) -> list[int]:
        """Positions of the categories in the tree view."""
        return [i for i, levels in enumerate(self.levels) if levels]


@dataclass(frozen=True, slots=True, eq=False)
class Rows:
    """Rows with their truth.

    Attributes:
        tree: n rows of the tree view.
        dense: n rows of the dense view.
        target: n class codes, or n numbers, as float64.
        weight: n weights; None when all are equal.
    """

    tree: Matrix
    dense: Matrix
    target: Floats
    weight: Floats | None = None

    def __len__(self) -> int:
        return len(self.target)


class Deadline:
    """A moment after which training has to end by itself.

    Args:
        seconds: From now; None for never.
    """

    def __init__(self, seconds: float | None) -> None:
        self._end = math.inf if seconds is None else time.monotonic() + seconds

    @property
    def left(self) -> float:
        """Seconds left, zero and above; infinite without a limit."""
        return max(0.0, self._end - time.monotonic())

    @property
    def passed(self) -> bool:
        """Whether it is over."""
        return time.monotonic() >= self._end


class Pace:
    """Raises the learning rate of boosting where the time allows too few rounds at the rate that was asked for.

    A model cut off half way is worth little, while one that learned twice as fast is nearly as good.

    Args:
        rate: Learning rate that was asked for.
        deadline: When training has to end.
    """

    _WORK = 50.0  # rounds times rate that a model usually needs
    _STEPS = (1.0, 1.5, 2.0, 3.0, 4.0, 6.0, 10.0)  # few of them, so that small differences in speed change nothing
    _FASTEST = 0.4
    PROBE = 8
    """Rounds after which to ask."""

    def __init__(self, rate: float, deadline: Deadline) -> None:
        self.rate = rate
        self._deadline, self._first, self._asked = deadline, 0.0, math.isinf(deadline.left)

    def faster(self, step: int) -> bool:
        """Note that round `step` (from 1) is done; tells, once, that `rate` has been raised."""
        if step == 1:
            self._first = time.monotonic()
        if step != self.PROBE or self._asked:
            return False
        self._asked = True
        each = max(1e-6, (time.monotonic() - self._first) / (step - 1))
        wanted = self._WORK / self.rate * each / max(0.1, self._deadline.left)
        factor = next((step for step in self._STEPS if step * 1.1 >= wanted), self._STEPS[-1])
        old, self.rate = self.rate, max(self.rate, min(self.rate * factor, self._FASTEST))
        return self.rate > old


class Patience:
    """Early stopping: allows more rounds without a gain the longer it has been getting better.

    Args:
        first: Rounds without a gain that are always allowed.
        share: Further rounds, as a share of those up to the best one.
    """

    def __init__(self, first: int, share: float = 0.1) -> None:
        self.first, self._share = first, share
        self.best_round, self.best_loss = 0, math.inf

    def over(self, step: int, loss: float) -> bool:
        """Note the loss after round `step` (from 1); tells whether to stop."""
        if loss < self.best_loss:
            self.best_round, self.best_loss = step, loss
        return step - self.best_round > self.first + self._share * self.best_round


def patience_of(rate: float) -> int:
    """Rounds without a gain to allow at a learning rate."""
    return max(20, int(4.0 / rate))


class Fitted(Protocol):
    """A trained model of one family."""

    @property
    def rounds(self) -> int:
        """Boosting rounds, trees or epochs it uses; 0 where there is no such thing."""
        ...

    @property
    def rate(self) -> float:
        """Learning rate it was boosted with, which may be above the one asked for; 0 where there is no such thing."""
        ...

    def predict(self, tree: Matrix, dense: Matrix) -> Floats:
        """N x k probabilities, or n numbers, for rows given in both views."""
        ...

    def save(self, directory: Path) -> None:
        """Write it into a folder that exists."""
        ...


class Family(Protocol):
    """A module under `families/`, as the trainer sees it."""

    @property
    def NAME(self) -> str:  # noqa: N802 - a module's constant
        """Its name in specs and leaderboards."""
        ...

    @property
    def PARAMETERS(self) -> tuple[Decision, ...]:  # noqa: N802 - a module's constant
        """What can be chosen."""
        ...

    @property
    def DEFAULTS(self) -> tuple[dict[str, Any], ...]:  # noqa: N802 - a module's constant
        """Choices that are known to do well."""
        ...

    def fit(
        self,
        params: Params,
        train: Rows,
        valid: Rows | None,
        problem: Problem,
        *,
        deadline: Deadline,
        rounds: int | None = None,
    ) -> Fitted:
        """Train one model.

        Args:
            params: Options of `PARAMETERS`, by name.
            train: Rows to learn from.
            valid: Rows to stop early on; None to train `rounds` rounds.
            problem: What is to be learned.
            deadline: When to stop, whatever has been reached.
            rounds: Rounds to train without validation rows.
        """
        ...

    def load(self, directory: Path) -> Fitted:
        """Read what `Fitted.save` wrote."""
        ...
