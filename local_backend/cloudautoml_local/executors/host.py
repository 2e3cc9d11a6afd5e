"""A worker host: imports a group of libraries once, runs nothing, and forks a fresh process for each call.

Started as `python -m cloudautoml_local.executors.host '{"modules": [...], "fork": true}'`. It reads one JSON
object a line from stdin, `{"run": n, "call": ..., "arguments": ..., "outcome": path, "log": path}` or
`{"kill": n}`, and writes what happens to stdout: `{"ready": pid}`, `{"started": n, "pid": ...}`,
`{"exited": n, "code": ..., "signal": ...}`, `{"broken": reason}`. When stdin closes, whoever had started it
is gone: it kills what it has started and ends.

Where a fork is not safe it runs the calls in its own process, one at a time, and says when it has had enough.
"""

from __future__ import annotations

import contextlib
import gc
import importlib
import json
import os
import select
import signal
import sys
import threading
from pathlib import Path
from typing import Any, NoReturn

from cloudautoml_local.executors.call import DISK_FULL_EXIT, make_call, write_outcome

CALLS_BEFORE_RECYCLING = 20
MEBIBYTES_BEFORE_RECYCLING = 512
_PR_SET_PDEATHSIG, _PR_SET_CHILD_SUBREAPER = 1, 36


class _Channel:
    """The pipe to whoever started the host; kept away from anything that a library prints."""

    def __init__(self) -> None:
        self.inward, self.outward = os.dup(0), os.dup(1)
        os.set_inheritable(self.inward, False)
        os.set_inheritable(self.outward, False)
        null = os.open(os.devnull, os.O_RDONLY)
        os.dup2(null, 0)
        os.dup2(2, 1)
        os.close(null)
        self._rest = b""

    def say(self, **message: Any) -> None:
        with contextlib.suppress(BrokenPipeError):
            os.write(self.outward, json.dumps(message).encode() + b"\n")

    def hear(self) -> list[dict[str, Any]] | None:
        """Whole messages that have come; waits for some. None at the end."""
        data = os.read(self.inward, 1 << 16)
        if not data:
            return None
        *lines, self._rest = (self._rest + data).split(b"\n")
        return [json.loads(line) for line in lines]

    def close(self) -> None:
        os.close(self.inward)
        os.close(self.outward)


class ForkingHost:
    """Forks a process for each call; each is the head of its own process group."""

    def __init__(self, channel: _Channel) -> None:
        self._channel = channel
        self._running: dict[int, int] = {}  # pid -> number
        _prctl(_PR_SET_CHILD_SUBREAPER, 1)  # what a trial leaves behind becomes ours, and is killed
        self._wake, wake = os.pipe()
        os.set_blocking(self._wake, False)
        os.set_blocking(wake, False)
        signal.signal(signal.SIGCHLD, _note)
        signal.set_wakeup_fd(wake, warn_on_full_buffer=False)

    def serve(self) -> None:
        """Serve until stdin closes."""
        gc.collect()
        gc.freeze()  # objects that are never collected stay on pages that parent and children share
        while True:
            readable, _, _ = select.select([self._channel.inward, self._wake], [], [])
            if self._wake in readable:
                with contextlib.suppress(BlockingIOError):
                    os.read(self._wake, 1 << 12)
                self._reap()
            if self._channel.inward in readable:
                messages = self._channel.hear()
                if messages is None:
                    break
                for message in messages:
                    if "run" in message:
                        self._start(message)
                    else:
                        self._kill(message["kill"])
        for pid in self._running:
            _kill_group(pid)
        with contextlib.suppress(ChildProcessError):
            while True:  # what was started by those that die becomes a child of ours, until nothing is left
                for pid in _children():
                    _kill(pid)
                os.waitpid(-1, 0)

    def _start(self, message: dict[str, Any]) -> None:
        pid = os.fork()
        if pid == 0:
            self._be_child(message)
        with contextlib.suppress(OSError):  # the child does it as well: whoever comes first
            os.setpgid(pid, pid)
        self._running[pid] = message["run"]
        self._channel.say(started=message["run"], pid=pid)

    def _be_child(self, message: dict[str, Any]) -> NoReturn:
        status = 1
        try:
            signal.set_wakeup_fd(-1)
            signal.signal(signal.SIGCHLD, signal.SIG_DFL)
            os.setpgid(0, 0)
            _prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
            self._channel.close()
            _log_to(Path(message["log"]))
            status = _run(message)
            sys.stdout.flush()
            sys.stderr.flush()
        finally:
            os._exit(status)  # no exit handlers of the host, and none that wait for threads

    def _kill(self, number: int) -> None:
        for pid, running in self._running.items():
            if running == number:
                _kill_group(pid)

    def _reap(self) -> None:
        while True:
            try:
                pid, status = os.waitpid(-1, os.WNOHANG)
            except ChildProcessError:
                return
            if pid == 0:
                return
            number = self._running.pop(pid, None)
            if number is None:
                continue
            _kill_group(pid)
            for left in _children() - self._running.keys():
                _kill(left)
            code = os.waitstatus_to_exitcode(status)
            self._channel.say(exited=number, code=max(code, 0), signal=max(-code, 0))


