"""A first spec for series: guessed for a table that holds stamps, values and names of series, and nothing else."""

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

    from cloudautoml.data.series import PreparedSeries
    from cloudautoml.spec import ColumnType


def guess_series(
    frame: "pd.DataFrame", kinds: "dict[str, ColumnType]", target: str
) -> "tuple[dict[str, Any], PreparedSeries] | None":
    """The fields of a forecasting task that fits a table.

    Args:
        frame: The table.
        kinds: The type of each column.
        target: Column to predict.

    Returns:
        The fields and the series; None where a row is not plainly a step of a series.
    """
    from cloudautoml.data import prepare_series
    from cloudautoml.errors import DataError
    from cloudautoml.spec import ColumnType, Dataset, Forecasting, JobSpec

    times = [name for name, kind in kinds.items() if kind is ColumnType.DATETIME]
    keys = [name for name in kinds if name not in {target, *times}]
    if kinds[target] is not ColumnType.NUMERIC or len(times) != 1:
        return None
    if any(kinds[name] is not ColumnType.CATEGORICAL for name in keys):
        return None
    for horizon in (12, 4, 1):
        task = Forecasting(target=target, time=times[0], series=tuple(keys), horizon=horizon)
        try:
            data = prepare_series(JobSpec(name="guess", task=task, data=Dataset(train=frame)))
        except DataError:
            continue
        usual = data.schema.frequency.season
        steps = usual if usual > 1 and usual * 4 < data.profile["series"]["shortest"] else horizon
        return {"target": target, "time": times[0], "series": keys, "horizon": steps}, data
    return None


def series_spec(fields: dict[str, Any], data: "PreparedSeries", *, name: str, train: str, quoted: Any) -> list[str]:
    """The head of a spec, up to the data.

    Args:
        fields: What `guess_series` gave.
        data: Its series.
        name: Name of the job.
        train: Path of the data.
        quoted: Writes text as YAML reads it back.
    """
    series, season = data.profile["series"], data.schema.frequency.season
    keys = ", ".join(quoted(key) for key in fields["series"])
    lines = [
        f"# {series['count']:,} series, one step every {series['frequency']}, {series['first']} to {series['last']}",
        f"name: {name}",
        "",
        "task:",
        "  type: forecasting",
        f"  target: {quoted(fields['target'])}",
        f"  time: {quoted(fields['time'])}   # a season of {season} steps",
    ]
    if keys:
        lines.append(f"  series: [{keys}]   # what tells the series apart")
    return [
        *lines,
        f"  horizon: {fields['horizon']}   # steps to predict; as many of each series are sealed",
        "data:",
        f"  train: {quoted(train)}   # from the folder of this file",
    ]
