"""Estimators for scikit-learn: what goes in, what comes back, and how they last."""

from __future__ import annotations

import pickle
import shutil
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import joblib  # type: ignore[import-untyped]
import numpy as np
import pandas as pd
import polars as pl
import pytest
from scipy import sparse
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import FunctionTransformer

import cloudautoml
from cloudautoml import AutoMLClassifier, AutoMLRegressor
from cloudautoml.errors import CloudAutoMLError, ConfigError, StorageError
from cloudautoml.store import Store

if TYPE_CHECKING:
    from pathlib import Path

ROWS = 80


SETTINGS: dict[str, Any] = {"executor": "inline", "max_trials": 1, "families": ("linear",), "random_state": 0}


def classifier(**settings: Any) -> AutoMLClassifier:
    return AutoMLClassifier(**SETTINGS | settings)


def regressor(**settings: Any) -> AutoMLRegressor:
    return AutoMLRegressor(**SETTINGS | settings)


@pytest.fixture
def table() -> pd.DataFrame:
    rng = np.random.default_rng(3)
    frame = pd.DataFrame(
        {
            "size": rng.normal(size=ROWS),
            "count": rng.integers(0, 9, ROWS),
            "colour": rng.choice(["red", "green", "blue"], ROWS),
            "when": pd.date_range("2025-01-01", periods=ROWS, freq="h"),
            "known": rng.random(ROWS) < 0.5,
        }
    )
    frame.loc[frame.index % 7 == 0, "size"] = np.nan
    return frame


@pytest.fixture
def truth(table: pd.DataFrame) -> np.ndarray[Any, Any]:
    return ((table["size"].fillna(0) + (table["colour"] == "red")) > 0.3).to_numpy()


@pytest.mark.parametrize(
    "labels",
    [
        np.array([False, True]),
        np.array([3, 7]),
        np.array([-1.0, 1.0]),
        np.array(["no", "yes"]),
        np.array(["NA", "nan"], dtype=object),
        np.array(["", "a b "], dtype=object),
        np.array([" x", "x"], dtype=object),
    ],
    ids=["bool", "int", "float", "text", "missing-like", "blank", "space"],
)
def test_labels_come_back_as_they_were(table: pd.DataFrame, truth: Any, labels: Any) -> None:
    y = labels[truth.astype(int)]
    model = classifier().fit(table, y)
    found = model.predict(table)
    assert model.classes_.tolist() == labels.tolist()
    assert found.dtype == y.dtype
    assert set(found) <= set(labels)
    assert model.score(table, y) > 0.8
    proba = model.predict_proba(table)
    assert proba.shape == (ROWS, 2)
    assert np.allclose(proba.sum(axis=1), 1)
    assert (model.classes_[proba.argmax(axis=1)] == found).all()


def test_tables_of_any_kind_are_the_same_table(table: pd.DataFrame, truth: Any) -> None:
    model = classifier().fit(table, truth)
    expected = model.predict_proba(table)
    assert model.feature_names_in_.tolist() == list(table.columns)
    assert np.allclose(model.predict_proba(pl.from_pandas(table)), expected)
    assert np.allclose(model.predict_proba(table.set_axis(range(100, 100 + ROWS), axis=0)), expected)
    again = classifier().fit(pl.from_pandas(table), pl.Series(truth))
    assert np.allclose(again.predict_proba(table), expected)


def test_arrays_of_objects_hold_numbers_and_text(table: pd.DataFrame, truth: Any) -> None:
    array = table[["size", "count", "colour"]].to_numpy()
    assert array.dtype == object
    model = classifier().fit(array, truth)
    assert not hasattr(model, "feature_names_in_")
    assert model.score(array, truth) > 0.8
    schema = cloudautoml.store.read_json(Store().job_dir(model.job_id_) / "data" / "schema.json")
    assert [(f["name"], f["type"]) for f in schema["features"]] == [
        ("x0", "numeric"), ("x1", "numeric"), ("x2", "categorical"),
    ]  # fmt: skip


def test_lists_and_columns_without_names(table: pd.DataFrame, truth: Any) -> None:
    rows = table[["count", "known"]].to_numpy(dtype=float)
    model = classifier().fit(rows.tolist(), truth.tolist())
    numbered = pd.DataFrame(rows)
    assert (model.predict(numbered) == model.predict(rows)).all()