class SerialHost:
    """Runs the calls in this process, in order; ends itself after a number of them or when it has grown."""

    def __init__(self, channel: _Channel) -> None:
        self._channel = channel

    def serve(self) -> None:
        """Serve until stdin closes or it is time for a fresh process."""
        waiting: list[dict[str, Any]] = []
        changed = threading.Condition()

        def listen() -> None:
            while (messages := self._channel.hear()) is not None:
                with changed:
                    waiting.extend(message for message in messages if "run" in message)
                    changed.notify()
            _end_group()  # also in the middle of a call: nobody is left who would read its outcome

        threading.Thread(target=listen, daemon=True).start()
        before = _mebibytes()
        for count in range(1, CALLS_BEFORE_RECYCLING + 1):
            with changed:
                changed.wait_for(lambda: bool(waiting))
                message = waiting.pop(0)
            self._channel.say(started=message["run"], pid=os.getpid())
            _log_to(Path(message["log"]))
            status = _run(message)
            full = count == CALLS_BEFORE_RECYCLING or _mebibytes() - before > MEBIBYTES_BEFORE_RECYCLING
            self._channel.say(exited=message["run"], code=status, signal=0, recycle=full)
            if full:
                return


def _run(message: dict[str, Any]) -> int:
    try:
        write_outcome(Path(message["outcome"]), make_call(message["call"], message["arguments"]))
    except OSError as exc:
        sys.stderr.write(f"the outcome could not be written: {exc}\n")
        return DISK_FULL_EXIT
    return 0


def _log_to(path: Path) -> None:
    log = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_APPEND, 0o644)
    os.dup2(log, 1)
    os.dup2(log, 2)
    os.close(log)


def _note(_signal: int, _frame: object) -> None:
    """A handler that does nothing, since a signal that is ignored wakes nobody."""


def _prctl(option: int, value: int) -> None:
    if _LIBC is not None:
        _LIBC.prctl(option, value, 0, 0, 0)


def _kill_group(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError, PermissionError):
        os.killpg(pid, signal.SIGKILL)


def _kill(pid: int) -> None:
    with contextlib.suppress(ProcessLookupError):
        os.kill(pid, signal.SIGKILL)


def _children() -> set[int]:
    try:
        return {int(pid) for pid in Path(f"/proc/self/task/{os.getpid()}/children").read_text("ascii").split()}
    except OSError:
        return set()  # a kernel without this list: groups alone are killed


def _end_group() -> NoReturn:
    if sys.platform != "win32" and os.getpgid(0) == os.getpid():
        os.killpg(0, signal.SIGKILL)
    os._exit(1)


def _mebibytes() -> float:
    if sys.platform == "win32":
        return 0.0
    import resource

    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return peak / 2**20 if sys.platform == "darwin" else peak / 2**10


def _load_libc() -> Any:
    if not sys.platform.startswith("linux"):
        return None
    import ctypes

    return ctypes.CDLL(None)


_LIBC = _load_libc()


def main() -> None:
    """Import, say so, and serve."""
    order = json.loads(sys.argv[1])
    channel = _Channel()
    try:
        for module in order["modules"]:
            importlib.import_module(module)
    except Exception as exc:  # noqa: BLE001 - whatever a library raises at import, the runner has to know
        channel.say(broken=f"{type(exc).__name__}: {exc}")
        return
    channel.say(ready=os.getpid())
    host = ForkingHost(channel) if order["fork"] else SerialHost(channel)
    host.serve()


if __name__ == "__main__":
    main()
