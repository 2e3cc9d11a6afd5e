"""A user's function in a spec is named so that a process elsewhere finds it."""

from __future__ import annotations

import importlib
import json
import sys
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from cloudautoml.spec import JobSpec, Part
from cloudautoml.spec.imports import anchored, module_of, name_of
from cloudautoml.spec.load import anchor_paths


def build_model(hp: Any) -> None:
    """A builder that stands in this file."""


class Built:
    """As a HyperModel does, it builds."""

    def build(self, hp: Any) -> None: ...


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    package = tmp_path / "pack" / "deep"
    package.mkdir(parents=True)
    (tmp_path / "models.py").write_text("def build(hp): ...\n")
    for place in (tmp_path / "pack", package):
        (place / "__init__.py").write_text("")
    (package / "nets.py").write_text("def build(hp): ...\n")
    return tmp_path


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("models:build", "models.py:build"),
        ("models.py:build", "models.py:build"),
        ("pack.deep.nets:build", "pack/deep/nets.py:build"),
        ("pack:build", "pack/__init__.py:build"),
        ("not_yet/there.py:build", "not_yet/there.py:build"),
    ],
)
def test_what_is_in_the_folder_gets_its_path(folder: Path, name: str, wanted: str) -> None:
    assert anchored(name, folder) == f"{folder}/{wanted}"
    assert anchored(anchored(name, folder), Path("/elsewhere")) == f"{folder}/{wanted}", "said once, it stays"


@pytest.mark.parametrize("name", ["keras_tuner.applications:HyperResNet", "nonsense", "json:loads"])
def test_what_is_not_there_is_left_to_the_import_path(folder: Path, name: str) -> None:
    assert anchored(name, folder) == name


def test_module_of_a_file_is_seen_by_its_packages(folder: Path) -> None:
    assert module_of(folder / "models.py") == ("models", folder)
    assert module_of(folder / "pack" / "deep" / "nets.py") == ("pack.deep.nets", folder)
    assert module_of(folder / "pack" / "__init__.py") == ("pack", folder)


def test_a_function_becomes_its_name() -> None:
    part = Part.model_validate({"type": "hypermodel", "builder": build_model})
    assert part.options == {"builder": f"{Path(__file__).resolve()}:build_model"}
    assert name_of(json.loads) == "json:loads"


def test_a_spec_with_a_function_is_plain_values() -> None:
    spec = JobSpec.model_validate(
        {
            "name": "own",
            "task": {"type": "tabular_classification", "target": "y"},
            "data": "table.csv",
            "search": {"space": {"type": "hypermodel", "builder": build_model}},
        }
    )
    assert JobSpec.model_validate_json(spec.model_dump_json()) == spec


def test_what_no_other_process_can_import_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    def inner(hp: Any) -> None: ...

    with pytest.raises(ValidationError, match=r"lambda.*top level of a file"):
        Part.model_validate({"type": "hypermodel", "builder": lambda hp: None})
    with pytest.raises(ValidationError, match="inside another function"):
        Part.model_validate({"type": "hypermodel", "builder": inner})
    with pytest.raises(ValueError, match="no name to import it by"):
        Part.model_validate({"type": "hypermodel", "builder": Built()})
    typed = importlib.util.module_from_spec(importlib.machinery.ModuleSpec("__main__", None))
    exec("def typed_in(hp): ...", typed.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", typed)
    with pytest.raises(ValueError, match=r"typed in.*write it to a file"):
        name_of(typed.typed_in)


def test_a_script_names_its_own_file(monkeypatch: pytest.MonkeyPatch, folder: Path) -> None:
    script = importlib.util.module_from_spec(importlib.machinery.ModuleSpec("__main__", None))
    script.__file__ = str(folder / "models.py")
    exec("def build(hp): ...", script.__dict__)
    monkeypatch.setitem(sys.modules, "__main__", script)
    assert name_of(script.build) == f"{(folder / 'models.py').resolve()}:build"


def test_a_file_of_a_spec_says_where_its_builder_is(folder: Path) -> None:
    values: dict[str, Any] = {"search": {"space": {"type": "hypermodel", "builder": "models:build"}}}
    anchor_paths(values, folder)
    assert values["search"]["space"]["builder"] == f"{folder}/models.py:build"
