"""Label sets: any number of labels a row, however they are written, brought into one form and counted."""

from __future__ import annotations

import json
from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.coerce import label_text, text_values
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

_EMPTY = "[]"


def label_set(labels: Iterable[object]) -> str:
    """Labels in the form that all parts of a job use: a JSON list of texts, sorted, each once.

    Args:
        labels: Text, numbers or booleans; blank and missing ones are left out.
    """
    texts = {label_text(label).strip() for label in labels if label is not None and label == label}  # noqa: PLR0124 - NaN
    return json.dumps(sorted(texts - {""}), ensure_ascii=False)


def label_sets(column: pd.Series[Any], *, separator: str) -> pd.Series[Any]:
    """A column of labels, each cell in the form of `label_set`; an empty or a missing cell has none.

    Args:
        column: As `read_table` gives it: text in which labels are joined, or lists (in memory, or as JSON text).
        separator: What joins labels in one text.
    """
    import pandas as pd

    values = column if column.dtype == object else text_values(column)
    known: dict[str, str] = {}

    def read(value: object) -> str:
        if isinstance(value, str):
            if value not in known:
                known[value] = _of_text(value, separator)
            return known[value]
        if hasattr(value, "__iter__"):
            return label_set(cast("Iterable[object]", value))
        return label_set([value])

    return pd.Series([read(value) for value in values], index=column.index, name=column.name, dtype="str")


def _of_text(text: str, separator: str) -> str:
    if text.startswith("[") and text.rstrip().endswith("]"):
        try:
            return label_set(cast("list[object]", json.loads(text)))
        except (ValueError, TypeError):
            pass  # a label that begins with a bracket
    return label_set(text.split(separator))


def label_sets_of_matrix(matrix: npt.NDArray[Any], names: Sequence[object] | None, *, where: str) -> list[str]:
    """Label sets of a matrix with one column a label, 1 where a row has it.

    Args:
        matrix: n x k, of zeros and ones.
        names: The k labels; their numbers from 0 unless given.
        where: What it is, for messages.

    Raises:
        DataError: It holds something else, or the names are of another number.
    """
    import numpy as np

    if not np.isin(matrix, (0, 1)).all():
        raise DataError("labels in columns are 0 or 1, and there are others", where=where)
    texts = [label_text(name) for name in (range(matrix.shape[1]) if names is None else names)]
    if len(set(texts)) != matrix.shape[1]:
        raise DataError(f"{len(set(texts))} classes for {matrix.shape[1]} columns of labels", where=where)
    return [label_set(texts[place] for place in np.flatnonzero(row)) for row in matrix]


def labels_of(text: str) -> tuple[str, ...]:
    """The labels of a cell in the form of `label_set`."""
    return () if text == _EMPTY else tuple(map(str, json.loads(text)))


def label_counts(column: pd.Series[Any]) -> dict[str, int]:
    """How often each label occurs in a column of label sets, the labels sorted."""
    counts: Counter[str] = Counter()
    for text, times in column.value_counts().items():
        counts.update(dict.fromkeys(labels_of(str(text)), int(times)))
    return dict(sorted(counts.items()))


def label_matrix(column: pd.Series[Any], classes: Sequence[str]) -> npt.NDArray[np.uint8]:
    """A column of label sets as a matrix: 1 where a row has a label.

    Args:
        column: The label sets; labels that are not among the classes are left out.
        classes: What the columns of the matrix are.

    Returns:
        uint8, rows x classes.
    """
    import numpy as np

    places = {label: place for place, label in enumerate(classes)}
    matrix = np.zeros((len(column), len(classes)), np.uint8)
    for row, text in enumerate(column):
        matrix[row, [places[label] for label in labels_of(str(text)) if label in places]] = 1
    return matrix


def rarest_labels(matrix: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """The rarest label of each row, to draw rows by: where those are shared out evenly, all labels are, nearly.

    Args:
        matrix: Rows x classes, 1 where a row has a label.

    Returns:
        n class numbers; the number of classes for a row without labels.
    """
    import numpy as np

    counts = matrix.sum(axis=0, dtype=np.int64)
    held = np.where(matrix > 0, counts, np.iinfo(np.int64).max)
    rarest = held.argmin(axis=1) if matrix.shape[1] else np.zeros(len(matrix), np.int64)
    return np.where(matrix.any(axis=1), rarest, matrix.shape[1]).astype(np.int64)
