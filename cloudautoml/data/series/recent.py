"""Recent rows: what is known of series when they are to be forecast, joined to what a model has learned from."""

from __future__ import annotations

import itertools
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.data.findings import Severity
from cloudautoml.data.names import counted
from cloudautoml.data.series.assemble import np_where
from cloudautoml.data.series.fill import carried, filled
from cloudautoml.data.series.grid import lines, names, single, slices
from cloudautoml.data.series.long import read_long
from cloudautoml.errors import DataError
from cloudautoml.spec import InMemory

if TYPE_CHECKING:
    from collections.abc import Mapping

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.series.schema import SeriesSchema

_FEWEST = 3


@dataclass(frozen=True, slots=True, eq=False)
class Recent:
    """One series as it is known when it is to be forecast.

    Attributes:
        key: Its key.
        values: Its n values at equal steps, none missing.
        stamps: N stamps, datetime64[us].
        covariates: The covariates of those steps, and of the following ones as far as they are known.
    """

    key: tuple[str, ...]
    values: npt.NDArray[np.float64]
    stamps: npt.NDArray[np.datetime64]
    covariates: pd.DataFrame


def history_of(frame: pd.DataFrame, schema: SeriesSchema) -> dict[tuple[str, ...], Recent]:
    """The series of prepared rows, by key."""
    import numpy as np
    import pandas as pd

    if schema.series:
        code, _ = pd.factorize(pd.MultiIndex.from_frame(frame[list(schema.series)]))
    else:
        code = np.zeros(len(frame), np.int64)
    bounds = [0, *(np.flatnonzero(np.diff(code)) + 1).tolist(), len(frame)]
    found: dict[tuple[str, ...], Recent] = {}
    for begin, end in itertools.pairwise(bounds):
        part = frame.iloc[begin:end]
        key = tuple(str(part[name].iloc[0]) for name in schema.series)
        found[key] = Recent(
            key,
            part[schema.target].to_numpy(dtype=np.float64),
            np.asarray(part[schema.time].to_numpy(), "datetime64[us]"),
            part[[c.name for c in schema.covariates]].reset_index(drop=True),
        )
    return found


def read_recent(
    rows: Any, schema: SeriesSchema, past: Mapping[tuple[str, ...], Recent], *, reading: Mapping[str, Any]
) -> list[Recent]:
    """The series that rows are about, each with all that is known of it.

    Rows with a value are history: they go on from the past of the series, replace what overlaps, or stand alone for
    one that is not known. Rows without a value after it are the future, and bring the covariates known ahead.

    Args:
        rows: A table, or a path to one; None for all series of the past as they stand.
        schema: The columns.
        past: What is known already, by key.
        reading: How files are read: fields of `Dataset`.

    Raises:
        DataError: A column is missing, a value cannot be read, a stamp is off the steps, a series is too short, or a
            covariate of a step that is to be forecast is not given.
    """
    found = list(past.values()) if rows is None else _joined(rows, schema, past, reading)
    _check_future(found, schema)
    return found


def _joined(
    rows: Any, schema: SeriesSchema, past: Mapping[tuple[str, ...], Recent], reading: Mapping[str, Any]
) -> list[Recent]:
    import numpy as np

    from cloudautoml.data.read import read_table
    from cloudautoml.spec import Dataset

    path = isinstance(rows, (str, Path))
    where = str(rows) if path else "rows"
    dataset = Dataset.model_validate({**reading, "train": str(rows) if path else InMemory(rows)})
    raw = read_table(dataset.train, dataset)
    static = {c.name for c in schema.static}
    given = tuple(c for c in schema.covariates if c.name not in static or c.name in raw.columns)
    long, findings = read_long(
        raw, target=schema.target, time=schema.time, series=schema.series, covariates=given, where=where, future=True
    )
    long, found = single(long, wall=schema.wall)
    findings += found
    on_grid, found = lines(long, schema.frequency, wall=schema.wall)
    errors = [f for f in [*findings, *found] if f.severity is Severity.ERROR]
    if errors or not len(long):
        raise DataError("\n".join(["these rows cannot be forecast from:", *(f"  - {f}" for f in errors)]), where=where)
    made: list[Recent] = []
    assert len(on_grid) == sum(end > begin for begin, end in slices(long))
    for line in on_grid:
        values = np_where(line.rows, long.target)
        frame = long.covariates.iloc[np.maximum(line.rows, 0)].reset_index(drop=True)
        frame = frame.where(np.asarray(line.rows >= 0)[:, None]) if frame.shape[1] else frame
        made.append(_with_past(Recent(line.key, values, line.stamps, frame), past.get(line.key), schema))
    return made


