"""A text task from prepared data to a saved model, by the same calls that the runner makes."""

from __future__ import annotations

import json
import subprocess
import sys
from typing import TYPE_CHECKING, Any

import numpy as np
import pandas as pd
import pytest

import cloudautoml as ca
from cloudautoml.errors import DataError, SpecError, StorageError
from cloudautoml.search import FULL, Fidelity, Proposal, Trial, TrialState
from cloudautoml_local.tasks.base import Resources
from cloudautoml_local.tasks.text.model import load_text_model

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml_local.tasks.text import TextTask


HOSTILE = (
    "\x00\x07bell", "<b>bold</b> & <br>", "🙂🙃", "语言处理很有趣", "مرحبا بالعالم", "a" * 300_000, "x " * 50_000, "?!",
)  # fmt: skip


def train(task: TextTask, count: int = 2, **fidelity: float) -> list[Trial]:
    found = []
    for number, architecture in enumerate(task.space().defaults()[:count]):
        at = Fidelity.of(**fidelity) if fidelity else FULL
        measurement = task.trainer(number, Resources(seed=7)).train(architecture, fidelity=at)
        found.append(Trial(number, Proposal(architecture), TrialState.SUCCEEDED, measurement))
    return found


def finish(task: TextTask, trials: list[Trial], seconds: float | None = None) -> ca.Leaderboard:
    return task.finish(trials, seconds=seconds, threads=1, progress=lambda _: None)


def read(task: TextTask, name: str) -> Any:
    return json.loads((task.directory / "task" / name).read_text())


@pytest.mark.parametrize("metric", ["accuracy", "f1_macro", "log_loss"])
def test_from_texts_to_a_saved_model(make: Any, tmp_path: Path, metric: str) -> None:
    task, data = make(objective=ca.Objective(metric=metric))
    board = finish(task, train(task))
    assert {row.model for row in board} == {"linear-000", "linear-001", "ensemble", "baseline"}
    assert board.best is not None
    assert (board.best.score_holdout or -9) > (board["baseline"].score_holdout or -9)
    assert board["ensemble"].metrics_val["accuracy"] > 0.9
    assert set(board.best.metrics_by_part) == {"class food", "class sport", "class weather"}
    rows = data.holdout[["text"]].set_index(pd.Index(range(100, 100 + len(data.holdout))))
    for name in (row.model for row in board if row.can_infer):
        model = task.model(board[name])
        saved = load_text_model(model.save(tmp_path / name))
        found = saved.predict_proba(rows)
        assert found.equals(model.predict_proba(rows))
        assert found.index.equals(rows.index)
        assert np.allclose(found.sum(axis=1), 1)
        assert set(saved.predict(rows)) <= {"food", "sport", "weather"}


def test_any_number_of_labels(make: Any, tmp_path: Path) -> None:
    task, data = make(several=True)
    board = finish(task, train(task))
    assert board["ensemble"].metrics_holdout["f1_micro"] > 0.8
    model = load_text_model(task.model(board["ensemble"]).save(tmp_path / "saved"))
    assert model.predict(["rain and wind, then soup"]).iloc[0] == ["food", "weather"]
    assert (model.predict_proba(data.holdout[["text"]]).sum(axis=1) > 1.2).any()
    evaluation = read(task, "evaluation.json")
    assert [part["class"] for part in evaluation["per_class"]] == ["food", "sport", "weather"]


def test_report_data(make: Any) -> None:
    frame = pd.read_csv("examples/data/sms_spam.csv").head(400)
    task, data = make(frame)
    finish(task, train(task, 1))
    evaluation = read(task, "evaluation.json")
    assert np.sum(evaluation["confusion"]) == len(data.holdout)
    wrong = np.sum(evaluation["confusion"]) - np.trace(evaluation["confusion"])
    assert len(evaluation["errors"]) == min(24, wrong)
    assert all(mistake["truth"] != mistake["predicted"] for mistake in evaluation["errors"])
    names = [feature["name"] for feature in read(task, "importance.json")["features"]]
    assert any(name.startswith("spam: ") for name in names)
    assert any(name.startswith("ham: ") for name in names)


