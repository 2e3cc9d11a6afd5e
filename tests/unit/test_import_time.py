"""What starts often starts fast: nothing heavy is imported before it is needed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from pathlib import Path

HEAVY = {
    "numpy", "pandas", "pyarrow", "scipy", "sklearn", "tensorflow", "keras", "keras_tuner", "lightgbm", "xgboost",
    "catboost", "optuna", "skops", "plotly", "boto3", "azure", "google", "ray", "jinja2",
}  # fmt: skip
PROGRAM = """
import json, sys
before = set(sys.modules)  # a namespace package may be there from the start
sys.argv = ["cloudautoml", *{arguments!r}]
try:
    {statement}
except SystemExit as end:
    assert end.code in (0, None), end.code
print("\\n" + json.dumps(sorted({{name.partition(".")[0] for name in set(sys.modules) - before}})))
"""


def loaded(statement: str, arguments: list[str], folder: Path) -> set[str]:
    program = PROGRAM.format(statement=statement, arguments=arguments)
    ended = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, cwd=folder, check=True)
    return set(json.loads(ended.stdout.splitlines()[-1]))


@pytest.mark.parametrize(
    "arguments",
    [
        ["--help"], ["--version"], ["run", "--help"], ["jobs", "ls"], ["list", "providers"], ["list", "tasks"],
        ["list", "strategies"], ["list", "spaces"], ["list", "estimators"], ["schema"], ["config"], ["doctor"],
    ],
    ids=" ".join,
)  # fmt: skip
def test_no_command_that_only_looks_imports_a_heavy_library(arguments: list[str], tmp_path: Path) -> None:
    assert loaded("from cloudautoml.cli.main import main; main()", arguments, tmp_path) & HEAVY == set()


@pytest.mark.parametrize(
    "statement",
    [
        "import cloudautoml",
        "from cloudautoml import JobSpec, TabularClassification, Budget",
        "from cloudautoml import connect, load_spec; connect('local')",
    ],
)
def test_no_import_of_ours_imports_a_heavy_library(statement: str, tmp_path: Path) -> None:
    assert loaded(statement, [], tmp_path) & HEAVY == set()


def test_the_package_itself_imports_next_to_nothing(tmp_path: Path) -> None:
    assert "pydantic" not in loaded("import cloudautoml", [], tmp_path)
