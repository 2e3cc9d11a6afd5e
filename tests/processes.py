"""Looking at processes, for tests of what must not be left behind."""

from __future__ import annotations

import time
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Callable


def is_running(pid: int) -> bool:
    """Whether a process exists and is more than an entry that waits to be collected."""
    try:
        stat = Path(f"/proc/{pid}/stat").read_text()
    except OSError:
        return False
    return stat.rpartition(")")[2].split()[0] not in {"Z", "X"}


def parent_of(pid: int) -> int:
    """The process that has started another, or taken it over."""
    return int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1])


def processes_with(text: str) -> list[int]:
    """The running processes whose command line or environment holds a text."""
    found: list[int] = []
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit() and is_running(int(folder.name)):
            try:
                known = (folder / "cmdline").read_bytes() + (folder / "environ").read_bytes()
            except OSError:
                continue
            if text.encode() in known:
                found.append(int(folder.name))
    return found


def eventually(condition: Callable[[], object], *, seconds: float = 20.0) -> None:
    """Come back when a condition holds; fail when it does not for long."""
    until = time.monotonic() + seconds
    while not condition():
        assert time.monotonic() < until, "this never came to hold"
        time.sleep(0.01)