def test_a_column_may_have_the_name_of_the_target(table: pd.DataFrame, truth: Any) -> None:
    frame = table.rename(columns={"size": "target", "count": "weight"})
    model = classifier().fit(frame, truth, sample_weight=np.ones(ROWS))
    assert model.score(frame, truth) > 0.8


def test_sparse_rows_are_refused_clearly(truth: Any) -> None:
    with pytest.raises(TypeError, match="dense data is required"):
        classifier().fit(sparse.csr_matrix(np.ones((ROWS, 2))), truth)


def test_a_regression_predicts_numbers(table: pd.DataFrame) -> None:
    y = 3 * table["count"].to_numpy() + 1
    model = regressor().fit(table, y)
    assert model.predict(table).dtype == np.float64
    assert model.score(table, y) > 0.95
    assert model.best_ is not None
    assert model.leaderboard_.metric == "rmse"
    assert {"baseline", "linear"} <= {candidate.algorithm for candidate in model.leaderboard_}


def test_settings_reach_the_job(table: pd.DataFrame, truth: Any, tmp_path: Path) -> None:
    labels = np.where(truth, "yes", "no")
    model = classifier(
        metric="f1", positive="yes", max_time="40s", max_trial_time=20, strategy="random", ensemble=False,
        holdout=0.25, random_state=5, name="mine", home=tmp_path / "there",
    ).fit(table, labels)  # fmt: skip
    spec = model.job_.spec
    assert spec.name == "mine"
    assert spec.metric.name == "f1"
    assert getattr(spec.task, "positive", None) == "yes"
    assert spec.budget.max_time is not None
    assert spec.budget.max_time.total_seconds() == 40
    assert spec.budget.max_trial_time is not None
    assert spec.search.strategy is not None
    assert not spec.search.ensemble
    assert spec.search.families == ("linear",)
    assert spec.data.holdout is not None
    assert spec.data.holdout.fraction == 0.25
    assert model.best_ is not None
    assert model.best_.score_holdout is not None
    assert [job.id for job in Store(tmp_path / "there").jobs()] == [model.job_id_]
    assert not Store().jobs()


def test_the_same_seed_gives_the_same_model(table: pd.DataFrame, truth: Any) -> None:
    one, two = classifier().fit(table, truth), classifier().fit(table, truth)
    assert one.job_id_ != two.job_id_
    assert (one.predict_proba(table) == two.predict_proba(table)).all()
    assert one.job_.spec.seed == two.job_.spec.seed
    assert classifier(random_state=1).fit(table, truth).job_.spec.seed != one.job_.spec.seed


def test_wrong_settings_are_refused_before_anything_runs(table: pd.DataFrame, truth: Any) -> None:
    for settings, error, words in (
        ({"metric": "rmse"}, ValueError, "does not fit"),
        ({"max_time": "soon"}, ValueError, "not a duration"),
        ({"families": ("lightgmb",)}, CloudAutoMLError, "lightgmb"),
        ({"positive": "perhaps"}, ValueError, "not among the classes"),
        ({"provider": "sagemakr"}, CloudAutoMLError, "sagemakr"),
        ({"executor": "thread"}, ValueError, "executor"),
        ({"name": "No Name"}, ValueError, "name"),
        ({"provider": "else", "executor": "inline"}, ConfigError, "'local'"),
    ):
        with pytest.raises(error, match=words):
            classifier(**{"executor": "auto"} | settings).fit(table, truth)
    assert not Store().jobs()


@pytest.mark.parametrize(
    ("weights", "words"),
    [
        (np.zeros(ROWS), "zero"),
        (np.full(ROWS, -1.0), "Negative"),
        (np.ones(3), "3 values"),
        (np.full(ROWS, np.nan), "NaN"),
    ],
)
def test_wrong_weights_are_refused(table: pd.DataFrame, truth: Any, weights: Any, words: str) -> None:
    with pytest.raises(ValueError, match=words):
        classifier().fit(table, truth, sample_weight=weights)


def test_rows_without_weight_count_for_nothing(table: pd.DataFrame, truth: Any) -> None:
    wrong = np.concatenate([truth, ~truth])
    both = pd.concat([table, table], ignore_index=True)
    weights = np.repeat([1.0, 0.0], ROWS)
    model = classifier().fit(both, wrong, sample_weight=weights)
    assert model.score(table, truth) > 0.8
    plain = classifier().fit(table, truth, sample_weight=np.ones(ROWS))
    assert np.allclose(model.predict_proba(table), plain.predict_proba(table))


