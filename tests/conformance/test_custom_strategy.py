"""The example of a third party's strategy is found by name and passes the suite, without being installed."""

from __future__ import annotations

import sys
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from cloudautoml import registry
from cloudautoml.testing import StrategySuite

if TYPE_CHECKING:
    from collections.abc import Generator

    from cloudautoml.search import SearchStrategy

EXAMPLES = Path(__file__).parents[2] / "examples"

sys.path.insert(0, str(EXAMPLES))
Annealing: type[SearchStrategy] = import_module("custom_strategy").Annealing
sys.path.remove(str(EXAMPLES))


class TestAnnealing(StrategySuite):
    @pytest.fixture
    @override
    def strategy_type(self, monkeypatch: pytest.MonkeyPatch) -> type[SearchStrategy]:
        monkeypatch.setenv("PYTHONPATH", str(EXAMPLES))  # for searches in another process
        return Annealing


@pytest.fixture
def installed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[None]:
    """Metadata such as installing the example would leave."""
    info = tmp_path / "annealing-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: annealing\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cloudautoml.strategies]\nannealing = custom_strategy:Annealing\n")
    monkeypatch.syspath_prepend(str(tmp_path))
    registry._entries.cache_clear()
    yield
    registry._entries.cache_clear()


def test_example_is_found_by_its_entry_point(installed: None) -> None:
    assert "annealing" in registry.names("strategies")
    assert registry.strategy_type("annealing") is Annealing
    assert "cooling" in Annealing.options_type.model_fields
