"""Fixtures of the analytic task's jobs: real processes, a real store, and nothing left behind."""

from __future__ import annotations

import contextlib
import os
import signal
from typing import TYPE_CHECKING

import pytest
from analytic_jobs import prepare_environment
from processes import eventually, processes_with

from cloudautoml.store import Store

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path


@pytest.fixture
def analytic(home: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A home in which analytic jobs run; at the end no process may be left that has to do with it."""
    prepare_environment(monkeypatch, home)
    yield home
    mark = f"CLOUDAUTOML_HOME={home}"
    try:
        eventually(lambda: not processes_with(mark))
    finally:
        for pid in processes_with(mark):  # a test that failed must not leave them to the next one either
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGKILL)


@pytest.fixture
def store(analytic: Path) -> Iterator[Store]:
    made = Store(analytic)
    yield made
    made.close()
