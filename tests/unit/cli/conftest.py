"""A provider of a third party, installed for these tests, and a command line to use it with."""

from __future__ import annotations

import importlib
import json
import os
import shutil
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml import registry
from cloudautoml.cli.main import command_line

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

ROWS = "a;b;y\n" + "".join(f"{i % 2};{i * 7 % 11};{'yes' if i % 2 else 'no'}\n" for i in range(60))


@pytest.fixture
def site(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """A folder with an installed package that registers the provider `fake`."""
    folder = tmp_path / "site"
    info = folder / "fake_provider-1.0.dist-info"
    info.mkdir(parents=True)
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: fake-provider\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text("[cloudautoml.providers]\nfake = fake_provider:plugin\n")
    shutil.copy(Path(__file__).with_name("fake_provider.py"), folder)
    monkeypatch.syspath_prepend(folder)
    importlib.invalidate_caches()
    registry._entries.cache_clear()
    yield folder
    registry._entries.cache_clear()
    sys.modules.pop("fake_provider", None)


@pytest.fixture
def work(site: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The working directory, with a table in it."""
    folder = tmp_path / "work"
    folder.mkdir()
    (folder / "rows.csv").write_text(ROWS)
    monkeypatch.chdir(folder)
    return folder


@pytest.fixture
def write_spec(work: Path) -> Callable[..., Path]:
    """Writes a spec for the provider `fake`, with settings of it."""

    def write(name: str = "spec.yaml", extra: str = "", **settings: object) -> Path:
        path = work / name
        path.write_text(
            "name: demo\n"
            "task: {type: tabular_classification, target: y}\n"
            'data: {train: rows.csv, csv: {delimiter: ";"}}\n'
            f"{extra}"
            "provider: fake\n"
            f"providers: {{fake: {json.dumps(settings)}}}\n"
        )
        return path

    return write


@dataclass
class Ended:
    """How a command ended."""

    status: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one object on stdout."""
        return json.loads(self.out)


@pytest.fixture
def cli(work: Path, capsys: pytest.CaptureFixture[str]) -> Callable[..., Ended]:
    """Runs a command in this process."""

    def run(*arguments: object) -> Ended:
        capsys.readouterr()
        status = command_line([str(argument) for argument in arguments])
        out, err = capsys.readouterr()
        return Ended(status, out, err)

    return run


@pytest.fixture
def environ(site: Path) -> dict[str, str]:
    """The environment for a command in a process of its own."""
    return {**os.environ, "PYTHONPATH": str(site), "COLUMNS": "100", "TERM": "xterm"}


@pytest.fixture
def start(work: Path, environ: dict[str, str]) -> Callable[..., subprocess.Popen[str]]:
    """Starts a command in a process of its own."""

    def run(*arguments: object, **settings: Any) -> subprocess.Popen[str]:
        command = [sys.executable, "-m", "cloudautoml.cli.main", *(str(argument) for argument in arguments)]
        pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE, "stdin": subprocess.DEVNULL, **settings}
        return subprocess.Popen(command, cwd=work, env=environ, text=True, **pipes)

    return run
