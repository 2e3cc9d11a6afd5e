"""Endpoint: the handle to a model that answers at once, and is paid for until it is deleted."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Any, Self

from typing_extensions import override

from cloudautoml.errors import SpecError

if TYPE_CHECKING:
    from datetime import datetime

    import pandas as pd

MOST_HOURS = 24.0 * 30
"""The longest that an endpoint may be asked to stand."""


class Endpoint(ABC):
    """A model behind an address of the vendor's.

    No vendor ends an endpoint by itself: as a context manager it is deleted where the block ends; `predict` deletes
    one whose time is over and says so; and `cloudautoml jobs sweep` finds those that nobody came back to.

    Args:
        name: The vendor's name for it.
        expires: When its time is over, in UTC.
    """

    def __init__(self, name: str, *, expires: datetime) -> None:
        self.name = name
        self.expires = expires

    @abstractmethod
    def predict(self, rows: Any) -> pd.Series[Any]:
        """Predict, as `Model.predict` does.

        Raises:
            DataError: The rows cannot be read as what the model was trained on.
            JobNotFoundError: The endpoint is gone, or its time is over.
        """

    @abstractmethod
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        """Class probabilities, as `Model.predict_proba` gives them.

        Raises:
            DataError: As for `predict`.
            UnsupportedError: The model gives none.
            JobNotFoundError: As for `predict`.
        """

    @abstractmethod
    def delete(self) -> None:
        """Delete it and what was made for it; one that is gone already stays so."""

    @abstractmethod
    def native(self) -> Any:
        """What the vendor tells of it."""

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.delete()

    @override
    def __repr__(self) -> str:
        return f"<endpoint {self.name} until {self.expires.isoformat(timespec='minutes')}>"


def check_deployment(*, max_hours: float, min_instances: int, max_instances: int) -> None:
    """Refuse times and machines that make no sense anywhere.

    Raises:
        SpecError: They make none.
    """
    if not 0 < max_hours <= MOST_HOURS:
        raise SpecError(f"an endpoint stands for more than 0 and at most {MOST_HOURS:g} hours", where="max_hours")
    if min_instances < 0:
        raise SpecError("there are no fewer machines than none", where="min_instances")
    if max_instances < max(1, min_instances):
        raise SpecError("at least one machine, and no fewer than `min_instances`", where="max_instances")
