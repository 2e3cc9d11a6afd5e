"""Our metrics equal scikit-learn's, with and without weights, for two and for more classes."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from scipy.stats import spearmanr
from sklearn import metrics as sk

from cloudautoml.scoring import classification_metrics, regression_metric, regression_metrics
from cloudautoml.spec.metrics import METRICS

RNG = np.random.default_rng(0)


def sample(classes: int) -> tuple[Any, Any, Any]:
    truth = RNG.integers(0, classes, 300)
    found = RNG.dirichlet(np.ones(classes), 300).round(2) + 0.05  # ties on purpose
    found[np.arange(300), truth] += 0.3
    return truth, found / found.sum(axis=1, keepdims=True), RNG.uniform(0.1, 3, 300)


@pytest.mark.parametrize("weighted", [False, True])
@pytest.mark.parametrize("positive", [0, 1])
def test_two_classes(weighted: bool, positive: int) -> None:
    truth, found, weights = sample(2)
    weights = weights if weighted else None
    hits, p, labels = truth == positive, found[:, positive], found.argmax(axis=1)
    more: Any = {"sample_weight": weights}
    expected = {
        "accuracy": sk.accuracy_score(truth, labels, **more),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, labels, **more),
        "roc_auc": sk.roc_auc_score(hits, p, **more),
        "average_precision": sk.average_precision_score(hits, p, **more),
        "log_loss": sk.log_loss(truth, found, **more),
        "brier_score": sk.brier_score_loss(hits, p, **more),
        "f1": sk.f1_score(truth, labels, pos_label=positive, **more),
        "precision": sk.precision_score(truth, labels, pos_label=positive, **more),
        "recall": sk.recall_score(truth, labels, pos_label=positive, **more),
        "matthews_corrcoef": sk.matthews_corrcoef(truth, labels, **more),
    }
    ours = classification_metrics(truth, found, weights=weights, positive=positive)
    assert {name: ours[name] for name in expected} == pytest.approx(expected)


@pytest.mark.parametrize("weighted", [False, True])
def test_several_classes(weighted: bool) -> None:
    truth, found, weights = sample(4)
    weights = weights if weighted else None
    labels = found.argmax(axis=1)
    more: Any = {"sample_weight": weights}
    expected = {
        "accuracy": sk.accuracy_score(truth, labels, **more),
        "balanced_accuracy": sk.balanced_accuracy_score(truth, labels, **more),
        "roc_auc": sk.roc_auc_score(truth, found, multi_class="ovr", **more),
        "average_precision": sk.average_precision_score(np.eye(4)[truth], found, **more),
        "log_loss": sk.log_loss(truth, found, **more),
        "f1_macro": sk.f1_score(truth, labels, average="macro", **more),
        "f1_micro": sk.f1_score(truth, labels, average="micro", **more),
        "f1_weighted": sk.f1_score(truth, labels, average="weighted", **more),
        "precision_macro": sk.precision_score(truth, labels, average="macro", **more),
        "recall_macro": sk.recall_score(truth, labels, average="macro", **more),
        "matthews_corrcoef": sk.matthews_corrcoef(truth, labels, **more),
    }
    ours = classification_metrics(truth, found, weights=weights)
    assert {name: ours[name] for name in expected} == pytest.approx(expected)
    assert "f1" not in ours


@pytest.mark.parametrize("weighted", [False, True])
def test_values(weighted: bool) -> None:
    truth = RNG.gamma(2, 3, 200).round(1)
    found = np.abs(truth + RNG.normal(size=200)).round(1)
    weights = RNG.uniform(0.1, 3, 200) if weighted else None
    more: Any = {"sample_weight": weights}
    expected = {
        "rmse": sk.root_mean_squared_error(truth, found, **more),
        "mse": sk.mean_squared_error(truth, found, **more),
        "mae": sk.mean_absolute_error(truth, found, **more),
        "mape": sk.mean_absolute_percentage_error(truth, found, **more),
        "rmsle": sk.root_mean_squared_log_error(truth, found, **more),
        "r2": sk.r2_score(truth, found, **more),
    }
    if not weighted:
        expected |= {
            "median_absolute_error": sk.median_absolute_error(truth, found),
            "spearman": spearmanr(truth, found).statistic,
        }
    ours = regression_metrics(truth, found, weights=weights)
    assert {name: ours[name] for name in expected} == pytest.approx(expected)


def test_every_tabular_metric_is_there() -> None:
    _, found, _ = sample(2)
    classification = classification_metrics(np.arange(300) % 2, found)
    regression = regression_metrics(np.arange(1.0, 9.0), np.arange(1.0, 9.0) ** 1.1)
    for metric in METRICS.values():
        if metric.groups & {"classification", "binary"}:
            assert metric.name in classification
        if "regression" in metric.groups:
            assert metric.name in regression


def test_what_is_not_defined_is_left_out() -> None:
    one_class = classification_metrics(np.ones(10, int), np.full((10, 2), 0.5))
    assert "roc_auc" not in one_class
    assert "log_loss" in one_class
    assert regression_metrics(np.arange(3.0), np.array([1.0, np.nan, 2.0])) == {}
    assert np.isnan(regression_metric("r2", np.ones(3), np.arange(3.0)))
