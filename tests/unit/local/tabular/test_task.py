"""A tabular task from prepared data to a saved model, by the same calls that the runner makes."""

from __future__ import annotations

import json
import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import cloudautoml as ca
from cloudautoml.errors import DataError, SpecError, StorageError, UnsupportedError
from cloudautoml.search import FULL, Fidelity, Proposal, Trial, TrialFailedError, TrialState
from cloudautoml_local.spaces.tabular import architecture_of
from cloudautoml_local.tasks.base import Resources
from cloudautoml_local.tasks.tabular import TabularTask, load_tabular_model
from cloudautoml_local.tasks.tabular.families import FAMILIES

if TYPE_CHECKING:
    from pathlib import Path

QUICK = ("lightgbm", "linear", "knn")


def train(task: TabularTask, families: tuple[str, ...] = QUICK, **resources: Any) -> list[Trial]:
    trials = []
    for number, family in enumerate(families):
        architecture = architecture_of(family, FAMILIES[family].DEFAULTS[0])
        measurement = task.trainer(number, Resources(seed=7, **resources)).train(architecture, fidelity=FULL)
        trials.append(Trial(number, Proposal(architecture), TrialState.SUCCEEDED, measurement))
    return trials


def finish(task: TabularTask, trials: list[Trial], seconds: float | None = 10.0) -> ca.Leaderboard:
    return task.finish(trials, seconds=seconds, threads=1, progress=lambda _: None)


@pytest.mark.parametrize(
    ("name", "metric"),
    [("breast_cancer", "roc_auc"), ("breast_cancer", "f1"), ("wine", "log_loss"), ("diabetes", "mae")],
)
def test_from_table_to_saved_model(make: Any, tmp_path: Path, name: str, metric: str) -> None:
    task, data = make(name, metric=metric)
    trials = train(task)
    board = finish(task, trials, seconds=None)
    best_trial = max(trial.score or -np.inf for trial in trials)
    assert board["ensemble"].score_val is not None
    assert board["ensemble"].score_val >= best_trial - 1e-9
    assert board.best is not None
    assert (board.best.score_holdout or -np.inf) > (board["baseline"].score_holdout or 0.0)
    assert {row.algorithm for row in board} == {*QUICK, "ensemble", "baseline"}
    rows = data.holdout[data.schema.names]
    for model_name in ("ensemble", "refit", "lightgbm-000"):
        model = task.model(board[model_name])
        saved = load_tabular_model(model.save(tmp_path / model_name))
        found = model.predict(rows)
        assert found.equals(saved.predict(rows))
        assert len(found) == len(rows)
        if name == "diabetes":
            with pytest.raises(UnsupportedError, match="numbers"):
                model.predict_proba(rows)
        else:
            assert set(found) <= set(data.schema.classes)
            assert np.allclose(saved.predict_proba(rows).sum(axis=1), 1)
    evaluation = json.loads((task.directory / "task" / "evaluation.json").read_text())
    assert "points" in evaluation if name == "diabetes" else evaluation["classes"] == list(data.schema.classes)
    importance = json.loads((task.directory / "task" / "importance.json").read_text())
    assert {feature["name"] for feature in importance["features"]} == set(data.schema.names)


def test_rows_as_they_come(make: Any) -> None:
    task, data = make("wine")
    board = finish(task, train(task))
    model = task.model(board["ensemble"])
    rows = data.holdout[data.schema.names].copy()
    rows.index = pd.Index(range(100, 100 + len(rows)))
    plain = model.predict_proba(rows)
    assert plain.index.equals(rows.index)
    shuffled = model.predict_proba(rows.iloc[::-1][list(reversed(rows.columns))].assign(extra=1))
    pd.testing.assert_frame_equal(shuffled.loc[plain.index], plain)
    unseen = rows.assign(**{rows.columns[0]: "never seen"})
    empty = rows.assign(**dict.fromkeys(rows.columns[2:], np.nan))
    for changed in (unseen, empty):
        assert np.isfinite(model.predict_proba(changed)).all(axis=None)
    with pytest.raises(DataError, match="alcohol"):
        model.predict(rows.drop(columns="alcohol"))


