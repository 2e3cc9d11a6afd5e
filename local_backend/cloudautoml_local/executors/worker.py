"""The runner's end of one worker host: its process, its pipe, and the calls that it runs."""

from __future__ import annotations

import contextlib
import json
import os
import signal
import subprocess
import sys
import threading
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import queue
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml_local.tasks.base import Preload

ALWAYS_LOADED = ("cloudautoml_local.trial",)
"""What every call needs beside its group's libraries."""

START_SECONDS = 300.0
"""A host that is not ready after so long is broken: an import hangs."""


@dataclass(slots=True)
class RunningCall:
    """A call that a host has been asked to run.

    Attributes:
        number: The call's number.
        outcome: File that its outcome appears in.
        seconds: How long it may run.
        pid: Its process, once it has started.
        since: When it started, by the monotonic clock.
        killed_for: Why it was killed, if it was.
    """

    number: int
    outcome: Path
    seconds: float | None
    pid: int | None = None
    since: float | None = None
    killed_for: str = ""

    @property
    def deadline(self) -> float | None:
        """When it is to be killed, by the monotonic clock."""
        return None if self.since is None or self.seconds is None else self.since + self.seconds


class Worker:
    """A worker host as seen from the runner.

    Args:
        group: The libraries that it imports.
        threads: CPU threads of a call.
        fork: Whether it forks a process for each call.
        inbox: Where its messages go, each with the worker; a message of None says that it has ended.
    """

    def __init__(
        self,
        group: Preload,
        *,
        threads: int,
        fork: bool,
        inbox: queue.SimpleQueue[tuple[Worker, dict[str, Any] | None]],
    ) -> None:
        self.group = group.name
        self.fork = fork
        self.ready = False
        self.retired = False
        self.broken = ""
        self.since = time.monotonic()
        self.calls: dict[int, RunningCall] = {}
        order = {"modules": [*ALWAYS_LOADED, *group.modules], "fork": fork}
        self._process = subprocess.Popen(  # noqa: S603 - our own module, in our own interpreter
            # -P: a file in the working directory must not stand in for a library
            [sys.executable, "-P", "-m", "cloudautoml_local.executors.host", json.dumps(order)],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env={**os.environ, **host_environment(threads), **group.environment},
            start_new_session=True,
        )
        self._reader = threading.Thread(target=self._read, args=(inbox,), daemon=True)
        self._reader.start()

    def _read(self, inbox: queue.SimpleQueue[tuple[Worker, dict[str, Any] | None]]) -> None:
        assert self._process.stdout is not None
        for line in self._process.stdout:
            inbox.put((self, json.loads(line)))
        self._process.wait()
        inbox.put((self, None))

    @property
    def has_room(self) -> bool:
        """Whether it can be given another call."""
        return not self.retired and (self.fork or not self.calls)

    def run(self, call: RunningCall, name: str, arguments: Mapping[str, Any], *, log: Path) -> None:
        """Ask for a call."""
        self.calls[call.number] = call
        self._say(
            {
                "run": call.number,
                "call": name,
                "arguments": dict(arguments),
                "outcome": str(call.outcome),
                "log": str(log),
            }
        )

    def kill_call(self, number: int, reason: str) -> None:
        """End a call; in a host that does not fork, the host with it."""
        self.calls[number].killed_for = self.calls[number].killed_for or reason
        if self.fork:
            self._say({"kill": number})
        else:
            self.kill()

    def kill(self) -> None:
        """End the host and all that it has started."""
        self.retired = True
        for call in self.calls.values():
            if self.fork and call.pid is not None:
                _kill_group(call.pid)
        if sys.platform == "win32":
            self._process.kill()
        else:
            _kill_group(self._process.pid)

    def close(self) -> None:
        """Close its stdin, upon which it ends what it has started and itself; wait for that."""
        self.retired = True
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.close()
        if not self.ready:
            self.kill()  # busy with imports, it would not notice
        try:
            self._process.wait(timeout=5)
        except subprocess.TimeoutExpired:
            self.kill()
            self._process.wait()
        self._reader.join()
        self._process.stdout.close()

    def _say(self, message: dict[str, Any]) -> None:
        assert self._process.stdin is not None
        # a host that has just died is told of by the end of its messages
        with contextlib.suppress(BrokenPipeError):
            self._process.stdin.write(json.dumps(message).encode() + b"\n")
            self._process.stdin.flush()


def host_environment(threads: int) -> dict[str, str]:
    """Variables of a host, to be set before anything is imported.

    Numeric libraries are kept to a number of threads. Memory comes in huge pages, where the system has them:
    what a fork costs is the copy of the page table, and with the libraries loaded this halves it.
    """
    names = ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS", "NUMEXPR_NUM_THREADS", "LOKY_MAX_CPU_COUNT")
    chosen = {
        "GLIBC_TUNABLES": os.environ.get("GLIBC_TUNABLES", "glibc.malloc.hugetlb=1"),
        "PYTHONMALLOC": os.environ.get("PYTHONMALLOC", "malloc"),
    }
    return {
        **dict.fromkeys(names, str(threads)),
        **chosen,
        "TF_NUM_INTRAOP_THREADS": str(threads),
        "TF_NUM_INTEROP_THREADS": "1",
        "PYTHONUNBUFFERED": "1",
    }


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)
