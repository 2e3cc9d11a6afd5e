"""Holdout: the sealed rows, which the model predicts when training has ended; their labels never leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cloudautoml.data import positive_code

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import pandas as pd

    from cloudautoml.data import PreparedData
    from cloudautoml.leaderboard import Candidate
    from cloudautoml.spec import JobSpec
    from cloudautoml_vertexai._batch import Answer


def features_of(data: PreparedData) -> pd.DataFrame | None:
    """What may leave: the features of the sealed rows; None where no row is sealed."""
    return None if data.holdout is None or data.holdout.empty else data.holdout[data.schema.names]


def class_of(label: str, classes: Sequence[str]) -> str:
    """The class that Google means: it may write `1.0` for `1`."""
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
        found: An answer for each of them.
    """
    import numpy as np

    from cloudautoml.scoring import classification_metrics, regression_metrics
    from cloudautoml.spec.metrics import metrics_for

    schema, sealed = data.schema, data.holdout
    assert sealed is not None
    assert schema.target is not None
    weights = None if schema.weight is None else sealed[schema.weight].to_numpy(np.float64)
    if schema.classes is None:
        truth = sealed[schema.target].to_numpy(np.float64)
        return regression_metrics(truth, np.array([float(answer.label) for answer in found]), weights=weights)
    codes = {label: code for code, label in enumerate(schema.classes)}
    shares = np.zeros((len(found), len(codes)))
    for row, answer in enumerate(found):
        for label, share in answer.shares.items():
            shares[row, codes[class_of(label, schema.classes)]] = share
    known = sealed[schema.target].isin(list(codes)).to_numpy()  # a class that nothing was learnt of is no code
    names = [m.name for m in metrics_for(spec.task.type) if len(codes) == 2 or "classification" in m.groups]
    return classification_metrics(
        np.array([codes[label] for label in sealed[schema.target][known]], dtype=np.int64),
        shares[known],
        weights=None if weights is None else weights[known],
        positive=positive_code(spec, data),
        predicted=shares[known].argmax(axis=1),
        names=names,
    )


def with_holdout(candidate: Candidate, metrics: Mapping[str, float], metric: str) -> Candidate:
    """A candidate with what it scored on the sealed rows."""
    from cloudautoml.spec.metrics import get_metric

    score = get_metric(metric).to_score(metrics[metric]) if metric in metrics else None
    return replace(candidate, score_holdout=score, metrics_holdout=dict(metrics))
