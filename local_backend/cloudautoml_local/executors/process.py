"""Calls in fresh processes that worker hosts fork: each can be killed, and none can harm another."""

from __future__ import annotations

import json
import queue
import signal
import sys
import time
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml_local.executors.base import Executor, Outcome
from cloudautoml_local.executors.call import DISK_FULL_EXIT
from cloudautoml_local.executors.worker import START_SECONDS, RunningCall, Worker

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cloudautoml_local.tasks.base import Preload

_KILLED = 9  # SIGKILL, which Windows has no name for
MAX_DEATHS = 3
"""Hosts of a group that may die before they are ready; then the group is given up."""


class ProcessExecutor(Executor):
    """Runs calls in processes of their own.

    Args:
        groups: What hosts may import, the one to start first in front.
        directory: The folder of a call, by its number; its log and its outcome go there.
        threads: CPU threads of a call.
        fork: Whether hosts fork a process for each call; where that is safe unless given.
    """

    def __init__(
        self,
        groups: Sequence[Preload],
        *,
        directory: Callable[[int], Path],
        threads: int = 1,
        fork: bool | None = None,
    ) -> None:
        self._groups = {group.name: group for group in groups}
        self._directory = directory
        self._threads = threads
        self._fork = sys.platform.startswith("linux") if fork is None else fork
        self._workers: list[Worker] = []
        self._broken: dict[str, str] = {}
        self._deaths: dict[str, int] = {}
        self._inbox: queue.SimpleQueue[tuple[Worker, dict[str, Any] | None]] = queue.SimpleQueue()
        self._ended: list[Outcome] = []

    @override
    def warm_up(self) -> None:
        started = {worker.group for worker in self._workers} | self._broken.keys()
        if all(worker.ready for worker in self._workers):  # one at a time: imports would only slow each other down
            for name in self._groups:
                if name not in started:
                    self._open(name)
                    return

    @override
    def is_ready(self, group: str) -> bool:
        return group in self._broken or any(w.ready and w.has_room for w in self._workers if w.group == group)

    @override
    def start(
        self, number: int, call: str, arguments: Mapping[str, Any], *, group: str, seconds: float | None = None
    ) -> None:
        if group in self._broken:
            self._ended.append(Outcome(number, reason="error", message=self._broken[group]))
            return
        directory = self._directory(number)
        directory.mkdir(parents=True, exist_ok=True)
        running = RunningCall(number, directory / "outcome.json", seconds)
        running.outcome.unlink(missing_ok=True)
        worker = next((w for w in self._workers if w.group == group and w.has_room), None) or self._open(group)
        worker.run(running, call, arguments, log=directory / "log.txt")

    def _open(self, group: str) -> Worker:
        worker = Worker(self._groups[group], threads=self._threads, fork=self._fork, inbox=self._inbox)
        self._workers.append(worker)
        return worker

    @override
    def wait(self, timeout: float) -> Sequence[Outcome]:
        until = time.monotonic() + timeout
        while True:
            self._kill_late()
            left = 0.0 if self._ended else max(0.0, min(until, self._next_deadline()) - time.monotonic())
            try:
                worker, message = self._inbox.get(timeout=left) if left else self._inbox.get_nowait()
            except queue.Empty:
                if self._ended or time.monotonic() >= until:
                    break
                continue
            self._handle(worker, message)
        ended, self._ended = self._ended, []
        return ended

    def _handle(self, worker: Worker, message: dict[str, Any] | None) -> None:
        match message:
            case None:
                self._bury(worker)
            case {"ready": _}:
                worker.ready = True
                self._deaths.pop(worker.group, None)
                self.warm_up()
            case {"broken": reason}:
                worker.broken = f"the libraries of the group {worker.group!r} cannot be loaded: {reason}"
            case {"started": number, "pid": pid}:
                worker.calls[number].pid, worker.calls[number].since = pid, time.monotonic()
            case {"exited": number, "code": code, "signal": by}:
                worker.retired = worker.retired or bool(message.get("recycle"))
                self._ended.append(_outcome(worker.calls.pop(number), code, by))
            case _:  # a host of this version says nothing else
                raise AssertionError(message)

    def _bury(self, worker: Worker) -> None:
        self._workers.remove(worker)
        wanted = worker.retired
        worker.kill()  # its calls may have outlived it
        worker.close()
        if not wanted and not worker.ready:
            deaths = self._deaths[worker.group] = self._deaths.get(worker.group, 0) + 1
            if deaths >= MAX_DEATHS and not worker.broken:
                worker.broken = f"loading the libraries of the group {worker.group!r} ends the process"
        if worker.broken:
            self._broken[worker.group] = worker.broken
        for call in worker.calls.values():
            if worker.broken:
                self._ended.append(Outcome(call.number, reason="error", message=worker.broken))
            else:
                self._ended.append(_outcome(call, 0, 0, host_died=True))

    def _next_deadline(self) -> float:
        limits = [call.deadline for worker in self._workers for call in worker.calls.values() if not call.killed_for]
        starting = [worker.since + START_SECONDS for worker in self._workers if not worker.ready and not worker.broken]
        return min([*(limit for limit in limits if limit is not None), *starting], default=float("inf"))

    def _kill_late(self) -> None:
        now = time.monotonic()
        for worker in self._workers:
            if not worker.ready and not worker.broken and now >= worker.since + START_SECONDS:
                worker.broken = f"loading the libraries of the group {worker.group!r} takes over {START_SECONDS:g} s"
                worker.kill()
            for call in worker.calls.values():
                if call.deadline is not None and now >= call.deadline and not call.killed_for:
                    worker.kill_call(call.number, "timeout")

    @override
    def kill(self, number: int) -> None:
        for worker in self._workers:
            if number in worker.calls:
                worker.kill_call(number, "cancelled")

    @override
    def close(self) -> None:
        for worker in self._workers:
            worker.close()
        self._workers.clear()


def _outcome(call: RunningCall, code: int, by: int, *, host_died: bool = False) -> Outcome:
    seconds = 0.0 if call.since is None else time.monotonic() - call.since
    try:
        found: Mapping[str, Any] | None = json.loads(call.outcome.read_bytes())
    except FileNotFoundError:
        found = None
    if found is not None:  # it had finished, whatever has happened to it since
        return Outcome(call.number, found.get("value"), found.get("reason", ""), found.get("message", ""), seconds)
    reason, message = _why(call, code, by, host_died=host_died, seconds=seconds)
    return Outcome(call.number, None, reason, message, seconds)


def _why(call: RunningCall, code: int, by: int, *, host_died: bool, seconds: float) -> tuple[str, str]:
    """Why a call left no outcome."""
    if call.killed_for:
        limit = f"killed after {seconds:.1f} s, its limit"
        return call.killed_for, limit if call.killed_for == "timeout" else "killed on request"
    if host_died:
        return "lost", "its worker host died"
    if code == DISK_FULL_EXIT:
        return "disk", f"nothing could be written to {call.outcome.parent}"
    if by == _KILLED:
        return "oom", "killed from outside, most likely for want of memory"
    return "crash", f"its process ended {f'by {signal.Signals(by).name}' if by else f'with status {code}'}"
