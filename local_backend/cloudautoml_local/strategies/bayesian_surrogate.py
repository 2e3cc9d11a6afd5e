"""Which candidate a Gaussian process would try next: among variations of the best, their mixtures, and draws."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cloudautoml_local.strategies.bayesian_gp import GaussianProcess, expected_improvement, normal_scores
from cloudautoml_local.strategies.bayesian_rows import Rows

if TYPE_CHECKING:
    import random
    from collections.abc import Iterable, Sequence

    from cloudautoml.search import Architecture, SearchSpace
    from cloudautoml_local.strategies.bayesian_gp import Array, Choices
    from cloudautoml_local.strategies.bayesian_rows import Row

_MOST_TRIALS = 200
"""Trials that the process is conditioned on: the best and the latest, half and half."""
_ELITES, _MUTANTS = 5, 20
_PARENTS, _MIXTURES = 10, 30
_DRAWS = 50
_ROUNDS, _CLIMBERS, _STEPS = 2, 3, 15
_DECIMALS = 9
"""What is compared of a number, so that the order of a sum does not decide."""
_MOST_REFUSED = 50
"""Candidates in a row that the space's limits may refuse before the model has nothing to say."""

Known = tuple[float, "Architecture"]
"""Score and candidate of a finished trial; a failed one scores -inf."""


class Surrogate:
    """A Gaussian process over the candidates of a space, and the search for where it expects the most.

    The best known candidates, by what the process makes of their noisy scores, are changed in one decision or mixed;
    the most promising of those are changed further. That the incumbents are changed but a little is what makes such
    searches good (White et al., 2021). Candidates that are the same model are one and the same to the process.

    Args:
        space: Where the candidates come from.
    """

    def __init__(self, space: SearchSpace) -> None:
        self._space = space
        self._rows = Rows(space)
        self._process = GaussianProcess(self._rows.decisions)
        self._known: list[Row] = []

    def suggest(
        self, known: Sequence[Known], pending: Sequence[Architecture], rng: random.Random
    ) -> Architecture | None:
        """The candidate that is expected to improve most on the best one.

        Args:
            known: Finished trials, in order; those of the last call and further ones.
            pending: Candidates whose outcome is not known yet; taken to turn out as expected.
            rng: Source of the draws.

        Returns:
            The candidate, or None where none is new and within the space's limits.
        """
        with threadpool_limits(1):  # matrices this small gain nothing from more, and a sum keeps its order
            return self._suggest(known, pending, rng)

    def _suggest(
        self, known: Sequence[Known], pending: Sequence[Architecture], rng: random.Random
    ) -> Architecture | None:
        rows = self._known
        rows += (self._rows.row(architecture) for _, architecture in known[len(rows) :])
        awaited = [self._rows.row(architecture) for architecture in pending]
        order = _best_and_latest([score for score, _ in known])[:_MOST_TRIALS]
        trials = [rows[place] for place in order]
        self._learn(trials, normal_scores([score for score, _ in known])[order], awaited)
        expected = np.round(self._process.predict(self._features(trials))[0], _DECIMALS)
        elites = [trials[place] for place in np.argsort(-expected, kind="stable")]
        pool = _Pool(self._rows, {self._rows.representative(row) for row in (*rows, *awaited)})
        pool.add(self._rows.mutate(elite, rng) for elite in elites[:_ELITES] for _ in range(_MUTANTS))
        pairs = (rng.choices(elites[:_PARENTS], k=2) for _ in range(_MIXTURES))
        pool.add(self._rows.mix(one, other, rng) for one, other in pairs)
        pool.add(self._rows.draw(rng) for _ in range(_DRAWS))
        promise = self._promise(pool.rows, best=float(expected.max()))
        for _ in range(_ROUNDS):
            climbers = [pool.rows[place] for place in np.argsort(-promise, kind="stable")[:_CLIMBERS]]
            count = len(pool.rows)
            pool.add(self._rows.mutate(climber, rng) for climber in climbers for _ in range(_STEPS))
            promise = np.append(promise, self._promise(pool.rows[count:], best=float(expected.max())))
        ranked = (pool.rows[place] for place in np.argsort(-promise, kind="stable")[:_MOST_REFUSED])
        candidates = map(self._rows.architecture, ranked)
        return next((candidate for candidate in candidates if self._space.refusal(candidate) is None), None)

    def _learn(self, trials: Sequence[Row], values: Array, pending: Sequence[Row]) -> None:
        self._process.learn(self._features(trials), values)
        if pending:
            expected, _ = self._process.predict(self._features(pending))
            self._process.learn(self._features([*trials, *pending]), np.append(values, expected))

    def _promise(self, rows: Sequence[Row], *, best: float) -> Array:
        if not rows:
            return np.empty(0)
        mean, deviation = self._process.predict(self._features(rows))
        return np.round(expected_improvement(mean, deviation, best), _DECIMALS)

    def _features(self, rows: Sequence[Row]) -> Choices:
        return np.array([self._rows.representative(row) for row in rows])


class _Pool:
    """New candidates, one of each that are the same."""

    def __init__(self, coder: Rows, seen: set[Row]) -> None:
        self._coder = coder
        self._seen = seen
        self.rows: list[Row] = []

    def add(self, rows: Iterable[Row]) -> None:
        for row in rows:
            representative = self._coder.representative(row)
            if representative not in self._seen:
                self._seen.add(representative)
                self.rows.append(row)


def _best_and_latest(scores: Sequence[float]) -> list[int]:
    """Places of all scores: the best, the last, the second best, the last but one, and so on."""
    places = range(len(scores))
    best = sorted(places, key=lambda place: -scores[place])
    return list(dict.fromkeys(place for pair in zip(best, reversed(places), strict=True) for place in pair))
