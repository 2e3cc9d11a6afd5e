"""What forecasters are made of: windows, smoothing, ridge, intervals, seasons."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudautoml.data.series import given_frequency
from cloudautoml_local.tasks.forecasting import ridge
from cloudautoml_local.tasks.forecasting.info import plan_windows
from cloudautoml_local.tasks.forecasting.intervals import Intervals, fit_intervals
from cloudautoml_local.tasks.forecasting.panel import Panel, aligned
from cloudautoml_local.tasks.forecasting.smoothing import Form, seasonal_shape, smooth
from cloudautoml_local.tasks.forecasting.transform import bounded, logged, unlogged

SHAPE = np.asarray([0.0, 3, 5, -2, -1, -4, -1])


def panel_of(*values: np.ndarray, horizon: int = 7) -> Panel:
    ends = np.asarray(["2024-06-01"] * len(values), "datetime64[us]")
    ahead = [np.zeros((len(one) + horizon, 0)) for one in values]
    return Panel(list(values), ahead, np.zeros((len(values), 0)), ends, given_frequency("D"), horizon)


def weekly(days: int, *, level: float = 20.0, slope: float = 0.0) -> np.ndarray:
    day = np.arange(days)
    return np.asarray(level + slope * day + SHAPE[day % 7])


@pytest.mark.parametrize(
    ("lengths", "horizon", "season", "seconds", "windows"),
    [
        ([700] * 50, 48, 24, None, 3),
        ([700] * 50, 48, 24, 20.0, 2),
        ([36], 4, 7, None, 5),
        ([20], 4, 12, None, 1),
        ([7], 4, 1, None, 1),
        ([60, 700, 700, 700], 48, 24, None, 3),
    ],
)
def test_windows_leave_something_to_learn_from(
    lengths: list[int], horizon: int, season: int, seconds: float | None, windows: int
) -> None:
    assert plan_windows(np.asarray(lengths), horizon, season, seconds) == windows


def test_smoothing_goes_on_with_a_season_and_a_trend() -> None:
    long, short = weekly(90, slope=0.5), weekly(40, level=-3.0)
    found, error = smooth([long, short], Form("linear", 7), 7)
    np.testing.assert_allclose(found[0], weekly(97, slope=0.5)[-7:], atol=0.6)
    np.testing.assert_allclose(found[1], weekly(47, level=-3.0)[-7:], atol=0.1)
    assert (error < 0.6).all()


def test_series_are_smoothed_alike_alone_and_together() -> None:
    values = [weekly(60, level=level) for level in (5.0, 50.0)]
    together, _ = smooth(values, Form("damped", 7), 5)
    for one, expected in zip(values, together, strict=True):
        np.testing.assert_allclose(smooth([one], Form("damped", 7), 5)[0][0], expected)


def test_a_season_is_found_under_a_trend() -> None:
    found = seasonal_shape(np.stack([weekly(70, slope=2.0), weekly(70)]), 7)
    np.testing.assert_allclose(found, np.stack([SHAPE - SHAPE.mean()] * 2), atol=1e-9)


def test_short_series_are_continued_backwards_by_their_first_season() -> None:
    matrix, starts = aligned([np.arange(10.0), np.asarray([1.0, 2, 3, 4])], 3)
    assert starts.tolist() == [0, 6]
    assert matrix[1].tolist() == [1, 2, 3, 1, 2, 3, 1, 2, 3, 4]


def test_ridge_learns_what_repeats_and_bends_to_each_series() -> None:
    turned = np.tile([1.0, 9, 1, 1, 9, 9, 2], 12)
    panel = panel_of(*[weekly(80, level=level) for level in (10.0, 40.0, 90.0)], turned)
    shared = ridge.fit_shared(panel, lags=10, season=7, strength=1e-3)
    found = ridge.forecast(panel, shared, lags=10, season=7, local=0.05)
    np.testing.assert_allclose(found[1], weekly(87, level=40.0)[-7:], atol=0.2)
    held = ridge.forecast(panel, shared, lags=10, season=7, local=0.0)
    wanted = np.tile(turned[:7], 2)[:7]
    assert np.abs(found[3] - wanted).mean() < 0.5 * np.abs(held[3] - wanted).mean()


def test_intervals_hold_as_many_as_they_say() -> None:
    rng = np.random.default_rng(1)
    scale = np.asarray([1.0, 10.0, 100.0] * 40)
    error = rng.normal(0, 1, (3, 120, 6)) * scale[None, :, None] * np.sqrt(np.arange(1, 7))
    intervals, spread = fit_intervals(error, scale, (0.1, 0.5, 0.9))
    fresh = rng.normal(0, 1, (120, 6)) * scale[:, None] * np.sqrt(np.arange(1, 7))
    bounds = intervals.quantiles(np.zeros((120, 6)), spread)
    inside = ((fresh >= bounds[..., 0]) & (fresh <= bounds[..., 2])).mean(axis=0)
    assert inside.min() > 0.65
    assert 0.75 < inside.mean() < 0.88
    assert Intervals.from_dict(intervals.to_dict()) == intervals


@settings(max_examples=40, deadline=None)
@given(
    st.lists(
        st.lists(st.one_of(st.just(float("nan")), st.floats(-1e6, 1e6)), min_size=3, max_size=3), min_size=1, max_size=6
    ),
    st.floats(1e-3, 1e3),
)
def test_quantiles_never_cross(errors: list[list[float]], scale: float) -> None:
    error = np.asarray(errors)[None]
    intervals, spread = fit_intervals(error, np.full(len(errors), scale), (0.05, 0.5, 0.95))
    made = intervals.quantiles(np.zeros((len(errors), 3)), spread)
    assert np.isfinite(made).all()
    assert (np.diff(made, axis=2) >= 0).all()


def test_logarithms_come_back_and_forecasts_stay_in_reach() -> None:
    panel = panel_of(np.asarray([1.0, 10.0, 100.0]), np.asarray([-5.0, 0.0, 5.0]))
    values = np.stack(logged(panel).values)
    np.testing.assert_allclose(unlogged(values, panel), np.stack(panel.values))
    assert bounded(np.asarray([[1e9], [-1e9]]), panel).ravel().tolist() == [298.0, -25.0]
    assert bounded(np.asarray([[-1e9], [np.inf]]), panel).ravel().tolist() == [0.0, 25.0]


def test_a_panel_of_the_past_ends_earlier() -> None:
    panel = panel_of(np.arange(10.0)).before(3)
    assert panel.values[0].tolist() == list(range(7))
    assert panel.ends[0] == np.datetime64("2024-05-29")
    assert panel.stamps(0)[-1] == np.datetime64("2024-06-05")
    assert len(panel.ahead[0]) == 14
