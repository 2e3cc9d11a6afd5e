"""Panel: the histories of all series side by side, with what is known ahead of them and their calendar."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.data.series import Frequency

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True, eq=False)
class Panel:
    """Series up to the moment of a forecast.

    Attributes:
        values: For each of s series its n values, none missing; n differs from series to series.
        ahead: For each series n + h rows of c covariates that are known ahead.
        static: S rows of d covariates that are constant.
        ends: The last stamp of each series, datetime64[us].
        frequency: The step.
        horizon: Steps to forecast: h.
    """

    values: list[Floats]
    ahead: list[Floats]
    static: Floats
    ends: npt.NDArray[np.datetime64]
    frequency: Frequency
    horizon: int

    def __len__(self) -> int:
        return len(self.values)

    @property
    def lengths(self) -> npt.NDArray[np.int64]:
        """Steps of each series."""
        return np.asarray([len(values) for values in self.values], np.int64)

    def before(self, steps: int) -> Panel:
        """The same series some steps earlier."""
        if not steps:
            return self
        units = self.frequency.units(self.ends) - steps * self.frequency.step
        return replace(
            self,
            values=[values[:-steps] for values in self.values],
            ahead=[rows[: len(rows) - steps] for rows in self.ahead],
            ends=self.frequency.stamps(units),
        )

    def take(self, which: Sequence[int] | npt.NDArray[np.int64]) -> Panel:
        """Some of the series."""
        at = [int(i) for i in which]
        return replace(
            self,
            values=[self.values[i] for i in at],
            ahead=[self.ahead[i] for i in at],
            static=self.static[at],
            ends=self.ends[at],
        )

    def last(self, most: int) -> Panel:
        """The same series, of each its last values only."""
        cut = [max(0, len(values) - most) for values in self.values]
        return replace(
            self,
            values=[values[begin:] for values, begin in zip(self.values, cut, strict=True)],
            ahead=[rows[begin:] for rows, begin in zip(self.ahead, cut, strict=True)],
        )

    def stamps(self, series: int) -> npt.NDArray[np.datetime64]:
        """The n + h stamps of one series, those to forecast among them."""
        count = len(self.values[series])
        last = self.frequency.units(self.ends[series : series + 1])[0]
        return self.frequency.stamps(last + self.frequency.step * np.arange(1 - count, self.horizon + 1))


def aligned(values: Sequence[Floats], season: int) -> tuple[Floats, npt.NDArray[np.int64]]:
    """Series as one matrix in which all end together.

    What is missing at the front of a shorter one repeats its first season, so that recursions over time can run over
    all series at once.

    Returns:
        S x n values, and for each series the place of its first true one.
    """
    longest = max(len(one) for one in values)
    matrix = np.empty((len(values), longest))
    starts = np.empty(len(values), np.int64)
    for at, one in enumerate(values):
        lacking = longest - len(one)
        starts[at] = lacking
        matrix[at, lacking:] = one
        if lacking:
            cycle = one[: season if len(one) >= season else 1]
            matrix[at, :lacking] = cycle[(np.arange(lacking) - lacking) % len(cycle)]
    return matrix, starts
