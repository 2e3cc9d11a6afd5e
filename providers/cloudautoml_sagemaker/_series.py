"""Series: histories as Autopilot reads them, and the forecasts that it writes."""

from __future__ import annotations

import io
import json
import re
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.capabilities import Feature, Gap, unsupported
from cloudautoml.errors import JobFailedError, UnsupportedError
from cloudautoml_sagemaker._batch import CSV_ROWS, Batch
from cloudautoml_sagemaker._names import SERIES, uri
from cloudautoml_sagemaker._request import CSV, Input
from cloudautoml_sagemaker._rows import Rows
from cloudautoml_sagemaker._upload import TYPES, File, digest, named, send, write_csv

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cloudautoml.data import PreparedSeries
    from cloudautoml.data.series import Recent, SeriesSchema
    from cloudautoml.spec import Dataset
    from cloudautoml_sagemaker._client import Client
    from cloudautoml_sagemaker._rows import Invoke
    from cloudautoml_sagemaker.config import SagemakerConfig

_TIMES = ("timestamp", "date", "time")


def stage_series(data: PreparedSeries, config: SagemakerConfig, folder: Path) -> tuple[Input, tuple[File, ...]]:
    """Write the steps to learn from into a folder, those that are sealed left out."""
    schema = data.schema
    table = named(write_csv(_keyed(data.train, schema), folder / "train.csv"), config)
    name = schema.frequency.name
    if not schema.covariates:
        return Input(table.uri, frequency=name), (table,)
    features = {
        "FeatureAttributeNames": [column.name for column in schema.covariates],
        "FeatureDataTypes": {column.name: TYPES[column.type] for column in schema.covariates},
    }
    path = folder / "features.json"
    path.write_text(json.dumps(features, ensure_ascii=False, indent=1), encoding="utf-8")
    described = named(path, config)
    return Input(table.uri, frequency=name, feature_spec=described.uri), (table, described)


def _keyed(frame: pd.DataFrame, schema: SeriesSchema) -> pd.DataFrame:
    """Rows with a column that tells series apart, which Autopilot asks for also where there is one."""
    return frame if schema.series else frame.assign(**{SERIES: "all"})[[SERIES, *frame.columns]]


class SeriesRows(Rows):
    """Histories to go on from.

    Args:
        recent: What is known of each series.
        data: What the model was trained on.
        levels: The quantiles that were asked for.
    """

    def __init__(self, recent: Sequence[Recent], data: PreparedSeries, levels: Sequence[float]) -> None:
        import pandas as pd

        super().__init__(pd.RangeIndex(len(recent) * data.schema.horizon))
        self._recent = tuple(recent)
        self._schema = data.schema
        self._levels = tuple(levels)

    def _frame(self) -> pd.DataFrame:
        """The histories as one table, and after each the steps whose covariates are known."""
        import numpy as np
        import pandas as pd

        schema, parts = self._schema, list[pd.DataFrame]()
        for series in self._recent:
            ahead = len(series.covariates) - len(series.values) if schema.ahead else 0
            stamps = np.concatenate([series.stamps, schema.frequency.after(series.stamps[-1], max(0, ahead))])
            part = pd.DataFrame({schema.time: stamps})
            for place, name in enumerate(schema.series):
                part[name] = series.key[place]
            part[schema.target] = pd.Series(series.values).reindex(range(len(stamps)))
            for column in schema.covariates:
                part[column.name] = series.covariates[column.name].reindex(range(len(stamps)))
            parts.append(part[schema.order])
        return _keyed(pd.concat(parts, ignore_index=True), schema)

    @override
    def send(self, client: Client, config: SagemakerConfig, *, job: str) -> Batch:
        with tempfile.TemporaryDirectory() as folder:
            path = write_csv(self._frame(), Path(folder) / "history.csv")
            file = File(path, uri(config, "jobs", job, "rows", digest(path), path.name))
            send([file], client)
        return Batch(file.uri, (path.name,), CSV_ROWS, by_line=False)

    @override
    def ask(self, invoke: Invoke) -> list[bytes]:
        with tempfile.TemporaryDirectory() as folder:
            body = write_csv(self._frame(), Path(folder) / "history.csv").read_bytes()
        return [invoke(body, CSV)]

    @override
    def predicted(self, outputs: Sequence[bytes]) -> pd.DataFrame:
        """The forecasts: `horizon` rows a series, as `Model.predict` of series gives them.

        Raises:
            JobFailedError: The answer is not one.
        """
        import pandas as pd

        schema = self._schema
        given = pd.concat([pd.read_csv(io.BytesIO(output)) for output in outputs], ignore_index=True)
        keys = list(schema.series)
        time = next((name for name in (schema.time, *_TIMES) if name in given.columns), None)
        if time is None or not set(keys) <= set(given.columns):
            raise JobFailedError(f"the forecast has the columns {', '.join(map(str, given.columns))}")
        stamps = pd.to_datetime(given[time]).astype("datetime64[us]")
        table = given.assign(**{name: given[name].astype("str") for name in keys}, **{schema.time: stamps})
        parts: list[pd.DataFrame] = []
        for series in self._recent:
            mask = pd.Series(True, index=table.index)
            for place, name in enumerate(keys):
                mask &= table[name] == series.key[place]
            part = table[mask & (table[schema.time] > series.stamps[-1])].sort_values(schema.time)
            if len(part) < schema.horizon:
                raise JobFailedError(f"{len(part)} of {schema.horizon} steps were forecast for {series.key}")
            parts.append(part.head(schema.horizon))
        whole = pd.concat(parts, ignore_index=True)
        found = whole[[*keys, schema.time]].assign(mean=_column(whole, "mean"))
        return found.assign(**{f"{level:g}": _column(whole, f"p{round(100 * level)}") for level in self._levels})

    @override
    def shares(self, outputs: Sequence[bytes]) -> pd.DataFrame:
        refusal = unsupported("a forecast is of numbers, not classes", "use predict: it gives quantiles")
        raise UnsupportedError("sagemaker", [Gap(Feature.PREDICT_PROBA, refusal)])


