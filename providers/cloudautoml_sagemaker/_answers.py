"""Answers: what a model wrote, as predictions in the words of the training data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.capabilities import Feature, Gap, unsupported
from cloudautoml.errors import UnsupportedError

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cloudautoml_sagemaker._batch import Answer


def class_of(label: str, classes: Sequence[str]) -> str:
    """The class that the service means: it may write `1.0` for `1`."""
    from cloudautoml.data import match_label

    if label in classes:
        return label
    try:
        return match_label(float(label), classes) or label
    except ValueError:
        return label


def labelled(found: Sequence[Answer], index: pd.Index[Any], classes: Sequence[str] | None) -> pd.Series[Any]:
    """Answers as predictions: labels as they stood in the training data, or numbers."""
    import pandas as pd

    if classes is None:
        return pd.Series([float(answer.label) for answer in found], index=index, dtype="float64")
    return pd.Series([class_of(answer.label, classes) for answer in found], index=index, dtype="str")


def weighed(found: Sequence[Answer], index: pd.Index[Any], classes: Sequence[str]) -> pd.DataFrame:
    """Answers as probabilities, one column a class.

    Raises:
        UnsupportedError: The container gives none.
    """
    import pandas as pd

    if any(not answer.shares for answer in found):
        raise UnsupportedError(
            "sagemaker", [Gap(Feature.PREDICT_PROBA, unsupported("this candidate's container gives labels alone"))]
        )
    by_class = [{class_of(label, classes): share for label, share in answer.shares.items()} for answer in found]
    table = pd.DataFrame(by_class, index=index).reindex(columns=list(classes)).fillna(0.0).astype("float64")
    return table.div(table.sum(axis=1), axis=0)  # the service rounds
