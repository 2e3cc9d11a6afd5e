"""Holdout: the sealed rows, which the best model predicts when training has ended; their labels never leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cloudautoml.data import positive_code
from cloudautoml.leaderboard import Leaderboard

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cloudautoml.data import PreparedData
    from cloudautoml.leaderboard import Candidate
    from cloudautoml.spec import JobSpec
    from cloudautoml_azureml._scoring import Answer


def features_of(data: PreparedData) -> pd.DataFrame | None:
    """What may leave: the features of the sealed rows, in the order of training; None where no row is sealed."""
    return None if data.holdout is None or data.holdout.empty else data.holdout[data.schema.names]


def class_of(label: str, classes: Sequence[str]) -> str:
    """The class that the service means: it may write `1.0` for `1`."""
    from cloudautoml.data import match_label

    if label in classes:
        return label
    try:
        return match_label(float(label), classes) or label
    except ValueError:
        return label


def holdout_metrics(spec: JobSpec, data: PreparedData, found: Sequence[Answer]) -> dict[str, float]:
    """Every metric that the predictions of the sealed rows allow, by our names, in natural values.

    Args:
        spec: The job.
        data: Its data, with sealed rows.
        found: What was predicted from their features.
    """
    import numpy as np

    from cloudautoml.scoring import classification_metrics, regression_metrics
    from cloudautoml.spec.metrics import METRICS, Needs, metrics_for

    schema, sealed = data.schema, data.holdout
    assert sealed is not None
    assert schema.target is not None
    weights = None if schema.weight is None else sealed[schema.weight].to_numpy(np.float64)
    if schema.classes is None:
        truth = sealed[schema.target].to_numpy(np.float64)
        return regression_metrics(truth, np.array([float(answer.label) for answer in found]), weights=weights)
    codes = {label: code for code, label in enumerate(schema.classes)}
    predicted = np.array([codes[class_of(answer.label, schema.classes)] for answer in found], dtype=np.int64)
    shares = np.zeros((len(found), len(codes)))
    for row, answer in enumerate(found):
        for label, share in _shares(answer).items():
            shares[row, codes[class_of(label, schema.classes)]] = share
    binary = len(codes) == 2
    names = [
        metric.name
        for metric in metrics_for(spec.task.type)
        if (binary or "classification" in metric.groups)
        and (all(answer.shares for answer in found) or METRICS[metric.name].needs is not Needs.PROBABILITIES)
    ]
    return classification_metrics(
        np.array([codes[label] for label in sealed[schema.target]], dtype=np.int64),
        shares,
        weights=weights,
        positive=positive_code(spec, data),
        predicted=predicted,
        names=names,
    )


def _shares(answer: Answer) -> Mapping[str, float]:
    return answer.shares or {answer.label: 1.0}


def with_holdout(board: Leaderboard, kept: Mapping[str, Any]) -> Leaderboard:
    """A leaderboard with what its best candidate scored on the sealed rows.

    Args:
        board: As Azure scored it.
        kept: `model` and `metrics`, as `holdout_metrics` found them.
    """
    rows = [_scored(candidate, board.metric, kept) for candidate in board]
    return Leaderboard(rows, metric=board.metric, job=board.job, protocol=board.protocol)


def _scored(candidate: Candidate, metric: str, kept: Mapping[str, Any]) -> Candidate:
    from cloudautoml.spec.metrics import get_metric

    if candidate.model != kept["model"]:
        return candidate
    metrics: dict[str, float] = kept["metrics"]
    score = get_metric(metric).to_score(metrics[metric]) if metric in metrics else None
    return replace(candidate, score_holdout=score, metrics_holdout=metrics)
