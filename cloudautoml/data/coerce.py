"""Coercion: turn one raw column into values of one type, and say which rows could not be read."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.arrow import arrow_compute
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

NUMBER = r"^[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?$"
"""What counts as a number when it is written as text; no thousands separators, no hex, no infinities."""

_ISO = r"^\d{4}-\d{2}(-\d{2}([T ]\d{2}:\d{2}(:\d{2}(\.\d+)?)?\s?(Z|[+-]\d{2}(:?\d{2})?)?)?)?$"
_SLASHES = r"^\d{4}/\d{2}/\d{2}( \d{2}:\d{2}(:\d{2}(\.\d+)?)?)?$"
_DOTS = r"^\d{2}\.\d{2}\.\d{4}$"
_TRUE = ("true", "t", "yes", "y", "1", "1.0")
_FALSE = ("false", "f", "no", "n", "0", "0.0")


@dataclass(frozen=True, slots=True, eq=False)
class Coerced:
    """A column after coercion.

    Attributes:
        values: float64 for numbers, datetime64[us] (UTC, without zone) for times, `str` for everything else.
        bad: Which rows hold something that is not of the type; missing in `values`.
    """

    values: pd.Series[Any]
    bad: npt.NDArray[np.bool_]


def coerce(column: pd.Series[Any], kind: ColumnType) -> Coerced:
    """Turn one raw column into values of one type.

    Blank text counts as missing for numbers, times and booleans. Text that is to be text is left as it is.

    Args:
        column: A column as `read_table` gives it, `rows` long.
        kind: The type wanted.
    """
    if kind is ColumnType.NUMERIC:
        return _numbers(column)
    if kind is ColumnType.DATETIME:
        return _times(column)
    if kind is ColumnType.BOOLEAN:
        return _booleans(column)
    return Coerced(text_values(column), _none_bad(column))


def label_text(value: object) -> str:
    """A class label or category as text: whole numbers without a point, booleans as `True` and `False`."""
    import numpy as np

    if isinstance(value, (bool, np.bool_)):
        return str(bool(value))
    if isinstance(value, (float, np.floating)):
        number = float(cast("float", value))
        return str(int(number)) if number.is_integer() else repr(number)
    return str(value)


def text_values(column: pd.Series[Any]) -> pd.Series[Any]:
    """A raw column as `str`, missing values kept; text is not touched."""
    import pandas as pd

    if _is_text(column):
        return column if column.dtype == "str" else column.astype("str")
    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return column.map(lambda value: value.isoformat(), na_action="ignore").astype("str")
    values = column.astype(object)
    return values.where(column.isna(), values.map(label_text, na_action="ignore")).astype("str")


def arrow_text(column: pd.Series[Any]) -> Any:
    """A text column as an Arrow array of large strings, for vectorised matching."""
    import pyarrow as pa

    values = pa.array(column.astype("str"), type=pa.large_string(), from_pandas=True)
    return values.combine_chunks() if isinstance(values, pa.ChunkedArray) else values


def parse_times(text: pd.Series[Any]) -> pd.Series[Any]:
    """Read times written as ISO 8601, 2024/01/31 or 31.01.2024; what is none of these becomes missing.

    Args:
        text: Trimmed text.

    Returns:
        datetime64[us] in UTC without zone; a time without zone is taken as it stands.
    """
    import pandas as pd

    usual = text
    readable = text.str.match(_ISO).fillna(value=False)
    if not bool(readable.all()):
        slashes = text.str.match(_SLASHES).fillna(value=False)
        dots = text.str.match(_DOTS).fillna(value=False)
        usual = text.where(~slashes, text.str.replace("/", "-", regex=False))
        if bool(dots.any()):
            usual = usual.where(~dots, usual.str.replace(r"^(\d{2})\.(\d{2})\.(\d{4})$", r"\3-\2-\1", regex=True))
        usual = usual.where(slashes | dots | readable)
    times = pd.to_datetime(usual, format="ISO8601", utc=True, errors="coerce")
    return cast("pd.Series[Any]", times.dt.tz_localize(None).astype("datetime64[us]"))


def _is_text(column: pd.Series[Any]) -> bool:
    import pandas as pd

    return isinstance(column.dtype, (pd.StringDtype, pd.CategoricalDtype)) or column.dtype == object


def _none_bad(column: pd.Series[Any]) -> npt.NDArray[np.bool_]:
    import numpy as np

    return np.zeros(len(column), dtype=np.bool_)


def _numbers(column: pd.Series[Any]) -> Coerced:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        return Coerced(pd.Series(np.nan, index=column.index), column.notna().to_numpy(dtype=np.bool_))
    if not _is_text(column):
        numbers = column.to_numpy(dtype=np.float64, na_value=np.nan)
        bad = np.isinf(numbers)
        if column.dtype == np.float64 and not bad.any():
            return Coerced(column, bad)
        return Coerced(pd.Series(np.where(bad, np.nan, numbers), index=column.index), bad)
    import pyarrow as pa

    pc = arrow_compute()

    text = pc.utf8_trim_whitespace(arrow_text(column))
    readable = pc.match_substring_regex(text, NUMBER)
    parsed = pc.cast(pc.if_else(readable, text, pa.scalar(None, pa.large_string())), pa.float64())
    numbers = np.array(parsed.to_numpy(zero_copy_only=False), dtype=np.float64)
    filled = pc.fill_null(pc.not_equal(text, ""), False).to_numpy(zero_copy_only=False)
    bad = np.asarray(filled & ~np.isfinite(numbers), dtype=np.bool_)
    return Coerced(pd.Series(np.where(bad, np.nan, numbers), index=column.index), bad)


def _times(column: pd.Series[Any]) -> Coerced:
    import numpy as np
    import pandas as pd

    if pd.api.types.is_datetime64_any_dtype(column.dtype):
        plain = column.dt.tz_convert(None) if column.dt.tz is not None else column
        return Coerced(plain.astype("datetime64[us]"), _none_bad(column))
    if not _is_text(column):
        nothing = pd.Series(pd.NaT, index=column.index, dtype="datetime64[us]")
        return Coerced(nothing, column.notna().to_numpy(dtype=np.bool_))
    text = column.astype("str").str.strip()
    codes, unique = pd.factorize(text)
    known = parse_times(pd.Series(unique, dtype="str"))
    values = pd.Series(known.reindex(codes).to_numpy(), index=column.index, dtype="datetime64[us]")
    filled = (text.notna() & (text != "")).to_numpy(dtype=np.bool_)
    return Coerced(values, filled & values.isna().to_numpy(dtype=np.bool_))


def _booleans(column: pd.Series[Any]) -> Coerced:
    import numpy as np

    text = text_values(column)
    plain = text.str.strip().str.lower()
    readable = dict.fromkeys(_TRUE, "True") | dict.fromkeys(_FALSE, "False")
    values = plain.map(readable).astype("str")
    filled = (text.notna() & (plain != "")).to_numpy(dtype=np.bool_)
    return Coerced(values, filled & values.isna().to_numpy(dtype=np.bool_))
