"""A tree-structured Parzen estimator: decides like the good trials and unlike the others, one decision at a time."""

from __future__ import annotations

import math
from collections import Counter
from itertools import accumulate
from typing import TYPE_CHECKING

from cloudautoml.search import Architecture

if TYPE_CHECKING:
    import random
    from collections.abc import Sequence

    from cloudautoml.search import Decision, Option, SearchSpace

_MOST_GOOD = 25
"""Good trials at most: more would blur what they have in common."""

Place = tuple[str, tuple["Option", ...]]
"""A decision's name and options: the same name with other options is another decision."""
Choices = dict[Place, int]
"""Positions chosen, by decision."""


def choices_of(space: SearchSpace, architecture: Architecture) -> Choices:
    """The choices of a candidate."""
    path = space.path(architecture)
    return {(decision.name, decision.options): decision.index(option) for decision, option in path}


class ParzenEstimator:
    """How often the good trials, and the others, chose each option.

    Args:
        known: Score and choices of finished trials; failed ones score -inf, and are never good.
        pending: Choices of trials whose outcome is not known yet.
        good: Share of the trials that counts as good.
    """

    def __init__(self, known: Sequence[tuple[float, Choices]], pending: Sequence[Choices], *, good: float) -> None:
        ranked = sorted(known, key=lambda trial: -trial[0])  # stable: equal scores by number
        count = min(math.ceil(good * len(ranked)), _MOST_GOOD)
        self._good = [choices for score, choices in ranked[:count] if score > -math.inf]
        self._others = [*(choices for _, choices in ranked[len(self._good) :]), *pending]
        self._densities: dict[Place, tuple[list[float], list[float]]] = {}

    def walk(self, space: SearchSpace, rng: random.Random, *, candidates: int, exploration: float) -> Architecture:
        """Decide on a candidate.

        Args:
            space: Where it is from.
            rng: Source of the draws.
            candidates: Options that are drawn for each decision; the most promising is taken.
            exploration: Share of the decisions that are taken by chance.
        """
        made: dict[str, Option] = {}
        while (decision := space.decide(made)) is not None:
            if rng.random() < exploration:
                made[decision.name] = rng.choice(decision.options)
            else:
                made[decision.name] = decision.options[_pick(*self._of(decision), candidates, rng)]
        return Architecture(tuple(made.items()))

    def _of(self, decision: Decision) -> tuple[list[float], list[float]]:
        place = (decision.name, decision.options)
        if place not in self._densities:
            self._densities[place] = _density(decision, self._good), _density(decision, self._others)
        return self._densities[place]


def _pick(good: list[float], others: list[float], candidates: int, rng: random.Random) -> int:
    """Of some positions drawn from `good`, the one that is the most likelier there than among the others."""
    drawn = rng.choices(range(len(good)), cum_weights=list(accumulate(good)), k=candidates)
    return max(drawn, key=lambda position: good[position] / others[position])


def _density(decision: Decision, trials: list[Choices]) -> list[float]:
    """How likely each option is, judged by the trials that came to the decision; one more says "any"."""
    key = (decision.name, decision.options)
    chosen = Counter(choices[key] for choices in trials if key in choices)
    size = len(decision.options)
    density = [1.0 / size] * size
    width = max(0.5, 0.5 * size * max(1, chosen.total()) ** -0.5)
    for position, count in chosen.items():
        if decision.ordered:
            kernel = [math.exp(-0.5 * ((other - position) / width) ** 2) for other in range(size)]
            whole = sum(kernel)
            for other, weight in enumerate(kernel):
                density[other] += count * weight / whole
        else:
            density[position] += count
    return [weight / (chosen.total() + 1) for weight in density]