def test_equal_texts_are_validated_together(make: Any) -> None:
    from cloudautoml_local.tasks.text.data import TextData

    frame = pd.DataFrame(
        [{"text": f"word{i % 60} about {'tea' if i % 2 else 'tin'}", "label": i % 2} for i in range(240)]
    )
    task, _ = make(frame)
    data = TextData.open(task.directory / "task")
    folds = pd.Series(data.fold).groupby(pd.Series(data.texts("train"))).nunique()
    assert (folds == 1).all()
    assert len(set(data.fold)) == data.plan.splits


def test_hostile_texts_are_learned_from_and_predicted(make: Any) -> None:
    rows = [
        {"text": f"{HOSTILE[i % len(HOSTILE)]} {'good' if i % 3 else 'bad'}", "label": str(i % 3 > 0)}
        for i in range(96)
    ]
    task, _ = make(pd.DataFrame(rows))
    board = finish(task, train(task))
    model = task.model(board["ensemble"])
    strange = ["", " \n", "\ud800 alone", "\x00", "🙂" * 9, "b" * 2_000_000, None, "语言 good", "nothing known"]
    found = model.predict_proba(strange)
    assert np.allclose(found.sum(axis=1), 1)
    assert model.predict(pd.DataFrame({"text": ["so good", "so bad"]})).tolist() == ["True", "False"]
    with pytest.raises(DataError, match="no column 'text'"):
        model.predict(pd.DataFrame({"words": ["so good"]}))


def test_a_cheaper_look_is_no_model(make: Any) -> None:
    task, _ = make()
    cheap = train(task, 1, folds=0.4)
    assert cheap[0].measurement is not None
    assert len(cheap[0].measurement.curve) == 2
    board = finish(task, cheap)
    assert not any(row.can_infer for row in board)


def test_the_same_seed_gives_the_same_board(make: Any) -> None:
    task, _ = make()
    boards = [finish(task, train(task)) for _ in range(2)]
    assert [(row.model, row.metrics_val, row.metrics_holdout) for row in boards[0]] == [
        (row.model, row.metrics_val, row.metrics_holdout) for row in boards[1]
    ]


def test_a_saved_model_predicts_elsewhere_without_tensorflow(make: Any, tmp_path: Path) -> None:
    task, _ = make()
    saved = task.model(finish(task, train(task))["ensemble"]).save(tmp_path / "saved")
    code = (
        "import sys, cloudautoml as ca; m = ca.load_model(sys.argv[1]);"
        "print(m.predict(['olive oil and soup']).tolist(), 'tensorflow' in sys.modules, 'pickle' in str(m))"
    )
    done = subprocess.run([sys.executable, "-c", code, str(saved)], capture_output=True, text=True, check=True)
    assert done.stdout.split("\n")[0] == "['food'] False False"
    assert not [file for file in saved.rglob("*") if file.suffix in {".pkl", ".joblib", ".pickle"}]


def test_damaged_models_are_refused(make: Any, tmp_path: Path) -> None:
    task, _ = make()
    saved = task.model(finish(task, train(task, 1))["linear-000"]).save(tmp_path / "saved")
    recipe = json.loads((saved / "model.json").read_text())
    recipe["members"][0]["place"] = "../../elsewhere"
    (saved / "model.json").write_text(json.dumps(recipe))
    with pytest.raises(StorageError, match="not one of ours"):
        load_text_model(saved)


def test_networks_are_loaded_only_where_they_may_be_tried(make: Any) -> None:
    task, _ = make()
    assert [group.name for group in task.preloads()] == ["linear"]
    task, _ = make(budget=ca.Budget(max_trials=40))
    assert [group.name for group in task.preloads()] == ["linear", "networks"]


def test_embeddings_that_are_not_there(make: Any, tmp_path: Path) -> None:
    with pytest.raises(SpecError, match="sentence-embedding model, and none is given"):
        make(search=ca.Search(families=("embedding",)))
    with pytest.raises(SpecError, match=r"holds no model\.onnx") as error:
        make(search=ca.Search(space={"type": "text", "embeddings": str(tmp_path)}))
    assert "tokenizer.json" in str(error.value)
