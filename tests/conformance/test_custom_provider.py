"""The example of a third party's provider is found by name and passes the suite, without being installed."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest

from cloudautoml import registry

if TYPE_CHECKING:
    from collections.abc import Generator

EXAMPLE = Path(__file__).parents[2] / "examples" / "custom_provider"

sys.path.insert(0, str(EXAMPLE))
TestAcme = import_module("test_acme").TestAcme
sys.path.remove(str(EXAMPLE))


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Metadata such as installing the example would leave."""
    info = tmp_path / "acme-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: acme\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cloudautoml.providers]\nacme = acme:plugin\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._entries.cache_clear()
    yield
    registry._entries.cache_clear()


def test_example_is_found_by_its_entry_point(installed: None) -> None:
    assert "acme" in registry.names("providers")
    assert registry.provider_plugin("acme").provider.__name__ == "AcmeProvider"
