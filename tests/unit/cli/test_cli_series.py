"""The command line on series: a spec is guessed from them, and a job's forecasts are a table of their own."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pandas as pd

from cloudautoml import load_spec
from cloudautoml.spec import Forecasting
from cloudautoml.testing.series import write_series

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    Cli = Callable[..., Any]


def test_init_guesses_series(cli: Cli, work: Path) -> None:
    write_series(work / "sales.csv")
    ended = cli("init", "--from", "sales.csv", "--target", "sales", "--json")
    assert ended.status == 0
    assert ended.json["task"] == "forecasting"
    task = load_spec(work / "spec.yaml").task
    assert isinstance(task, Forecasting)
    assert (task.time, task.series, task.horizon) == ("day", ("shop",), 7)
    assert "# 3 series, one step every D, 2024-01-01" in (work / "spec.yaml").read_text()


def test_init_takes_a_table_with_other_columns_for_a_table(cli: Cli, work: Path) -> None:
    frame = pd.read_csv(write_series(work / "sales.csv")).assign(visitors=range(180))
    frame.to_csv(work / "sales.csv", index=False)
    assert cli("init", "--from", "sales.csv", "--target", "sales", "--json").json["task"] == "tabular_regression"


def test_a_job_is_forecast_without_new_rows(cli: Cli, work: Path) -> None:
    write_series(work / "sales.csv")
    (work / "spec.yaml").write_text(
        "name: sales\ndata: sales.csv\nbudget: {max_trials: 2}\nsearch: {families: [seasonal_naive, theta]}\n"
        "task: {type: forecasting, target: sales, time: day, series: [shop], horizon: 3}\n"
        "outputs: {report: false}\nprovider: local\nproviders: {local: {executor: inline}}\n"
    )
    assert cli("validate", "spec.yaml").status == 0
    assert cli("run", "spec.yaml").status == 0
    lines = cli("predict", "sales").out.splitlines()
    assert lines[0] == "shop,day,mean,0.1,0.5,0.9"
    assert [line.split(",")[:2] for line in lines[1:4]] == [
        ["east", "2024-03-01"], ["east", "2024-03-02"], ["east", "2024-03-03"],
    ]  # fmt: skip
    assert len(lines) == 10
    found = cli("predict", "sales", "--json").json
    assert found["rows"] == 9
    assert found["predictions"][0]["day"].startswith("2024-03-01")
    pd.read_csv(work / "sales.csv").query("shop == 'north'").assign(shop="new").to_csv(work / "new.csv", index=False)
    assert cli("predict", "sales", "new.csv", "-o", "out.parquet").status == 0
    assert pd.read_parquet(work / "out.parquet")["shop"].tolist() == ["new"] * 3
    (work / "new.csv").write_text("shop,day,sales\nnew,2024-03-01,1\nnew,2024-03-02,2\n")
    ended = cli("predict", "sales", "new.csv")
    assert ended.status == 2
    assert "series 'new' has 2 values" in ended.err
