"""Preparation of series: from a spec to rows at equal steps, checked and split, the same for every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.guardrails import in_order
from cloudautoml.data.names import listed, require_columns
from cloudautoml.data.series.assemble import divided
from cloudautoml.data.series.frequency import given_frequency
from cloudautoml.data.series.grid import frequency_of, lines, single
from cloudautoml.data.series.long import joined, read_long, shown
from cloudautoml.data.series.prepared import PreparedSeries
from cloudautoml.data.series.profile import profile_series
from cloudautoml.data.series.schema import Covariate, SeriesSchema
from cloudautoml.errors import DataError
from cloudautoml.spec import ColumnType, Forecasting

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.series.long import LongRows
    from cloudautoml.spec import JobSpec


def prepare_series(spec: JobSpec, *, base: Path | None = None, strict: bool = True) -> PreparedSeries:
    """Read, order, split and check the data of a forecasting job.

    The last `horizon` steps of each series are sealed, unless a column marks the sealed rows or they are a file of
    their own (`data.test`, of which the first `horizon` steps after each series' end count).

    Args:
        spec: The job.
        base: Folder that relative paths start from; the working directory unless given.
        strict: Refuse data with an error among its findings.

    Raises:
        DataError: The data cannot be read, a column is missing, no series is left to learn from, or (when strict) a
            finding is an error; all such findings are named at once, with series, stamp and row.
    """
    from cloudautoml.data.prepare import dataset_fingerprint
    from cloudautoml.data.read import read_table

    task = spec.task
    if not isinstance(task, Forecasting):
        raise DataError(f"a {task.type} job has no series to prepare", where="task.type")
    where = spec.data.train if isinstance(spec.data.train, str) else "data.train"
    raw = read_table(spec.data.train, spec.data, base=base)
    test = read_table(spec.data.test, spec.data, base=base) if spec.data.test is not None else None
    names = [str(name) for name in raw.columns]
    roles = [(name, "task.known_ahead") for name in task.known_ahead] + [(name, "task.static") for name in task.static]
    require_columns([(task.target, "task.target"), (task.time, "task.time"), *roles], names, where=where)
    findings = _roles(spec, task, names)
    ahead, static = (
        tuple(_covariate(raw[name], spec.data.types.get(name)) for name in part)
        for part in (task.known_ahead, task.static)
    )
    roles_of = {"target": task.target, "time": task.time, "series": task.series, "covariates": (*ahead, *static)}
    rows, found = read_long(raw, where="data.train", sealed=_marks(spec), **roles_of)  # type: ignore[arg-type]
    findings += found
    if test is not None:
        others, found = read_long(test, where="data.test", second=True, **roles_of)  # type: ignore[arg-type]
        findings += found
        rows, unknown = joined(rows, others)
        if unknown:
            message = f"{len(unknown):,} series of data.test are not in data.train, and are left out: {shown(unknown)}"
            findings.append(Finding("holdout.unknown_series", Severity.WARNING, message))
    _refuse(findings, where, strict=strict, rows=len(rows))

    rows, frequency, wall, found = _grid(rows, task)
    findings += found
    schema = SeriesSchema(task.target, task.time, task.series, ahead, static, frequency, task.horizon, wall)
    on_grid, found = lines(rows, frequency, wall=wall)
    findings += found
    _refuse(findings, where, strict=strict, rows=len(on_grid))
    seal = spec.data.holdout is not None or test is not None
    train, holdout, found = divided(on_grid, rows, schema, seal=seal)
    findings += found
    findings += _constant(train, schema)
    if test is not None and holdout is None:
        message = "no row of data.test comes after the rows of its series in data.train"
        findings.append(Finding("holdout.empty", Severity.ERROR, message, hint="data.test holds the steps that follow"))
    _refuse(findings, where, strict=strict, rows=len(train))
    fingerprint = dataset_fingerprint(raw) if test is None else dataset_fingerprint(raw, test)
    profile = {**profile_series(train, schema), "fingerprint": fingerprint}
    return PreparedSeries(schema, train, holdout, tuple(in_order(findings)), profile)


def _grid(rows: LongRows, task: Forecasting) -> tuple[LongRows, Any, bool, list[Finding]]:
    """The step, and whether stamps are taken as the clock on the wall showed them."""
    given = given_frequency(task.frequency) if task.frequency is not None else None
    by_utc, found = single(rows, wall=False)
    frequency = given or frequency_of(by_utc, wall=False)
    if frequency is None:
        raise DataError(
            "no series has two rows, so there is no step between them to read off",
            where="task.frequency",
            hint="give task.frequency, and name the columns that tell series apart in task.series",
        )
    if not rows.zoned:
        return by_utc, frequency, False, found
    by_wall, found_by_wall = single(rows, wall=True)
    other = given or frequency_of(by_wall, wall=True)
    # days and months begin by the clock on the wall, which daylight saving moves against UTC
    if other is not None and other.counts_days:
        message = "stamps carry a time zone and count days: they are taken by local time, without the zone"
        return by_wall, other, True, [*found_by_wall, Finding("time.zone", Severity.INFO, message, task.time)]
    message = "stamps carry a time zone: they are taken in UTC, and forecasts are in UTC"
    return by_utc, frequency, False, [*found, Finding("time.zone", Severity.INFO, message, task.time)]


def _roles(spec: JobSpec, task: Forecasting, names: list[str]) -> list[Finding]:
    """Check what `data.holdout` asks for, and tell of columns that have no role."""
    holdout = spec.data.holdout if spec.data.test is None else None
    findings: list[Finding] = []
    known = {task.target, task.time, *task.series, *task.known_ahead, *task.static}
    if holdout is not None:
        if holdout.group is not None:
            raise DataError(
                "a series cannot be sealed as a whole: what is scored is how it goes on",
                where="data.holdout.group",
                hint="leave data.holdout out, and the last steps of each series are sealed",
            )
        if holdout.time is not None and holdout.time != task.time:
            raise DataError(
                f"the latest rows are those by {task.time!r}, the column of task.time, and not by {holdout.time!r}",
                where="data.holdout.time",
            )
        if holdout.column is not None:
            require_columns([(holdout.column, "data.holdout.column")], names, where="data.train")
            if holdout.column in known:
                raise DataError(f"column {holdout.column!r} has a role in the task", where="data.holdout.column")
            known.add(holdout.column)
        elif "fraction" in holdout.model_fields_set:
            message = f"the last {task.horizon} steps of each series are sealed, whatever data.holdout.fraction says"
            findings.append(Finding("holdout.horizon", Severity.INFO, message))
    if idle := [name for name in names if name not in known]:
        message = f"columns without a role are left out: {listed(idle)}"
        hint = "a column whose future is known belongs in task.known_ahead, a constant one in task.static"
        findings.append(Finding("column.no_role", Severity.INFO, message, hint=hint))
    return findings


def _covariate(column: pd.Series[Any], declared: ColumnType | None) -> Covariate:
    from cloudautoml.data.infer import infer_type

    kind = declared if declared is not None else infer_type(column)[0]
    if kind is ColumnType.IGNORE:
        raise DataError(f"column {str(column.name)!r} has a role in the task, and data.types ignores it", where="task")
    return Covariate(str(column.name), ColumnType.NUMERIC if kind is ColumnType.NUMERIC else ColumnType.CATEGORICAL)


def _marks(spec: JobSpec) -> Callable[[pd.DataFrame], npt.NDArray[np.bool_]] | None:
    holdout = spec.data.holdout
    if holdout is None or holdout.column is None or spec.data.test is not None:
        return None

    def marks(raw: pd.DataFrame) -> npt.NDArray[np.bool_]:
        import numpy as np

        from cloudautoml.data.coerce import text_values

        text = text_values(raw[holdout.column])
        sealed = text.isin(holdout.values).to_numpy(dtype=np.bool_)
        if not sealed.any():
            raise DataError(
                f"no row is sealed: the column holds {listed(sorted(text.dropna().unique()))} and data.holdout.values "
                f"are {listed(holdout.values)}",
                where="data.holdout.column",
            )
        return sealed

    return marks


def _constant(train: pd.DataFrame, schema: SeriesSchema) -> list[Finding]:
    if train.empty or train[schema.target].nunique() > 1:
        return []
    message = "all values are equal, so there is nothing to forecast"
    return [Finding("target.constant", Severity.ERROR, message, schema.target, "is it the right column?")]


def _refuse(findings: list[Finding], where: str, *, strict: bool, rows: int) -> None:
    """Stop when nothing is left to go on with, or at an error when strict."""
    errors = [finding for finding in in_order(findings) if finding.severity is Severity.ERROR]
    if rows and not (strict and errors):
        return
    count = "a reason" if len(errors) == 1 else f"{len(errors)} reasons"
    lines_ = [f"{count} not to train on this data:", *(f"  - {finding}" for finding in errors)]
    raise DataError("\n".join(lines_), where=where)
