"""Frequency: the step between the stamps of series, read off the data or given, and the stamps that follow others."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any, Final, Literal

from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    import numpy as np
    import numpy.typing as npt

    Stamps = npt.NDArray[np.datetime64]
    Whole = npt.NDArray[np.int64]

_SECOND: Final = 1_000_000
_DAY: Final = 86_400 * _SECOND
_MONTHS: Final = {1: (28, 31), 2: (59, 62), 3: (89, 92), 6: (181, 184), 12: (365, 366)}
_NAMES: Final = ((_DAY, "D"), (3600 * _SECOND, "h"), (60 * _SECOND, "min"), (_SECOND, "s"))
_WEEKDAYS: Final = ("THU", "FRI", "SAT", "SUN", "MON", "TUE", "WED")  # the first of 1970 was a Thursday
_AGREE: Final = 0.9
_LONGEST_SEASON: Final = 300


@dataclass(frozen=True, slots=True)
class Frequency:
    """Equal steps of time, of months or of working days.

    Attributes:
        name: As pandas writes it.
        unit: What is counted.
        step: Microseconds, months or working days between two stamps.
        day: Day of the month that stands for a month; 0 is its last.
    """

    name: str
    unit: Literal["time", "month", "business"]
    step: int
    day: int = 1

    @property
    def season(self) -> int:
        """Steps after which the past is likely to repeat itself; 1 for no season."""
        if self.unit == "month":
            return max(1, 12 // self.step)
        if self.unit == "business":
            return max(1, 5 // self.step)
        for whole in (7 * _DAY if self.step >= _DAY else _DAY, 3600 * _SECOND, 60 * _SECOND):
            count = whole // self.step
            if whole % self.step == 0 and 1 < count <= _LONGEST_SEASON:
                return int(count)
        return 52 if self.step == 7 * _DAY else 1

    @property
    def long_season(self) -> int | None:
        """Steps of the next longer season: a week of hours, a year of days; None where there is none."""
        if self.unit == "time" and self.step < _DAY and self.season * self.step == _DAY:
            return 7 * self.season
        return None

    @property
    def counts_days(self) -> bool:
        """Whether a step is whole days."""
        return self.unit != "time" or self.step % _DAY == 0

    def units(self, times: Stamps) -> Whole:
        """Times as whole numbers of microseconds, months or working days."""
        import numpy as np

        if self.unit == "month":
            return times.astype("datetime64[M]").astype(np.int64)
        if self.unit == "business":
            return np.asarray(np.busday_count("1970-01-01", times.astype("datetime64[D]")), np.int64)
        return times.astype("datetime64[us]").astype(np.int64)

    def stamps(self, units: Whole) -> Stamps:
        """The stamps of units, as datetime64[us]."""
        import numpy as np

        if self.unit == "month":
            months = units.astype("datetime64[M]")
            first = months.astype("datetime64[D]")
            last = (months + np.timedelta64(1, "M")).astype("datetime64[D]") - np.timedelta64(1, "D")
            if self.day == 0:
                return last.astype("datetime64[us]")
            return np.minimum(first + np.timedelta64(self.day - 1, "D"), last).astype("datetime64[us]")
        if self.unit == "business":
            days = np.busday_offset("1970-01-01", units, roll="forward")
            return np.asarray(days).astype("datetime64[us]")
        return units.astype("datetime64[us]")

    def after(self, last: np.datetime64, count: int) -> Stamps:
        """The stamps that follow one."""
        import numpy as np

        start = self.units(np.asarray([last], "datetime64[us]"))[0]
        return self.stamps(start + self.step * np.arange(1, count + 1))

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return asdict(self)

    @classmethod
    def from_dict(cls, saved: Mapping[str, Any]) -> Frequency:
        """Read what `to_dict` wrote."""
        return cls(str(saved["name"]), saved["unit"], int(saved["step"]), int(saved["day"]))


def given_frequency(text: str) -> Frequency:
    """A frequency as pandas writes it.

    Raises:
        DataError: Pandas knows none of that name, or its steps are not equal.
    """
    import pandas as pd

    try:
        offset: Any = pd.tseries.frequencies.to_offset(text)
    except (ValueError, TypeError) as exc:
        raise DataError(f"{text!r} is no frequency: {exc}", where="task.frequency", hint="such as h, D, W, MS") from exc
    kind, count = type(offset).__name__, int(offset.n)
    months = next(
        (m for word, m in (("Month", 1), ("Quarter", 3), ("Year", 12)) if kind.removeprefix("B").startswith(word)), 0
    )
    if count < 1:
        raise DataError(f"a step of {text!r} does not lead on", where="task.frequency")
    if months and kind.endswith(("Begin", "End")) and not kind.startswith("B"):
        return Frequency(offset.freqstr, "month", months * count, day=0 if kind.endswith("End") else 1)
    if kind == "BusinessDay":
        return Frequency(offset.freqstr, "business", count)
    if kind in {"Week", "Day"}:
        return Frequency(offset.freqstr, "time", count * (7 * _DAY if kind == "Week" else _DAY))
    try:
        nanos = int(offset.nanos)
    except ValueError:
        nanos = 0
    if nanos >= 1000:
        return Frequency(offset.freqstr, "time", nanos // 1000)
    raise DataError(
        f"the steps of {text!r} are not equal", where="task.frequency", hint="such as h, D, B, W, MS, QS, YS"
    )


def infer_frequency(series: Sequence[Stamps]) -> Frequency | None:
    """The step that most neighbouring stamps are apart.

    Args:
        series: For each series its stamps, ascending and without duplicates.

    Returns:
        None where no series has two stamps.
    """
    import numpy as np

    gaps = [np.diff(stamps).astype("timedelta64[us]").astype(np.int64) for stamps in series if len(stamps) > 1]
    if not gaps:
        return None
    steps, counts = np.unique(np.concatenate(gaps), return_counts=True)
    step = int(steps[counts.argmax()])
    times = np.concatenate([stamps for stamps in series if len(stamps) > 1])
    days = step / _DAY
    for months, (least, most) in _MONTHS.items():
        if least <= days <= most and (day := _day_of_month(times)) is not None:
            return Frequency(_month_name(months, day), "month", months, day)
    if step == _DAY and _only_working_days(times) and 3 * _DAY in steps:
        return Frequency("B", "business", 1)
    return Frequency(_name(step, times[-1]), "time", step)


def _day_of_month(times: Stamps) -> int | None:
    """The day of the month that nearly all stamps have; 0 for the last; None where there is none."""
    import numpy as np

    months = times.astype("datetime64[M]")
    days = (times.astype("datetime64[D]") - months.astype("datetime64[D]")).astype(np.int64) + 1
    last = ((months + np.timedelta64(1, "M")).astype("datetime64[D]") - times.astype("datetime64[D]")).astype(np.int64)
    if (last == 1).mean() >= _AGREE:
        return 0
    values, counts = np.unique(days, return_counts=True)
    return int(values[counts.argmax()]) if counts.max() >= _AGREE * len(days) else None


def _only_working_days(times: Stamps) -> bool:
    import numpy as np

    return bool(np.is_busday(times.astype("datetime64[D]")).all())


def _month_name(months: int, day: int) -> str:
    part = "E" if day == 0 else "S"
    return {1: f"M{part}", 2: f"2M{part}", 3: f"Q{part}", 6: f"2Q{part}", 12: f"Y{part}"}[months]


def _name(step: int, stamp: np.datetime64) -> str:
    import numpy as np

    if step % (7 * _DAY) == 0:
        weeks = step // (7 * _DAY)
        weekday = _WEEKDAYS[int((stamp.astype("datetime64[D]") - np.datetime64("1970-01-01")).astype(np.int64)) % 7]
        return f"{'' if weeks == 1 else weeks}W-{weekday}"
    for size, name in _NAMES:
        if step % size == 0:
            return f"{'' if step == size else step // size}{name}"
    return f"{step}us"
