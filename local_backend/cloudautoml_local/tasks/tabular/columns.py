"""Column encoders: turn one column of a real table into float32 columns that trees can split, and back into JSON."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any, Protocol, cast

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Mapping

    import pandas as pd

Matrix = npt.NDArray[np.float32]

MAX_LEVELS = 4096
"""Categories that get a code of their own; the rest share one."""
FREQUENCY_FROM = 12
"""Levels from which on a category's frequency is given as a number as well."""


@dataclass(frozen=True, slots=True)
class ViewColumn:
    """One column of the tree view.

    Attributes:
        source: The column of the user's table it was made from.
        part: What of it: `value`, `code`, `frequency`, `month`, `token`, ...
        levels: Number of category codes, 0 to levels - 1 and NaN; 0 for a number.
        period: Length after which the number starts again, such as 12 for months; 0 for none.
    """

    source: str
    part: str
    levels: int = 0
    period: float = 0.0


class ColumnEncoder(Protocol):
    """Encodes one column; fitted once, then frozen."""

    def columns(self, source: str) -> list[ViewColumn]:
        """What it makes of the column `source`."""
        ...

    def transform(self, column: pd.Series[Any]) -> Matrix:
        """N rows, one column for each of `columns`; NaN where nothing is known."""
        ...

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """What it learned: a JSON object, and arrays by name."""
        ...


@dataclass(frozen=True, slots=True)
class NumericEncoder:
    """A number; moved to its middle where float32 could not tell its values apart otherwise."""

    centre: float = 0.0

    @classmethod
    def fit(cls, column: pd.Series[Any]) -> NumericEncoder:
        """Learn from float64 values."""
        values = column.to_numpy(np.float64)
        values = values[np.isfinite(values)]
        if len(values) and len(np.unique(values.astype(np.float32))) < len(np.unique(values)):
            return cls(float(np.median(values)))
        return cls()

    def columns(self, source: str) -> list[ViewColumn]:
        """The number itself."""
        return [ViewColumn(source, "value")]

    def transform(self, column: pd.Series[Any]) -> Matrix:
        """N x 1."""
        values = column.to_numpy(np.float64) - self.centre
        limit = float(np.finfo(np.float32).max) / 4
        return np.clip(values, -limit, limit).astype(np.float32)[:, None]

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """JSON and arrays."""
        return {"centre": self.centre}, {}

    @classmethod
    def restore(cls, state: Mapping[str, Any], _arrays: Mapping[str, npt.NDArray[Any]]) -> NumericEncoder:
        """Read what `state` gave."""
        return cls(float(state["centre"]))


@dataclass(frozen=True, slots=True)
class CategoryEncoder:
    """A category: codes from the most frequent down, and the frequency itself where there are many.

    An unseen category is missing, which every model can handle.
    """

    levels: tuple[str, ...]
    counts: tuple[int, ...]

    @classmethod
    def fit(cls, column: pd.Series[Any]) -> CategoryEncoder:
        """Learn from text."""
        counts = column.value_counts(dropna=True)
        ordered = sorted(zip(counts.index, counts.to_numpy(), strict=True), key=lambda pair: (-pair[1], str(pair[0])))
        kept = ordered[:MAX_LEVELS]
        return cls(tuple(str(level) for level, _ in kept), tuple(int(count) for _, count in kept))

    @property
    def _has_frequency(self) -> bool:
        return len(self.levels) >= FREQUENCY_FROM

    def columns(self, source: str) -> list[ViewColumn]:
        """The code, and perhaps the frequency."""
        code = ViewColumn(source, "code", levels=max(1, len(self.levels)))
        return [code, ViewColumn(source, "frequency")] if self._has_frequency else [code]

    def transform(self, column: pd.Series[Any]) -> Matrix:
        """N x 1 or n x 2."""
        import pandas as pd

        found = pd.Index(self.levels, dtype="str").get_indexer(pd.Index(column.astype("str")))
        known = found >= 0
        codes = np.where(known, found, np.nan).astype(np.float32)[:, None]
        if not self._has_frequency:
            return codes
        counts = np.asarray(self.counts, np.float64)
        frequency = np.where(known, np.log1p(counts[np.maximum(found, 0)]), 0.0)
        frequency[column.isna().to_numpy()] = np.nan
        return np.hstack([codes, frequency.astype(np.float32)[:, None]])

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """JSON and arrays."""
        return {"levels": list(self.levels), "counts": list(self.counts)}, {}

    @classmethod
    def restore(cls, state: Mapping[str, Any], _arrays: Mapping[str, npt.NDArray[Any]]) -> CategoryEncoder:
        """Read what `state` gave."""
        return cls(tuple(map(str, state["levels"])), tuple(map(int, state["counts"])))


