"""Plan of a training: how many epochs, and the learning rate of each step."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from cloudautoml.search import Fidelity

EPOCHS = 30
"""Epochs of a whole training, unless told otherwise."""
PATIENCE = 6
"""Epochs without a better validation score after which training ends, unless told otherwise."""

_WARM_UP = 0.1
_LEAST_RATE = 0.01
_COARSE: tuple[int, ...] = (*range(1, 11), 12, 14, 16, 18, 20, 24, 28, 32, 40, 50, 60, 80, 100, 120, 150, 200, 250, 300)


def epochs_at(fidelity: Fidelity, epochs: int) -> int:
    """Epochs of a training at a fidelity, of those of a whole one; at least one."""
    return max(1, round(epochs * fidelity.share("epochs")))


def epochs_left(epochs: int, done: Fidelity, wanted: Fidelity) -> int:
    """Epochs that remain of a training when a cheaper one is continued; at least one.

    Args:
        epochs: Epochs of the wanted training.
        done: How far the candidate has been trained.
        wanted: How far it is to be.
    """
    return max(1, math.ceil(epochs * (1 - min(1.0, done.cost / wanted.cost)) - 1e-9))


def rates(highest: float, *, first: int, count: int, total: int) -> npt.NDArray[np.float32]:
    """Learning rates of some steps: a linear warm-up, then a cosine down to a hundredth.

    Args:
        highest: The highest rate.
        first: The first step, from 0.
        count: How many steps.
        total: Steps of the whole training; later ones keep the last rate.
    """
    steps = np.arange(first, first + count, dtype=np.float64)
    warm = max(1.0, _WARM_UP * total)
    along = np.clip((steps - warm) / max(1.0, total - warm), 0.0, 1.0)
    cosine = _LEAST_RATE + (1 - _LEAST_RATE) * 0.5 * (1 + np.cos(np.pi * along))
    return (highest * np.where(steps < warm, np.minimum((steps + 1) / warm, 1.0), cosine)).astype(np.float32)


def affordable(planned: int, *, done: int, seconds_each: float, seconds_left: float) -> int:
    """Epochs that a training is shortened to, so that it ends in time.

    From a coarse list, so that small differences in speed change nothing.

    Args:
        planned: Epochs as planned.
        done: Epochs trained so far.
        seconds_each: Seconds that one took.
        seconds_left: Seconds left.
    """
    fit = done + int(min(1e6, seconds_left / max(1e-6, seconds_each)))
    if fit >= planned:
        return planned
    return max(count for count in (done, *_COARSE) if count <= fit)
