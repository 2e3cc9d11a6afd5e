"""Stamps: times as text, dates or years become moments, in UTC or as the clock on the wall showed them."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.data.coerce import coerce, text_values
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

_YEAR: Final = r"^\d{4}(\.0)?$"
_ZONE: Final = r"\s?(?:Z|[+-]\d{2}(?::?\d{2})?)$"
_TIME_WITH_ZONE: Final = r"\d{2}:\d{2}.*(?:Z|[+-]\d{2}(?::?\d{2})?)$"


@dataclass(frozen=True, slots=True, eq=False)
class Moments:
    """A column of times.

    Attributes:
        utc: datetime64[us]; stamps with a zone in UTC, others as they stand.
        wall: The same with every zone struck off.
        zoned: Which stamps carry a zone.
        bad: Which cells hold something that is no time.
    """

    utc: npt.NDArray[np.datetime64]
    wall: npt.NDArray[np.datetime64]
    zoned: npt.NDArray[np.bool_]
    bad: npt.NDArray[np.bool_]


def read_moments(column: pd.Series[Any]) -> Moments:
    """Read a column of times.

    Args:
        column: A column as `read_table` gives it: dates, text, or whole numbers of four digits, which are years.
    """
    import numpy as np
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        found = coerce(column, ColumnType.DATETIME)
        zone = column.dt.tz is not None
        wall = column.dt.tz_localize(None).astype("datetime64[us]") if zone else found.values
        return Moments(_moments(found.values), _moments(wall), np.full(len(column), zone), found.bad)
    text = text_values(column).str.strip()
    years = text.str.match(_YEAR).fillna(value=False)
    if bool(years.any()):
        text = text.where(~years, text.str.slice(0, 4) + "-01")
    zoned = text.str.contains(_TIME_WITH_ZONE, regex=True).fillna(value=False).to_numpy(dtype=np.bool_)
    found = coerce(text, ColumnType.DATETIME)
    wall = found.values
    if zoned.any():
        wall = coerce(text.str.replace(_ZONE, "", regex=True).where(zoned, text), ColumnType.DATETIME).values
    return Moments(_moments(found.values), _moments(wall), zoned, found.bad)


def _moments(values: pd.Series[Any]) -> npt.NDArray[np.datetime64]:
    import numpy as np

    return np.asarray(values.to_numpy(), "datetime64[us]")