def test_same_seed_same_trial(make: Any) -> None:
    task, _ = make("iris")
    first, second = train(task), train(task)
    for one, other in zip(first, second, strict=True):
        assert one.measurement is not None
        assert other.measurement is not None
        assert one.measurement.metrics == other.measurement.metrics


def test_preparing_twice_gives_the_same_files(make: Any) -> None:
    task, data = make("iris")
    files = {
        path.name: path.read_bytes() for path in (task.directory / "task").glob("*.[nj]*") if path.suffix != ".npz"
    }
    task.prepare(data, progress=lambda _: None)
    assert {name: (task.directory / "task" / name).read_bytes() for name in files} == files


def test_sealed_labels_are_not_among_the_trials_files(make: Any) -> None:
    task, data = make("iris")
    assert len(np.load(task.directory / "task" / "target.npy")) == len(data.train)
    assert not list((task.directory / "task").glob("*holdout*target*"))


def test_weights_count(make: Any, table_of: Any) -> None:
    frame = table_of("breast_cancer")
    frame["weight"] = np.where(frame["target"] == "malignant", 5.0, 1.0)
    task, _ = make("breast_cancer", frame=frame)
    (trial,) = train(task, ("linear",))
    assert trial.score is not None
    assert trial.score > 0.8


def test_a_part_of_the_rows(make: Any) -> None:
    task, _ = make("breast_cancer")
    architecture = architecture_of("linear", FAMILIES["linear"].DEFAULTS[0])
    cheap = Fidelity.of(rows=0.3)
    steps: list[int] = []
    measurement = task.trainer(0, Resources()).train(
        architecture, fidelity=cheap, on_step=lambda step, _: steps.append(step) is None and step < 2
    )
    assert steps == [1, 2]
    assert measurement.fidelity == cheap.cut(folds=2 / task.trainer(0, Resources()).curve_length(cheap))
    board = finish(task, [Trial(0, Proposal(architecture, cheap), TrialState.SUCCEEDED, measurement)])
    assert not board["linear-000"].can_infer


def test_what_goes_wrong_has_a_reason(make: Any) -> None:
    task, _ = make("iris")
    (task.directory / "task" / "tree.npy").unlink()
    with pytest.raises(TrialFailedError, match=r"error: linear: .*tree\.npy"):
        train(task, ("linear",))


def test_no_trial_succeeded(make: Any) -> None:
    task, _ = make("iris")
    failed = Trial(
        0, Proposal(architecture_of("knn", FAMILIES["knn"].DEFAULTS[0])), TrialState.FAILED, error="oom: too big"
    )
    board = finish(task, [failed])
    assert board["knn-000"].reason == "oom: too big"
    assert board["baseline"].score_val is not None
    assert [row.model for row in task.partial([failed])] == ["knn-000"]


def test_finishing_keeps_to_its_time(make: Any) -> None:
    task, _ = make("breast_cancer")
    trials = train(task)
    begin = time.monotonic()
    board = finish(task, trials, seconds=0.5)
    assert time.monotonic() - begin < 1.5
    assert board["ensemble"].can_infer


@pytest.mark.parametrize("place", ["../../etc", "members/../../x", "/etc", "members/0/../../..", ""])
def test_hostile_folders_are_refused(make: Any, tmp_path: Path, place: str) -> None:
    task, _ = make("iris")
    model = task.model(finish(task, train(task, ("linear", "knn")))["linear-000"])
    saved = model.save(tmp_path / "model")
    with pytest.raises(StorageError, match="exists"):
        model.save(saved)
    description = json.loads((saved / "model.json").read_text())
    description["members"][0]["place"] = place
    (saved / "model.json").write_text(json.dumps(description))
    with pytest.raises(StorageError, match="not one of ours"):
        load_tabular_model(saved)


def test_a_space_of_another_kind_is_refused(tmp_path: Path) -> None:
    spec = ca.JobSpec.model_validate(
        {
            "name": "x",
            "task": {"type": "tabular_regression", "target": "y"},
            "data": "x.csv",
            "search": {"space": "cell"},
        }
    )
    with pytest.raises(SpecError, match="cell"):
        TabularTask(spec, tmp_path).space()
