"""The data profile as rows of a table."""

from __future__ import annotations

import pytest
from report_jobs import table

from cloudautoml.data.profile import profile_table
from cloudautoml.data.schema import ColumnInfo, Schema
from cloudautoml.report.columns import column_rows
from cloudautoml.spec import ColumnType


def test_a_row_for_each_column_with_the_target_first() -> None:
    frame = table()
    types = {"age": ColumnType.NUMERIC, "income": ColumnType.NUMERIC, "plan": ColumnType.CATEGORICAL,
             "since": ColumnType.DATETIME}  # fmt: skip
    features = tuple(ColumnInfo(name, kind, nullable=name == "income") for name, kind in types.items())
    schema = Schema(features, "churned", ColumnType.CATEGORICAL, ("no", "yes"))
    rows = column_rows(profile_table(frame, schema))
    assert [row.name for row in rows] == ["churned", "age", "income", "plan", "since"]
    assert [row.target for row in rows] == [True, False, False, False, False]
    assert rows[0].summary == "no (68), yes (52)"
    assert rows[1].summary == "20 to 79, median 50"
    assert rows[2].missing == pytest.approx(14 / 120, abs=1e-5)
    assert rows[4].summary == "2024-01-01 to 2024-04-29"


def test_bars_stay_inside_their_picture() -> None:
    counts = [1, 0, 1000, *([5] * 17)]
    (row,) = column_rows({"columns": [{"name": "a", "histogram": {"edges": [], "counts": counts}}]})
    assert len(row.bars) == 20
    for x, y, width, height in row.bars:
        assert x >= 0
        assert x + width <= 120
        assert abs(y + height - 24) < 0.11
    assert row.bars[0][3] == 1.0  # a rare value is seen
    assert row.bars[1][3] == 0.0  # nothing is nothing


def test_what_is_not_known_is_left_out() -> None:
    (row,) = column_rows({"columns": [{"name": "a", "type": "numeric", "missing": 1.0, "distinct": 0}]})
    assert row.bars == ()
    assert row.summary == ""
    assert column_rows({}) == []


def test_a_wide_table_is_cut() -> None:
    columns = [{"name": f"c{number}", "type": "numeric"} for number in range(500)]
    assert len(column_rows({"columns": columns})) == 200


def test_long_values_are_cut() -> None:
    (row,) = column_rows({"columns": [{"name": "a", "distinct": 4, "top": [{"value": "x" * 100, "count": 1234}]}]})
    assert row.summary == f"{'x' * 31}… (1,234) and 3 more"
