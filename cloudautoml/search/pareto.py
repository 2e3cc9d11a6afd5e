"""Pareto: which of some points no other beats in everything, and in which order the rest follow."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Sequence

Point = tuple[float, ...]
"""What is to be minimised, all of one length; a score goes in negated."""


def dominates(one: Sequence[float], other: Sequence[float]) -> bool:
    """Whether one point is as good as another everywhere, and better somewhere."""
    return all(a <= b for a, b in zip(one, other, strict=True)) and tuple(one) != tuple(other)


def front(points: Sequence[Point]) -> list[int]:
    """Positions of the points that no other dominates, in their order; of equal points all."""
    kept: list[int] = []
    for position in sorted(range(len(points)), key=points.__getitem__):  # nothing dominates what comes before it
        if not any(dominates(points[known], points[position]) for known in kept):
            kept.append(position)
    return sorted(kept)


def ranks(points: Sequence[Point]) -> list[int]:
    """For each point the front it is on: 0 for the first, 1 for the one when that is taken away, and so on."""
    found = [0] * len(points)
    fronts: list[list[Point]] = []
    for position in sorted(range(len(points)), key=points.__getitem__):
        point = points[position]
        rank = 0
        while rank < len(fronts) and any(dominates(other, point) for other in fronts[rank]):
            rank += 1
        if rank == len(fronts):
            fronts.append([])
        fronts[rank].append(point)
        found[position] = rank
    return found


def crowding(points: Sequence[Point]) -> list[float]:
    """For each point how far its neighbours along each axis are apart; infinite at the ends of an axis.

    The crowding distance of Deb et al. (2002, NSGA-II), to be taken of the points of one front. Infinite values
    crowd nobody: they count as the worst finite one.
    """
    distances = [0.0] * len(points)
    points = list(zip(*map(_finite, zip(*points, strict=True)), strict=True))
    for axis in range(len(points[0]) if points else 0):
        order = sorted(range(len(points)), key=lambda position: points[position][axis])
        low, high = points[order[0]][axis], points[order[-1]][axis]
        distances[order[0]] = distances[order[-1]] = math.inf
        if high > low:
            for before, position, after in zip(order, order[1:], order[2:], strict=False):
                distances[position] += (points[after][axis] - points[before][axis]) / (high - low)
    return distances


def order(points: Sequence[Point]) -> list[int]:
    """Positions of the points, best first: front by front, within a front the less crowded first, else as they come."""
    if all(len(point) == 1 for point in points):
        return sorted(range(len(points)), key=points.__getitem__)
    fronts: dict[int, list[int]] = {}
    for position, rank in enumerate(ranks(points)):
        fronts.setdefault(rank, []).append(position)
    ordered: list[int] = []
    for _, positions in sorted(fronts.items()):
        distances = crowding([points[position] for position in positions])
        ordered += [at for _, at in sorted(zip((-distance for distance in distances), positions, strict=True))]
    return ordered


def _finite(values: tuple[float, ...]) -> list[float]:
    worst = max((value for value in values if math.isfinite(value)), default=0.0)
    return [value if math.isfinite(value) else worst for value in values]
