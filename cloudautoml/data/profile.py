"""Profile: a picture of each column, small enough for a report and ready for JSON."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.schema import Schema

_BINS = 20
_TOP = 10
_LONGEST = 120
_QUANTILES = (0.0, 0.05, 0.25, 0.5, 0.75, 0.95, 1.0)


def profile_table(frame: pd.DataFrame, schema: Schema) -> dict[str, Any]:
    """Describe typed rows.

    Args:
        frame: Rows to learn from, as `PreparedData` has them.
        schema: The columns and their roles.

    Returns:
        JSON-ready: `rows`, `columns` (one object a feature: `name`, `type`, `missing` as a share, `distinct`, and
        `quantiles` with `histogram`, or `top`), and `target` (an object alike, with all `classes` and counts for
        a classification).
    """
    report: dict[str, Any] = {
        "rows": len(frame),
        "columns": [_describe(frame[feature.name], feature.type) for feature in schema.features],
        "target": None,
    }
    if schema.target is not None and schema.target_type is not None:
        target = frame[schema.target]
        report["target"] = _describe(target, schema.target_type)
        if schema.classes is not None:
            counts = target.value_counts()
            report["target"]["classes"] = {label: int(counts.get(label, 0)) for label in schema.classes}
    return report


def _describe(column: pd.Series[Any], kind: ColumnType) -> dict[str, Any]:
    known = column.dropna()
    described: dict[str, Any] = {
        "name": str(column.name),
        "type": kind.value,
        "missing": round(1 - len(known) / len(column), 6) if len(column) else 0.0,
        "distinct": int(known.nunique()),
    }
    if known.empty:
        return described
    if kind is ColumnType.NUMERIC:
        return described | _numeric(known)
    if kind is ColumnType.DATETIME:
        return described | _times(known)
    if kind is ColumnType.TEXT:
        return described | {
            "characters": round(float(known.str.len().mean()), 1),
            "words": round(float(known.str.count(r"\S+").mean()), 1),
            "top": _top(known, 3),
        }
    return described | {"top": _top(known, _TOP)}


def _numeric(known: pd.Series[Any]) -> dict[str, Any]:
    import numpy as np

    values = np.sort(known.to_numpy(dtype=np.float64))
    with np.errstate(over="ignore", invalid="ignore"):
        mean, deviation = float(values.mean()), float(values.std())
    counts, edges = _histogram(values)
    return {
        "mean": mean if np.isfinite(mean) else None,
        "std": deviation if np.isfinite(deviation) else None,
        "quantiles": {f"{q:g}": float(values[round(q * (len(values) - 1))]) for q in _QUANTILES},
        "histogram": {"edges": [float(edge) for edge in edges], "counts": counts},
    }


def _times(known: pd.Series[Any]) -> dict[str, Any]:
    import numpy as np

    stamps = np.sort(known.to_numpy(dtype="datetime64[us]"))
    counts, edges = _histogram(stamps.astype(np.int64).astype(np.float64))
    return {
        "quantiles": {f"{q:g}": str(stamps[round(q * (len(stamps) - 1))]) for q in _QUANTILES},
        "histogram": {
            "edges": [str(edge) for edge in edges.astype(np.int64).astype("datetime64[us]")],
            "counts": counts,
        },
    }


def _histogram(values: npt.NDArray[np.float64]) -> tuple[list[int], npt.NDArray[np.float64]]:
    """Counts and edges of bins of equal width; one bin where the values are too close for more.

    Args:
        values: At least one, sorted.
    """
    import numpy as np

    # the ends may be so far apart that their difference overflows; that of their halves does not
    inner = np.linspace(values[0] / 2, values[-1] / 2, _BINS + 1)[1:-1] * 2
    ends = values[[0, -1]]
    edges = np.unique(np.concatenate([ends, inner[(inner > ends[0]) & (inner < ends[1])]]))
    if len(edges) < 2:
        return [len(values)], ends
    return [int(count) for count in np.histogram(values, bins=edges)[0]], edges


def _top(known: pd.Series[Any], count: int) -> list[dict[str, Any]]:
    counts = known.value_counts().head(count)
    return [{"value": str(value)[:_LONGEST], "count": int(n)} for value, n in counts.items()]
