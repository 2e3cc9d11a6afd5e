"""What all tests share: a store of their own, and nothing of the user's settings."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A fresh CLOUDAUTOML_HOME, outside of which a test may change nothing."""
    for name in os.environ:
        if name.startswith("CLOUDAUTOML_"):
            monkeypatch.delenv(name)
    place = tmp_path / "home"
    monkeypatch.setenv("CLOUDAUTOML_HOME", str(place))
    monkeypatch.setenv("XDG_CONFIG_HOME", str(tmp_path / "config"))
    return place
