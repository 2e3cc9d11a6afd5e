"""A KerasTuner hypermodel as a space: what a builder asks for, found by running it as little as possible."""

from __future__ import annotations

import random
import sys
from itertools import pairwise
from pathlib import Path
from typing import Any

import pytest

from cloudautoml.errors import SpecError
from cloudautoml.search import Architecture, Signature, TrialFailedError
from cloudautoml.testing.simulation import every_architecture
from cloudautoml_local.spaces.hypermodel import HypermodelOptions, HypermodelSpace
from cloudautoml_local.spaces.neural import Recipe

MODELS = Path(__file__).parents[3] / "hypermodels.py"
DIGITS = Signature("image", (8, 8, 1), 10)


def space_of(name: str, *, file: Path = MODELS, **options: Any) -> HypermodelSpace:
    return HypermodelSpace(DIGITS, HypermodelOptions(builder=f"{file}:{name}", **options))


def drawn(space: HypermodelSpace, seed: int = 0) -> Architecture:
    return space.sample(random.Random(seed))


def test_each_kind_of_hyperparameter_is_a_decision() -> None:
    known = {decision.name: decision for decision in space_of("small").decisions}
    assert {name: decision.options for name, decision in known.items()} == {
        "kind": ("mlp", "cnn"),
        "units": (16, 32, 48),
        "filters": (4, 8, 16),
        "pool": (False, True),
        "size": (2, 3),
        "head/rate": (0.0, 0.2, 0.4),
    }
    ordered = {name for name, decision in known.items() if decision.ordered}
    assert ordered == {"units", "filters", "size", "head/rate"}


def test_conditions_of_both_kinds_hold() -> None:
    found = [architecture.as_dict() for architecture in every_architecture(space_of("small"))]
    assert len(found) == 3 * 3 + 3 * 3 * (1 + 2), "units or filters, with or without the size of a pool, and the rate"
    for values in found:
        assert ("units" in values) == (values["kind"] == "mlp")
        assert ("filters" in values) == ("pool" in values) == (values["kind"] == "cnn")
        assert ("size" in values) == values.get("pool", False)


def test_what_two_decide_together_is_found() -> None:
    space = space_of("together")
    thirds = {a["third"] for a in (drawn(space, seed) for seed in range(200)) if "third" in a}
    assert thirds == {"a", "b", "c"}
    for seed in range(50):
        values = drawn(space, seed).as_dict()
        assert ("third" in values) == (values["first"] is True and values["second"] is True)


def test_wide_ranges_are_thinned() -> None:
    wide = {decision.name: decision.options for decision in space_of("together").decisions}["fourth"]
    assert len(wide) == 128
    assert (wide[0], wide[-1]) == (1, 1000)


def test_range_without_steps_is_searched_at_points_of_its_scale() -> None:
    rates = {decision.name: decision.options for decision in space_of("dense").decisions}["learning_rate"]
    assert len(rates) == 16
    assert (rates[0], rates[-1]) == (1e-4, 1e-2)
    steps = [float(b) / float(a) for a, b in pairwise(rates) if isinstance(a, float)]
    assert max(steps) / min(steps) == pytest.approx(1, abs=1e-4)


def test_only_a_default_that_somebody_wrote_is_recommended() -> None:
    assert space_of("small").defaults() == ()
    (default,) = space_of("recommended").defaults()
    assert default.as_dict() == {"units": 24, "rate": 0.25}


def test_builds_do_not_multiply() -> None:
    built: list[Any] = []

    def builder(hp: Any) -> None:
        built.append(hp)
        for number in range(8):
            hp.Choice(f"choice_{number}", ["a", "b", "c"])
        if hp.Boolean("more"):
            hp.Int("units", 1, 4)

    space = space_of("small")
    space.__dict__["_builder"] = builder
    drawn(space)
    learned = len(built)
    assert learned < 60, "of more than 30,000 candidates"
    for seed in range(200):
        list(space.neighbours(drawn(space, seed)))
    assert len(built) - learned <= 3


def test_compiled_model_keeps_its_training() -> None:
    space = space_of("dense", batch_size=64)
    architecture = Architecture((("layers", 2), ("units_0", 16), ("dropout", True), ("rate", 0.3), ("units_1", 8)))
    architecture = space.complete(architecture.as_dict(), random.Random(0))
    model = space.build(architecture, DIGITS)
    assert [layer.units for layer in model.layers if hasattr(layer, "units")] == [16, 8, 10]
    assert next(layer.rate for layer in model.layers if hasattr(layer, "rate")) == 0.3
    assert float(model.optimizer.learning_rate.numpy()) == pytest.approx(float(str(architecture["learning_rate"])))
    assert space.recipe(architecture) is None
    assert space.batch_size == 64


