"""Info: what trials must know of a forecasting job beside its series: windows, seasons, metric, encodings."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data.series.assemble import FEWEST
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.forecasting.covariates import Encoding, encodings_from, fit_encodings
from cloudautoml_local.tasks.forecasting.families.base import Context

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    import numpy.typing as npt

    from cloudautoml.data import PreparedSeries
    from cloudautoml.spec import Forecasting, JobSpec

_FILE = "info.json"
_USUAL_WINDOWS = 3
_MOST_WINDOWS = 5
_SHORT_SECONDS = 30.0
_FEW_STEPS = 100


@dataclass(frozen=True, slots=True)
class Info:
    """What is to be forecast, and how candidates are judged.

    Attributes:
        metric: Canonical name of the metric that decides.
        levels: Quantiles to predict, ascending.
        windows: Moments of the past from which each candidate forecasts `horizon` steps, one `horizon` apart.
        season: Steps of a season, 1 for none.
        long_season: Steps of a longer one; equal to `season` where there is none or the series are too short.
        ahead: How covariates known ahead become numbers.
        static: How constant ones do.
    """

    metric: str
    levels: tuple[float, ...]
    windows: int
    season: int
    long_season: int
    ahead: tuple[Encoding, ...] = ()
    static: tuple[Encoding, ...] = ()

    def context(self, *, seed: int = 0, threads: int = 1) -> Context:
        """What families know."""
        return Context(self.season, self.long_season, seed, threads)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Info:
        """Read what `to_dict` wrote."""
        return cls(
            str(saved["metric"]),
            tuple(map(float, saved["levels"])),
            int(saved["windows"]),
            int(saved["season"]),
            int(saved["long_season"]),
            encodings_from(saved["ahead"]),
            encodings_from(saved["static"]),
        )

    def save(self, directory: Path) -> None:
        """Write `info.json`."""
        write_json(directory / _FILE, self.to_dict())

    @classmethod
    def load(cls, directory: Path) -> Info:
        """Read what `save` wrote.

        Raises:
            StorageError: It is not there, or damaged.
        """
        return cls.from_dict(read_json(directory / _FILE))


def info_of(data: PreparedSeries, spec: JobSpec, task: Forecasting, lengths: npt.NDArray[np.int64]) -> Info:
    """Settle how candidates are judged.

    Args:
        data: The job's series.
        spec: The job.
        task: Its task.
        lengths: Steps of each series to learn from.
    """
    frequency = data.schema.frequency
    budget = spec.budget.max_time
    windows = plan_windows(lengths, task.horizon, frequency.season, None if budget is None else budget.total_seconds())
    usual = float(np.median(lengths)) - windows * task.horizon
    season = frequency.season if usual >= 2 * frequency.season else 1
    longer = frequency.long_season
    return Info(
        metric=spec.metric.name,
        levels=tuple(sorted(set(task.quantiles))),
        windows=windows,
        season=season,
        long_season=longer if longer is not None and usual >= 2 * longer else season,
        ahead=fit_encodings(data.train, data.schema.ahead),
        static=fit_encodings(data.train, data.schema.static),
    )


def plan_windows(lengths: npt.NDArray[np.int64], horizon: int, season: int, seconds: float | None) -> int:
    """How many moments of the past to forecast from.

    Three, or up to five where there are few steps to judge by; fewer where most series would have less than two
    seasons left before the first of them, or the time is short. Never less than one.

    Args:
        lengths: Steps of each series.
        horizon: Steps to forecast.
        season: Steps of a season.
        seconds: Time for the whole job; None for no limit.
    """
    usual = int(np.quantile(lengths, 0.25))
    least = max(FEWEST, min(2 * season + 1, usual - horizon))
    room = (usual - least) // horizon
    wanted = _MOST_WINDOWS if len(lengths) * horizon * _USUAL_WINDOWS < _FEW_STEPS else _USUAL_WINDOWS
    if seconds is not None and seconds < _SHORT_SECONDS:
        wanted = min(wanted, 2)
    return max(1, min(wanted, room))
