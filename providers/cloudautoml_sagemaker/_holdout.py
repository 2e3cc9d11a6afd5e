"""Holdout: the sealed rows, which the best model predicts when training has ended; their labels never leave."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING, Any

from cloudautoml.data import positive_code
from cloudautoml.leaderboard import Leaderboard
from cloudautoml_sagemaker._answers import class_of

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    from cloudautoml.leaderboard import Candidate
    from cloudautoml.spec import JobSpec
    from cloudautoml_sagemaker._batch import Answer
    from cloudautoml_sagemaker._rows import Rows, Trained


def holdout_metrics(spec: JobSpec, data: Trained, sealed: Rows, outputs: Sequence[bytes]) -> dict[str, float]:
    """Every metric that the predictions of the sealed rows allow, by our names, in natural values.

    Args:
        spec: The job.
        data: Its data, with sealed rows.
        sealed: Those rows, as they were sent.
        outputs: What the model wrote.
    """
    from cloudautoml.data import PreparedImages, PreparedSeries

    if isinstance(data, PreparedSeries):
        from cloudautoml_sagemaker._rows import levels_of
        from cloudautoml_sagemaker._series import series_metrics

        return series_metrics(data, sealed.predicted(outputs), levels_of(spec))
    found = sealed.read(outputs)
    if isinstance(data, PreparedImages):
        sealed_labels = [str(data.examples["label"].iloc[int(place)]) for place in data.positions("holdout")]
        return _class_metrics(spec, sealed_labels, data.classes, found)
    import numpy as np

    schema, rows = data.schema, data.holdout
    assert rows is not None
    assert schema.target is not None
    weights = None if schema.weight is None else rows[schema.weight].to_numpy(np.float64)
    if schema.classes is None:
        from cloudautoml.scoring import regression_metrics

        truth = rows[schema.target].to_numpy(np.float64)
        return regression_metrics(truth, np.array([float(answer.label) for answer in found]), weights=weights)
    labels = [str(label) for label in rows[schema.target]]
    return _class_metrics(spec, labels, schema.classes, found, weights=weights, positive=positive_code(spec, data))


def _class_metrics(
    spec: JobSpec,
    truth: Sequence[str],
    classes: Sequence[str],
    found: Sequence[Answer],
    *,
    weights: npt.NDArray[np.float64] | None = None,
    positive: int | None = None,
) -> dict[str, float]:
    import numpy as np

    from cloudautoml.scoring import classification_metrics
    from cloudautoml.spec.metrics import METRICS, Needs, metrics_for

    codes = {label: code for code, label in enumerate(classes)}
    known = [row for row, label in enumerate(truth) if label in codes]  # no model can know a class it never saw
    predicted = np.array([codes[class_of(answer.label, classes)] for answer in found], dtype=np.int64)
    shares = np.zeros((len(found), len(codes)))
    for row, answer in enumerate(found):
        for label, share in _shares(answer).items():
            shares[row, codes[class_of(label, classes)]] = share
    binary = len(codes) == 2
    names = [
        metric.name
        for metric in metrics_for(spec.task.type)
        if (binary or "classification" in metric.groups)
        and (all(answer.shares for answer in found) or METRICS[metric.name].needs is not Needs.PROBABILITIES)
    ]
    return classification_metrics(
        np.array([codes[truth[row]] for row in known], dtype=np.int64),
        shares[known],
        weights=None if weights is None else weights[known],
        positive=1 if positive is None else positive,
        predicted=predicted[known],
        names=names,
    )


def _shares(answer: Answer) -> Mapping[str, float]:
    return answer.shares or {answer.label: 1.0}


def with_holdout(board: Leaderboard, kept: Mapping[str, Any]) -> Leaderboard:
    """A leaderboard with what its best candidate scored on the sealed rows.

    Args:
        board: As Autopilot scored it.
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
