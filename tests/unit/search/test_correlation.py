"""Rank correlations: what pairs there are, what they say, and when they say too little."""

from __future__ import annotations

import math
import random

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.search import FULL, Architecture, Fidelity, Measurement, Proposal, Trial, TrialState, rank_correlations

LOW = Fidelity.of(epochs=0.25)


def candidate(number: int) -> Architecture:
    return Architecture((("number", number),))


def verified(pairs: list[tuple[float, float]]) -> list[Trial]:
    """Trials at a low fidelity that know the score of the whole training."""
    return [
        Trial(
            number,
            Proposal(candidate(number)),
            TrialState.SUCCEEDED,
            Measurement(low, fidelity=LOW, details={"full_score": full, "full_seconds": 40.0, "low_seconds": 10.0}),
        )
        for number, (low, full) in enumerate(pairs)
    ]


def judged(number: int, score: float, fidelity: Fidelity, *, of: int, predicted: bool = False) -> Trial:
    measured = Measurement(score, seconds=100 * fidelity.cost, fidelity=fidelity, predicted=predicted)
    return Trial(number, Proposal(candidate(of), fidelity), TrialState.SUCCEEDED, measured)


def test_same_order_is_trusted() -> None:
    (found,) = rank_correlations(verified([(n / 10, 0.5 + n / 100) for n in range(8)]))
    assert (found.pairs, found.correlation, found.verdict) == (8, 1.0, "trust")
    assert found.speed_up == 4
    assert str(found) == (
        f"0.25 of the epochs, 4.0 times as fast: 8 candidates were judged at both, rank correlation 1.00 "
        f"({found.low:.2f} to 1.00): it tells good candidates from bad ones"
    )


def test_opposite_order_is_not_trusted() -> None:
    (found,) = rank_correlations(verified([(n, -n) for n in range(8)]))
    assert found.verdict == "do not trust"
    assert "not that of the whole training" in str(found)


@pytest.mark.parametrize("pairs", [2, 3, 4, 5])
def test_few_pairs_say_nothing_even_in_the_same_order(pairs: int) -> None:
    (found,) = rank_correlations(verified([(n, n) for n in range(pairs)]))
    assert found.verdict == "too few pairs"


def test_loose_order_of_some_says_too_little() -> None:
    rng = random.Random(0)
    (found,) = rank_correlations(verified([(n + rng.gauss(0, 4), float(n)) for n in range(10)]))
    assert 0.3 < found.correlation < 0.9
    assert found.verdict == "too few pairs"


def test_equal_scores_have_no_order() -> None:
    (found,) = rank_correlations(verified([(0.5, 0.1 * n) for n in range(8)]))
    assert math.isnan(found.correlation)
    assert found.verdict == "too few pairs"
    assert "all scored the same" in str(found)


def test_promoted_candidates_are_pairs() -> None:
    """Every rung is compared with the highest that a candidate came to."""
    ninth, third = Fidelity.of(epochs=1 / 9), Fidelity.of(epochs=1 / 3)
    trials = [judged(n, n / 10, ninth, of=n) for n in range(9)]
    trials += [judged(9 + n, n / 10 + 0.1, third, of=n) for n in range(3, 9)]
    trials += [judged(20 + n, n / 10 + 0.2, FULL, of=n) for n in range(6, 9)]
    trials.append(judged(40, 0.0, FULL, of=3, predicted=True))
    found = {(one.cheap.share("epochs"), one.dear.share("epochs")): one for one in rank_correlations(trials)}
    assert {key: one.pairs for key, one in found.items()} == {(1 / 9, 1 / 3): 3, (1 / 9, 1.0): 3, (1 / 3, 1.0): 3}
    assert found[1 / 3, 1.0].speed_up == pytest.approx(3)


def test_one_pair_or_none_is_no_correlation() -> None:
    assert rank_correlations(verified([(0.1, 0.2)])) == ()
    assert rank_correlations([judged(n, 0.1, FULL, of=n) for n in range(5)]) == ()
    assert rank_correlations([Trial(0, Proposal(candidate(0)), TrialState.FAILED, error="nan")]) == ()


@given(st.lists(st.tuples(st.floats(-1e6, 1e6), st.floats(-1e6, 1e6)), min_size=2, max_size=30))
def test_correlation_and_interval_are_in_range(pairs: list[tuple[float, float]]) -> None:
    (found,) = rank_correlations(verified(pairs))
    assert math.isnan(found.correlation) or -1.000001 <= found.correlation <= 1.000001
    assert -1 <= found.low <= found.high <= 1
    (monotone,) = rank_correlations(verified([(math.atan(low), full) for low, full in pairs]))
    if len({math.atan(low) for low, _ in pairs}) == len({low for low, _ in pairs}):
        assert monotone.correlation == pytest.approx(found.correlation, nan_ok=True)
