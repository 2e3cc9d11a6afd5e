"""Worker hosts that can import the calls of these tests."""

from __future__ import annotations

from pathlib import Path

import pytest

TESTS = Path(__file__).parents[3]


@pytest.fixture(autouse=True)
def importable(monkeypatch: pytest.MonkeyPatch) -> None:
    """What `tests/` holds can be imported by a host."""
    monkeypatch.setenv("PYTHONPATH", str(TESTS))
