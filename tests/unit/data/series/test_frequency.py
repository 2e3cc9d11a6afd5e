"""Frequencies: read off stamps as people have them, or given, and the stamps that follow."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.data.series import Frequency, given_frequency, infer_frequency
from cloudautoml.errors import DataError


def stamps(start: str, freq: str, count: int) -> np.ndarray:
    return np.asarray(pd.date_range(start, periods=count, freq=freq), "datetime64[us]")


@pytest.mark.parametrize(
    ("freq", "name", "season"),
    [
        ("h", "h", 24), ("15min", "15min", 96), ("D", "D", 7), ("B", "B", 5), ("W-SUN", "W-SUN", 52),
        ("MS", "MS", 12), ("ME", "ME", 12), ("QS", "QS", 4), ("QE", "QE", 4), ("YS", "YS", 1), ("10D", "10D", 1),
    ],
)  # fmt: skip
def test_a_frequency_is_read_off_and_goes_on(freq: str, name: str, season: int) -> None:
    whole = stamps("2024-01-31", freq, 40)
    found = infer_frequency([whole[:30]])
    assert found is not None
    assert (found.name, found.season) == (name, season)
    np.testing.assert_array_equal(found.after(whole[29], 10), whole[30:])
    assert given_frequency(name).step == found.step
    assert Frequency.from_dict(found.to_dict()) == found


def test_months_on_one_day_keep_it_where_the_month_has_it() -> None:
    found = infer_frequency([np.asarray([f"2023-{month:02d}-15" for month in range(1, 13)], "datetime64[us]")])
    assert found is not None
    assert (found.unit, found.day) == ("month", 15)
    assert Frequency("MS", "month", 1, 31).after(np.datetime64("2024-01-31"), 2).astype("datetime64[D]").tolist() == [
        pd.Timestamp("2024-02-29").date(), pd.Timestamp("2024-03-31").date(),
    ]  # fmt: skip


@pytest.mark.parametrize("text", ["fortnightly", "-1D", "BMS", "0h"])
def test_what_is_no_frequency_is_refused(text: str) -> None:
    with pytest.raises(DataError, match=r"task\.frequency"):
        given_frequency(text)


@given(st.sampled_from(["h", "D", "B", "W", "MS", "ME", "QS", "YS"]), st.integers(0, 20_000), st.integers(1, 60))
def test_units_and_stamps_are_each_others_inverse(name: str, day: int, steps: int) -> None:
    frequency = given_frequency(name)
    start = np.asarray([np.datetime64("1970-01-01") + np.timedelta64(day, "D")], "datetime64[us]")
    first = frequency.stamps(frequency.units(start))[0]
    later = frequency.after(first, steps)
    assert (np.diff(later) > np.timedelta64(0)).all()
    assert frequency.units(later[-1:])[0] - frequency.units(np.asarray([first]))[0] == steps * frequency.step


def test_no_step_between_single_stamps() -> None:
    assert infer_frequency([stamps("2024-01-01", "D", 1)]) is None
