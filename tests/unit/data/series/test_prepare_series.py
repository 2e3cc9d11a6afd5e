"""Preparation of series: what is put right is told, what is wrong is named, and nothing sealed leaks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import cloudautoml as ca
from cloudautoml.data import PreparedSeries, load_prepared, prepare_for, prepare_series
from cloudautoml.errors import DataError

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    SpecOf = Callable[..., ca.JobSpec]


def codes(data: PreparedSeries) -> set[str]:
    return {finding.code for finding in data.findings}


def message(data: PreparedSeries, code: str) -> str:
    return next(finding.message for finding in data.findings if finding.code == code)


def test_the_last_steps_of_each_series_are_sealed(table: pd.DataFrame, spec_of: SpecOf, tmp_path: Path) -> None:
    data = prepare_for(spec_of(table, known_ahead=("open",), static=("size",)))
    assert isinstance(data, PreparedSeries)
    assert list(data.train.columns) == ["shop", "day", "sales", "open", "size"]
    assert data.train.groupby("shop")["sales"].max().to_dict() == {"north": 25.0, "south": 125.0}
    assert data.holdout is not None
    assert data.holdout["sales"].tolist() == [26.0, 27.0, 28.0, 29.0, 126.0, 127.0, 128.0, 129.0]
    assert data.profile["series"]["frequency"] == "D"
    assert data.profile["series"]["count"] == 2
    data.save(tmp_path)
    again = load_prepared(tmp_path)
    assert isinstance(again, PreparedSeries)
    assert again.schema == data.schema
    assert again.fingerprint == data.fingerprint
    pd.testing.assert_frame_equal(again.train, data.train)
    assert again.holdout is not None
    pd.testing.assert_frame_equal(again.holdout, data.holdout)


def test_nothing_sealed_leaks_into_what_is_learned(table: pd.DataFrame, spec_of: SpecOf) -> None:
    other = table.copy()
    sealed = other["day"] >= "2024-03-27"
    other.loc[sealed, "sales"] = -1e6
    # a value missing just before the sealed ones would be filled from them, if anything were
    for frame in (table, other):
        frame.loc[frame["day"] == "2024-03-26", "sales"] = np.nan
    pd.testing.assert_frame_equal(prepare_series(spec_of(table)).train, prepare_series(spec_of(other)).train)


def test_sealed_by_a_column_and_by_a_file(table: pd.DataFrame, spec_of: SpecOf) -> None:
    table["part"] = np.where(table["day"] >= "2024-03-28", "test", "train")
    marked = prepare_series(spec_of(table, data={"holdout": ca.Holdout(column="part")}))
    late = table["part"] == "test"
    separate = prepare_series(
        spec_of(table[~late].drop(columns="part"), data={"test": table[late].drop(columns="part")})
    )
    assert marked.holdout is not None
    assert separate.holdout is not None
    assert len(marked.holdout) == 6
    pd.testing.assert_frame_equal(marked.train, separate.train)
    pd.testing.assert_frame_equal(marked.holdout, separate.holdout)


def test_nothing_is_sealed_where_that_is_asked_for(table: pd.DataFrame, spec_of: SpecOf) -> None:
    data = prepare_series(spec_of(table, data={"holdout": None}))
    assert data.holdout is None
    assert len(data.train) == len(table)


@pytest.mark.parametrize(
    ("holdout", "words"),
    [
        ({"group": "shop"}, "sealed as a whole"),
        ({"time": "size"}, "by 'day'"),
        ({"column": "open"}, "no row is sealed"),
        ({"column": "shop"}, "has a role"),
    ],
)
def test_a_holdout_that_no_forecast_can_have_is_refused(
    table: pd.DataFrame, spec_of: SpecOf, holdout: dict[str, str], words: str
) -> None:
    with pytest.raises(DataError, match=words):
        prepare_series(spec_of(table, data={"holdout": holdout}))


def test_sealed_rows_must_be_the_last(table: pd.DataFrame, spec_of: SpecOf) -> None:
    table["part"] = np.where(table["day"].between("2024-03-10", "2024-03-12"), "test", "train")
    with pytest.raises(DataError, match=r"series 'north' at 2024-03-30T00:00:00, row 30"):
        prepare_series(spec_of(table, data={"holdout": ca.Holdout(column="part")}))


def test_rows_in_any_order_are_the_same_series(table: pd.DataFrame, spec_of: SpecOf) -> None:
    shuffled = table.sample(frac=1, random_state=3).reset_index(drop=True)
    data = prepare_series(spec_of(shuffled))
    assert "time.unsorted" in codes(data)
    pd.testing.assert_frame_equal(data.train, prepare_series(spec_of(table)).train)


def test_gaps_are_filled_and_told(table: pd.DataFrame, spec_of: SpecOf) -> None:
    table.loc[7, "sales"] = np.nan
    data = prepare_series(spec_of(table.drop(index=[10, 11, 35])))
    assert data.train.groupby("shop").size().tolist() == [26, 26]
    assert data.train.loc[[7, 10, 11], "sales"].tolist() == [7.0, 10.0, 11.0]
    assert message(data, "time.gaps").startswith("3 steps have no row and were filled")
    assert "series 'north' at 2024-03-11T00:00:00" in message(data, "time.gaps")
    assert "series 'north' at 2024-03-08T00:00:00, row 8" in message(data, "target.missing")


def test_a_long_gap_takes_the_season_before(spec_of: SpecOf, table: pd.DataFrame) -> None:
    north = table[table["shop"] == "north"].copy()
    north["sales"] = [float(day % 7) for day in range(len(north))]
    data = prepare_series(spec_of(north[(north.index < 10) | (north.index > 16)], series=()))
    assert data.train["sales"].tolist() == [float(day % 7) for day in range(26)]


def test_repeated_rows_are_dropped_and_contradictions_named(table: pd.DataFrame, spec_of: SpecOf) -> None:
    twice = pd.concat([table, table.iloc[[4]]], ignore_index=True)
    data = prepare_series(spec_of(twice))
    assert "series 'north' at 2024-03-05T00:00:00" in message(data, "time.duplicate")
    twice.loc[60, "sales"] = 99.0
    with pytest.raises(DataError, match=r"twice with different values: series 'north' at 2024-03-05T00:00:00, row"):
        prepare_series(spec_of(twice))


def test_stamps_off_the_steps_are_named_and_small_ones_put_right(table: pd.DataFrame, spec_of: SpecOf) -> None:
    table.loc[9, "day"] = "2024-03-10T00:20:00"
    data = prepare_series(spec_of(table))
    assert "row 10" in message(data, "time.snapped")
    assert data.train["day"].iloc[9] == pd.Timestamp("2024-03-10")
    table.loc[9, "day"] = "2024-03-10T11:00:00"
    with pytest.raises(DataError, match=r"equal steps \(one every D\): series 'north' at 2024-03-10T11:00:00, row 10"):
        prepare_series(spec_of(table))


def test_series_of_another_step_are_named(table: pd.DataFrame, spec_of: SpecOf) -> None:
    weekly = pd.DataFrame({"shop": "west", "day": pd.date_range("2024-03-01", periods=12, freq="W").astype(str)})
    mixed = pd.concat([table, weekly.assign(sales=np.arange(12.0), open="no", size=1.0)], ignore_index=True)
    with pytest.raises(DataError, match=r"series 'west' at 2024-03-03T00:00:00, row 61: a step of 7 days"):
        prepare_series(spec_of(mixed))


@pytest.mark.parametrize(
    ("column", "value", "words"),
    [
        ("day", "yesterday", "no time: 'yesterday' in row 4"),
        ("day", None, "no time: .* in row 4"),
        ("shop", None, "no series: .* in row 4"),
        ("sales", "lots", "no finite number: 'lots' in row 4"),
    ],
)
def test_cells_that_cannot_be_read_are_named(
    table: pd.DataFrame, spec_of: SpecOf, column: str, value: Any, words: str
) -> None:
    frame = table.astype({column: object})
    frame.loc[3, column] = value
    with pytest.raises(DataError, match=words):
        prepare_series(spec_of(frame.astype({column: "str"}) if column != "sales" else frame.astype({"sales": "str"})))


def test_series_too_short_are_left_out_or_refused(table: pd.DataFrame, spec_of: SpecOf) -> None:
    tiny = pd.DataFrame({"shop": "kiosk", "day": table["day"][:5], "sales": 1.0, "open": "no", "size": 1.0})
    more = [table.assign(shop=table["shop"] + name) for name in ("", "2", "3")]
    data = prepare_series(spec_of(pd.concat([*more, tiny], ignore_index=True)))
    assert "series 'kiosk'" in message(data, "series.short")
    assert "kiosk" not in set(data.train["shop"])
    with pytest.raises(DataError, match="too short to learn from: series 'kiosk'"):
        prepare_series(spec_of(pd.concat([table, tiny], ignore_index=True)))


def test_days_of_a_zone_with_daylight_saving_are_days(spec_of: SpecOf) -> None:
    days = pd.date_range("2024-03-15", periods=30, tz="Europe/Berlin")
    frame = pd.DataFrame({"day": [day.isoformat() for day in days], "sales": np.arange(30.0)})
    data = prepare_series(spec_of(frame, series=()))
    assert data.schema.wall
    assert data.train["day"].iloc[0] == pd.Timestamp("2024-03-15")
    hours = pd.date_range("2024-03-30", periods=72, freq="h", tz="Europe/Berlin")
    hourly = prepare_series(spec_of(pd.DataFrame({"day": hours, "sales": np.arange(72.0)}), series=()))
    assert not hourly.schema.wall
    assert hourly.train["day"].iloc[0] == pd.Timestamp("2024-03-29T23:00")


def test_stamps_with_and_without_a_zone_are_refused(table: pd.DataFrame, spec_of: SpecOf) -> None:
    table["day"] = [f"{day}T12:00:00" for day in table["day"]]
    table.loc[5, "day"] = "2024-03-06T12:00:00+02:00"
    with pytest.raises(DataError, match="rows 1 and 6 differ"):
        prepare_series(spec_of(table))


def test_rows_without_a_value_at_the_end_are_the_future(table: pd.DataFrame, spec_of: SpecOf) -> None:
    table.loc[[28, 29], "sales"] = np.nan
    data = prepare_series(spec_of(table))
    assert message(data, "target.future").startswith("2 steps")
    assert data.train[data.train["shop"] == "north"]["sales"].iloc[-1] == 23.0


def test_years_columns_without_a_role_and_constant_values(spec_of: SpecOf) -> None:
    frame = pd.DataFrame({"day": range(1990, 2020), "sales": np.arange(30.0), "note": "x"})
    data = prepare_series(spec_of(frame, series=()))
    assert data.schema.frequency.name == "YS"
    assert "'note'" in message(data, "column.no_role")
    with pytest.raises(DataError, match="all values are equal"):
        prepare_series(spec_of(frame.assign(sales=3.0), series=()))


def test_a_single_stamp_a_series_has_no_step(spec_of: SpecOf, table: pd.DataFrame) -> None:
    with pytest.raises(DataError, match="no step between them"):
        prepare_series(spec_of(table.groupby("shop").head(1)))