def _column(table: pd.DataFrame, name: str) -> pd.Series[Any]:
    """A quantile or the mean; the median stands for a mean that is not given."""
    known = {re.sub(r"[^a-z0-9]", "", str(column).lower()): column for column in table.columns}
    column = known.get(name, known.get("p50"))
    if column is None:
        raise JobFailedError(f"the forecast has no {name}")
    return table[column].astype("float64")


def series_rows(source: Any, data: PreparedSeries, dataset: Dataset, levels: Sequence[float]) -> SeriesRows:
    """Histories that a user wants to go on: all of those that were given for None, sealed steps included.

    Raises:
        DataError: They cannot be read as what the model was trained on.
    """
    import pandas as pd

    from cloudautoml.data.series import read_recent
    from cloudautoml.data.series.recent import history_of

    known = data.train if data.holdout is None else pd.concat([data.train, data.holdout], ignore_index=True)
    known = known.sort_values([*data.schema.series, data.schema.time], kind="stable").reset_index(drop=True)
    reading = dataset.model_dump(include={"format", "csv", "na_values"})
    return SeriesRows(read_recent(source, data.schema, history_of(known, data.schema), reading=reading), data, levels)


def sealed_series(data: PreparedSeries, levels: Sequence[float]) -> SeriesRows | None:
    """The steps that were learned from, whose following ones are sealed; None where none are."""
    from cloudautoml.data.series import read_recent
    from cloudautoml.data.series.recent import history_of

    if data.holdout is None or data.holdout.empty:
        return None
    schema = data.schema
    future = data.holdout.assign(**{schema.target: float("nan")}) if schema.ahead else None
    return SeriesRows(read_recent(future, schema, history_of(data.train, schema), reading={}), data, levels)


def series_metrics(data: PreparedSeries, forecast: pd.DataFrame, levels: Sequence[float]) -> dict[str, float]:
    """Every metric that the forecasts of the sealed steps allow, in natural values.

    Args:
        data: The series, with sealed steps.
        forecast: What `SeriesRows.predicted` gave for them.
        levels: The quantiles in it.
    """
    import numpy as np

    from cloudautoml.data.series.recent import history_of
    from cloudautoml.scoring_series import forecast_metrics, seasonal_scale

    schema, sealed = data.schema, data.holdout
    assert sealed is not None
    past = history_of(data.train, schema)
    keys = [*schema.series, schema.time]
    columns = ["mean", *(f"{level:g}" for level in levels)]
    joined = forecast.merge(sealed[[*keys, schema.target]], on=keys, how="left")
    shape = (len(past), schema.horizon)
    return forecast_metrics(
        joined[schema.target].to_numpy(np.float64).reshape(shape),
        joined["mean"].to_numpy(np.float64).reshape(shape),
        quantiles=np.stack([joined[name].to_numpy(np.float64).reshape(shape) for name in columns[1:]], axis=-1),
        levels=levels,
        scale=np.array([seasonal_scale(one.values, schema.frequency.season) for one in past.values()]),
    )
