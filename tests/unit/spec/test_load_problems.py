"""Wrong specs: every problem at once, by the name that people write, with its line and what to write instead."""

from __future__ import annotations

from pathlib import Path

import pytest

from cloudautoml import load_spec
from cloudautoml.errors import SpecError

GOOD = "name: demo\ntask: {type: tabular_classification, target: y}\ndata: rows.csv\n"


def refused(folder: Path, text: str) -> SpecError:
    path = folder / "s.yaml"
    path.write_text(text)
    with pytest.raises(SpecError) as caught:
        load_spec(path)
    return caught.value


@pytest.mark.parametrize(
    ("line", "message", "hint"),
    [
        ("budget: {max_tim: 5m}", "budget.max_tim: unknown key", "did you mean 'max_time'?"),
        ("max_trials: 5", "max_trials: unknown key", "did you mean 'budget.max_trials'?"),
        ("metric: f1", "metric: unknown key", "did you mean 'objective.metric'?"),
        ("budget: {max_trials: ten}", "budget.max_trials: expected a whole number, found text", ""),
        ("budget: {max_trials: 0}", "budget.max_trials: input should be greater than or equal to 1", ""),
        ("budget: {max_trials: true}", "budget.max_trials: expected a number, found true or false", ""),
        ("budget: {max_time: soon}", "budget.max_time: 'soon' is not a duration", ""),
        ("budget: {max_cost: 5}", "budget.max_cost: 5 is not an amount of money", ""),
        ("objective: {metric: rmse}", "objective.metric 'rmse' does not fit tabular_classification", ""),
        ("objective: {metric: rocauc}", "objective.metric: unknown metric 'rocauc'", ""),
        ("search: {families: lightgbm}", "search.families: expected a list, found text", ""),
        ("search: {strategy: {typ: random}}", "search.strategy.type: is missing", "Registry key"),
        ("seed: [1]", "seed: expected a whole number, found a list", ""),
        ("version: 2", "version: unknown value '2'", "one of 1"),
        ("providers: {local: 3}", "providers.local: expected a mapping, found a number", ""),
        ("outputs:\n  report: perhaps", "outputs.report: expected true or false, found text", ""),
        ("profiles: {a: {provider: local}}", "profiles: unknown key", ""),
    ],
)
def test_a_lone_problem(tmp_path: Path, line: str, message: str, hint: str) -> None:
    error = refused(tmp_path, GOOD + line + "\n")

    assert message in error.message
    assert hint in (error.hint or "")
    assert error.where is not None
    assert error.where.startswith(f"{tmp_path / 's.yaml'}:{5 if 'outputs' in line else 4}:")
    assert error.exit_code == 2


@pytest.mark.parametrize(
    ("task", "message", "hint"),
    [
        ("{type: tabular_classification}", "task.target: is missing", "Column that holds the class"),
        (
            "{type: tabular_clasification, target: y}",
            "task.type: unknown value",
            "did you mean 'tabular_classification'",
        ),
        ("{target: y}", "task.type: is missing", "one of tabular_classification"),
        ("{type: tabular_classification, target: y, wieght: w}", "task.wieght: unknown key", "did you mean 'weight'?"),
        ("{type: tabular_classification, target: 3}", "task.target: expected text, found a number", ""),
        ("{type: tabular_classification, target: y, positive: [1]}", "task.positive: expected text or", ""),
        ("{type: forecasting, target: y, time: y, horizon: 3}", "task: columns with two roles: y", ""),
        ("tabular_classification", "task: expected a mapping, found text", ""),
    ],
)
def test_a_problem_inside_the_task_is_told_without_the_names_of_types(
    tmp_path: Path, task: str, message: str, hint: str
) -> None:
    error = refused(tmp_path, GOOD.replace("{type: tabular_classification, target: y}", task))

    assert message in error.message
    assert hint in (error.hint or "")
    assert error.where is not None
    assert error.where.startswith(f"{tmp_path / 's.yaml'}:2:")


@pytest.mark.parametrize(
    "source", ["file:///etc/passwd", "http://169.254.169.254/", "https://example.com/a.csv", "FTP://h/x"]
)
def test_data_is_not_fetched_from_anywhere(tmp_path: Path, source: str) -> None:
    error = refused(tmp_path, GOOD.replace("rows.csv", source))

    assert "data.train" in error.message
    assert "is not a place data is read from" in error.message
    assert error.where == f"{tmp_path / 's.yaml'}:3:1"


def test_a_refused_address_does_not_show_its_password(tmp_path: Path) -> None:
    error = refused(tmp_path, GOOD.replace("rows.csv", "https://me:hunter2@example.com/a.csv"))

    assert "hunter2" not in str(error)


def test_all_problems_are_told_in_the_order_of_their_lines(tmp_path: Path) -> None:
    text = (
        "name: Bad Name\n"
        "task: {type: tabular_clasification, target: y}\n"
        "data: http://169.254.169.254/\n"
        "budget:\n"
        "  max_tim: 5m\n"
        "  max_trials: many\n"
        "seed: !!python/name:os.system x\n"
        "name: again\n"
    )

    error = refused(tmp_path, text)

    lines = [int(line.split(":")[1]) for line in error.message.splitlines()[1:]]
    assert error.message.startswith("7 problems\n")
    assert lines == [1, 2, 3, 5, 6, 7, 8]
    assert error.where == f"{tmp_path / 's.yaml'}:1:1"
    assert "os.system" in error.message


def test_nothing_is_filled_in_from_the_environment(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("SECRET", "hunter2")
    path = tmp_path / "s.yaml"
    path.write_text(GOOD + "providers: {local: {raw: {a: '${SECRET}', b: $SECRET}}}\n")

    assert load_spec(path).providers["local"]["raw"] == {"a": "${SECRET}", "b": "$SECRET"}


def test_no_stays_text(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(GOOD.replace("target: y", "target: y, positive: no"))

    assert load_spec(path).task.positive == "no"  # type: ignore[union-attr]


def test_data_paths_start_from_the_folder_of_the_spec(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "sub").mkdir()
    path = tmp_path / "sub" / "s.yaml"
    path.write_text(GOOD.replace("rows.csv", "{train: a.csv, test: ../b.csv}"))
    monkeypatch.chdir(tmp_path)

    data = load_spec("sub/s.yaml").data

    assert data.train == str(tmp_path / "sub" / "a.csv")
    assert Path(str(data.test)).parts[-3:] == ("sub", "..", "b.csv")


def test_remote_and_absolute_paths_stay(tmp_path: Path) -> None:
    path = tmp_path / "s.yaml"
    path.write_text(GOOD.replace("rows.csv", "{train: 's3://bucket/a.csv', test: /data/b.csv}"))

    data = load_spec(path).data

    assert (data.train, data.test) == ("s3://bucket/a.csv", "/data/b.csv")


def test_a_spec_may_be_json(tmp_path: Path) -> None:
    path = tmp_path / "s.json"
    path.write_text('{"name": "demo",\n "task": {"type": "tabular_regression", "target": "y"},\n "data": "a.csv"}')

    assert load_spec(path).task.type == "tabular_regression"
    path.write_text('{"name": "demo",\n "task": {"type": "tabular_regression", "targt": "y"},\n "data": "a.csv"}')
    with pytest.raises(SpecError, match=r"task\.targt: unknown key") as caught:
        load_spec(path)
    assert caught.value.where is not None
    assert caught.value.where.startswith(f"{path}:2:")
