"""Metrics of several labels a row equal scikit-learn's, with and without weights."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from sklearn import metrics as sk

from cloudautoml.scoring_labels import by_label, decided, label_metric, label_metrics
from cloudautoml.spec.metrics import metrics_for


@pytest.mark.parametrize("weighted", [False, True])
def test_they_equal_those_of_scikit_learn(weighted: bool) -> None:
    rng = np.random.default_rng(1)
    truth = (rng.random((300, 5)) < (0.5, 0.2, 0.05, 0.8, 0.3)).astype(np.uint8)
    found = np.clip(rng.random((300, 5)).round(2) + 0.3 * truth, 0, 1)  # ties on purpose
    weights = rng.uniform(0.1, 3, 300) if weighted else None
    labels = found >= 0.5
    more: Any = {"sample_weight": weights}
    expected = {
        "accuracy": sk.accuracy_score(truth, labels, **more),
        "f1_micro": sk.f1_score(truth, labels, average="micro", **more),
        "f1_macro": sk.f1_score(truth, labels, average="macro", **more),
        "f1_weighted": sk.f1_score(truth, labels, average="weighted", **more),
        "precision_macro": sk.precision_score(truth, labels, average="macro", **more),
        "recall_macro": sk.recall_score(truth, labels, average="macro", **more),
        "roc_auc": sk.roc_auc_score(truth, found, average="macro", **more),
        "average_precision": sk.average_precision_score(truth, found, average="macro", **more),
    }
    assert label_metrics(truth, found, weights=weights) == pytest.approx(expected)
    assert expected.keys() == {metric.name for metric in metrics_for("image_classification", multi_label=True)}
    parts = sk.precision_recall_fscore_support(truth, labels, average=None, **more)
    for ours, theirs in zip(by_label(truth, decided(found), weights), parts, strict=True):
        assert ours == pytest.approx(theirs)


def test_a_label_that_no_row_has() -> None:
    truth = np.array([[1, 0], [0, 0], [1, 0]], np.uint8)
    found = np.array([[0.9, 0.1], [0.2, 0.3], [0.8, 0.2]])
    assert label_metric("f1_macro", truth, found) == sk.f1_score(truth, found > 0.5, average="macro", zero_division=0)
    assert label_metric("roc_auc", truth, found) == 1.0  # of the label that can be ranked
    assert label_metric("accuracy", truth, found) == 1.0


def test_what_is_not_defined_is_not_reported() -> None:
    nothing = np.zeros((3, 2), np.uint8)
    found = label_metrics(nothing, np.full((3, 2), 0.1))
    assert "roc_auc" not in found
    assert "average_precision" not in found
    assert found["f1_weighted"] == 0.0
    assert label_metrics(nothing, np.full((3, 2), np.nan)) == {}
    assert label_metrics(nothing[:0], np.zeros((0, 2))) == {}
