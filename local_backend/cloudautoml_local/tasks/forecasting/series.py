"""Series of a job: its prepared rows as a panel, the moments that candidates are judged from, and what followed."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from cloudautoml.data import PreparedSeries
from cloudautoml.data.series.recent import Recent, history_of
from cloudautoml.scoring_series import seasonal_scale
from cloudautoml_local.tasks.forecasting.covariates import encoded
from cloudautoml_local.tasks.forecasting.info import Info
from cloudautoml_local.tasks.forecasting.panel import Floats, Panel

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import numpy.typing as npt
    import pandas as pd

    from cloudautoml.data.series import SeriesSchema

FEWEST = 3
"""Values that a series needs for a forecast."""


@dataclass(frozen=True, slots=True, eq=False)
class JobSeries:
    """The series of a job.

    Attributes:
        schema: The columns.
        info: How candidates are judged.
        keys: The series, in the order of the panel.
        panel: All that may be learned from.
        sealed: S x h values that are sealed, NaN where there is none; None where nothing is sealed.
    """

    schema: SeriesSchema
    info: Info
    keys: list[tuple[str, ...]]
    panel: Panel
    sealed: Floats | None

    def window(self, number: int) -> tuple[npt.NDArray[np.int64], Panel, Floats]:
        """The series that reach back to a moment, as they were then, and what followed: s x h.

        Args:
            number: From 0, the earliest.
        """
        back = (self.info.windows - number) * self.panel.horizon
        which = np.flatnonzero(self.panel.lengths >= back + FEWEST).astype(np.int64)
        some = self.panel.take(which)
        end = -back + self.panel.horizon
        truth = np.stack([values[-back : end or None] for values in some.values])
        return which, some.before(back), truth

    def past(self) -> tuple[Floats, Floats]:
        """What followed the moments, and what MASE divides by then: w x s x h and w x s, NaN for absent series."""
        truth = np.full((self.info.windows, len(self.panel), self.panel.horizon), np.nan)
        scale = np.full(truth.shape[:2], np.nan)
        for number in range(self.info.windows):
            which, panel, followed = self.window(number)
            truth[number, which] = followed
            scale[number, which] = scales(panel, self.info.season)
        return truth, scale


def scales(panel: Panel, season: int) -> Floats:
    """What MASE divides by, for each series of a panel."""
    return np.asarray([seasonal_scale(values, season) for values in panel.values])


def open_series(directory: Path) -> JobSeries:
    """The series of a job whose data has been prepared.

    Args:
        directory: The job's folder.
    """
    data, info = PreparedSeries.load(directory / "data"), Info.load(directory / "task")
    found = list(history_of(data.train, data.schema).values())
    keys = [one.key for one in found]
    sealed = None
    if data.holdout is not None:
        later = history_of(data.holdout, data.schema)
        sealed = np.full((len(found), data.schema.horizon), np.nan)
        for at, one in enumerate(found):
            if (part := later.get(one.key)) is not None:
                _fill(sealed[at], part, one, data.schema)
                found[at] = Recent(one.key, one.values, one.stamps, _with_future(one, part, data.schema))
    return JobSeries(data.schema, info, keys, panel_of(found, data.schema, info), sealed)


def panel_of(found: Sequence[Recent], schema: SeriesSchema, info: Info) -> Panel:
    """Series as numbers; covariates that are not known are carried on."""
    ahead: list[Floats] = []
    for one in found:
        rows = len(one.values) + schema.horizon
        part = one.covariates.reindex(range(rows)).ffill().bfill() if info.ahead else one.covariates
        ahead.append(encoded(part, info.ahead) if info.ahead else np.zeros((rows, 0)))
    static = [encoded(one.covariates.iloc[:1], info.static)[0] for one in found]
    return Panel(
        values=[one.values for one in found],
        ahead=ahead,
        static=np.asarray(static, np.float64).reshape(len(found), -1),
        ends=np.asarray([one.stamps[-1] for one in found], "datetime64[us]"),
        frequency=schema.frequency,
        horizon=schema.horizon,
    )


def _steps(part: Recent, one: Recent, schema: SeriesSchema) -> npt.NDArray[np.int64]:
    """How many steps after the end of a series the stamps of another part are, from 0."""
    units = schema.frequency.units(part.stamps)
    last = int(schema.frequency.units(one.stamps[-1:])[0])
    return np.asarray((units - last) // schema.frequency.step - 1, np.int64)


def _fill(row: Floats, part: Recent, one: Recent, schema: SeriesSchema) -> None:
    steps = _steps(part, one, schema)
    inside = (steps >= 0) & (steps < len(row))
    row[steps[inside]] = part.values[inside]


def _with_future(one: Recent, part: Recent, schema: SeriesSchema) -> pd.DataFrame:
    """The covariates of a series and of the sealed steps after it."""
    import pandas as pd

    later = part.covariates.set_axis(pd.Index(_steps(part, one, schema) + len(one.values)), axis=0)
    rows = range(len(one.values) + schema.horizon)
    return pd.concat([one.covariates, later[later.index >= len(one.values)]]).reindex(rows)
