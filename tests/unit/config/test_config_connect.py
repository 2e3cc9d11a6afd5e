"""Connecting: a provider by name, by profile, by settings, or the default one."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from cloudautoml import JobSpec, TabularClassification, connect
from cloudautoml.config import provider_for, resolve
from cloudautoml.errors import ConfigError, UnknownNameError
from cloudautoml.provider import ProviderConfig
from cloudautoml.store import Store
from cloudautoml_local.config import LocalConfig

if TYPE_CHECKING:
    from pathlib import Path

SPEC = "name: demo\ntask: {type: tabular_classification, target: y}\ndata: rows.csv\n"


@pytest.fixture(autouse=True)
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, a repository's top."""
    (tmp_path / ".git").mkdir()
    monkeypatch.chdir(tmp_path)
    return tmp_path


def test_the_default_is_local(home: Path) -> None:
    provider = connect()

    assert provider.name == "local"
    assert provider.store.home == home


def test_a_provider_by_name_takes_its_settings_from_the_files(folder: Path) -> None:
    (folder / "cloudautoml.yaml").write_text("providers: {local: {workers: 3}}\n")

    assert connect("local").config == LocalConfig(workers=3)


def test_a_profile(folder: Path) -> None:
    (folder / "cloudautoml.yaml").write_text("profiles: {quick: {provider: local, workers: 1}}\n")

    assert connect("quick").config == LocalConfig(workers=1)


def test_settings_as_a_value(tmp_path: Path) -> None:
    store = Store(tmp_path / "other")

    provider = connect(LocalConfig(threads=2), store=store)

    assert provider.config == LocalConfig(threads=2)
    assert provider.store is store


def test_settings_of_no_provider() -> None:
    with pytest.raises(ConfigError, match="ProviderConfig is not the configuration of an installed provider"):
        connect(ProviderConfig())


def test_an_unknown_provider_is_told_with_what_was_meant(folder: Path) -> None:
    (folder / "cloudautoml.yaml").write_text("profiles: {quick: {provider: local}}\n")

    with pytest.raises(UnknownNameError, match="unknown provider 'lcal'") as caught:
        connect("lcal")

    assert "did you mean 'local'" in (caught.value.hint or "")
    assert "quick" in (caught.value.hint or "")
    assert caught.value.where is None


def test_an_unknown_provider_in_a_spec_is_told_with_its_line(folder: Path) -> None:
    (folder / "s.yaml").write_text(SPEC + "provider: lcal\n")
    resolved = resolve("s.yaml")

    with pytest.raises(UnknownNameError) as caught:
        provider_for(resolved.spec, origins=resolved.settings.origins)

    assert caught.value.where == "s.yaml:4:1"


def test_wrong_settings_of_a_provider_are_told_with_their_lines(folder: Path) -> None:
    (folder / "s.yaml").write_text(SPEC + "providers:\n  local:\n    wokers: 3\n    threads: some\n")
    resolved = resolve("s.yaml")

    with pytest.raises(ConfigError, match="2 problems") as caught:
        provider_for(resolved.spec, origins=resolved.settings.origins)

    assert "s.yaml:6:5: providers.local.wokers: unknown key (did you mean 'workers'?)" in caught.value.message
    assert "s.yaml:7:5: providers.local.threads: expected a whole number, found text" in caught.value.message
    assert caught.value.exit_code == 2


def test_wrong_settings_without_a_file() -> None:
    spec = JobSpec(
        name="demo", task=TabularClassification(target="y"), data="a.csv", providers={"local": {"workers": 0}}
    )

    with pytest.raises(ConfigError, match=r"providers\.local\.workers"):
        provider_for(spec)
