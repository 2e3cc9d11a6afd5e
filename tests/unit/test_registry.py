"""The registry: what is installed is found by name, and what is wrong with it is said."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudautoml import registry
from cloudautoml.errors import ConfigError, MissingExtraError, UnknownNameError

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path


class Packages:
    """Writes packages with the metadata that installing them would leave."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def add(self, package: str, entries: str, *, module: str, code: str) -> None:
        info = self.folder / f"{package}-1.dist-info"
        info.mkdir()
        (info / "METADATA").write_text(f"Metadata-Version: 2.1\nName: {package}\nVersion: 1\n")
        (info / "entry_points.txt").write_text(entries)
        (self.folder / f"{module}.py").write_text(code)


@pytest.fixture
def packages(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Generator[Packages]:
    folder = tmp_path / "site"
    folder.mkdir()
    monkeypatch.syspath_prepend(str(folder))
    registry._entries.cache_clear()
    yield Packages(folder)
    registry._entries.cache_clear()


def test_ours_are_registered_like_anybodys() -> None:
    assert "local" in registry.names("providers")
    assert registry.strategy_type("random").name == "random"


def test_unknown_name_suggests_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'local'") as caught:
        registry.provider_plugin("locall", where="spec.yaml:3")
    assert "local" in caught.value.known
    assert str(caught.value).startswith("spec.yaml:3: ")


def test_two_packages_may_not_claim_one_name(packages: Packages) -> None:
    for number in (1, 2):
        entry = f"[cloudautoml.strategies]\nlucky = lucky{number}:Lucky\n"
        packages.add(f"pack{number}", entry, module=f"lucky{number}", code="class Lucky: ...")
    with pytest.raises(ConfigError, match="two packages") as caught:
        registry.names("strategies")
    assert "lucky1:Lucky" in str(caught.value)
    assert "lucky2:Lucky" in str(caught.value)


def test_what_another_package_lacks_is_not_an_extra_of_ours(packages: Packages) -> None:
    entry = "[cloudautoml.strategies]\nlucky = lucky3:Lucky\n"
    packages.add("pack3", entry, module="lucky3", code="import surely_not_installed_anywhere")
    with pytest.raises(ConfigError, match="surely_not_installed_anywhere") as caught:
        registry.load("strategies", "lucky")
    assert "pack3" in str(caught.value)


def test_what_ours_lacks_is_an_extra(packages: Packages) -> None:
    entry = "[cloudautoml.providers]\nclouds = lucky4:plugin\n"
    packages.add("cloudautoml", entry, module="lucky4", code="import surely_not_installed_anywhere")
    with pytest.raises(MissingExtraError, match=r"cloudautoml\[clouds\]"):
        registry.load("providers", "clouds")


@pytest.mark.parametrize("missing", ["lucky5.sub", "cloudautoml.no_such_module"])
def test_broken_install_is_not_a_missing_extra(packages: Packages, missing: str) -> None:
    entry = "[cloudautoml.strategies]\nlucky = lucky5:Lucky\n"
    packages.add("pack5", entry, module="lucky5", code=f"import {missing}")
    with pytest.raises(ModuleNotFoundError) as caught:
        registry.load("strategies", "lucky")
    assert not isinstance(caught.value, MissingExtraError)


def test_entry_point_must_name_a_plugin_of_that_name(packages: Packages) -> None:
    entry = "[cloudautoml.providers]\nother = lucky6:plugin\n"
    packages.add("pack6", entry, module="lucky6", code="from cloudautoml.testing.fake import plugin")
    with pytest.raises(ConfigError, match="other"):
        registry.provider_plugin("other")
