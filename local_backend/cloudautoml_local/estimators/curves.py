"""Curves: where a learning curve will end, from the part that was seen and from those that have ended."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Sequence

    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

LEAST_FINISHED: Final = 5
"""Finished curves without which nothing is said: forms alone mislead wherever the learning rate has a schedule."""
LEAST_SEEN: Final = 2
"""Steps without which nothing is said."""
_MOST_NEIGHBOURS: Final = 15


@dataclass(frozen=True, slots=True)
class Forecast:
    """Where a curve will end: its best score, as a Student distribution.

    Attributes:
        level: The most likely best score.
        spread: Scale of the distribution.
        freedom: Its degrees of freedom: finished curves less one.
    """

    level: float
    spread: float
    freedom: int

    def chance_to_beat(self, score: float) -> float:
        """Probability that the curve ends above a score."""
        from scipy.special import stdtr

        return float(stdtr(self.freedom, (self.level - score) / self.spread))

    def interval(self, share: float = 0.9) -> tuple[float, float]:
        """Where it ends with this probability."""
        from scipy.special import stdtrit

        half = float(stdtrit(self.freedom, (1 + share) / 2)) * self.spread
        return self.level - half, self.level + half


def forecast(seen: Sequence[float], finished: Sequence[Sequence[float]]) -> Forecast | None:
    """Predict the best score that a curve will have come to at its end.

    Several methods are asked: the ends of the finished curves that began most alike, parametric forms fitted to what
    was seen, and the best score so far. How much each is trusted, and how far it is off as a rule, is measured on the
    finished curves, each cut where this one stands.

    Args:
        seen: The scores so far, one a step.
        finished: Whole curves of other candidates, trained as this one is; all of one length.

    Returns:
        The forecast; None where `LEAST_FINISHED` or `LEAST_SEEN` is not reached.
    """
    import numpy as np

    if len(finished) < LEAST_FINISHED or len(seen) < LEAST_SEEN:
        return None
    known = np.maximum.accumulate(np.asarray(finished, dtype=np.float64), axis=1)
    now, length = len(seen), known.shape[1]
    ends = known[:, -1]
    prefixes = np.vstack([known[:, :now], np.maximum.accumulate(np.asarray(seen, dtype=np.float64))])
    # a row a method, a column a curve; the last column is the curve that is asked about
    guesses = np.vstack([prefixes[:, -1], neighbours(prefixes, ends), *forms(prefixes, length)])
    room = np.ptp(ends) + 1e-12
    guesses = np.clip(guesses, prefixes[:, -1], np.maximum(ends.max() + room, prefixes[:, -1]))
    errors = ends - guesses[:, :-1]
    biases = errors.mean(axis=1, keepdims=True)
    scales = np.mean((errors - biases) ** 2, axis=1) + 1e-12
    weights = (1 / scales) / np.sum(1 / scales)
    levels = weights @ (guesses + biases)
    misses = ends - levels[:-1]
    count = len(ends)
    spread = math.sqrt(float(np.sum(misses**2)) / (count - 1) * (1 + 1 / count)) + 1e-9 + 1e-3 * float(room)
    level = max(float(levels[-1]), float(prefixes[-1, -1]))
    return Forecast(level, spread, count - 1)


def neighbours(prefixes: Floats, ends: Floats) -> Floats:
    """For each curve, the mean end of the finished ones that began most alike; of a finished one, of the others.

    Args:
        prefixes: Beginnings, a row each; those of the finished curves first.
        ends: Where the finished curves ended.
    """
    import numpy as np

    count = len(ends)
    most = min(_MOST_NEIGHBOURS, max(3, count // 4))
    distances = np.sqrt(((prefixes[:, None, :] - prefixes[None, :count, :]) ** 2).mean(axis=2))
    distances[np.arange(count), np.arange(count)] = np.inf
    nearest = np.argsort(distances, axis=1, kind="stable")[:, :most]
    return cast("Floats", ends[nearest].mean(axis=1))


def forms(prefixes: Floats, length: int) -> list[Floats]:
    """For each parametric form, where each curve is at its last step by the least-squares fit of that form.

    Every form is `a - b * decay(step)`, with `b` at least zero: linear but for one or two numbers in the decay, which
    are looked for on a grid, for all curves at once.

    Args:
        prefixes: Beginnings, a row each.
        length: The last step, counted from 1.
    """
    import numpy as np

    steps = np.arange(1, prefixes.shape[1] + 1, dtype=np.float64)
    return [_fitted(prefixes, list(family(steps)), list(family(np.array([float(length)])))) for family in FAMILIES]


def _fitted(curves: Floats, decays: Sequence[Floats], lasts: Sequence[Floats]) -> Floats:
    import numpy as np

    basis = np.stack(decays)  # grid x steps
    middle = basis.mean(axis=1, keepdims=True)
    centred = basis - middle
    power = np.sum(centred**2, axis=1) + 1e-12
    means = curves.mean(axis=1, keepdims=True)
    slopes = np.minimum((curves - means) @ centred.T / power, 0.0)  # curves x grid; `-b`
    residual = np.sum((curves - means) ** 2, axis=1, keepdims=True) - slopes**2 * power
    chosen = np.argmin(np.where(slopes < 0, residual, np.inf), axis=1)
    rows = np.arange(len(curves))
    last = np.array([value[0] for value in lasts])
    ends = means[:, 0] + slopes[rows, chosen] * (last[chosen] - middle[chosen, 0])
    return cast("Floats", ends)


def power(steps: Floats) -> Iterator[Floats]:
    """The power law of three parameters: `a - b * step^-c`."""
    return (steps**-c for c in (0.1, 0.2, 0.3, 0.5, 0.7, 1.0, 1.4, 2.0, 3.0))


def weibull(steps: Floats) -> Iterator[Floats]:
    """The growth of Weibull and of Janoschek: `a - b * exp(-(step / scale)^shape)`."""
    import numpy as np

    return (np.exp(-((steps / scale) ** shape)) for scale in _SCALES for shape in (0.5, 0.7, 1.0, 1.4))


def mmf(steps: Floats) -> Iterator[Floats]:
    """The growth of Morgan, Mercer and Flodin: `a - b / (1 + (step / scale)^shape)`."""
    return (1 / (1 + (steps / scale) ** shape) for scale in _SCALES for shape in (0.5, 0.7, 1.0, 1.4, 2.0))


def logarithm(steps: Floats) -> Iterator[Floats]:
    """The slowest: `a - b / log(step + 1)`."""
    import numpy as np

    yield 1 / np.log(steps + 1)


_SCALES: Final = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0, 128.0)
FAMILIES: Final[tuple[Callable[[Floats], Iterator[Floats]], ...]] = (power, weibull, mmf, logarithm)
"""The forms: their decays at some steps, for each point of a grid of parameters."""