@pytest.mark.parametrize("name", ["Uncompiled", "uncompiled"])
def test_hypermodel_without_a_training_gets_the_usual_one(name: str) -> None:
    space = space_of(name)
    architecture = drawn(space)
    assert space.recipe(architecture) == Recipe(batch_size=32)
    assert space.build(architecture, DIGITS).output_shape == (None, 10)


def test_builder_that_fails_on_some_values_fails_those_trials_alone() -> None:
    space = space_of("sometimes")
    assert {architecture.as_dict()["size"] for architecture in every_architecture(space)} == {1, 2, 3}
    with pytest.raises(TrialFailedError, match="two is one too many"):
        space.build(space.complete({"size": 2}, random.Random(0)), DIGITS)
    with pytest.raises(TrialFailedError, match="a str, not a Keras model"):
        space.build(space.complete({"size": 1}, random.Random(0)), DIGITS)


@pytest.mark.parametrize(
    ("name", "problem"),
    [
        ("broken", "builds no model: ValueError: no model with"),
        ("TrainsItself", r"fit\(\) of its own, and here the task trains"),
        ("WantsArguments", "needs arguments: .*classes"),
        ("DIGITS", "is of type int, and neither a function nor a HyperModel"),
    ],
)
def test_builder_that_cannot_serve_is_refused(name: str, problem: str) -> None:
    space = space_of(name)
    with pytest.raises(SpecError, match=problem) as caught:
        space.decide({})
    assert caught.value.where == "search.space.builder"


@pytest.mark.parametrize(
    ("builder", "problem", "hint"),
    [
        ("no_colon", "does not name a builder", "path/to/my_models.py:build_model"),
        ("/nowhere/models.py:build", "there is no file /nowhere/models.py", "relative paths start at the folder"),
        ("no_such_module_xyz:build", "no module 'no_such_module_xyz'; looked in", "install the package"),
        ("no_such_module_xyz.sub:build", "cannot be imported: No module named", "write it as"),
        (f"{MODELS}:build_modle", "defines no 'build_modle'", "it defines: .*small"),
    ],
)
def test_builder_that_is_not_there_is_refused_at_once(builder: str, problem: str, hint: str) -> None:
    with pytest.raises(SpecError, match=problem) as caught:
        HypermodelSpace(DIGITS, HypermodelOptions(builder=builder))
    assert caught.match(hint)


def test_checking_imports_nothing_of_the_users(tmp_path: Path) -> None:
    file = tmp_path / "explosive.py"
    file.write_text("raise RuntimeError('imported')\ndef build(hp): ...\n")
    space = space_of("build", file=file)
    assert space.size() is None
    with pytest.raises(SpecError, match="cannot be imported: RuntimeError: imported"):
        space.decide({})


@pytest.mark.parametrize("name", ["json", "one_of_my_own"])
def test_file_of_any_name_is_loaded_with_its_neighbours(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, name: str
) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    (tmp_path / "my_widths_of_a_test.py").write_text("WIDTHS = [1, 2, 3]\n")
    code = "import my_widths_of_a_test as w\ndef build(hp): hp.Choice('width', w.WIDTHS)\n"
    (tmp_path / f"{name}.py").write_text(code)
    space = space_of("build", file=tmp_path / f"{name}.py")
    assert [architecture["width"] for architecture in every_architecture(space)] == [1, 2, 3]
    import json

    assert json.loads("1") == 1, "a library of the same name stays what it is"


def test_builder_of_a_package_may_import_relatively(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sys, "path", [*sys.path])
    package = tmp_path / "pack_of_a_test"
    package.mkdir()
    (package / "__init__.py").write_text("")
    (package / "widths.py").write_text("WIDTHS = [4, 5]\n")
    (package / "nets.py").write_text("from .widths import WIDTHS\ndef build(hp): hp.Choice('width', WIDTHS)\n")
    space = space_of("build", file=package / "nets.py")
    assert [architecture["width"] for architecture in every_architecture(space)] == [4, 5]


def test_keras_may_be_reset_between() -> None:
    import keras

    space = space_of("dense")
    first = [decision for decision, _ in space.path(drawn(space))]
    keras.backend.clear_session()
    assert [decision for decision, _ in space.path(drawn(space))] == first


def test_two_processes_agree() -> None:
    spaces = space_of("dense"), space_of("dense")
    drawn(spaces[0], 5)  # what was asked before changes nothing
    for seed in range(30):
        assert drawn(spaces[0], seed) == drawn(spaces[1], seed)
    assert spaces[0].decisions == spaces[1].decisions
