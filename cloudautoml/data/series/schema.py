"""Schema of series: which column is what, and the steps that they advance by."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final

from cloudautoml.data.series.frequency import Frequency
from cloudautoml.spec import ColumnType

if TYPE_CHECKING:
    from collections.abc import Mapping

KIND: Final = "series"
"""What `schema.json` of prepared series says under `kind`."""


@dataclass(frozen=True, slots=True)
class Covariate:
    """A column beside the target.

    Attributes:
        name: Its name.
        type: `numeric` or `categorical`.
    """

    name: str
    type: ColumnType


@dataclass(frozen=True, slots=True)
class SeriesSchema:
    """The columns of a long table of series.

    Attributes:
        target: Column of the values.
        time: Column of the stamps.
        series: Columns that tell the series apart; empty for one series.
        ahead: Columns whose future values are known.
        static: Columns that are constant for a series.
        frequency: The step.
        horizon: Steps to predict.
        wall: Whether stamps that carry a zone are taken as the clock on the wall showed them, not in UTC.
    """

    target: str
    time: str
    series: tuple[str, ...]
    ahead: tuple[Covariate, ...]
    static: tuple[Covariate, ...]
    frequency: Frequency
    horizon: int
    wall: bool = False

    @property
    def covariates(self) -> tuple[Covariate, ...]:
        """Columns beside keys, time and target."""
        return (*self.ahead, *self.static)

    @property
    def order(self) -> list[str]:
        """The columns of prepared rows."""
        return [*self.series, self.time, self.target, *(column.name for column in self.covariates)]

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {"kind": KIND, **asdict(self)}

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> SeriesSchema:
        """Read what `to_dict` wrote."""
        ahead, static = (
            tuple(Covariate(str(c["name"]), ColumnType(c["type"])) for c in saved[part]) for part in ("ahead", "static")
        )
        return cls(
            target=str(saved["target"]),
            time=str(saved["time"]),
            series=tuple(map(str, saved["series"])),
            ahead=ahead,
            static=static,
            frequency=Frequency.from_dict(saved["frequency"]),
            horizon=int(saved["horizon"]),
            wall=bool(saved["wall"]),
        )
