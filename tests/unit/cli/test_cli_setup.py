"""`init`, `validate`, `plan`, `config`, `schema`, `list` and `doctor`: everything before a job."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml import load_spec
from cloudautoml.spec import TASK_TYPES
from cloudautoml.store import Store
from cloudautoml.testing.series import write_series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., Any]
    Spec = Callable[..., Path]


# init


def test_init_guesses_from_the_data(cli: Cli, work: Path) -> None:
    ended = cli("init", "--from", "rows.csv", "--json")

    assert ended.status == 0
    assert ended.json["task"] == "tabular_classification"
    spec = load_spec(work / "spec.yaml")
    assert spec.task.target == "y"  # type: ignore[union-attr]
    assert spec.data.csv.delimiter == ";"
    assert spec.data.train == str(work / "rows.csv")
    text = (work / "spec.yaml").read_text()
    assert "2 classes (yes: 30, no: 30)" in text or "2 classes (no: 30, yes: 30)" in text
    assert "#   b: numeric" in text
    assert cli("validate", "spec.yaml").status == 0


def test_init_guesses_a_regression(cli: Cli, work: Path) -> None:
    (work / "Große Häuser.csv").write_text("size,price\n" + "".join(f"{i},{i * 1.5}\n" for i in range(50)))

    ended = cli("init", "--from", "Große Häuser.csv", "-o", "houses.yaml")

    assert ended.status == 0
    assert ended.out == "houses.yaml\n"
    spec = load_spec(work / "houses.yaml")
    assert (spec.name, spec.task.type, spec.metric.name) == ("gro-e-h-user", "tabular_regression", "rmse")


def test_init_guesses_a_job_of_texts(cli: Cli, work: Path) -> None:
    rows = "\n".join(f"{'ham' if i % 3 else 'spam'},message number {i} of many more" for i in range(60))
    (work / "messages.csv").write_text(f"label,message\n{rows}\n")
    assert cli("init", "--from", "messages.csv").status == 0
    assert "task: {type: text_classification, text: message, target: label}" in (work / "spec.yaml").read_text()
    assert cli("validate", "spec.yaml").status == 0


@pytest.mark.parametrize("column", ["no", "a: b", "x#y", '"q"', "ünïcode", "a\\b", "1", "- z"])
def test_init_takes_any_column_name(cli: Cli, work: Path, column: str) -> None:
    quoted = '"' + column.replace('"', '""') + '"'
    (work / "odd.csv").write_text(f"f,{quoted}\n" + "".join(f"{i},{'ab'[i % 2]}\n" for i in range(30)))

    assert cli("init", "--from", "odd.csv", "--target", column).status == 0
    assert load_spec(work / "spec.yaml").task.target == column  # type: ignore[union-attr]


def test_init_without_data_and_over_a_file(cli: Cli, work: Path) -> None:
    assert cli("init").status == 0
    assert load_spec(work / "spec.yaml").task.type == "tabular_classification"
    before = (work / "spec.yaml").read_text()

    ended = cli("init", "--from", "rows.csv")
    assert ended.status == 2
    assert "--force" in ended.err
    assert (work / "spec.yaml").read_text() == before
    assert cli("init", "--from", "rows.csv", "--force").status == 0


def test_init_with_a_column_that_is_not_there(cli: Cli, work: Path) -> None:
    ended = cli("init", "--from", "rows.csv", "--target", "z")

    assert ended.status == 2
    assert "unknown column 'z'" in ended.err
    assert not (work / "spec.yaml").exists()


# validate and plan


def test_validate(cli: Cli, write_spec: Spec) -> None:
    ended = cli("validate", write_spec())
    assert ended.status == 0
    assert "48 rows to learn from" in ended.out
    told = {line.split()[0]: line.split()[1] for line in ended.out.splitlines() if len(line.split()) > 1}
    runs = {"fake": "yes", "local": "yes", "sagemaker": "no", "vertexai": "no"}
    assert {name: told[name] for name in runs} == runs
    assert "budget.max_time" in ended.out.splitlines()[-1], "one that runs elsewhere is not stopped by what it lacks"
    assert Store().jobs() == []

    found = cli("validate", write_spec(), "--json").json
    assert found["valid"] is True
    assert {row["provider"]: row["runs"] for row in found["providers"]}.items() >= {
        "fake": True, "local": True, "sagemaker": False, "vertexai": False,
    }.items()  # fmt: skip
    assert {finding["severity"] for finding in found["findings"]} == {"warning"}


def test_validate_data_that_cannot_work(cli: Cli, work: Path, write_spec: Spec) -> None:
    (work / "rows.csv").write_text("a;b;y\n" + "1;2;same\n" * 50)

    ended = cli("validate", write_spec(), "--json")

    assert ended.status == 2
    assert ended.json["valid"] is False
    assert "error" in {finding["severity"] for finding in ended.json["findings"]}


def test_validate_what_the_provider_refuses(cli: Cli, write_spec: Spec, work: Path) -> None:
    write_series(work / "sales.csv")
    task = "task={type: forecasting, target: sales, time: day, series: [shop], horizon: 3}"
    ended = cli("validate", write_spec(), "--set", task, "--set", 'data={train: sales.csv, csv: {delimiter: ","}}')

    assert ended.status == 2
    assert "it looks only backward; use provider local" in ended.out
    assert "provider 'fake' would not run this" in ended.err


def test_plan_shows_the_request_and_no_secret(cli: Cli, write_spec: Spec) -> None:
    path = write_spec(price="3.20", raw={"password": "hunter2", "region": "here"})

    ended = cli("plan", path)
    assert ended.status == 0
    assert "cost      at most 3.20 USD (a flat price)" in ended.out
    assert '"region": "here"' in ended.out
    assert '"password": "****"' in ended.out

    ended = cli("plan", path, "-p", "fake", "-p", "local", "--json")
    assert [plan["provider"] for plan in ended.json["plans"]] == ["fake", "local"]
    assert "hunter2" not in ended.out + ended.err


def test_plan_of_what_is_refused(cli: Cli, write_spec: Spec) -> None:
    forecast = "task={type: forecasting, target: y, time: a, horizon: 3}"
    ended = cli("plan", write_spec(), "--set", forecast, "--json")

    assert ended.status == 2
    assert [gap["feature"] for gap in ended.json["gaps"]] == ["forecasting"]


# config and schema


def test_config_explains_each_value(cli: Cli, write_spec: Spec, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDAUTOML_SEED", "5")
    path = write_spec(raw={"clientSecret": "hunter2"})

    ended = cli("config", path, "--explain", "--set", "budget.max_time=5m")
    lines = {line.split()[0]: line.split() for line in ended.out.splitlines()}
    assert lines["seed"] == ["seed", "5", "environment", "CLOUDAUTOML_SEED"]
    assert lines["budget.max_time"] == ["budget.max_time", "5m", "override", "--set", "budget.max_time"]
    assert lines["task.target"] == ["task.target", "y", "spec", f"{path}:2:38"]
    assert lines["outputs.report"] == ["outputs.report", "true", "default"]
    assert lines["providers.fake.raw.clientSecret"][1] == "****"
    assert "hunter2" not in ended.out + ended.err

    shown = cli("config", path, "--json")
    settings = {row["field"]: row for row in shown.json["settings"]}
    assert settings["seed"] == {"field": "seed", "value": 5, "layer": "environment", "where": "CLOUDAUTOML_SEED"}
    assert "hunter2" not in shown.out


def test_config_without_a_spec(cli: Cli, work: Path, home: Path) -> None:
    (work / "cloudautoml.yaml").write_text("seed: 3\nprofiles: {p: {provider: local}}\n")

    ended = cli("config", "--json")
    assert ended.json["settings"] == [
        {"field": "seed", "value": 3, "layer": "project file", "where": f"{work / 'cloudautoml.yaml'}:1:1"}
    ]
    assert (ended.json["home"], ended.json["profiles"]) == (str(home), ["p"])
    assert cli("config").out == "seed = 3\n"


def test_schema(cli: Cli, work: Path) -> None:
    text = cli("schema").out
    assert json.loads(text)["title"] == "cloudautoml job spec"

    assert cli("schema", "--output", "schema.json").status == 0
    assert (work / "schema.json").read_text() == text


# list and doctor


@pytest.mark.parametrize("what", ["providers", "tasks", "metrics", "strategies", "spaces", "estimators"])
def test_list(cli: Cli, what: str) -> None:
    rows = cli("list", what, "--json").json[what]

    assert rows
    assert all(row["name"] and row["description"] for row in rows)
    table = cli("list", what).out.partition("\n\n")[0].splitlines()
    assert [line.split()[0] for line in table[1:]] == [row["name"] for row in rows]


def test_list_says_what_providers_can_do(cli: Cli) -> None:
    providers = {row["name"]: row for row in cli("list", "providers", "--json").json["providers"]}
    assert providers["fake"]["capabilities"]["forecasting"] == {
        "level": "unsupported", "reason": "it looks only backward", "instead": "use provider local",
    }  # fmt: skip

    lines = [line.split() for line in cli("list", "providers").out.splitlines()]
    assert ["forecasting", "no", "yes", "yes"] in [line[:4] for line in lines]

    tasks = {row["name"]: row for row in cli("list", "tasks", "--json").json["tasks"]}
    assert list(tasks) == list(TASK_TYPES)
    assert "local" in tasks["tabular_classification"]["providers"]
    assert "fake" not in tasks["forecasting"]["providers"]


def test_doctor(cli: Cli, home: Path) -> None:
    ended = cli("doctor", "local", "--json")

    checks = {check["name"]: check for check in ended.json["checks"]}
    assert ended.status == 0
    assert ended.json["ok"] is True
    assert checks["store"]["status"] == "ok"
    assert str(home) in checks["store"]["detail"]
    assert "lightgbm" in checks["extra local"]["detail"]
    assert list(home.iterdir()) == []
    assert "write-ahead log works" in cli("doctor").out


def test_doctor_finds_what_is_missing(cli: Cli, monkeypatch: pytest.MonkeyPatch) -> None:
    from importlib.metadata import PackageNotFoundError

    from cloudautoml.cli import doctor

    def version(package: str) -> str:
        if package == "lightgbm":
            raise PackageNotFoundError(package)
        return "1.0"

    monkeypatch.setattr(doctor, "version", version)

    ended = cli("doctor", "local")
    assert ended.status == 2
    assert "not installed: lightgbm" in ended.out
    assert "pip install 'cloudautoml[local]'" in ended.out
    assert cli("doctor").status == 0


def test_doctor_finds_a_home_that_cannot_be_used(cli: Cli, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("CLOUDAUTOML_HOME", str(work / "rows.csv" / "home"))

    ended = cli("doctor", "--json")

    assert ended.status == 6
    assert ended.json["ok"] is False


def test_help_and_version(cli: Cli) -> None:
    assert cli("--version").out.startswith("cloudautoml ")
    for verb in ("run", "jobs", "predict", "list"):
        ended = cli(verb, "--help")
        assert ended.status == 0
        assert "Usage: cloudautoml" in ended.out
