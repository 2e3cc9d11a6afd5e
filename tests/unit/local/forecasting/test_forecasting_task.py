"""A forecasting task from prepared series to a saved model, by the same calls that the runner makes."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest
from series_files import SHOPS, sales

import cloudautoml as ca
from cloudautoml.errors import DataError, StorageError, UnsupportedError
from cloudautoml.search import FULL, Proposal, Trial, TrialFailedError, TrialState
from cloudautoml_local.spaces.forecasting import architecture_of
from cloudautoml_local.tasks.base import Resources
from cloudautoml_local.tasks.forecasting.families import FAMILIES
from cloudautoml_local.tasks.forecasting.model import ForecastModel

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudautoml_local.tasks.forecasting import ForecastingTask

    Make = Callable[..., ForecastingTask]


def train(task: ForecastingTask, families: tuple[str, ...] = ("linear", "ets", "theta")) -> list[Trial]:
    trials: list[Trial] = []
    for number, family in enumerate(families):
        architecture = architecture_of(family, FAMILIES[family].DEFAULTS[0])
        measurement = task.trainer(number, Resources(seed=7)).train(architecture, fidelity=FULL)
        trials.append(Trial(number, Proposal(architecture), TrialState.SUCCEEDED, measurement))
    return trials


def finish(task: ForecastingTask, trials: list[Trial]) -> ca.Leaderboard:
    return task.finish(trials, seconds=None, threads=1, progress=lambda _: None)


def best_of(task: ForecastingTask, families: tuple[str, ...]) -> ForecastModel:
    model = task.model(finish(task, train(task, families))[f"{families[0]}-000"])
    assert isinstance(model, ForecastModel)
    return model


@pytest.mark.parametrize("metric", ["mase", "weighted_quantile_loss"])
def test_from_series_to_saved_model(make: Make, tmp_path: Path, metric: str) -> None:
    task = make(metric=metric)
    board = finish(task, train(task))
    assert {row.algorithm for row in board} == {"linear", "ets", "theta", "ensemble", "baseline"}
    best = board.best
    assert best is not None
    assert best.model == "ensemble"
    assert best.metrics_holdout["mase"] < board["baseline"].metrics_holdout["mase"]
    assert set(best.metrics_by_part) == {f"step {step}" for step in range(1, 6)}
    model = task.model(best)
    assert isinstance(model, ForecastModel)
    saved = ca.load_model(model.save(tmp_path / "saved"))
    assert isinstance(saved, ForecastModel)
    found = saved.predict()
    pd.testing.assert_frame_equal(found, model.predict(None))
    assert list(found.columns) == ["shop", "day", "mean", "0.1", "0.5", "0.9"]
    assert found["shop"].tolist() == [shop for shop in SHOPS for _ in range(5)]
    assert found["day"].tolist() == [*pd.date_range("2024-03-11", periods=5)] * 3, "after the sealed steps"
    assert (found["0.1"] <= found["0.5"]).all()
    assert (found["0.5"] <= found["0.9"]).all()
    assert not list((tmp_path / "saved").rglob("*.pkl"))


def test_what_the_report_shows_is_written(make: Make) -> None:
    task = make()
    finish(task, train(task))
    found = json.loads((task.directory / "task" / "evaluation.json").read_text())
    assert found["note"].startswith("sealed steps")
    assert [row["step"] for row in found["horizon"]] == [1, 2, 3, 4, 5]
    assert all(row["mase"] > 0 for row in found["horizon"])
    assert {shown["series"] for shown in found["forecasts"]} == set(SHOPS)
    shown = found["forecasts"][0]
    assert shown["time"][0] == "2024-03-06T00:00:00"
    assert shown["history_time"][-1] == "2024-03-05T00:00:00"
    assert len(shown["truth"]) == len(shown["predicted"]) == len(shown["low"]) == len(shown["high"]) == 5
    assert all(low <= high for low, high in zip(shown["low"], shown["high"], strict=True))


LIGHT = tuple(name for name in FAMILIES if name != "network")


@pytest.mark.parametrize("family", LIGHT)
def test_every_family_forecasts_a_season_it_can_see(make: Make, family: str) -> None:
    task = make(sales(noise=0.05))
    architecture = architecture_of(family, FAMILIES[family].DEFAULTS[0])
    first = task.trainer(0, Resources(seed=7)).train(architecture, fidelity=FULL)
    assert first.metrics["mae"] < 1.0, "the season alone moves by six"
    again = task.trainer(1, Resources(seed=7)).train(architecture, fidelity=FULL)
    assert again.metrics == first.metrics


def test_trials_learn_nothing_of_what_they_are_judged_by(make: Make) -> None:
    """The last window and the sealed steps may be anything: what is forecast of them stays as it was."""
    found = []
    for change in (0.0, 1e4):
        frame = sales()
        frame.loc[frame["day"] >= "2024-03-01", "sales"] += change  # the last validation window and what is sealed
        task = make(frame)
        architecture = architecture_of("linear", FAMILIES["linear"].DEFAULTS[0])
        task.trainer(0, Resources(seed=7)).train(architecture, fidelity=FULL)
        found.append(np.load(task.trial_dir(0) / "oof.npy"))
    np.testing.assert_array_equal(found[0], found[1])


def test_a_covariate_that_is_known_ahead_is_used(make: Make) -> None:
    frame = sales(noise=0.1, promotion=8.0)
    blind = finish(task := make(frame), train(task, ("boosting",)))
    seeing = finish(task := make(frame, known_ahead=("promoted",), static=("size",)), train(task, ("boosting",)))
    assert seeing["boosting-000"].metrics_holdout["mae"] < 0.6 * blind["boosting-000"].metrics_holdout["mae"]
    model = task.model(seeing["boosting-000"])
    with pytest.raises(DataError, match=r"has no 'promoted' for 2024-03-11T00:00:00: 0 of 5 steps"):
        model.predict(None)
    later = pd.DataFrame({"shop": "east", "day": pd.date_range("2024-03-11", periods=5), "promoted": [0, 1, 0, 1, 0]})
    found: Any = model.predict(later)
    flat: Any = model.predict(later.assign(promoted=0))
    gain = (found["mean"] - flat["mean"]).to_numpy()
    assert gain[[1, 3]].min() > 4
    assert np.abs(gain[[0, 2, 4]]).max() < 2


def test_recent_rows_go_on_from_the_training_data(make: Make) -> None:
    later = sales(75)
    model = best_of(make(later[later["day"] <= "2024-03-10"]), ("ets",))
    found = model.predict(later[(later["shop"] == "north") & (later["day"] > "2024-03-10")])
    assert found["shop"].unique().tolist() == ["north"]
    assert found["day"].iloc[0] == pd.Timestamp("2024-03-16")
    whole = model.predict(later[later["shop"] == "north"])
    pd.testing.assert_frame_equal(found, whole)


def test_a_new_series_needs_a_history(make: Make) -> None:
    model = best_of(make(), ("linear",))
    whole = sales()
    one = whole[whole["shop"] == "north"]
    known = model.predict(one)
    new = model.predict(one.assign(shop="new"))
    np.testing.assert_allclose(new["mean"], known["mean"])
    assert new["shop"].unique().tolist() == ["new"]
    with pytest.raises(DataError, match="series 'new' has 2 values"):
        model.predict(one.head(2).assign(shop="new"))
    with pytest.raises(DataError, match="no column 'day'"):
        model.predict(one.drop(columns="day"))
    with pytest.raises(DataError, match="equal steps"):
        model.predict(one.assign(day=one["day"] + pd.to_timedelta(5 * (np.arange(70) == 50), unit="h")))


def test_forecasts_have_no_classes(make: Make) -> None:
    with pytest.raises(UnsupportedError, match="quantiles"):
        best_of(make(), ("ets",)).predict_proba(None)


def test_a_saved_model_that_names_a_place_outside_is_refused(make: Make, tmp_path: Path) -> None:
    path = best_of(make(), ("ets",)).save(tmp_path / "saved")
    saved = json.loads((path / "model.json").read_text())
    saved["members"][0]["place"] = "members/../../elsewhere"
    (path / "model.json").write_text(json.dumps(saved))
    with pytest.raises(StorageError, match="not one of ours"):
        ca.load_model(path)


def test_fidelity_cuts_windows_and_history(make: Make) -> None:
    task = make(sales(120))
    trainer = task.trainer(0, Resources(seed=7))
    architecture = architecture_of("ets", FAMILIES["ets"].DEFAULTS[0])
    half = FULL.cut(folds=0.34, rows=0.5)
    assert trainer.curve_length(FULL) > trainer.curve_length(half)
    measured = trainer.train(architecture, fidelity=half)
    assert len(measured.curve) == trainer.curve_length(half)
    assert not (task.trial_dir(0) / "oof.npy").exists(), "only a whole trial is part of the end"


def test_a_step_can_stop_a_trial(make: Make) -> None:
    task = make(sales(120))
    architecture = architecture_of("seasonal_naive", FAMILIES["seasonal_naive"].DEFAULTS[0])
    measured = task.trainer(0, Resources(seed=7)).train(
        architecture, fidelity=FULL, on_step=lambda _step, _score: False
    )
    assert len(measured.curve) == 1
    assert measured.fidelity.cost < 1


def test_a_metric_that_is_not_defined_fails_the_trial(make: Make) -> None:
    frame = sales().assign(sales=lambda rows: (rows["day"].dt.day_of_week == 2).astype(float))
    task = make(frame, metric="mape")
    architecture = architecture_of("ets", FAMILIES["ets"].DEFAULTS[0])
    with pytest.raises(TrialFailedError, match="mape of the forecasts is not a number") as caught:
        task.trainer(0, Resources(seed=7)).train(architecture, fidelity=FULL)
    assert caught.value.reason == "nan"


def test_one_short_series_without_a_season(make: Make) -> None:
    frame = pd.DataFrame({"day": range(2000, 2014), "sales": [3.0, 4, 6, 5, 7, 9, 8, 10, 12, 11, 13, 15, 14, 16]})
    task = make(frame, series=(), horizon=2)
    board = finish(task, train(task, LIGHT))
    assert all(row.succeeded for row in board)
    assert board.best is not None
    found: Any = task.model(board.best).predict(None)
    assert found["day"].tolist() == [pd.Timestamp("2014-01-01"), pd.Timestamp("2015-01-01")]
    assert np.isfinite(found.drop(columns="day").to_numpy()).all()
