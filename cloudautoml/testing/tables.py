"""Small tables for the conformance suites, with a column for each role that a spec can give to one."""

from __future__ import annotations

import csv
import random
from datetime import date, timedelta
from typing import TYPE_CHECKING

from cloudautoml.spec import (
    ColumnType,
    Dataset,
    ImageClassification,
    JobSpec,
    TabularClassification,
    TabularRegression,
    TextClassification,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

WEIGHT, SPLIT, TIME, GROUP = "row_weight", "split", "day", "site"
"""The columns that `write_table` adds; `table_spec` has them ignored until a check gives one its role."""

_SITES = 9


def write_table(path: Path, rows: Iterable[Mapping[str, object]]) -> Path:
    """Write a CSV file and add the columns `row_weight`, `split`, `day` and `site`.

    Args:
        path: The file.
        rows: Rows with equal keys; enough of them that a tenth still holds every class.

    Returns:
        The path.
    """
    rng = random.Random(11)  # noqa: S311 - test data
    start = date(2024, 1, 1)
    table = [
        {
            **row,
            WEIGHT: rng.choice(("0.2", "1", "9")),
            SPLIT: "test" if number % 5 == 0 else "train",
            TIME: (start + timedelta(days=number)).isoformat(),
            GROUP: f"site {rng.randrange(_SITES)}",
        }
        for number, row in enumerate(rows)
    ]
    with path.open("w", newline="", encoding="utf-8") as file:
        writer = csv.DictWriter(file, list(table[0]))
        writer.writeheader()
        writer.writerows(table)
    return path


def table_spec(
    task: TabularClassification | TabularRegression | ImageClassification | TextClassification, path: Path
) -> JobSpec:
    """A job on a table of `write_table`, with nothing but the task and the data.

    Args:
        task: The task, without a weight.
        path: The file.
    """
    roles: dict[str, ColumnType] = dict.fromkeys((WEIGHT, SPLIT, TIME, GROUP), ColumnType.IGNORE)
    return JobSpec(name="suite", task=task, data=Dataset(train=str(path), types=roles))


def small_table_spec(task_type: str, folder: Path) -> JobSpec:
    """A job on 200 made-up rows: two numbers and a category that say something about the target, and noise.

    Args:
        task_type: `tabular_classification` or `tabular_regression`.
        folder: Where to put the file.

    Raises:
        ValueError: It is another type of task: the suite's user has to bring data for it.
    """
    if task_type not in {"tabular_classification", "tabular_regression"}:
        msg = f"the suite brings no data for {task_type}; override the fixture `spec_for`"
        raise ValueError(msg)
    rng = random.Random(5)  # noqa: S311 - test data
    rows: list[dict[str, object]] = []
    for _ in range(200):
        age, visits, plan = rng.randint(18, 80), rng.randint(0, 30), rng.choice(("basic", "plus", "pro"))
        amount = 2.0 * visits + 0.5 * age + (20.0 if plan == "pro" else 0.0) + rng.gauss(0, 6)
        rows.append({"age": age, "visits": visits, "plan": plan, "amount": round(amount, 2)})
    if task_type == "tabular_regression":
        return table_spec(TabularRegression(target="amount"), write_table(folder / "amounts.csv", rows))
    for row in rows:
        row["buys"] = "yes" if float(str(row.pop("amount"))) > 62 else "no"
    return table_spec(TabularClassification(target="buys"), write_table(folder / "buys.csv", rows))
