"""Metrics of forecasts, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from cloudautoml.scoring_series import forecast_metrics, seasonal_scale
from cloudautoml.spec.metrics import metrics_for

TRUTH = np.asarray([[10.0, 20.0], [4.0, np.nan]])
MEAN = np.asarray([[12.0, 15.0], [2.0, 7.0]])
SCALE = np.asarray([2.0, 4.0])


def test_each_metric_by_hand() -> None:
    found = forecast_metrics(TRUTH, MEAN, scale=SCALE)
    assert found["mae"] == pytest.approx(((2 + 5) / 2 + 2) / 2)
    assert found["mase"] == pytest.approx(((2 + 5) / 2 / 2 + 2 / 4) / 2)
    assert found["smape"] == pytest.approx(100 * ((2 * 2 / 22 + 2 * 5 / 35) / 2 + 2 * 2 / 6) / 2)
    assert found["mape"] == pytest.approx(100 * ((2 / 10 + 5 / 20) / 2 + 2 / 4) / 2)
    assert found["mse"] == pytest.approx((4 + 25 + 4) / 3)
    assert found["rmse"] == pytest.approx(np.sqrt(11))
    assert found["wape"] == pytest.approx(9 / 34)
    spread = sum((value - 34 / 3) ** 2 for value in (10, 20, 4))
    assert found["r2"] == pytest.approx(1 - 33 / spread)
    assert "weighted_quantile_loss" not in found


def test_quantile_loss_by_hand() -> None:
    quantiles = np.stack([MEAN - 1, MEAN + 1], axis=2)
    found = forecast_metrics(TRUTH, MEAN, quantiles=quantiles, levels=(0.1, 0.9))
    low = 0.9 * (11 - 10) + 0.1 * (20 - 14) + 0.1 * (4 - 1)
    high = 0.1 * (13 - 10) + 0.9 * (20 - 16) + 0.9 * (4 - 3)
    assert found["weighted_quantile_loss"] == pytest.approx((2 * low / 34 + 2 * high / 34) / 2)


def test_every_metric_that_a_forecast_can_be_sorted_by_is_computed() -> None:
    found = forecast_metrics(TRUTH, MEAN, quantiles=MEAN[:, :, None], levels=(0.5,), scale=SCALE)
    assert {metric.name for metric in metrics_for("forecasting")} == set(found)


def test_scale_is_of_the_history_alone() -> None:
    history = np.asarray([1.0, 5.0, 2.0, 7.0, 4.0])
    assert seasonal_scale(history, 2) == pytest.approx((1 + 2 + 2) / 3)
    assert seasonal_scale(history, 9) == pytest.approx((4 + 3 + 5 + 3) / 4), "no season fits in: neighbours"
    assert np.isnan(seasonal_scale(np.ones(6), 2))
    assert np.isnan(seasonal_scale(np.ones(1), 2))


def test_what_is_not_defined_is_left_out() -> None:
    zeros = forecast_metrics(np.zeros((1, 2)), np.ones((1, 2)), scale=np.asarray([np.nan]))
    assert set(zeros) == {"smape", "mae", "mse", "rmse"}
    assert forecast_metrics(np.full((1, 2), np.nan), np.ones((1, 2))) == {}
    assert forecast_metrics(np.ones((1, 2)), np.asarray([[1.0, np.nan]])) == {}
