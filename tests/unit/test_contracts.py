"""The rules of the house that no other tool checks."""

from __future__ import annotations

import ast
import subprocess
import sys
import tomllib
from importlib import import_module
from pathlib import Path

import pytest

import cloudautoml
from cloudautoml import registry

ROOT = Path(__file__).parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
MODULES = sorted(path for top in ("cloudautoml", "local_backend", "providers") for path in (ROOT / top).rglob("*.py"))
HEAVY = "boto3 azure google keras tensorflow torch optuna lightgbm xgboost catboost sklearn pandas numpy pyarrow scipy"


@pytest.mark.parametrize("name", list(PROJECT["project"]["entry-points"]["cloudautoml.providers"]))
def test_one_word_names_a_provider(name: str) -> None:
    plugin = registry.provider_plugin(name)
    assert plugin.name == plugin.provider.name == name
    assert name in PROJECT["project"]["optional-dependencies"]
    package = plugin.provider.__module__.partition(".")[0]
    assert package == f"cloudautoml_{name}"
    assert any(path.endswith(package) for path in PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"])


@pytest.mark.parametrize("path", MODULES, ids=lambda path: str(path.relative_to(ROOT)))
def test_module_says_its_one_job_and_is_not_long(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    first = (ast.get_docstring(ast.parse(text)) or "").partition("\n")[0]
    assert text.startswith('"""'), "the docstring is the first thing in the file"
    assert first.endswith("."), "it is a sentence"
    assert len(text.splitlines()) <= 400


def test_nothing_heavy_is_imported_with_the_parts() -> None:
    code = (
        "import sys\nbefore = set(sys.modules)\nfrom cloudautoml import registry\n"
        "for kind in ('providers', 'strategies', 'spaces', 'estimators'):\n"
        "    for name in registry.names(kind): registry.load(kind, name)\n"
        "print(*sorted({name.partition('.')[0] for name in set(sys.modules) - before}))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert set(done.stdout.split()) & set(HEAVY.split()) == set()


@pytest.mark.parametrize("name", cloudautoml.__all__)
def test_public_name_is_there(name: str) -> None:
    assert getattr(cloudautoml, name) is not None
    assert name in dir(cloudautoml)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="no_such_name"):
        _ = import_module("cloudautoml").no_such_name
