"""Correlation: whether a cheap fidelity orders candidates as a dearer one does, from trials judged at both."""

from __future__ import annotations

import math
from collections import defaultdict
from dataclasses import dataclass
from statistics import mean
from typing import TYPE_CHECKING, Literal

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    from cloudautoml.search.space import Architecture
    from cloudautoml.search.trial import Fidelity, Trial

Verdict = Literal["trust", "do not trust", "too few pairs"]

_ENOUGH = 0.5
"""Rank correlation from which a fidelity tells good candidates from bad ones."""
_LEAST_PAIRS = 4
_NORMAL_95 = 1.959964


@dataclass(frozen=True, slots=True)
class RankCorrelation:
    """How a cheap fidelity orders the candidates that were judged at a dearer one too.

    Attributes:
        cheap: The cheap fidelity.
        dear: The one it stands for.
        pairs: Candidates that were judged at both.
        correlation: Spearman's, in [-1, 1]; NaN where all scores are one.
        low: Lower end of its 95 % interval.
        high: Upper end.
        speed_up: How many times as long a training at the dear fidelity took; NaN where that is not known.
    """

    cheap: Fidelity
    dear: Fidelity
    pairs: int
    correlation: float
    low: float
    high: float
    speed_up: float

    @property
    def verdict(self) -> Verdict:
        """Whether the cheap fidelity may stand for the dear one: only what the whole interval says is said."""
        if self.low >= _ENOUGH:
            return "trust"
        return "do not trust" if self.high < _ENOUGH else "too few pairs"

    @override
    def __str__(self) -> str:
        cut = " and ".join(f"{share:.3g} of the {name}" for name, share in self.cheap.settings.items())
        faster = "" if math.isnan(self.speed_up) else f", {self.speed_up:.1f} times as fast"
        if math.isnan(self.correlation):
            return f"{cut}{faster}: {self.pairs} candidates were judged at both, and all scored the same"
        words = {
            "trust": "it tells good candidates from bad ones",
            "do not trust": "its ranking is not that of the whole training",
            "too few pairs": "too few to tell whether it can be trusted",
        }
        return (
            f"{cut}{faster}: {self.pairs} candidates were judged at both, rank correlation {self.correlation:.2f} "
            f"({self.low:.2f} to {self.high:.2f}): {words[self.verdict]}"
        )


def rank_correlations(trials: Sequence[Trial]) -> tuple[RankCorrelation, ...]:
    """How far each low fidelity of a search can be trusted, the most pairs first.

    Pairs are trials whose details have a `full_score` (of the estimator `low_fidelity`, with `full_seconds` and
    `low_seconds`), and trials of the same candidate at two fidelities, as in Hyperband. The latter are chosen for their
    good scores, and good candidates are harder to order than all of them: their correlation is on the low side.
    """
    groups: dict[tuple[str, str], list[_Pair]] = defaultdict(list)
    for pair in (*_verified(trials), *_promoted(trials)):
        groups[repr(pair.cheap), repr(pair.dear)].append(pair)
    found = [_correlation(pairs) for pairs in groups.values() if len(pairs) > 1]
    return tuple(sorted(found, key=lambda one: (-one.pairs, one.cheap.cost)))


@dataclass(frozen=True, slots=True)
class _Pair:
    cheap: Fidelity
    dear: Fidelity
    scores: tuple[float, float]
    seconds: tuple[float, float]


def _verified(trials: Sequence[Trial]) -> Iterator[_Pair]:
    for trial in trials:
        if trial.measurement is None or trial.measurement.predicted:
            continue
        details = trial.measurement.details
        full, slow, fast = (details.get(name) for name in ("full_score", "full_seconds", "low_seconds"))
        if isinstance(full, (int, float)) and isinstance(slow, (int, float)) and isinstance(fast, (int, float)):
            scores = trial.measurement.score, float(full)
            yield _Pair(trial.measurement.fidelity, trial.proposal.fidelity, scores, (float(fast), float(slow)))


def _promoted(trials: Sequence[Trial]) -> Iterator[_Pair]:
    judged: dict[Architecture, dict[str, Trial]] = defaultdict(dict)
    for trial in trials:
        if trial.measurement is not None and not trial.measurement.predicted:
            judged[trial.architecture][repr(trial.proposal.fidelity)] = trial
    for at in judged.values():
        *cheaper, dearest = sorted(at.values(), key=lambda trial: trial.proposal.fidelity.cost)
        for trial in cheaper:
            if trial.measurement is not None and dearest.measurement is not None:
                yield _Pair(
                    trial.proposal.fidelity,
                    dearest.proposal.fidelity,
                    (trial.measurement.score, dearest.measurement.score),
                    (trial.measurement.seconds, dearest.measurement.seconds),
                )


def _correlation(pairs: Sequence[_Pair]) -> RankCorrelation:
    first, second = _ranks([pair.scores[0] for pair in pairs]), _ranks([pair.scores[1] for pair in pairs])
    correlation = _pearson(first, second)
    low, high = _interval(correlation, len(pairs))
    fast, slow = (sum(pair.seconds[at] for pair in pairs) for at in (0, 1))
    speed_up = slow / fast if fast > 0 and slow > 0 else math.nan
    return RankCorrelation(pairs[0].cheap, pairs[0].dear, len(pairs), correlation, low, high, speed_up)


def _ranks(values: Sequence[float]) -> list[float]:
    ordered = sorted(values)
    places: dict[float, list[int]] = defaultdict(list)
    for place, value in enumerate(ordered):
        places[value].append(place)
    return [mean(places[value]) for value in values]


def _pearson(first: Sequence[float], second: Sequence[float]) -> float:
    a, b = [x - mean(first) for x in first], [y - mean(second) for y in second]
    length = math.sqrt(sum(x * x for x in a) * sum(y * y for y in b))
    return sum(x * y for x, y in zip(a, b, strict=True)) / length if length else math.nan


def _interval(correlation: float, pairs: int) -> tuple[float, float]:
    """The 95 % interval by Fisher's transformation, with the variance of Bonett and Wright (2000) for ranks."""
    if math.isnan(correlation) or pairs < _LEAST_PAIRS:
        return -1.0, 1.0
    # a perfect order of few candidates is not a perfect correlation
    bounded = max(-1 + 1 / pairs**2, min(1 - 1 / pairs**2, correlation))
    half = _NORMAL_95 * math.sqrt((1 + bounded**2 / 2) / (pairs - 3))
    return math.tanh(math.atanh(bounded) - half), math.tanh(math.atanh(bounded) + half)
