"""Calls in the calling process, one after the other: nothing to start, nothing to kill."""

from __future__ import annotations

import time
from collections import deque
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml_local.executors.base import Executor, Outcome
from cloudautoml_local.executors.call import make_call

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence


class InlineExecutor(Executor):
    """Runs each call while the caller waits for it.

    Its calls share a process with the caller, so a limit of seconds is not enforced and a crash is a crash
    of the caller.
    """

    def __init__(self) -> None:
        self._waiting: deque[tuple[int, str, Mapping[str, Any]]] = deque()
        self._ended: list[Outcome] = []

    @override
    def start(
        self, number: int, call: str, arguments: Mapping[str, Any], *, group: str, seconds: float | None = None
    ) -> None:
        self._waiting.append((number, call, arguments))

    @override
    def wait(self, timeout: float) -> Sequence[Outcome]:
        if not self._ended and self._waiting:
            number, call, arguments = self._waiting.popleft()
            began = time.monotonic()
            made = make_call(call, arguments)
            self._ended.append(
                Outcome(
                    number,
                    made.get("value"),
                    made.get("reason", ""),
                    made.get("message", ""),
                    time.monotonic() - began,
                )
            )
        ended, self._ended = self._ended, []
        return ended

    @override
    def kill(self, number: int) -> None:
        if any(waiting[0] == number for waiting in self._waiting):
            self._waiting = deque(waiting for waiting in self._waiting if waiting[0] != number)
            self._ended.append(Outcome(number, reason="cancelled", message="cancelled before it started"))

    @override
    def close(self) -> None:
        self._waiting.clear()
