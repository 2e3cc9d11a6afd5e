"""Time: how much of a job's budget is left for trials when its final models still have to be built."""

from __future__ import annotations

import time
from collections import defaultdict
from statistics import median
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable

_RESERVE_SHARE, _RESERVE_LIMIT, _RESERVE_SECONDS = 0.05, 0.4, 1.0
_SHORTEST_TRIAL = 0.2


class TimeBudget:
    """The clock of a job.

    Args:
        total: Seconds for the whole job; None for no limit.
        used: Seconds spent before now: since the submission, or by earlier processes of a job that is resumed.
        trial: Seconds a trial may take; None for no limit.
        closing: Seconds to keep for what follows the final models, such as the report.
        now: The monotonic clock.
    """

    def __init__(
        self,
        *,
        total: float | None,
        used: float = 0.0,
        trial: float | None = None,
        closing: float = 0.0,
        now: Callable[[], float] = time.monotonic,
    ) -> None:
        self.total = total
        self._trial = trial
        self._closing = closing
        self._now = now
        self._began = now() - used
        self._best = 0.0
        self._seconds: defaultdict[str, list[float]] = defaultdict(list)

    @property
    def elapsed(self) -> float:
        """Seconds used."""
        return self._now() - self._began

    @property
    def left(self) -> float | None:
        """Seconds left of the whole job, not below 0; None for no limit."""
        return None if self.total is None else max(0.0, self.total - self.elapsed)

    @property
    def reserve(self) -> float:
        """Seconds to keep for the final models: they take about as long as the best trial did, for a refit."""
        if self.total is None:
            return 0.0
        wanted = _RESERVE_SECONDS + _RESERVE_SHARE * self.total + 0.6 * self._best + self._closing
        return min(wanted, _RESERVE_LIMIT * self.total)

    @property
    def search_left(self) -> float | None:
        """Seconds left for trials; None for no limit."""
        return None if self.left is None else max(0.0, self.left - self.reserve)

    @property
    def finish_left(self) -> float | None:
        """Seconds left for the final models; None for no limit."""
        return None if self.left is None else max(0.5, self.left - self._closing)

    @property
    def search_is_over(self) -> bool:
        """Whether no further trial is worth starting."""
        left = self.search_left
        return left is not None and left < _SHORTEST_TRIAL

    def trial_seconds(self) -> float | None:
        """Seconds that a trial started now may take; None for no limit."""
        limits = [limit for limit in (self._trial, self.search_left) if limit is not None]
        return min(limits, default=None)

    def record(self, kind: str, seconds: float, *, best: bool) -> None:
        """Learn from a trial how long its kind takes.

        Args:
            kind: What tells trials of about equal length together: their family.
            seconds: How long it took.
            best: Whether it is the best so far.
        """
        self._seconds[kind].append(seconds)
        if best:
            self._best = seconds

    def expected(self, kind: str) -> float | None:
        """Seconds that a trial of a kind has usually taken; None when there was none."""
        return median(self._seconds[kind]) if kind in self._seconds else None

    def fits(self, kind: str) -> bool:
        """Whether a trial of a kind is likely to end in time."""
        expected, left = self.expected(kind), self.search_left
        return expected is None or left is None or 0.7 * expected <= left


def kill_after(seconds: float | None) -> float | None:
    """When to kill a call that was told to take `seconds`: a little later, since the good ones end by themselves."""
    return None if seconds is None else seconds + min(5.0, 0.5 + 0.1 * seconds)
