"""Tables in memory: bring pandas, polars, Arrow and whatever speaks Arrow into one raw form."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any, cast

from cloudautoml.data.names import listed, require_columns, short
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Collection, Sequence

    import pandas as pd

_RAW = frozenset({"str", "bool", "boolean", "int64", "Int64", "float64", "datetime64[us]"})


def raw_frame(
    table: object, *, where: str, only: Sequence[str] | None = None, lists: Collection[str] = ()
) -> pd.DataFrame:
    """Bring a table into raw form, without loss and without changing it.

    Args:
        table: pandas, or anything with `__arrow_c_stream__`.
        where: What the table is, for messages.
        only: Columns to read, in this order; all of them unless given.
        lists: Columns that may hold lists of labels; each becomes text in the form of `labels.label_set`.

    Returns:
        Columns of the dtypes `str`, `category` (of `str`), `bool`, `boolean`, `int64`, `Int64`, `float64` and
        `datetime64[us]` (zoned times in UTC, without zone), with a `RangeIndex`.

    Raises:
        DataError: It is no table, a column is missing, names repeat, or a column holds nested, binary or mixed values.
    """
    import pandas as pd

    if isinstance(table, pd.DataFrame):
        return _from_pandas(table, where, only, lists)
    if hasattr(table, "__arrow_c_stream__"):
        import pyarrow as pa

        try:
            arrow = pa.table(table)
        except (pa.ArrowException, TypeError, ValueError) as exc:
            raise DataError(f"the table cannot be read through Arrow: {exc}", where=where) from exc
        if only is not None:
            _require(only, arrow.column_names, where)
            arrow = arrow.select(list(only))
        return raw_from_arrow(arrow, where=where, lists=lists)
    raise DataError(f"{type(table).__name__} is not a table", where=where, hint="give a pandas, polars or Arrow table")


def raw_from_arrow(arrow: Any, *, where: str, lists: Collection[str] = ()) -> pd.DataFrame:
    """Bring an Arrow table into the raw form that `raw_frame` describes; arguments as there."""
    import pandas as pd

    names = [str(name) for name in arrow.column_names]
    _require(names, names, where)
    if not names:
        raise DataError("the table has no columns", where=where)
    columns = {name: _column(arrow.column(i), name, where, name in lists) for i, name in enumerate(names)}
    return pd.DataFrame(columns, index=pd.RangeIndex(arrow.num_rows), columns=pd.Index(names, dtype="str"))


def arrow_compute() -> Any:
    """The vectorised functions of Arrow, which are made at import and so are unknown to type checkers."""
    import pyarrow.compute

    return cast("Any", pyarrow.compute)


def _require(wanted: Sequence[str], names: Sequence[str], where: str) -> None:
    """Check that each wanted column is there, and there once."""
    require_columns([(name, "") for name in wanted], names, where=where)
    counts = Counter(names)
    if repeated := sorted({name for name in wanted if counts[name] > 1}):
        raise DataError(f"columns of the same name: {listed(repeated)}", where=where, hint="rename them")


def _from_pandas(frame: pd.DataFrame, where: str, only: Sequence[str] | None, lists: Collection[str]) -> pd.DataFrame:
    import pandas as pd

    names = [str(name) for name in frame.columns]
    _require(names if only is None else only, names, where)
    if not names:
        raise DataError("the table has no columns", where=where)
    chosen = frame.copy(deep=False) if only is None else frame.iloc[:, [names.index(name) for name in only]]
    chosen = chosen.set_axis(pd.Index(names if only is None else list(only), dtype="str"), axis=1)
    chosen.index = pd.RangeIndex(len(chosen))
    odd = [name for name, dtype in chosen.dtypes.items() if not _is_raw(dtype)]
    if not odd:
        return chosen
    return chosen.assign(**{str(name): _from_series(chosen[name], where, name in lists) for name in odd})


def _is_raw(dtype: Any) -> bool:
    """Whether a column may stay as it is; most do, and a single row is read in a few milliseconds."""
    import pandas as pd

    if isinstance(dtype, pd.CategoricalDtype):
        return bool(dtype.categories.dtype == "str")
    return str(dtype) in _RAW


def _from_series(series: pd.Series[Any], where: str, lists: bool) -> pd.Series[Any]:
    import pyarrow as pa

    name = str(series.name)
    try:
        values = pa.chunked_array([pa.array(series, from_pandas=True)])
    except (pa.ArrowException, TypeError, ValueError, OverflowError) as exc:
        kinds = sorted({type(value).__name__ for value in series.dropna().head(10_000)})
        what = f"values of several types ({', '.join(kinds)})" if len(kinds) > 1 else f"{', '.join(kinds)} ({exc})"
        raise DataError(
            f"column {short(name)} holds {what}",
            where=where,
            hint="give the column one type, for example frame[column].astype('str')",
        ) from exc
    return _column(values, name, where, lists)


def _column(column: Any, name: str, where: str, lists: bool) -> pd.Series[Any]:
    import pandas as pd
    import pyarrow as pa
    import pyarrow.types as pt

    if lists and (pt.is_list(column.type) or pt.is_large_list(column.type) or pt.is_fixed_size_list(column.type)):
        return _joined(column)
    category = pt.is_dictionary(column.type)
    plain = _decoded(column) if category else _plain(column)
    if plain is None:
        raise DataError(
            f"column {short(name)} holds {column.type}, which is not a plain value",
            where=where,
            hint="turn it into numbers, text or times, or leave the column out",
        )
    dtypes: dict[Any, Any] = {pa.bool_(): pd.BooleanDtype(), pa.large_string(): pd.Series(dtype="str").dtype}
    if plain.null_count:
        dtypes[pa.int64()] = pd.Int64Dtype()
    series = cast("pd.Series[Any]", plain.to_pandas(types_mapper=dtypes.get))
    if category:
        from cloudautoml.data.coerce import text_values

        return text_values(series).astype("category")
    return series


def _joined(column: Any) -> pd.Series[Any]:
    """A column of lists as text, missing ones kept."""
    import pandas as pd

    from cloudautoml.data.labels import label_set

    values = [None if value is None else label_set(value) for value in column.to_pylist()]
    return pd.Series(values, dtype="str")


def _decoded(column: Any) -> Any:
    """The values of a dictionary column, in plain form; None when they have none."""
    import pyarrow as pa

    chunks: list[Any] = []
    for chunk in column.chunks:
        values = _plain(chunk.dictionary)
        if values is None:
            return None
        chunks.append(values.take(chunk.indices))
    return pa.chunked_array(chunks) if chunks else pa.chunked_array([], pa.large_string())


def _plain(column: Any) -> Any:
    """The column as large_string, bool, int64, float64 or timestamp[us] in UTC; None when it is none of these."""
    import pyarrow as pa
    import pyarrow.types as pt

    kind, plain = column.type, None
    if isinstance(kind, pa.BaseExtensionType):
        pass
    elif pt.is_boolean(kind):
        plain = column
    elif pt.is_floating(kind):
        plain = column.cast(pa.float64())
    elif pt.is_integer(kind):
        plain = _integers(column)
    elif pt.is_timestamp(kind) or pt.is_date(kind):
        zoned = column.cast(pa.timestamp("us", tz=getattr(kind, "tz", None)), safe=False)
        plain = zoned.cast(pa.timestamp("us"))
    elif pt.is_duration(kind):
        ticks = column.cast(pa.duration("us"), safe=False).cast(pa.int64()).cast(pa.float64(), safe=False)
        plain = arrow_compute().divide(ticks, 1e6)
    elif pt.is_decimal(kind) or pt.is_time(kind):
        plain = column.cast(pa.string()).cast(pa.large_string())
    elif pt.is_null(kind) or pt.is_string(kind) or pt.is_large_string(kind) or kind == pa.string_view():
        plain = column.cast(pa.large_string())
    return plain


def _integers(column: Any) -> Any:
    """int64, or text where that would lose digits."""
    import pyarrow as pa

    try:
        return column.cast(pa.int64())
    except pa.ArrowInvalid:  # at or above 2**63
        return column.cast(pa.string()).cast(pa.large_string())
