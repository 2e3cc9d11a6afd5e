"""Tables: what scikit-learn's users give as rows, labels and weights, as columns that a job can read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
from sklearn.utils.validation import assert_all_finite, column_or_1d

from cloudautoml.data.coerce import label_text
from cloudautoml.spec import Dataset

if TYPE_CHECKING:
    import numpy.typing as npt

Array = Any
"""An array or a table: numpy, pandas, polars, Arrow or nested lists."""


def is_frame(rows: Array) -> bool:
    """Whether rows are a table whose columns have types of their own: pandas, polars, Arrow."""
    return hasattr(rows, "__arrow_c_stream__") and getattr(rows, "ndim", 2) == 2 and not isinstance(rows, np.ndarray)


def frame_of(array: npt.NDArray[Any]) -> pd.DataFrame:
    """An array as columns: numbers as numbers, everything else as text."""
    if array.dtype.kind in "iufb":
        return pd.DataFrame(array.astype(np.float64))
    return pd.DataFrame({number: _column(array[:, number]) for number in range(array.shape[1])})


def _column(values: npt.NDArray[Any]) -> pd.Series[Any]:
    column = pd.Series(values).infer_objects()
    if column.dtype.kind in "iufbM":
        return column.astype(np.float64) if column.dtype.kind in "iuf" else column
    try:
        return pd.to_numeric(column) if not column.map(lambda v: isinstance(v, str)).any() else _texts(column)
    except (ValueError, TypeError):
        return _texts(column)


def _texts(column: pd.Series[Any]) -> pd.Series[Any]:
    return column.where(column.isna(), column.map(label_text, na_action="ignore")).astype("str")


def labels_of(y: Array | None, *, estimator: str) -> npt.NDArray[Any]:
    """The target as one column of n values, none missing.

    Args:
        y: What the user gave.
        estimator: Name of the class, for messages.

    Raises:
        ValueError: There is none, it has several columns, or values are missing.
    """
    if y is None:
        msg = f"{estimator} requires y to be passed, but the target y is None"
        raise ValueError(msg)
    labels: npt.NDArray[Any] = column_or_1d(y, warn=True)
    assert_all_finite(labels, input_name="y")
    return labels


def weights_of(sample_weight: Array, rows: int) -> npt.NDArray[np.float64]:
    """Weights as numbers, one a row, zero and above, not all zero.

    Raises:
        ValueError: They are not like that.
    """
    weights: npt.NDArray[np.float64] = column_or_1d(sample_weight, dtype=np.float64)
    assert_all_finite(weights, input_name="sample_weight")
    if len(weights) != rows:
        msg = f"sample_weight has {len(weights)} values for {rows} rows"
        raise ValueError(msg)
    if (weights < 0).any():
        msg = "Negative values in data passed to sample_weight"
        raise ValueError(msg)
    if not (weights > 0).any():
        msg = "sample_weight is zero for every row"
        raise ValueError(msg)
    return weights


def class_texts(classes: npt.NDArray[Any]) -> list[str]:
    """The classes as text that is read back as it is, for the job's target column."""
    texts = [label_text(label) for label in classes]
    missing = {*Dataset.model_fields["na_values"].default, ""}
    if len({text.strip() for text in texts} - missing) == len(classes):
        return texts
    return [f"class_{number}" for number in range(len(classes))]
