"""Clock: the time of day of an emulator, which a test may set ahead, speed up or hold still."""

from __future__ import annotations

import threading
import time
from datetime import UTC, datetime, timedelta


class SettableClock:
    """A time of day that only moves forward.

    Args:
        start: The first `now`; the machine's time unless given.
        rate: Emulated seconds a real second; 0 holds the clock still, so that only `advance` moves it.
    """

    def __init__(self, start: datetime | None = None, *, rate: float = 1.0) -> None:
        if rate < 0:
            msg = "a clock does not go backwards"
            raise ValueError(msg)
        self._base = start or datetime.now(UTC)
        self._rate = rate
        self._since = time.monotonic()
        self._ahead = timedelta(0)
        self._lock = threading.Lock()

    def now(self) -> datetime:
        """The time of day, in UTC."""
        with self._lock:
            return self._base + self._ahead + timedelta(seconds=(time.monotonic() - self._since) * self._rate)

    def advance(self, seconds: float) -> datetime:
        """Set the clock ahead.

        Args:
            seconds: By how much; zero or more.

        Returns:
            The new time.
        """
        if seconds < 0:
            msg = "a clock does not go backwards"
            raise ValueError(msg)
        with self._lock:
            self._ahead += timedelta(seconds=seconds)
        return self.now()
