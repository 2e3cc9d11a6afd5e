"""Waiting: the one loop that polls, with a clock that tests replace."""

from __future__ import annotations

import random
import time
from datetime import timedelta
from typing import TYPE_CHECKING, Protocol, TypeVar

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Callable

T = TypeVar("T")


class Clock(Protocol):
    """Time that only moves forward, and a way to let it pass."""

    def now(self) -> float:
        """Seconds since some fixed point."""
        ...

    def sleep(self, seconds: float) -> None:
        """Let time pass."""
        ...


class SystemClock(Clock):
    """The machine's monotonic clock: setting the time of day does not disturb it."""

    @override
    def now(self) -> float:
        return time.monotonic()

    @override
    def sleep(self, seconds: float) -> None:
        time.sleep(seconds)


class FakeClock(Clock):
    """A clock that moves when it is told to sleep; for tests.

    Args:
        start: The first `now`.
    """

    def __init__(self, start: float = 0.0) -> None:
        self._now = start
        self.slept: list[float] = []

    @override
    def now(self) -> float:
        return self._now

    @override
    def sleep(self, seconds: float) -> None:
        self.slept.append(seconds)
        self._now += seconds


def poll_until(  # noqa: D417 - `look` is described in the first line
    look: Callable[[], T],
    *,
    done: Callable[[T], bool],
    clock: Clock,
    timeout: timedelta | float | None = None,
    first_delay: float = 2.0,
    max_delay: float = 60.0,
    on_value: Callable[[T], None] | None = None,
    rng: random.Random | None = None,
) -> T | None:
    """Call `look` until `done` says so, ever less often.

    Args:
        done: Whether a value ends the wait.
        clock: Time and sleep.
        timeout: Longest wait, in seconds or as a timedelta.
        first_delay: Seconds between the first two looks; each later delay is half as long again, with jitter,
            so that many waiters do not call together.
        max_delay: Longest delay in seconds.
        on_value: Called with each value.
        rng: Source of the jitter.

    Returns:
        The value that ended the wait, or None when the timeout passed.
    """
    rng = rng or random.Random()  # noqa: S311 - jitter
    limit = timeout.total_seconds() if isinstance(timeout, timedelta) else timeout
    deadline = None if limit is None else clock.now() + limit
    delay = first_delay
    while True:
        value = look()
        if on_value:
            on_value(value)
        if done(value):
            return value
        pause = min(delay * rng.uniform(0.8, 1.2), max_delay)
        if deadline is not None:
            if clock.now() >= deadline:
                return None
            pause = min(pause, deadline - clock.now())
        clock.sleep(pause)
        delay = min(delay * 1.5, max_delay)
