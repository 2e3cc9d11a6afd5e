"""What all charts share."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.report.figures import text, window


def test_a_far_outlier_is_left_outside() -> None:
    shown = window([1.0, 1.1, 1.2, 1.3, 1.4, 900.0], lower_is_better=True)
    assert shown is not None
    assert shown[0] < 1.0
    assert 1.4 < shown[1] < 10
    shown = window([0.9, 0.91, 0.92, 0.93, 0.1], lower_is_better=False)
    assert shown is not None
    assert 0.1 < shown[0] < 0.9
    assert shown[1] > 0.93


def test_values_that_fit_together_are_all_shown() -> None:
    assert window([0.5, 0.6, 0.7, 0.8, 0.9], lower_is_better=False) is None
    assert window([1.0, 1.0, 1.0, 1.0], lower_is_better=True) is None
    assert window([1.0, 500.0], lower_is_better=True) is None


@given(st.lists(st.floats(-1e6, 1e6), min_size=4), st.booleans())
def test_the_best_value_is_always_shown(values: list[float], lower_is_better: bool) -> None:
    shown = window(values, lower_is_better=lower_is_better)
    best = min(values) if lower_is_better else max(values)
    assert shown is None or shown[0] <= best <= shown[1]


@given(st.text())
def test_text_has_no_markup_and_an_end(value: str) -> None:
    shown = text(value)
    assert "<" not in shown
    assert ">" not in shown
    assert len(shown) <= 40 * len("&amp;")
