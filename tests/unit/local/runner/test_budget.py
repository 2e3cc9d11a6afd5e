"""Time that is left for trials."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.polling import FakeClock
from cloudautoml_local.budget import TimeBudget, kill_after


def test_without_limits_there_is_no_end() -> None:
    budget = TimeBudget(total=None)
    assert (budget.left, budget.search_left, budget.trial_seconds()) == (None, None, None)
    assert budget.finish_left is None
    assert not budget.search_is_over
    assert budget.fits("slow")


def test_time_before_this_process_counts() -> None:
    clock = FakeClock(1000.0)
    budget = TimeBudget(total=60, used=50, now=clock.now)
    clock.sleep(4)
    assert budget.elapsed == pytest.approx(54)
    assert budget.left == pytest.approx(6)


def test_a_trial_gets_the_lesser_of_its_limit_and_what_is_left_before_the_models_are_built() -> None:
    clock = FakeClock()
    budget = TimeBudget(total=100, trial=30, now=clock.now)
    assert budget.trial_seconds() == 30
    clock.sleep(80)
    left = budget.trial_seconds()
    assert left is not None
    assert left == pytest.approx(20 - budget.reserve)


def test_the_reserve_grows_with_the_best_trial_and_never_takes_most_of_the_time() -> None:
    budget = TimeBudget(total=100)
    before = budget.reserve
    budget.record("forest", 20.0, best=True)
    assert budget.reserve == pytest.approx(before + 12.0)
    budget.record("boosting", 1000.0, best=True)
    assert budget.reserve == pytest.approx(40.0)


def test_a_kind_that_usually_takes_longer_than_is_left_does_not_fit() -> None:
    clock = FakeClock()
    budget = TimeBudget(total=100, now=clock.now)
    for seconds in (9.0, 10.0, 200.0):
        budget.record("forest", seconds, best=False)
    assert budget.expected("forest") == 10.0
    assert budget.fits("forest")
    clock.sleep(90)
    assert not budget.fits("forest")
    assert budget.fits("linear")  # nothing is known of it


@given(st.floats(0.1, 1e5), st.floats(0, 2e5), st.floats(0, 1e4))
def test_nothing_is_ever_negative_and_a_search_ends_before_its_time(total: float, used: float, best: float) -> None:
    budget = TimeBudget(total=total, used=used, closing=2.0, now=lambda: 0.0)
    budget.record("any", best, best=True)
    assert budget.search_left is not None
    assert budget.finish_left is not None
    assert 0 <= budget.search_left <= max(0.0, total - used)
    assert budget.finish_left >= 0.5
    assert budget.search_is_over == (budget.search_left < 0.2)


def test_a_call_is_killed_a_little_after_its_time() -> None:
    assert kill_after(None) is None
    assert kill_after(1.0) == pytest.approx(1.6)
    assert kill_after(1000.0) == pytest.approx(1005.0)
