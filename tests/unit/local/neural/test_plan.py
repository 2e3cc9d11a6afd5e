"""Plans of trainings: epochs at a fidelity, what is left of them, and learning rates."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.search import FULL, Fidelity
from cloudautoml_local.tasks.neural.plan import affordable, epochs_at, epochs_left, rates


@pytest.mark.parametrize(("share", "epochs"), [(1.0, 30), (1 / 3, 10), (1 / 9, 3), (0.001, 1)])
def test_epochs_follow_the_fidelity(share: float, epochs: int) -> None:
    assert epochs_at(Fidelity.of(epochs=share), 30) == epochs


def test_fewer_rows_leave_the_epochs_alone() -> None:
    assert epochs_at(Fidelity.of(rows=0.1), 30) == 30


@pytest.mark.parametrize(
    ("done", "wanted", "left"),
    [
        (Fidelity.of(epochs=1 / 3), FULL, 20),
        (Fidelity.of(epochs=1 / 9), Fidelity.of(epochs=1 / 3), 20),
        (Fidelity.of(rows=0.5), FULL, 15),
        (FULL, FULL, 1),
    ],
)
def test_only_the_rest_is_trained(done: Fidelity, wanted: Fidelity, left: int) -> None:
    assert epochs_left(30, done, wanted) == left


@given(st.integers(1, 2000), st.floats(1e-5, 1.0))
def test_rates_rise_to_the_highest_and_fall_to_a_hundredth(total: int, highest: float) -> None:
    planned = rates(highest, first=0, count=total, total=total)
    assert planned.max() <= highest * 1.001
    assert (planned > 0).all()
    assert rates(highest, first=total * 2, count=1, total=total)[0] == pytest.approx(highest / 100, rel=1e-3)
    top = int(planned.argmax())
    assert (np.diff(planned[top:]) <= 1e-9).all()


def test_rates_do_not_depend_on_how_they_are_asked_for() -> None:
    whole = rates(0.1, first=0, count=90, total=90)
    parts = [rates(0.1, first=start, count=30, total=90) for start in (0, 30, 60)]
    assert np.array_equal(whole, np.concatenate(parts))


@given(st.integers(1, 300), st.floats(0.001, 10), st.floats(0, 1000))
def test_what_is_affordable_fits(planned: int, each: float, left: float) -> None:
    found = affordable(planned, done=1, seconds_each=each, seconds_left=left)
    assert 1 <= found <= max(1, planned)
    assert found == 1 or (found - 1) * each <= left * 1.001


def test_a_plan_without_a_limit_is_kept() -> None:
    assert affordable(30, done=1, seconds_each=5, seconds_left=float("inf")) == 30
