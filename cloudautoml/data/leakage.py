"""Leakage: a feature that alone tells the target is too good to be true."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import declare
from cloudautoml.data.split import draw_order
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]
    Codes = npt.NDArray[np.int64]

SUSPICIOUS = 0.995
"""Single-feature score from which a feature is called a leak."""

_SAMPLE = 20_000
_FEWEST_ROWS = 30
_FEWEST_OF_A_CLASS = 5
_MOST_CLASSES = 20
_BINS = 64
_FOLDS = 5


def check_leakage(
    train: pd.DataFrame, types: dict[str, ColumnType], *, target: str, classification: bool
) -> list[Finding]:
    """Find features that alone determine the target.

    Each feature is scored by itself: by AUC for classification (one class against the rest, averaged), by rank
    correlation for regression; categories by the target's mean over the other folds. Large tables are sampled.

    Args:
        train: Typed rows with the target.
        types: Type of each feature.
        target: Column of the target.
        classification: Whether the target holds classes.
    """
    if len(train) < _FEWEST_ROWS:
        return []
    sample = train.iloc[draw_order(len(train), 0)[:_SAMPLE]] if len(train) > _SAMPLE else train
    truths = _class_indicators(sample[target]) if classification else [_ranks(sample[target].to_numpy(dtype=float))]
    if not truths:
        return []
    findings: list[Finding] = []
    for name, kind in types.items():
        score = single_feature_score(sample[name], kind, truths, classification=classification)
        if score >= SUSPICIOUS:
            measure = "AUC" if classification else "rank correlation"
            findings.append(
                Finding(
                    "leakage.single_feature",
                    Severity.WARNING,
                    f"it alone tells the target ({measure} {score:.4f}); is it known before the outcome is?",
                    name,
                    f"{declare(name, 'ignore')} leaves it out",
                )
            )
    return findings


def single_feature_score(
    column: pd.Series[Any], kind: ColumnType, truths: list[Floats], *, classification: bool
) -> float:
    """How well one feature alone tells the target, from 0 to 1.

    Args:
        column: The feature.
        kind: Its type; free text is not judged.
        truths: For classification one indicator a class, otherwise the ranks of the target alone.
        classification: Whether the truths are indicators.
    """
    import numpy as np

    if kind is ColumnType.TEXT:
        return 0.0
    codes, ranks = _codes_and_ranks(column, kind)
    scores: list[float] = []
    for truth in truths:
        score = 0.0 if ranks is None else _agreement(ranks, truth, classification=classification)
        if score < SUSPICIOUS and (ranks is None or classification):
            means = _ranks(_out_of_fold_means(codes, truth))
            score = max(score, _agreement(means, truth, classification=classification))
        scores.append(score)
    return float(np.mean(scores))


def _class_indicators(target: pd.Series[Any]) -> list[Floats]:
    import numpy as np

    counts = target.value_counts()
    usable = [
        label for label, count in counts.items() if _FEWEST_OF_A_CLASS <= count <= len(target) - _FEWEST_OF_A_CLASS
    ]
    chosen = usable[:1] if len(counts) == 2 else usable[:_MOST_CLASSES]
    return [np.asarray(target == label, dtype=np.float64) for label in chosen]


def _ranks(values: Floats) -> Floats:
    """Ranks from 1, ties at their mean."""
    import pandas as pd

    return cast("Floats", pd.Series(values).rank().to_numpy())


def _codes_and_ranks(column: pd.Series[Any], kind: ColumnType) -> tuple[Codes, Floats | None]:
    """Groups of equal or neighbouring values, and ranks where there is an order; missing is the lowest."""
    import numpy as np
    import pandas as pd

    if kind not in {ColumnType.NUMERIC, ColumnType.DATETIME}:
        return cast("Codes", pd.factorize(column, use_na_sentinel=False)[0]), None
    numbers = column if kind is ColumnType.NUMERIC else column.astype("int64").where(column.notna()).astype("float64")
    ranks = np.asarray(numbers.rank(na_option="top"), dtype=np.float64)
    if numbers.nunique() <= _BINS:
        return np.unique(ranks, return_inverse=True)[1], ranks
    return np.asarray(ranks * _BINS / (len(ranks) + 1), dtype=np.int64), ranks


def _out_of_fold_means(codes: Codes, truth: Floats) -> Floats:
    """For each row, the mean truth of its group over the other folds; the overall mean where there is none."""
    import numpy as np

    groups = int(codes.max()) + 1
    fold = np.empty(len(codes), dtype=np.int64)
    fold[draw_order(len(codes), 1)] = np.arange(len(codes)) % _FOLDS
    key = codes * _FOLDS + fold
    sums = np.bincount(key, weights=truth, minlength=groups * _FOLDS).reshape(groups, _FOLDS)
    sizes = np.bincount(key, minlength=groups * _FOLDS).reshape(groups, _FOLDS)
    rest_sums = sums.sum(axis=1, keepdims=True) - sums
    rest_sizes = sizes.sum(axis=1, keepdims=True) - sizes
    overall = float(truth.mean())
    means = np.where(rest_sizes > 0, rest_sums / np.maximum(rest_sizes, 1), overall)
    return cast("Floats", means[codes, fold])


def _agreement(ranks: Floats, truth: Floats, *, classification: bool) -> float:
    import numpy as np

    if classification:
        positives = float(truth.sum())
        negatives = len(truth) - positives
        area = (float(ranks[truth > 0].sum()) - positives * (positives + 1) / 2) / (positives * negatives)
        return max(area, 1 - area)
    if float(np.ptp(ranks)) == 0 or float(np.ptp(truth)) == 0:
        return 0.0
    return abs(float(np.corrcoef(ranks, truth)[0, 1]))
