"""Every registered space passes the suite, and so do the small ones that strategies are tested on."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest
from typing_extensions import override

from cloudautoml import registry
from cloudautoml.testing import SpaceSuite
from cloudautoml.testing.simulation import large_space, small_spaces

if TYPE_CHECKING:
    from cloudautoml.search import SearchSpace

MADE = {**small_spaces(), "large": large_space()}


class TestRegisteredSpaces(SpaceSuite):
    @pytest.fixture(params=registry.names("spaces"))
    @override
    def space(self, request: pytest.FixtureRequest) -> SearchSpace:
        return registry.space_type(request.param)()

    @pytest.mark.parametrize("name", registry.names("spaces"))
    def test_registry_key_is_the_name(self, name: str) -> None:
        assert registry.space_type(name).name == name


class TestSmallSpaces(SpaceSuite):
    @pytest.fixture(params=list(MADE))
    @override
    def space(self, request: pytest.FixtureRequest) -> SearchSpace:
        return MADE[request.param]
