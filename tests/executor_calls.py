"""Calls that the tests of executors make, good ones and bad ones."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.search import TrialFailedError

if TYPE_CHECKING:
    from collections.abc import Mapping


def echo(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Return the arguments and the process that ran them; print noise on the way."""
    print("noise on stdout")  # noqa: T201
    return {**arguments, "pid": os.getpid(), "group": os.getpgid(0)}


def environment(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """The value of a variable."""
    return {"value": os.environ.get(arguments["name"])}


def touch_and_hang(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start two processes, one in a session of its own, write their ids, and never return."""
    child = [sys.executable, "-c", "import time; time.sleep(3600)"]
    pids = [subprocess.Popen(child, start_new_session=apart).pid for apart in (False, True)]
    path = Path(arguments["path"])
    path.with_suffix(".part").write_text(json.dumps([os.getpid(), *pids]))
    path.with_suffix(".part").rename(path)
    time.sleep(3600)
    return {}


def leave_children(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Start two processes, one in a session of its own, and return without them."""
    child = [sys.executable, "-c", "import time; time.sleep(3600)"]
    return {"pids": [subprocess.Popen(child, start_new_session=apart).pid for apart in (False, True)]}


def fail(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Fail in the way that is asked for."""
    kind = arguments["kind"]
    if kind == "trial":
        raise TrialFailedError("nan", "the loss is not a number")
    if kind == "memory":
        raise MemoryError
    if kind == "bug":
        msg = "a library's own error"
        raise KeyError(msg)
    if kind == "exit":
        os._exit(3)
    if kind == "abort":
        os.abort()
    os.kill(os.getpid(), 9)
    return {}
