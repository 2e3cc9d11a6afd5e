"""Evaluation of the best model for the report: where it is right and wrong, and what it goes by."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
import numpy.typing as npt

from cloudautoml.scoring import confusion
from cloudautoml.scoring_labels import by_label
from cloudautoml.scoring_labels import decided as decided_labels
from cloudautoml_local.tasks.tabular.decisions import decide
from cloudautoml_local.tasks.tabular.measure import score
from cloudautoml_local.tasks.tabular.table import take

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml_local.tasks.tabular.families.base import Deadline, Floats, Rows
    from cloudautoml_local.tasks.tabular.model import TabularModel
    from cloudautoml_local.tasks.tabular.table import TableInfo

_CURVE_POINTS = 100
_CURVE_CLASSES = 10
_SAMPLE = 500
_BINS = 10
IMPORTANCE_ROWS = 1000
"""Rows that are enough to tell what matters."""
_REPEATS = 3


class Truth(Protocol):
    """What rows really are."""

    @property
    def target(self) -> npt.NDArray[Any]:
        """N class codes, -1 for an unknown class; n x k zeros and ones of labels; or n numbers."""
        ...

    @property
    def weight(self) -> Floats | None:
        """N weights; None when all are equal."""
        ...


class Aim(Protocol):
    """What was to be learned."""

    @property
    def kind(self) -> str:
        """`binary`, `multiclass`, `multi_label` or `regression`."""
        ...

    @property
    def classes(self) -> tuple[str, ...]:
        """Class labels in the order of their codes."""
        ...

    @property
    def positive(self) -> int:
        """Code of the class that binary metrics are about."""
        ...


def evaluation_of(rows: Truth, found: Floats, info: Aim, *, scales: tuple[float, ...], note: str) -> dict[str, Any]:
    """Tables and curves of predictions of rows that the model did not learn from.

    Args:
        rows: The rows; those of an unknown class are left out.
        found: n x k probabilities, or n numbers.
        info: What was to be learned.
        scales: Factors on the probabilities before the label is taken.
        note: Which rows they are, for people.

    Returns:
        A JSON object: for a classifier `classes`, `confusion` (where a row has one class), `curves` and `per_class`;
        else `points`, `residuals` and `residual_quantiles`.
    """
    known = _known(rows, found, info)
    if info.kind == "regression":
        return {"note": note, **_regression(rows.target[known], found[known])}
    truth, likely = _flags(rows.target[known], info), found[known]
    weights = np.ones(len(truth)) if rows.weight is None else rows.weight[known]
    chosen = [info.positive] if info.kind == "binary" else list(range(min(len(info.classes), _CURVE_CLASSES)))
    curves = [
        {"class": info.classes[code], **_curves(truth[:, code], likely[:, code], weights)}
        for code in chosen
        if 0 < truth[:, code].sum() < len(truth)
    ]
    made: dict[str, Any] = {"note": note, "classes": list(info.classes), "curves": curves}
    if info.kind != "multi_label":
        taken, codes = decide(likely, scales), rows.target[known].astype(np.int64)
        made["confusion"] = confusion(codes, taken, len(info.classes)).astype(int).tolist()
    return {**made, "per_class": per_class(rows, found, info, scales=scales)}


def per_class(rows: Truth, found: Floats, info: Aim, *, scales: tuple[float, ...]) -> list[dict[str, Any]]:
    """Precision, recall, F1 and number of rows of each class; the rows count alike.

    Args:
        rows: The rows; those of an unknown class are left out.
        found: n x k probabilities.
        info: What was to be learned: classes or labels.
        scales: Factors on the probabilities before the label is taken.
    """
    known = _known(rows, found, info)
    truth = _flags(rows.target[known], info).astype(np.uint8)
    parts = zip(info.classes, *by_label(truth, _taken(found[known], info, scales)), strict=True)
    return [
        {
            "class": name,
            **dict(zip(("precision", "recall", "f1"), _rounded(values), strict=True)),
            "support": int(count),
        }
        for name, *values, count in parts
    ]


def _known(rows: Truth, found: Floats, info: Aim) -> npt.NDArray[np.bool_]:
    """Rows of a known class that have predictions."""
    finite = np.isfinite(found).reshape(len(found), -1).all(axis=1)
    return np.asarray(finite & (rows.target >= 0) if info.kind in {"binary", "multiclass"} else finite)


def _flags(target: npt.NDArray[Any], info: Aim) -> npt.NDArray[np.bool_]:
    return np.asarray(target > 0 if target.ndim > 1 else target[:, None] == np.arange(len(info.classes)))


def _taken(found: Floats, info: Aim, scales: tuple[float, ...]) -> npt.NDArray[np.uint8]:
    if info.kind == "multi_label":
        return decided_labels(found)
    return np.asarray(decide(found, scales)[:, None] == np.arange(len(info.classes)), np.uint8)


def importance_of(
    model: TabularModel,
    frame: pd.DataFrame,
    rows: Rows,
    info: TableInfo,
    *,
    deadline: Deadline,
    most: int,
    seed: int,
    note: str,
) -> dict[str, Any]:
    """How much the score falls when one column of the user's table is shuffled.

    Args:
        model: The model.
        frame: The features of `rows`, as the schema has conformed them.
        rows: Rows that the model did not learn from.
        info: What was to be learned.
        deadline: When to stop; columns that were not reached are left out.
        most: Rows to use at most.
        seed: Seed of the shuffling and of the sample of rows.
        note: Which rows they are, for people.

    Returns:
        A JSON object: `features`, each with `name`, `importance` and `std`, and `rows`, their number.
    """
    rng = np.random.default_rng(seed)
    which = np.flatnonzero(rows.target >= 0) if info.classes else np.arange(len(rows))
    if len(which) > most:
        which = np.sort(rng.choice(which, most, replace=False))
    frame, rows = frame.iloc[which].reset_index(drop=True), take(rows, which)
    everything = np.ones(len(rows), np.bool_)

    def value(changed: pd.DataFrame) -> float:
        return score(rows, model.predict_prepared(changed), everything, info, scales=model.recipe.scales)

    value(frame)  # the first call reads the model
    begin = time.monotonic()
    whole = value(frame)
    each = time.monotonic() - begin
    repeats = int(np.clip(deadline.left / max(1e-6, each * frame.shape[1] * 1.3), 1, _REPEATS))
    features: list[dict[str, Any]] = []
    for name in frame.columns if np.isfinite(whole) else ():  # a metric may not be defined on so few rows
        if deadline.left < each * repeats:
            break
        falls = []
        for _ in range(repeats):
            shuffled = frame[name].iloc[rng.permutation(len(frame))].reset_index(drop=True)
            falls.append(whole - value(frame.assign(**{str(name): shuffled})))
        features.append({"name": str(name), "importance": float(np.mean(falls)), "std": float(np.std(falls))})
    features.sort(key=lambda feature: -feature["importance"])
    return {"metric": info.metric, "rows": len(rows), "repeats": repeats, "features": features, "note": note}


def _curves(truth: npt.NDArray[np.bool_], found: Floats, weights: Floats) -> dict[str, Any]:
    order = np.argsort(-found, kind="stable")
    hits = np.concatenate(([0.0], np.cumsum(np.where(truth, weights, 0.0)[order])))
    misses = np.concatenate(([0.0], np.cumsum(np.where(truth, 0.0, weights)[order])))
    ends = np.flatnonzero(np.append(np.diff(found[order]) != 0, True)) + 1
    if len(ends) > _CURVE_POINTS:
        ends = ends[np.unique(np.linspace(0, len(ends) - 1, _CURVE_POINTS).astype(int))]
    at = np.concatenate(([0], ends))
    precision = hits[ends] / np.maximum(hits[ends] + misses[ends], 1e-12)
    edges = np.linspace(0, 1, _BINS + 1)
    place = np.clip(np.digitize(found, edges) - 1, 0, _BINS - 1)
    filled = [part for part in range(_BINS) if (place == part).any()]
    return {
        "roc": {"fpr": _rounded(misses[at] / max(misses[-1], 1e-12)), "tpr": _rounded(hits[at] / max(hits[-1], 1e-12))},
        "precision_recall": {"recall": _rounded(hits[ends] / max(hits[-1], 1e-12)), "precision": _rounded(precision)},
        "calibration": {
            "predicted": _rounded(
                [np.average(found[place == part], weights=weights[place == part]) for part in filled]
            ),
            "observed": _rounded([np.average(truth[place == part], weights=weights[place == part]) for part in filled]),
            "count": [int((place == part).sum()) for part in filled],
        },
    }


def _regression(truth: Floats, found: Floats) -> dict[str, Any]:
    residuals = truth - found
    shown = np.linspace(0, len(truth) - 1, min(len(truth), _SAMPLE)).astype(int)
    low, high = np.quantile(residuals, (0.005, 0.995))
    counts, edges = np.histogram(residuals, bins=30, range=(low, high) if high > low else None)
    shares = (0.05, 0.25, 0.5, 0.75, 0.95)
    return {
        "points": {"truth": truth[shown].tolist(), "predicted": found[shown].tolist()},
        "residuals": {"edges": edges.tolist(), "counts": counts.tolist()},
        "residual_quantiles": {str(share): float(np.quantile(residuals, share)) for share in shares},
    }


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 5) for value in values]
