"""What is known: the files of a job's series that its trials and its models go by."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data.frames import write_frame
from cloudautoml.data.series.fill import carried, filled
from cloudautoml.data.series.recent import history_of
from cloudautoml.store.files import write_json
from cloudautoml_local.tasks.forecasting.info import Info, info_of
from cloudautoml_local.tasks.forecasting.model import KNOWN

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cloudautoml.data import PreparedSeries
    from cloudautoml.data.series import Recent, SeriesSchema
    from cloudautoml.spec import Forecasting, JobSpec


def write_known(data: PreparedSeries, spec: JobSpec, task: Forecasting, directory: Path) -> Info:
    """Write how candidates are judged, the schema, and all that models will forecast from.

    Args:
        data: The job's series.
        spec: The job.
        task: Its task.
        directory: The task's folder.
    """
    directory.mkdir(parents=True, exist_ok=True)
    past = history_of(data.train, data.schema)
    lengths = np.asarray([len(one.values) for one in past.values()], np.int64)
    info = info_of(data, spec, task, lengths)
    write_frame(known_frame(data), directory / KNOWN)
    write_json(directory / "schema.json", data.schema.to_dict())
    info.save(directory)  # last: with it the folder is whole
    return info


def known_frame(data: PreparedSeries) -> pd.DataFrame:
    """Every series up to its last known step: what was learned from and what was sealed, gaps between filled.

    A model learns nothing from the sealed steps; but once it is finished, the future begins after them.
    """
    import pandas as pd

    if data.holdout is None:
        return data.train
    later = history_of(data.holdout, data.schema)
    parts: list[Any] = []
    for key, one in history_of(data.train, data.schema).items():
        parts.append(_frame(one, later.get(key), data.schema))
    whole: pd.DataFrame = pd.concat(parts, ignore_index=True)
    return whole


def _frame(one: Recent, later: Recent | None, schema: SeriesSchema) -> pd.DataFrame:
    import pandas as pd

    frequency = schema.frequency
    first = frequency.units(one.stamps[:1])[0]
    values, covariates, length = one.values, one.covariates, len(one.values)
    if later is not None:
        at = (frequency.units(later.stamps) - first) // frequency.step
        known = np.flatnonzero(np.isfinite(later.values))
        if len(known):
            length = int(at[known[-1]]) + 1
            values = np.full(length, np.nan)
            values[: len(one.values)] = one.values
            values[at[at < length]] = later.values[at < length]
            values, _ = filled(values, frequency.season)
            rest = later.covariates.set_axis(pd.Index(at), axis=0)
            covariates = pd.concat([one.covariates, rest]).reindex(range(length))
    stamps = frequency.stamps(first + frequency.step * np.arange(length))
    columns: dict[str, Any] = {
        name: pd.Series([part] * length, dtype="str") for name, part in zip(schema.series, one.key, strict=True)
    }
    columns |= {schema.time: stamps, schema.target: values}
    return pd.DataFrame(columns | {name: carried(covariates[name]) for name in covariates.columns})
