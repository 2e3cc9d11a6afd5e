"""The sealed holdout: a partition that every machine draws alike."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml.data import seal_holdout
from cloudautoml.data.split import draw_order
from cloudautoml.errors import DataError
from cloudautoml.spec import JobSpec, TabularClassification, TabularRegression

if TYPE_CHECKING:
    from collections.abc import Mapping

FRACTIONS = st.floats(0.01, 0.99)


def job(holdout: Mapping[str, Any] | None, *, classes: bool = True, seed: int = 0) -> JobSpec:
    task = TabularClassification(target="y") if classes else TabularRegression(target="y")
    return JobSpec(name="test", task=task, data={"train": "t.csv", "holdout": holdout}, seed=seed)


def split(frame: pd.DataFrame, spec: JobSpec) -> tuple[pd.DataFrame, pd.DataFrame]:
    before = frame.copy(deep=True)
    train, holdout = seal_holdout(frame, spec)
    pd.testing.assert_frame_equal(frame, before)
    assert holdout is not None
    assert len(train)
    assert len(holdout)
    for side in (train, holdout):
        assert side.index.equals(pd.RangeIndex(len(side)))
        assert side["row"].is_monotonic_increasing
    assert sorted([*train["row"], *holdout["row"]]) == list(range(len(frame)))
    return train, holdout


def frame_of(labels: list[str]) -> pd.DataFrame:
    return pd.DataFrame({"row": range(len(labels)), "y": pd.Series(labels, dtype="str")})


def test_null_seals_nothing() -> None:
    train, holdout = seal_holdout(frame_of(["a", "b"]), job(None))
    assert len(train) == 2
    assert holdout is None


@given(st.lists(st.sampled_from("aaaabbc"), min_size=2, max_size=60), FRACTIONS, st.integers(0, 2**40))
def test_a_partition_by_class(labels: list[str], fraction: float, seed: int) -> None:
    frame = frame_of(labels)
    sizes = frame["y"].value_counts()
    spec = job({"fraction": fraction, "seed": seed})
    if (sizes < 2).all():
        with pytest.raises(DataError, match="every class has a single row"):
            seal_holdout(frame, spec)
        return
    train, holdout = split(frame, spec)
    assert set(holdout["y"]) <= set(train["y"])
    room = int((sizes - 2).clip(lower=0).sum())
    wanted = min(len(labels) - 1, max(1, round(fraction * len(labels))))
    if room:
        assert wanted - 2 * len(sizes) <= len(holdout) <= wanted
        kept = train["y"].value_counts()
        assert all(kept.get(label, 0) >= min(2, size) for label, size in sizes.items())
        sealed = holdout["y"].value_counts()
        assert all(sealed.get(label, 0) <= fraction * size + 1 for label, size in sizes.items())


def test_shares_of_large_classes_are_exact() -> None:
    frame = frame_of(["a"] * 1000 + ["b"] * 100 + ["c"] * 10 + ["d"] * 5 + ["e"])
    _, holdout = split(frame, job({"fraction": 0.2}))
    assert holdout["y"].value_counts().to_dict() == {"a": 200, "b": 20, "c": 2, "d": 1}


@given(st.integers(2, 200), FRACTIONS)
def test_a_partition_of_numbers(rows: int, fraction: float) -> None:
    frame = pd.DataFrame({"row": range(rows), "y": np.arange(rows, dtype=float)})
    _, holdout = split(frame, job({"fraction": fraction}, classes=False))
    assert len(holdout) == min(rows - 1, max(1, round(fraction * rows)))


def test_the_draw_depends_on_the_holdout_seed_alone() -> None:
    frame = frame_of(["a", "b"] * 50)
    first = split(frame, job({"seed": 1}))[1]["row"].tolist()
    assert split(frame, job({"seed": 1}, seed=99))[1]["row"].tolist() == first
    assert split(frame, job({"seed": 2}))[1]["row"].tolist() != first


def test_the_draw_is_fixed_for_ever() -> None:
    assert draw_order(10, 0).tolist() == [2, 7, 5, 9, 1, 0, 6, 8, 4, 3]
    assert sorted(draw_order(1000, 3)) == list(range(1000))


def test_the_draw_is_fair() -> None:
    hits = np.zeros(50)
    for seed in range(2000):
        hits[draw_order(50, seed)[:10]] += 1
    assert hits.min() > 320  # 400 expected, standard deviation 18
    assert hits.max() < 480


@given(st.lists(st.integers(0, 8), min_size=2, max_size=40), FRACTIONS)
def test_the_latest_are_sealed_and_ties_stay_together(times: list[int], fraction: float) -> None:
    stamps = pd.to_datetime(pd.Series(times), unit="D", origin="2024-01-01").astype("datetime64[us]")
    frame = pd.DataFrame({"row": range(len(times)), "y": "a", "t": stamps})
    spec = job({"fraction": fraction, "time": "t"})
    if len(set(times)) < 2:
        with pytest.raises(DataError, match="all rows have the same time"):
            seal_holdout(frame, spec)
        return
    train, holdout = split(frame, spec)
    assert train["t"].max() < holdout["t"].min()


def test_a_missing_time_is_the_oldest() -> None:
    frame = pd.DataFrame({"row": range(4), "y": "a", "t": [3.0, None, 1.0, 2.0]})
    _, holdout = split(frame, job({"fraction": 0.25, "time": "t"}))
    assert holdout["row"].tolist() == [0]


def test_text_is_no_time() -> None:
    frame = pd.DataFrame({"row": range(3), "y": "a", "t": ["1/2/2024", "3/2/2024", "2/2/2024"]})
    with pytest.raises(DataError, match="'1/2/2024', which is no time"):
        seal_holdout(frame, job({"time": "t"}))


@given(st.lists(st.sampled_from(["a", "b", "c", "d", None]), min_size=2, max_size=40), FRACTIONS, st.integers(0, 99))
def test_groups_stay_together(groups: list[str | None], fraction: float, seed: int) -> None:
    frame = pd.DataFrame({"row": range(len(groups)), "y": "a", "g": pd.Series(groups, dtype="str")})
    spec = job({"fraction": fraction, "group": "g", "seed": seed})
    if len(set(groups)) < 2:
        with pytest.raises(DataError, match="all rows are of one group"):
            seal_holdout(frame, spec)
        return
    train, holdout = split(frame, spec)
    assert not set(train["g"].fillna("?")) & set(holdout["g"].fillna("?"))


def test_groups_come_near_the_share() -> None:
    frame = pd.DataFrame({"row": range(1000), "y": "a", "g": [f"g{i % 100}" for i in range(1000)]})
    assert len(split(frame, job({"fraction": 0.3, "group": "g"}))[1]) == 300


def test_by_column() -> None:
    frame = pd.DataFrame({"row": range(4), "y": "a", "part": ["train", "test", None, "holdout"]})
    assert split(frame, job({"column": "part"}))[1]["row"].tolist() == [1, 3]
    numbered = frame.assign(part=[0, 1, 0, 1])
    assert split(numbered, job({"column": "part", "values": ["1"]}))[1]["row"].tolist() == [1, 3]
    with pytest.raises(DataError, match="no row is sealed: column 'part' holds '0', '1'"):
        seal_holdout(numbered, job({"column": "part"}))
    with pytest.raises(DataError, match="every row is sealed"):
        seal_holdout(numbered, job({"column": "part", "values": ["0", "1"]}))


@pytest.mark.parametrize("how", ["column", "time", "group"])
def test_missing_split_columns_get_a_guess(how: str) -> None:
    frame = pd.DataFrame({"row": range(4), "y": "a", "parts": 1})
    with pytest.raises(DataError) as caught:
        seal_holdout(frame, job({how: "prts"}))
    assert f"no column 'prts' (data.holdout.{how})" in caught.value.message
    assert "did you mean 'parts'?" in str(caught.value.hint)


def test_one_row_cannot_be_split() -> None:
    with pytest.raises(DataError, match="1 row cannot be split"):
        seal_holdout(frame_of(["a"]), job({}))


def test_ten_thousand_classes_are_drawn_at_once() -> None:
    frame = frame_of([f"c{i // 5}" for i in range(50_000)])
    train, holdout = split(frame, job({}))
    assert len(holdout) == 10_000
    assert holdout["y"].is_unique
    assert len(train) == 40_000
