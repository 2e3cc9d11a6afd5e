"""Curves: the forecast is near, knows how sure it is, and says nothing without evidence."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudautoml_local.estimators.curves import FAMILIES, LEAST_FINISHED, Forecast, forecast, forms, neighbours

LENGTH = 40


def scheduled(level: float, *, noise: float = 0.01, seed: int = 0) -> list[float]:
    """A curve whose rate falls to nothing at the end: it rises once more when the parametric forms think it is over."""
    rng = np.random.default_rng([seed, round(1000 * level)])
    done = np.arange(1, LENGTH + 1) / LENGTH
    clean = level * (0.75 * (1 - np.exp(-6 * done)) + 0.25 / (1 + np.exp(-20 * (done - 0.75))))
    return list(clean + noise * rng.normal(size=LENGTH))


FINISHED = [scheduled(level) for level in np.linspace(0.5, 0.9, 15)]


@pytest.mark.parametrize("level", [0.55, 0.7, 0.85])
@pytest.mark.parametrize("seen", [10, 20, 30])
def test_level_is_near(level: float, seen: int) -> None:
    curve = scheduled(level, seed=1)
    found = forecast(curve[:seen], FINISHED)
    assert found is not None
    assert found.level == pytest.approx(max(curve), abs=0.06)
    low, high = found.interval()
    assert low < found.level < high


def test_chance_tells_hopeless_from_hopeful() -> None:
    best = max(FINISHED[-1])
    poor, good = (forecast(scheduled(level, seed=2)[:15], FINISHED) for level in (0.5, 0.95))
    assert poor is not None
    assert good is not None
    assert poor.chance_to_beat(best) < 0.01
    assert good.chance_to_beat(best) > 0.3


def test_chances_are_about_right() -> None:
    """Of many curves and many scores to beat, those given a small chance seldom beat them."""
    rng = np.random.default_rng(3)
    wins: list[bool] = []
    for number in range(150):
        finished = [scheduled(level, seed=number) for level in rng.uniform(0.4, 0.9, 12)]
        curve = scheduled(rng.uniform(0.4, 0.9), seed=number + 1)
        found = forecast(curve[:15], finished)
        assert found is not None
        score = max(curve) + rng.normal(scale=0.1)
        if found.chance_to_beat(score) < 0.1:
            wins.append(max(curve) > score)
    assert len(wins) > 20
    assert sum(wins) / len(wins) < 0.1


def test_nothing_is_said_without_evidence() -> None:
    assert forecast(FINISHED[0][:10], FINISHED[: LEAST_FINISHED - 1]) is None
    assert forecast(FINISHED[0][:1], FINISHED) is None


def test_forecast_is_not_below_what_was_seen() -> None:
    low = [scheduled(level) for level in np.linspace(0.2, 0.3, 8)]
    curve = scheduled(0.9)
    found = forecast(curve[:20], low)
    assert found is not None
    assert found.level >= max(curve[:20])


@given(st.lists(st.floats(0, 1), min_size=2, max_size=39), st.integers(0, 100))
@settings(deadline=None, max_examples=50)
def test_any_curve_has_a_finite_forecast(seen: list[float], seed: int) -> None:
    rng = np.random.default_rng(seed)
    finished = rng.choice([0.0, 0.5, 1.0], size=(6, LENGTH))
    found = forecast(seen, finished.tolist())
    assert found is not None
    assert np.isfinite([found.level, found.spread, *found.interval()]).all()
    assert 0 <= found.chance_to_beat(0.5) <= 1


@pytest.mark.parametrize("family", FAMILIES)
def test_form_finds_its_own_curves(family: object) -> None:
    """A curve of a form, cut, is continued to where it ends."""
    assert callable(family)
    steps = np.arange(1, LENGTH + 1, dtype=float)
    for decay in family(steps):
        curve = 0.8 - 0.5 * decay
        ends = forms(curve[None, :12], LENGTH)[FAMILIES.index(family)]
        assert ends[0] == pytest.approx(curve[-1], abs=1e-6)


def test_neighbours_leave_the_curve_itself_out() -> None:
    ends = np.array([0.1, 0.5, 0.6, 0.9])
    prefixes = np.array([[0.0], [0.4], [0.5], [0.8], [0.45]])
    found = neighbours(prefixes, ends)
    assert found[0] == pytest.approx((0.5 + 0.6 + 0.9) / 3)
    assert found[4] == pytest.approx((0.5 + 0.6 + 0.9) / 3) or found[4] == pytest.approx((0.5 + 0.6 + 0.1) / 3)


def test_interval_widens_with_the_share() -> None:
    found = Forecast(0.5, 0.1, 9)
    assert found.interval(0.5)[0] > found.interval(0.9)[0] > found.interval(0.99)[0]
    assert found.chance_to_beat(0.5) == pytest.approx(0.5)
