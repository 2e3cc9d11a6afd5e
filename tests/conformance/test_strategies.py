"""Every registered strategy passes the suite."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from cloudautoml import registry
from cloudautoml.testing import StrategySuite

if TYPE_CHECKING:
    from cloudautoml.search import SearchStrategy


class TestStrategies(StrategySuite):
    @pytest.fixture(params=registry.names("strategies"))
    @override
    def strategy_type(self, request: pytest.FixtureRequest) -> type[SearchStrategy]:
        return registry.strategy_type(request.param)

    @pytest.mark.parametrize("name", registry.names("strategies"))
    def test_registry_key_is_the_name(self, name: str) -> None:
        assert registry.strategy_type(name).name == name
