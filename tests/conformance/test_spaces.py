"""Every registered space passes the suite for every kind of input; so do the small ones strategies are tested on."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import TYPE_CHECKING, Any

import pytest
from typing_extensions import override

from cloudautoml import registry
from cloudautoml.search import Signature
from cloudautoml.testing import SpaceSuite
from cloudautoml.testing.simulation import large_space, small_spaces

if TYPE_CHECKING:
    from cloudautoml.search import InputKind, SearchSpace

MADE = {**small_spaces(), "large": large_space()}
READ = [(name, kind) for name in registry.names("spaces") for kind in sorted(registry.space_type(name).inputs)]
FOLDER = TemporaryDirectory(prefix="backbone-")
BACKBONE = Path(FOLDER.name) / "backbone.keras"
BACKBONE.touch()  # heads are told apart without opening what they are put on
NEEDED: dict[str, dict[str, Any]] = {
    "hypermodel": {"builder": f"{Path(__file__).parents[1] / 'hypermodels.py'}:small"},
    "pretrained": {"weights": str(BACKBONE)},
}
"""Options of the spaces that have some without a default."""


@cache
def made(name: str, kind: InputKind) -> SearchSpace:
    space = registry.space_type(name)
    return space.create(Signature(kind), space.options_type.model_validate(NEEDED.get(name, {})))


class TestRegisteredSpaces(SpaceSuite):
    @pytest.fixture(params=READ, ids="-".join)
    @override
    def space(self, request: pytest.FixtureRequest) -> SearchSpace:
        return made(*request.param)

    @pytest.mark.parametrize("name", registry.names("spaces"))
    def test_registry_key_is_the_name(self, name: str) -> None:
        assert registry.space_type(name).name == name

    @pytest.mark.parametrize("name", registry.names("spaces"))
    def test_it_says_what_it_reads(self, name: str) -> None:
        assert registry.space_type(name).inputs


class TestSmallSpaces(SpaceSuite):
    @pytest.fixture(params=list(MADE))
    @override
    def space(self, request: pytest.FixtureRequest) -> SearchSpace:
        return MADE[request.param]