def test_a_class_without_weight_has_no_probability(table: pd.DataFrame, truth: Any) -> None:
    labels = np.where(truth, "yes", "no").astype(object)
    labels[:5] = "ghost"
    model = classifier().fit(table, labels, sample_weight=np.where(labels == "ghost", 0.0, 1.0))
    assert model.classes_.tolist() == ["ghost", "no", "yes"]
    assert (model.predict_proba(table)[:, 0] == 0).all()
    assert "ghost" not in model.predict(table)


def test_missing_targets_are_refused(table: pd.DataFrame) -> None:
    y = np.arange(ROWS, dtype=float)
    y[3] = np.nan
    with pytest.raises(ValueError, match="y contains NaN"):
        regressor().fit(table, y)
    with pytest.raises(ValueError, match="one class"):
        classifier().fit(table, np.zeros(ROWS))


def test_an_estimator_without_fit_says_so(table: pd.DataFrame) -> None:
    with pytest.raises(NotFittedError):
        classifier().predict(table)
    assert not hasattr(classifier(), "job_")
    assert not hasattr(classifier(), "model_")


def test_missing_columns_are_refused(table: pd.DataFrame, truth: Any) -> None:
    model = classifier().fit(table, truth)
    with pytest.raises(ValueError, match="feature names"):
        model.predict(table.drop(columns="size"))


def test_a_fitted_estimator_can_be_stored_and_read_elsewhere(table: pd.DataFrame, truth: Any, tmp_path: Path) -> None:
    model = classifier(home=tmp_path / "there").fit(table, truth)
    expected = model.predict(table)
    assert (pickle.loads(pickle.dumps(model)).predict(table) == expected).all()
    joblib.dump((model, table, expected), tmp_path / "model.joblib")
    code = (
        "import joblib, sys; model, table, expected = joblib.load(sys.argv[1]); "
        "print((model.predict(table) == expected).all(), model.leaderboard_.best.model)"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "model.joblib")], capture_output=True, text=True, check=True
    )
    assert done.stdout.split()[0] == "True"


def test_a_stored_estimator_without_its_folder_says_what_is_gone(
    table: pd.DataFrame, truth: Any, tmp_path: Path
) -> None:
    model = classifier(home=tmp_path / "there").fit(table, truth)
    stored = pickle.dumps(model)
    shutil.rmtree(tmp_path / "there")
    again = pickle.loads(stored)
    assert len(again.leaderboard_) > 1  # what is in the estimator itself is still there
    with pytest.raises(StorageError, match="fit again") as caught:
        again.predict(table)
    assert model.job_id_ in str(caught.value)


def test_clones_have_the_settings_and_no_model(table: pd.DataFrame, truth: Any) -> None:
    model = classifier(positive=True, metric="f1").fit(table, truth)
    copy = clone(model)
    assert copy.get_params() == model.get_params()
    assert not hasattr(copy, "job_id_")
    copy.set_params(max_trials=3, positive=None)
    assert (copy.max_trials, copy.positive, model.max_trials) == (3, None, 1)
    assert "positive" not in regressor().get_params()


def test_pipelines_and_searches(table: pd.DataFrame, truth: Any) -> None:
    pipe = make_pipeline(FunctionTransformer(lambda frame: frame.drop(columns="when")), classifier())
    assert cross_val_score(pipe, table, truth, cv=2).mean() > 0.7
    found = GridSearchCV(classifier(), {"ensemble": [True, False]}, cv=2).fit(table, truth)
    assert found.best_score_ > 0.7
    assert found.predict(table).dtype == bool


def test_progress_is_told_when_asked_for(table: pd.DataFrame, truth: Any, capsys: pytest.CaptureFixture[str]) -> None:
    classifier().fit(table, truth)
    assert capsys.readouterr().err == ""
    classifier(verbose=1).fit(table, truth)
    told = capsys.readouterr().err
    assert "Leaderboard of sklearn-" in told
    assert "succeeded" in told


def test_it_is_reached_through_the_package_and_costs_nothing_until_then() -> None:
    code = (
        "import sys, cloudautoml; print('sklearn' in sys.modules); "
        "cloudautoml.AutoMLClassifier; print('sklearn' in sys.modules)"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["False", "True"]


@pytest.mark.slow
def test_trials_in_processes_of_their_own(table: pd.DataFrame, truth: Any) -> None:
    model = AutoMLClassifier(max_trials=2, families=("linear", "lightgbm"), random_state=0).fit(table, truth)
    assert model.score(table, truth) > 0.8
