"""Making a call that JSON describes, and putting its outcome where the runner finds it whole or not at all."""

from __future__ import annotations

import errno
import importlib
import json
import os
import traceback
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

DISK_FULL_EXIT = 74
"""Exit status of a process that could not write its outcome."""

_OUT_OF_MEMORY = {"MemoryError", "_ArrayMemoryError", "ResourceExhaustedError", "ArrowMemoryError"}


def make_call(call: str, arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Call `package.module:function`.

    Returns:
        `{"value": ...}`, or `{"reason": ..., "message": ...}` when it raised.
    """
    module, _, function = call.partition(":")
    try:
        return {"value": getattr(importlib.import_module(module), function)(arguments)}
    except Exception as exc:  # noqa: BLE001 - one failing candidate must not end the search
        reason, message = failure_of(exc)
        if reason == "error":
            traceback.print_exc()
        return {"reason": reason, "message": message}


def failure_of(exc: Exception) -> tuple[str, str]:
    """A short word and a sentence for what a call raised."""
    from cloudautoml.errors import StorageError
    from cloudautoml.search.trial import TrialFailedError

    text = str(exc) or type(exc).__name__
    if isinstance(exc, TrialFailedError):
        return exc.reason, text.removeprefix(f"{exc.reason}: ")
    if type(exc).__name__ in _OUT_OF_MEMORY or "std::bad_alloc" in text:
        return "oom", f"out of memory: {text}"
    full = isinstance(exc, OSError) and exc.errno in {errno.ENOSPC, errno.EDQUOT}
    if full or (isinstance(exc, StorageError) and "full" in exc.message):
        return "disk", text
    return "error", f"{type(exc).__name__}: {text}"


def write_outcome(path: Path, outcome: Mapping[str, Any]) -> None:
    """Write an outcome so that a reader sees all of it or no file.

    Raises:
        OSError: The disk is full or the folder is gone.
    """
    beside = path.with_name(f".{path.name}.{os.getpid()}")
    with beside.open("w", encoding="utf-8") as file:
        json.dump(outcome, file)
        file.flush()
        os.fsync(file.fileno())
    beside.replace(path)
