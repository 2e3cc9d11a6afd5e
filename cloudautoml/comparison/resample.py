"""Resampling: how sure a score on the sealed rows is, and how sure the difference between two of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

Floats = npt.NDArray[np.float64]
Rows = npt.NDArray[np.int64]

LEVEL = 0.95
_MOST, _LEAST = 2000, 400
_WORK = 10_000_000
"""Rows that are scored in all resamples of one model together; large holdouts need fewer resamples."""


@dataclass(frozen=True, slots=True)
class Interval:
    """Where a value lies in 95 of 100 draws of the rows.

    Attributes:
        low: Its lower end.
        high: Its upper end.
    """

    low: float
    high: float

    def __contains__(self, value: float) -> bool:
        return self.low <= value <= self.high


def resample_count(rows: int) -> int:
    """How many resamples of so many rows are drawn."""
    return int(np.clip(_WORK // max(1, rows), _LEAST, _MOST))


def resampled_scores(
    scorers: Sequence[Callable[[Rows], float]], *, rows: int, seed: int, groups: Rows | None = None
) -> Floats:
    """The scores of several models on the same resamples of the rows.

    Args:
        scorers: Each takes places of rows and gives a model's score on them; not a number where it is not defined.
        rows: How many rows there are.
        seed: Seed of the draws.
        groups: Number of each row's group, from 0: rows of a group are drawn together, since they are alike.

    Returns:
        Models x resamples.
    """
    rng = np.random.default_rng(seed)
    members = None
    if groups is not None:
        members = [np.flatnonzero(groups == group) for group in range(int(groups.max()) + 1)]
    found = np.empty((len(scorers), resample_count(rows)))
    for number in range(found.shape[1]):
        if members is None:
            drawn = rng.integers(0, rows, rows)
        else:
            drawn = np.concatenate([members[group] for group in rng.integers(0, len(members), len(members))])
        for model, score in enumerate(scorers):
            found[model, number] = score(drawn)
    return found


def interval(value: float, resampled: Floats, *, jackknifed: Floats | None = None) -> Interval | None:
    """The bootstrap interval of a score (bias-corrected, and accelerated where the jackknife is given).

    Args:
        value: The score on all rows.
        resampled: Its values on the resamples; those that are not numbers are left out.
        jackknifed: Its values with a part of the rows left out each time.

    Returns:
        None where too few resamples have a score.

    Source:
        Efron (1987), Better Bootstrap Confidence Intervals, JASA 82.
    """
    known = resampled[np.isfinite(resampled)]
    if len(known) < _LEAST // 2 or not math.isfinite(value):
        return None
    if np.ptp(known) == 0:
        return Interval(float(known[0]), float(known[0]))
    below = (np.sum(known < value) + 0.5 * np.sum(known == value)) / len(known)
    bias = _quantile_of_normal(float(np.clip(below, 1 / (2 * len(known)), 1 - 1 / (2 * len(known)))))
    bend = 0.0 if jackknifed is None else _acceleration(jackknifed)
    ends: list[float] = []
    for share in ((1 - LEVEL) / 2, (1 + LEVEL) / 2):
        shifted = bias + _quantile_of_normal(share)
        ends.append(_normal(bias + shifted / (1 - bend * shifted)))
    low, high = np.quantile(known, ends)
    return Interval(float(low), float(high))


def jackknifed_scores(score: Callable[[Rows], float], *, rows: int, blocks: int = 100) -> Floats:
    """Scores with one block of rows left out each time; each row alone where there are few."""
    places = np.arange(rows)
    return np.array([score(np.setdiff1d(places, out)) for out in np.array_split(places, min(blocks, rows))])


def wins(leader: Floats, other: Floats) -> float:
    """Share of the resamples in which one model is ahead of another; equal scores count half."""
    both = np.isfinite(leader) & np.isfinite(other)
    ahead = leader[both] - other[both]
    return float(np.mean((ahead > 0) + 0.5 * (ahead == 0))) if both.any() else float("nan")


def _acceleration(jackknifed: Floats) -> float:
    known = jackknifed[np.isfinite(jackknifed)]
    apart = known.mean() - known
    spread = float(np.sum(apart**2)) ** 1.5
    return float(np.sum(apart**3)) / (6 * spread) if spread > 0 else 0.0


def _normal(value: float) -> float:
    return 0.5 * math.erfc(-value / math.sqrt(2))


def _quantile_of_normal(share: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(share)