@dataclass(frozen=True, slots=True)
class BooleanEncoder:
    """Truth as 0 and 1."""

    def columns(self, source: str) -> list[ViewColumn]:
        """One number."""
        return [ViewColumn(source, "value")]

    def transform(self, column: pd.Series[Any]) -> Matrix:
        """N x 1."""
        known = {"True": 1.0, "False": 0.0}
        return column.map(known).to_numpy(np.float32, na_value=np.nan)[:, None]

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """JSON and arrays."""
        return {}, {}

    @classmethod
    def restore(cls, _state: Mapping[str, Any], _arrays: Mapping[str, npt.NDArray[Any]]) -> BooleanEncoder:
        """Read what `state` gave."""
        return cls()


_DAY = 86_400.0
_PARTS = {"year": 0.0, "month": 12.0, "day": 31.0, "weekday": 7.0, "day_of_year": 366.0, "hour": 24.0, "minute": 60.0}


@dataclass(frozen=True, slots=True)
class DateEncoder:
    """A time: days since the first one seen, and those of its parts that vary."""

    origin: float
    parts: tuple[str, ...] = field(default=())

    @classmethod
    def fit(cls, column: pd.Series[Any]) -> DateEncoder:
        """Learn from datetime64 values."""
        days, parts = _date_parts(column)
        known = np.isfinite(days)
        varying = tuple(name for name, values in parts.items() if len(np.unique(values[known])) > 1)
        return cls(float(days[known].min()) if known.any() else 0.0, varying)

    def columns(self, source: str) -> list[ViewColumn]:
        """Elapsed days, then the parts."""
        return [ViewColumn(source, "days"), *(ViewColumn(source, name, period=_PARTS[name]) for name in self.parts)]

    def transform(self, column: pd.Series[Any]) -> Matrix:
        """N rows; days are fractions where there is a time of day."""
        days, parts = _date_parts(column)
        return np.stack([days - self.origin, *(parts[name] for name in self.parts)], axis=1).astype(np.float32)

    def state(self) -> tuple[dict[str, Any], dict[str, npt.NDArray[Any]]]:
        """JSON and arrays."""
        return {"origin": self.origin, "parts": list(self.parts)}, {}

    @classmethod
    def restore(cls, state: Mapping[str, Any], _arrays: Mapping[str, npt.NDArray[Any]]) -> DateEncoder:
        """Read what `state` gave."""
        return cls(float(state["origin"]), tuple(name for name in _PARTS if name in state["parts"]))


def _date_parts(column: pd.Series[Any]) -> tuple[npt.NDArray[np.float64], dict[str, npt.NDArray[np.float64]]]:
    times = column.astype("datetime64[us]")
    missing = times.isna().to_numpy()
    days = times.to_numpy().astype("datetime64[us]").astype(np.int64) / (_DAY * 1e6)
    parts = {
        "year": times.dt.year,
        "month": times.dt.month,
        "day": times.dt.day,
        "weekday": times.dt.day_of_week,
        "day_of_year": times.dt.day_of_year,
        "hour": times.dt.hour,
        "minute": times.dt.minute,
    }
    return np.where(missing, np.nan, days), {
        name: cast("npt.NDArray[np.float64]", values.to_numpy(np.float64, na_value=np.nan))
        for name, values in parts.items()
    }
