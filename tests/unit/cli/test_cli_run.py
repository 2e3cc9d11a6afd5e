"""`run`: what it prints where, what it leaves, how it ends."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml.store import Store

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., Any]


def test_the_table_is_on_stdout_and_the_rest_on_stderr(cli: Cli, write_spec: Callable[..., Path]) -> None:
    ended = cli("run", write_spec())

    (record,) = Store().jobs()
    assert ended.status == 0
    assert ended.out.startswith(f"Leaderboard of {record.id}: roc_auc ↑\n")
    assert "=boost|2" in ended.out
    assert f"/reports/{record.id}.html" in ended.err
    assert f"cloudautoml predict {record.id} FILE" in ended.err
    assert "tabular_classification of 'y', judged by roc_auc ↑" in ended.err
    assert "\x1b" not in ended.out + ended.err


def test_json_ends_with_one_object(cli: Cli, write_spec: Callable[..., Path]) -> None:
    ended = cli("run", write_spec(), "--json", "--name", "other", "--seed", 3, "--max-trials", 9, "--max-time", "5m")

    (record,) = Store().jobs()
    assert ended.status == 0
    assert ended.json["schema_version"] == 1
    assert ended.json["job"] == record.id
    assert ended.json["state"] == "succeeded"
    assert [row["model"] for row in ended.json["leaderboard"]] == ["=boost|2", "forest-1", "baseline", "broken-3"]
    assert ended.json["report"] == f"/reports/{record.id}.html"
    assert ended.json["metric"] == "roc_auc"
    assert any("48 rows" in finding["message"] for finding in ended.json["findings"])
    assert (record.name, record.spec.seed, record.spec.budget.max_trials) == ("other", 3, 9)


def test_quiet_says_nothing_on_the_way(cli: Cli, write_spec: Callable[..., Path]) -> None:
    assert cli("run", write_spec(), "-q").err == ""


def test_a_failed_job_ends_with_100_and_its_reason(cli: Cli, write_spec: Callable[..., Path]) -> None:
    path = write_spec(outcome="failed")

    ended = cli("run", path)
    assert ended.status == 100
    assert "failed: every trial failed" in ended.err
    assert "cloudautoml jobs logs" in ended.err

    ended = cli("run", path, "--json")
    assert ended.status == 100
    assert (ended.json["state"], ended.json["reason"]) == ("failed", "every trial failed")
    assert ended.json["report"] is None


def test_a_timeout_leaves_the_job_running_and_ends_with_101(
    cli: Cli, write_spec: Callable[..., Path], tmp_path: Path
) -> None:
    ended = cli("run", write_spec(gate=str(tmp_path / "gate")), "--timeout", "0.05", "--json")

    assert ended.status == 101
    assert ended.json["state"] == "running"
    assert f"cloudautoml jobs watch {ended.json['job']}" in ended.err
    assert f"cloudautoml jobs cancel {ended.json['job']}" in ended.err


def test_detach_prints_the_job_and_ends_at_once(cli: Cli, write_spec: Callable[..., Path], tmp_path: Path) -> None:
    ended = cli("run", write_spec(gate=str(tmp_path / "gate")), "-d")

    (record,) = Store().jobs()
    assert (ended.status, ended.out) == (0, f"{record.id}\n")
    assert record.state.value == "running"


def test_dry_run_starts_nothing(cli: Cli, write_spec: Callable[..., Path]) -> None:
    ended = cli("run", write_spec(), "--dry-run", "--json")

    assert ended.status == 0
    assert ended.json["requests"] == [{"operation": "CreateJob", "body": {"name": "demo", "target": "y"}}]
    assert Store().jobs() == []


def test_what_costs_money_is_asked_for(cli: Cli, write_spec: Callable[..., Path]) -> None:
    path = write_spec(price="12.50")

    ended = cli("run", path)
    assert ended.status == 2
    assert "at most 12.50 USD" in ended.err
    assert "add -y" in ended.err
    assert Store().jobs() == []

    assert cli("run", path, "-y").status == 0


def test_a_cost_without_a_bound_is_asked_for(cli: Cli, write_spec: Callable[..., Path]) -> None:
    ended = cli("run", write_spec(price=None))

    assert ended.status == 2
    assert "no bound can be given" in ended.err


def test_a_spec_that_the_provider_refuses(cli: Cli, write_spec: Callable[..., Path]) -> None:
    forecast = "task={type: forecasting, target: y, time: a, horizon: 3}"
    ended = cli("run", write_spec(), "--set", forecast, "--json")

    assert ended.status == 2
    assert ended.json["error"]["code"] == "CAM-1004"
    assert "it looks only backward; use provider local" in ended.json["error"]["gaps"][0]
    assert Store().jobs() == []


def test_data_that_cannot_work_leaves_nothing_behind(cli: Cli, work: Path, write_spec: Callable[..., Path]) -> None:
    (work / "rows.csv").write_text("a;b;y\n" + "1;2;same\n" * 50)

    ended = cli("run", write_spec())

    assert ended.status == 2
    assert "CAM-1003" in ended.err
    assert Store().jobs() == []


@pytest.mark.parametrize(
    ("arguments", "code", "status"),
    [
        (("run", "nowhere.yaml"), "CAM-1001", 2),
        (("run", "spec.yaml", "--set", "budget.max_tim=5m"), "CAM-1002", 2),
        (("run", "spec.yaml", "-p", "nobody"), "CAM-1006", 2),
        (("run", "spec.yaml", "--max-time", "soon"), "CAM-1002", 2),
        (("run", "spec.yaml", "--timeout", "soon"), "CAM-1000", 2),
        (("run", "spec.yaml", "--max-trials", "many"), "CAM-1000", 2),
        (("run",), "CAM-1000", 2),
        (("run", "spec.yaml", "--nonsense"), "CAM-1000", 2),
        (("sing",), "CAM-1000", 2),
        (("jobs", "show", "nobody"), "CAM-4002", 102),
        (("leaderboard", "nobody"), "CAM-4002", 102),
        (("jobs", "watch"), "CAM-4002", 102),
        (("list", "songs"), "CAM-1000", 2),
        (("doctor", "nobody"), "CAM-1006", 2),
    ],
)
def test_errors_are_told_to_people_and_to_programs(
    cli: Cli, write_spec: Callable[..., Path], arguments: tuple[str, ...], code: str, status: int
) -> None:
    write_spec()

    told = cli(*arguments)
    assert (told.status, told.out) == (status, "")
    assert told.err.startswith(f"error {code}: ")

    told = cli(*arguments, "--json")
    assert told.status == status
    assert told.json["schema_version"] == 1
    assert set(told.json["error"]) >= {"code", "message", "where", "hint"}
    assert told.json["error"]["code"] == code


def test_an_unforeseen_error_is_one_line(
    cli: Cli, write_spec: Callable[..., Path], monkeypatch: pytest.MonkeyPatch
) -> None:
    def broken(*_: object, **__: object) -> None:
        raise ZeroDivisionError("a secret of the machine")

    monkeypatch.setattr("cloudautoml.config.resolve", broken)
    path = write_spec()

    told = cli("run", path)
    assert told.status == 1
    assert told.err.startswith("error CAM-0000: unexpected ZeroDivisionError: a secret of the machine\n")
    assert "Traceback" not in told.err
    assert "Traceback" in cli("run", path, "--debug").err
    monkeypatch.setenv("CLOUDAUTOML_DEBUG", "1")
    told = cli("run", path, "--json")
    assert "Traceback" in told.err
    assert told.json["error"]["code"] == "CAM-0000"
