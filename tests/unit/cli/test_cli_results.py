"""`leaderboard`, `predict` and `report`: what a job has come to."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from cloudautoml.cli.leaderboard import by_parts
from cloudautoml.cli.predict import write_rows
from cloudautoml.errors import ConfigError
from cloudautoml.leaderboard import Leaderboard
from cloudautoml.render import NOTHING
from cloudautoml.spec import Dataset

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., Any]


@pytest.fixture
def job(cli: Cli, write_spec: Callable[..., Path]) -> str:
    """A job that has succeeded."""
    return str(cli("run", write_spec(), "--json").json["job"])


def test_leaderboard_as_a_table(cli: Cli, job: str) -> None:
    lines = cli("leaderboard", job).out.splitlines()

    assert lines[0] == f"Leaderboard of {job}: roc_auc ↑"
    assert lines[2].split()[:4] == ["1", "=boost|2", "boosting", "0.9500"]
    assert lines[-1] == "failed: broken-3: out of memory"


def test_leaderboard_as_json(cli: Cli, job: str) -> None:
    board = cli("leaderboard", "--json").json

    assert board["schema_version"] == 1
    assert (board["job"], board["metric"], board["goal"]) == (job, "roc_auc", "maximize")
    assert [row["rank"] for row in board["leaderboard"]] == [1, 2, 3, 4]
    assert cli("leaderboard", "--format", "json").json == board


def test_leaderboard_by_parts(cli: Cli, job: str) -> None:
    lines = [line.split() for line in cli("leaderboard", "--parts").out.splitlines()]
    assert lines == [
        ["=boost|2:", "recall", "precision"],
        ["class", "no", "0.7500", NOTHING],
        ["class", "yes", "0.5000", "0.2500"],
    ]
    board = cli("leaderboard", "--parts", "--json").json
    assert board["leaderboard"][0]["metrics_by_part"]["class no"] == {"recall": 0.75}


def test_a_leaderboard_without_parts_says_so() -> None:
    with pytest.raises(ConfigError, match="not scored part by part"):
        by_parts(Leaderboard([], metric="roc_auc", job="j"))


def test_leaderboard_as_csv_runs_no_formula(cli: Cli, job: str) -> None:
    rows = list(csv.DictReader(io.StringIO(cli("leaderboard", "--format", "csv").out)))

    assert [row["model"] for row in rows] == ["'=boost|2", "forest-1", "baseline", "broken-3"]
    assert rows[0]["score_val"] == "0.95"


def test_leaderboard_as_markdown(cli: Cli, job: str) -> None:
    lines = cli("leaderboard", "--format", "md").out.splitlines()

    assert lines[0] == "| # | model | algorithm | roc_auc ↑ | holdout | fit | status |"
    assert lines[2] == "| 1 | =boost\\|2 | boosting | 0.9500 | – | 3.5 s | succeeded |"  # noqa: RUF001


@pytest.mark.parametrize(
    ("sort", "models"),
    [
        ("score_val", ["=boost|2", "forest-1"]),
        ("score_holdout", ["baseline", "forest-1"]),
        ("fit_seconds", ["baseline", "forest-1"]),
    ],
)
def test_leaderboard_sorted_otherwise(cli: Cli, job: str, sort: str, models: list[str]) -> None:
    board = cli("leaderboard", job, "--sort", sort, "--limit", 2, "--json").json

    assert [row["model"] for row in board["leaderboard"]] == models


def test_predict_keeps_rows_and_columns(cli: Cli, job: str, work: Path) -> None:
    (work / "new.csv").write_text("b;a;note\n007;1;NA\n1.50;0;\n;1;x y\n")

    ended = cli("predict", job, "new.csv", "--proba")

    assert ended.status == 0
    assert ended.out == (
        "b;a;note;prediction;proba_no;proba_yes\n007;1;NA;yes;0.25;0.75\n1.50;0;;no;0.25;0.75\n;1;x y;yes;0.25;0.75\n"
    )


def test_predict_as_json(cli: Cli, job: str, work: Path) -> None:
    (work / "new.csv").write_text("a;b\n1;2\n0;3\n")

    found = cli("predict", job, "new.csv", "--json", "--proba").json

    assert found["predictions"] == ["yes", "no"]
    assert found["probabilities"] == {"no": [0.25, 0.25], "yes": [0.75, 0.75]}
    assert (found["rows"], found["model"]) == (2, "=boost|2")


@pytest.mark.parametrize("ending", ["csv", "parquet", "jsonl"])
def test_predict_into_a_file(cli: Cli, job: str, work: Path, ending: str) -> None:
    (work / "new.csv").write_text("a;prediction\n1;x\n0;y\n")
    out = work / f"out.{ending}"

    ended = cli("predict", job, "new.csv", "-o", out, "--model", "forest-1")

    assert (ended.status, ended.out) == (0, "")
    assert "2 rows predicted by forest-1" in ended.err
    readers: dict[str, Callable[[], pd.DataFrame]] = {
        "csv": lambda: pd.read_csv(out, sep=";", dtype="str"),
        "parquet": lambda: pd.read_parquet(out),
        "jsonl": lambda: pd.read_json(out, lines=True),
    }
    frame = readers[ending]()
    assert list(frame.columns) == ["a", "prediction", "prediction_2"]
    assert frame["prediction_2"].tolist() == ["yes", "no"]
    assert frame["prediction"].tolist() == ["x", "y"]


@pytest.mark.parametrize(
    ("arguments", "status", "text"),
    [
        (("nowhere.csv",), 2, "nowhere.csv"),
        (("rows.csv", "-o", "out.xlsx"), 2, "must end in one of .csv, .parquet, .jsonl"),
        (("rows.csv", "--model", "nobody"), 2, "unknown model 'nobody'"),
    ],
)
def test_predict_refuses(cli: Cli, job: str, arguments: tuple[str, ...], status: int, text: str) -> None:
    ended = cli("predict", job, *arguments)

    assert ended.status == status, ended.err
    assert text in ended.err
    assert ended.out == ""


def test_predict_before_the_job_has_ended(cli: Cli, write_spec: Callable[..., Path], tmp_path: Path) -> None:
    cli("run", write_spec(gate=str(tmp_path / "never")), "-d")

    assert cli("predict", "last", "rows.csv").status == 101


def test_files_that_were_asked_for_have_the_permissions_of_new_files(cli: Cli, job: str, work: Path) -> None:
    new = work / "new.txt"
    new.write_text("x")
    assert cli("predict", job, "rows.csv", "-o", "out.csv").status == 0
    assert (work / "out.csv").stat().st_mode == new.stat().st_mode

    (work / "out.csv").chmod(0o600)
    assert cli("predict", job, "rows.csv", "-o", "out.csv").status == 0
    assert (work / "out.csv").stat().st_mode & 0o777 == 0o600


def test_rows_that_a_file_format_writes_by_itself(tmp_path: Path) -> None:
    rows = pd.DataFrame({"a": ["x;y", 'say "hi"', None], "b": [1.5, None, 2.0]})

    write_rows(rows, tmp_path / "o.csv", Dataset(train="a.csv"))
    write_rows(rows, tmp_path / "o.jsonl", Dataset(train="a.csv"))

    assert (tmp_path / "o.csv").read_text() == 'a,b\nx;y,1.5\n"say ""hi""",\n,2.0\n'
    lines = [json.loads(line) for line in (tmp_path / "o.jsonl").read_text().splitlines()]
    assert lines[1] == {"a": 'say "hi"', "b": None}


def test_report_is_written_where_one_wants_it(cli: Cli, job: str, work: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    opened: list[str] = []
    made = work / "made.html"
    made.write_text("<p>report</p>")
    monkeypatch.setattr("cloudautoml.report.write_report", lambda *_: made)
    monkeypatch.setattr("typer.launch", opened.append)

    assert cli("report").out == f"{made}\n"
    ended = cli("report", job, "-o", "copy.html", "--open", "--json")
    assert ended.json == {"schema_version": 1, "job": job, "report": "copy.html"}
    assert (work / "copy.html").read_text() == "<p>report</p>"
    assert opened == [(work / "copy.html").as_uri()]
