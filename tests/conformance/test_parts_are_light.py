"""Making a part imports nothing heavy: a spec is checked in an instant, whatever its parts will need."""

from __future__ import annotations

import json
import subprocess
import sys

import pytest

_MADE = """
import json, sys
from cloudautoml import registry
from cloudautoml.search import Signature
from cloudautoml.testing.simulation import large_space
HEAVY = ("tensorflow", "keras", "keras_tuner", "sklearn", "scipy", "torch", "lightgbm", "xgboost", "catboost")
found = {}
for name in registry.names("strategies"):
    strategy = registry.strategy_type(name)
    made = strategy(large_space(), seed=1)
    assert made.needs is not None and made.gives is not None
    found[name] = [module for module in HEAVY if module in sys.modules]
for name in registry.names("estimators"):
    estimator = registry.estimator_type(name)
    assert estimator().needs is not None
    found[name] = [module for module in HEAVY if module in sys.modules]
for name in registry.names("spaces"):
    space = registry.space_type(name)
    options = {"hypermodel": {"builder": sys.argv[1]}, "pretrained": {"weights": sys.argv[2]}}.get(name, {})
    space.create(Signature(sorted(space.inputs)[0]), space.options_type.model_validate(options))
    found[name] = [module for module in HEAVY if module in sys.modules]
print(json.dumps(found))
"""


@pytest.fixture(scope="module")
def imported(tmp_path_factory: pytest.TempPathFactory) -> dict[str, list[str]]:
    builder = tmp_path_factory.mktemp("builder") / "mine.py"
    builder.write_text("def build_model(hp):\n    import keras\n    raise AssertionError('not to be run')\n")
    weights = builder.with_name("backbone.keras")
    weights.touch()
    command = [sys.executable, "-c", _MADE, f"{builder}:build_model", str(weights)]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return dict(json.loads(done.stdout))


def test_parts_import_nothing_heavy_when_they_are_made(imported: dict[str, list[str]]) -> None:
    guilty = {name: modules for name, modules in imported.items() if modules}
    assert not guilty