def _with_past(given: Recent, past: Recent | None, schema: SeriesSchema) -> Recent:
    import numpy as np
    import pandas as pd

    frequency = schema.frequency
    frame = given.covariates
    if past is not None:
        first = frequency.units(given.stamps[:1])[0]
        begin = frequency.units(past.stamps[:1])[0]
        ahead = round((first - begin) / frequency.step)
        close = 0 <= ahead <= len(past.values) + max(1, frequency.season)
        if close:
            length = max(len(past.values), ahead + len(given.values))
            values = np.full(length, np.nan)
            values[: len(past.values)] = past.values
            part = values[ahead : ahead + len(given.values)]
            values[ahead : ahead + len(given.values)] = np.where(np.isnan(given.values), part, given.values)
            stamps = frequency.stamps(begin + frequency.step * np.arange(length))
            stamps[: len(past.stamps)] = past.stamps
            whole = past.covariates.reindex(range(length))
            for name in frame.columns:
                new = pd.Series(frame[name].to_numpy(), index=range(ahead, ahead + len(frame)))
                whole[name] = new.reindex(range(length)).combine_first(whole[name]) if name in whole else new
            given = Recent(given.key, values, stamps, whole)
        else:
            for column in schema.static:
                if column.name not in frame:
                    frame = frame.assign(**{column.name: past.covariates[column.name].iloc[-1]})
            given = Recent(given.key, given.values, given.stamps, frame)
    known = np.flatnonzero(~np.isnan(given.values))
    who = names([given.key])
    if len(known) < _FEWEST:
        raise DataError(
            f"{who} has {counted(len(known), 'value')}, and was not among those learned from",
            where="rows",
            hint="give more of its history",
        )
    begin, end = int(known[0]), int(known[-1]) + 1
    whole = given.covariates.iloc[begin:].reset_index(drop=True)
    for column in schema.static:
        if column.name not in whole:
            whole[column.name] = np.nan
    for name in whole.columns:
        whole.loc[: end - begin - 1, name] = carried(whole[name].iloc[: end - begin])
    for column in schema.static:
        whole[column.name] = carried(whole[column.name])
    values, _ = filled(given.values[begin:end], frequency.season)
    return Recent(given.key, values, given.stamps[begin:end], whole)


def _check_future(found: list[Recent], schema: SeriesSchema) -> None:
    """Refuse a forecast whose known-ahead columns are not known."""
    for series in found:
        future = series.covariates.iloc[len(series.values) : len(series.values) + schema.horizon]
        for column in schema.ahead:
            known = int(future[column.name].notna().sum())
            if known < schema.horizon:
                stamps = schema.frequency.after(series.stamps[-1], schema.horizon)
                lacking = next(
                    (i for i in range(schema.horizon) if i >= len(future) or future[column.name].isna().iloc[i]), 0
                )
                raise DataError(
                    f"{names([series.key])} has no {column.name!r} for {stamps[lacking].astype('datetime64[s]')}: "
                    f"{known} of {schema.horizon} steps to forecast are given",
                    where="rows",
                    hint=f"give rows for the next {schema.horizon} steps, with it and without {schema.target!r}",
                )
