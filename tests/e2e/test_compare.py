"""`compare` from the command line: two jobs of this machine on the rows that both have sealed."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

if TYPE_CHECKING:
    from pathlib import Path

SPEC = """
name: {name}
task: {{type: tabular_classification, target: y}}
data: rows.csv
objective: {{metric: roc_auc}}
budget: {{max_trials: 1}}
search: {{families: [{family}]}}
outputs: {{report: false}}
seed: 3
providers: {{local: {{executor: inline}}}}
"""


def run(folder: Path, *words: str, code: int = 0) -> Any:
    command = [sys.executable, "-m", "cloudautoml.cli.main", *words]
    done = subprocess.run(command, cwd=folder, capture_output=True, text=True, timeout=120, check=False)
    assert done.returncode == code, done.stderr
    return done


@pytest.fixture
def jobs(tmp_path: Path, home: Path) -> tuple[Path, list[str]]:
    """Two jobs that have ended."""
    rows = [f"{n * 37 % 101},{n * 53 % 89},{'pn'[(n * 37 % 101 + n * 7 % 31) > 65]}" for n in range(300)]
    (tmp_path / "rows.csv").write_text("\n".join(["a,b,y", *rows]) + "\n")
    made = []
    for name, family in (("line", "linear"), ("near", "knn")):
        (tmp_path / f"{name}.yaml").write_text(SPEC.format(name=name, family=family))
        made.append(json.loads(run(tmp_path, "run", f"{name}.yaml", "--json", "-q").stdout)["job"])
    return tmp_path, made


@pytest.mark.slow
def test_two_jobs_side_by_side(jobs: tuple[Path, list[str]]) -> None:
    folder, (first, second) = jobs
    done = run(folder, "compare", first, second, "--json", "--report", "page.html")
    found = json.loads(done.stdout)
    assert found["rows"] == 60
    assert {row["job"] for row in found["contestants"]} == {first, second, ""}
    for row in found["contestants"]:
        assert row["interval"]["low"] <= row["score"] <= row["interval"]["high"]
        assert row["provider"] == "baseline" or row["ms_per_row"][0] > 0
    assert found["verdict"]
    assert (folder / "page.html").read_text().startswith("<!doctype html>")
    text = run(folder, "compare", first, second, "-q").stdout
    assert text.startswith(f"Comparison {first}-and-{second}: roc_auc ↑ on 60 sealed rows")


@pytest.mark.parametrize(
    ("words", "code", "said"),
    [
        (["nothing.yaml", "-p", "local", "-p", "sagemaker"], 2, "no such file"),
        (["one", "two"], 102, "no job 'one'"),
        (["a.yaml", "b.yaml"], 2, "a comparison is of one spec, or of jobs"),
    ],
)
def test_what_is_no_comparison(words: list[str], code: int, said: str, tmp_path: Path, home: Path) -> None:
    assert said in run(tmp_path, "compare", *words, code=code).stderr
