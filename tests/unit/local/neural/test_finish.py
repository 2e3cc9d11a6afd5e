"""The end of a job of networks: who wins, what is kept, and models that come back from disk."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from neural_jobs import digits, digits_task, ended, tiny, train

from cloudautoml.errors import StorageError
from cloudautoml.search import Fidelity, Measurement, Trial, TrialState
from cloudautoml_local import load_model
from cloudautoml_local.tasks.neural import load_neural_model

if TYPE_CHECKING:
    from pathlib import Path

    from neural_jobs import DigitsTask

    import cloudautoml as ca

THIRD = Fidelity.of(epochs=1 / 3)


def finish(task: DigitsTask, trials: list[Trial], seconds: float | None = None) -> ca.Leaderboard:
    return task.finish(trials, seconds=seconds, threads=1, progress=lambda _: None)


def test_from_trials_to_saved_models(tmp_path: Path) -> None:
    task = digits_task(tmp_path)
    units = (4, 16, 64)
    trials = [ended(i, train(task, i, tiny(units[i])), tiny(units[i])) for i in range(3)]
    trials.append(Trial(3, trials[0].proposal, TrialState.FAILED, error="nan: the loss is nan"))
    board = finish(task, trials)
    best = max(trial.score or 0.0 for trial in trials)
    assert board.best is not None
    assert (board.best.score_val or 0.0) >= best
    assert (board["ensemble"].score_val or 0.0) >= best
    assert {row.model for row in board} == {f"tiny-{i:03d}" for i in range(4)} | {"ensemble", "baseline", "refit"}
    assert board["tiny-003"].status == "failed"
    assert board["baseline"].score_val == pytest.approx(0.1, abs=0.05)
    single = max(
        (row for row in board if row.algorithm == "tiny" and row.score_val), key=lambda row: row.score_val or 0
    )
    assert single.can_infer
    assert single.costs["parameters"] > 0
    x, y = digits()
    for name in ("ensemble", single.model, "refit"):
        row = board[name]
        model = task.model(row)
        found = model.predict(x[1200:1400])
        assert (found.astype(int) == y[1200:1400]).mean() == pytest.approx(row.score_holdout)
        saved = load_model(model.save(tmp_path / f"saved-{name}"))
        assert saved.predict(x[1200:1400]).equals(found)
        assert np.allclose(saved.predict_proba(x[:9]).sum(axis=1), 1)
    assert board["refit"].score_val is None


def test_keras_alone_reads_the_network(tmp_path: Path) -> None:
    import keras

    task = digits_task(tmp_path)
    board = finish(task, [ended(0, train(task))])
    network: Any = keras.models.load_model(tmp_path / "models" / "tiny-000" / "model.keras")
    x, _ = digits()
    outputs = network.predict(x[:20].astype(np.float32) / 255, verbose=0)
    labels = task.model(board["tiny-000"]).predict(x[:20])
    assert labels.astype(int).tolist() == outputs.argmax(axis=1).tolist()
    assert "ensemble" not in {row.model for row in board}


def test_what_the_report_shows_is_written(tmp_path: Path) -> None:
    task = digits_task(tmp_path)
    board = finish(task, [ended(0, train(task))])
    evaluation = json.loads((tmp_path / "task" / "evaluation.json").read_text())
    assert np.sum(evaluation["confusion"]) == 200
    parts = {f"class {part['class']}": part for part in evaluation["per_class"]}
    assert board.best is not None
    assert board.best.metrics_by_part == {
        name: {metric: part[metric] for metric in ("precision", "recall", "f1")} for name, part in parts.items()
    }
    assert len(parts) == 10
    wrong = 200 - np.trace(evaluation["confusion"])
    assert len(evaluation["errors"]) == min(24, wrong)
    assert all((tmp_path / "task" / error["image"]).is_file() for error in evaluation["errors"])
    _, y = digits()
    assert all(error["truth"] == str(y[int(error["where"].split()[1])]) for error in evaluation["errors"])
    assert not board["baseline"].metrics_by_part
    best = json.loads((tmp_path / "task" / "best.json").read_text())
    assert best["model"] == "tiny-000"
    assert best["choices"] == tiny().as_dict()
    assert [layer["kind"] for layer in best["layers"]] == ["input", "flatten", "dense", "activation", "dense"]


def test_the_best_of_cheaper_looks_are_trained_whole(tmp_path: Path) -> None:
    task = digits_task(tmp_path)
    trials = [ended(i, train(task, i, tiny(units), fidelity=THIRD), tiny(units)) for i, units in enumerate((4, 16, 64))]
    board = finish(task, trials)
    whole = [row for row in board if row.model.endswith("-full")]
    assert len(whole) == 3
    assert board.best is not None
    single = max(whole, key=lambda row: row.score_val or 0.0)
    assert (board.best.score_val or 0.0) >= (single.score_val or 0.0)
    assert task.model(single).predict(digits()[0][:3]).tolist()
    assert "0.33 of the epochs" in board["tiny-000"].reason


def test_a_prediction_is_no_score_and_is_trained_where_it_is_the_most_promising(tmp_path: Path) -> None:
    task = digits_task(tmp_path)
    trials = [
        ended(0, train(task, 0, tiny(4)), tiny(4)),
        ended(1, Measurement(0.999, predicted=True), tiny(64)),
    ]
    board = finish(task, trials)
    assert board["tiny-001"].score_val is None
    assert "predicted" in board["tiny-001"].reason
    assert board["tiny-001-full"].score_val != 0.999
    assert board["tiny-001-full"].can_infer


def test_with_no_time_the_best_looks_stand(tmp_path: Path) -> None:
    task = digits_task(tmp_path)
    found = train(task, 0, fidelity=THIRD)
    slow = ended(0, Measurement(found.score, found.metrics, found.curve, 1000.0, found.fidelity))
    board = finish(task, [slow], seconds=3.0)
    assert {row.model for row in board} == {"tiny-000", "baseline"}
    assert board["tiny-000"].can_infer


def test_weights_that_nobody_needs_are_removed(tmp_path: Path) -> None:
    task = digits_task(tmp_path, ensemble=False)
    trials = [ended(i, train(task, i, tiny(units)), tiny(units)) for i, units in enumerate((4, 64))]
    board = finish(task, trials)
    best = max(trials, key=lambda trial: trial.score or 0.0)
    kept = {path.parent.name for path in tmp_path.glob("trials/*/weights.npz")}
    assert kept == {f"{best.number:05d}"}
    assert {row.model for row in board if row.can_infer} == {f"tiny-{best.number:03d}", "refit"}


def test_no_trial_no_model(tmp_path: Path) -> None:
    task = digits_task(tmp_path)
    board = finish(task, [])
    assert [row.model for row in board] == ["baseline"]


def test_rows_while_the_search_runs(tmp_path: Path) -> None:
    task = digits_task(tmp_path)
    rows = task.partial([ended(0, Measurement(0.5, costs={"parameters": 7.0, "size_mb": 0.1}))])
    assert rows[0].costs == {"parameters": 7.0}
    assert rows[0].size_mb == 0.1
    assert rows[0].params == tiny().as_dict()


def test_a_tampered_model_is_refused(tmp_path: Path) -> None:
    task = digits_task(tmp_path)
    board = finish(task, [ended(0, train(task))])
    place = task.model(board["tiny-000"]).save(tmp_path / "saved")
    with pytest.raises(StorageError, match="exists"):
        task.model(board["tiny-000"]).save(place)
    recipe = json.loads((place / "model.json").read_text())
    for change in ({"format": 99}, {"members": [{**recipe["members"][0], "place": "../elsewhere"}]}, {"task": "sound"}):
        (place / "model.json").write_text(json.dumps({**recipe, **change}))
        with pytest.raises(StorageError):
            load_neural_model(place)
    (place / "model.json").write_text(json.dumps(recipe))
    (place / "members" / "0" / "model.keras").write_bytes(b"no zip")
    with pytest.raises(StorageError, match="cannot be read"):
        load_neural_model(place).predict(digits()[0][:2])
