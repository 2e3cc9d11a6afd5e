"""The README: its code runs, its commands exist, its matrix is what the code says."""

from __future__ import annotations

import re
import shlex
from pathlib import Path

import pytest
from typer.testing import CliRunner

from cloudautoml import registry
from cloudautoml.cli.main import app
from cloudautoml.matrix import installed, matrix_markdown, with_matrix

ROOT = Path(__file__).parents[2]
README = (ROOT / "README.md").read_text("utf-8")


def blocks(language: str) -> list[str]:
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


def commands() -> list[str]:
    lines = [line for block in blocks("console") for line in block.splitlines() if line.startswith("$ ")]
    return [part.strip() for line in lines for part in line[2:].partition("#")[0].split("&&")]


def test_matrix_is_up_to_date() -> None:
    assert with_matrix(README, matrix_markdown(installed())) == README, "run: python -m cloudautoml.matrix README.md"


def test_every_refusal_in_the_matrix_has_its_reason() -> None:
    text = matrix_markdown(installed())
    for table in installed().values():
        for support in (table[feature] for feature in table):
            assert support or support.reason in text


def test_a_page_without_markers_is_refused() -> None:
    with pytest.raises(ValueError, match="matrix"):
        with_matrix("# nothing here", "table")


def test_there_are_two_commands_for_newcomers() -> None:
    whole = [line for block in blocks("console") for line in block.splitlines()]
    first = [line.split(" && uv run ")[1] for line in whole if line.startswith("$ pip install -q uv && uv run ")]
    assert [" ".join(line.split()[:3]) for line in first] == ["--extra local cloudautoml", "--group dev pytest"]


def test_ci_tests_with_the_command_of_the_readme() -> None:
    test = next(command for command in commands() if " pytest " in command)
    assert test in (ROOT / ".ci" / "run").read_text("utf-8")


@pytest.mark.parametrize("command", sorted({c for c in commands() if c.startswith("cloudautoml ")}))
def test_commands_exist(command: str) -> None:
    words = shlex.split(command)[1:]
    verb = words[:2] if words[0] == "jobs" else words[:1]
    result = CliRunner().invoke(app, [*verb, "--help"])
    assert result.exit_code == 0
    for flag in (word for word in words if word.startswith("--")):
        assert flag in result.output, f"{' '.join(verb)} has no {flag}"


def test_files_that_are_linked_exist() -> None:
    links = re.findall(r"\]\((?!http)([^)#]+)\)", README)
    assert links
    assert [link for link in links if not (ROOT / link).exists()] == []


def test_specs_are_valid(tmp_path: Path) -> None:
    from cloudautoml.config import load_spec
    from cloudautoml.store import Store
    from cloudautoml_local import LocalConfig, LocalProvider

    whole, search = blocks("yaml")
    path = tmp_path / "spec.yaml"
    path.write_text(whole, "utf-8")
    assert load_spec(path).name == "churn"
    path.write_text(f"name: digits\n{search}", "utf-8")
    assert LocalProvider(LocalConfig(), store=Store(tmp_path)).check(load_spec(path)) == []


def test_parts_of_a_search_are_named() -> None:
    """The table of the README has every part that there is."""
    section = README[README.index("## Search for an architecture") :]
    for kind in ("spaces", "strategies", "estimators"):
        for name in registry.names(kind):  # type: ignore[arg-type]
            assert f"`{name}`" in section, f"the README does not name the {kind[:-1]} {name}"


def test_python_runs(monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]) -> None:
    """The first example, as it stands: a real search."""
    monkeypatch.chdir(ROOT)
    code = next(block for block in blocks("python") if "ca.JobSpec" in block)
    names: dict[str, object] = {}
    exec(compile(code, "README.md", "exec"), names)
    assert "roc_auc" in capsys.readouterr().out
    assert names["job"].state == "succeeded"  # type: ignore[attr-defined]


@pytest.mark.parametrize("code", blocks("python"))
def test_python_compiles(code: str) -> None:
    compile(code, "README.md", "exec")
