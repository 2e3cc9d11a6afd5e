"""Tables learned by networks: from real rows to saved models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from neural_jobs import TinySpace, ended, tiny, train
from sklearn import datasets
from typing_extensions import override

import cloudautoml as ca
from cloudautoml.data import prepare
from cloudautoml.errors import UnsupportedError
from cloudautoml.search import Trait
from cloudautoml.spec import Part, Search
from cloudautoml_local import load_model
from cloudautoml_local.parts import NETWORKS_ON_TABLES, task_path
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.problem import Problem
from cloudautoml_local.tasks.neural.table import NeuralTableTask

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.search import SearchSpace


class TableTask(NeuralTableTask):
    @override
    def space(self) -> SearchSpace:
        return TinySpace(self.signature)


def table_task(directory: Path, name: str, **spec: Any) -> tuple[TableTask, Any]:
    frame = getattr(datasets, f"load_{name}")(as_frame=True).frame
    kind = ca.TabularRegression if name == "diabetes" else ca.TabularClassification
    if name != "diabetes":
        frame["target"] = "class " + frame["target"].astype(str)
    job = ca.JobSpec(
        name="table",
        task=kind(target="target"),
        data=ca.Dataset(train=frame),
        search=Search(estimator=Part.model_validate({"type": "full_training", "epochs": 15})),
        **spec,
    )
    data = prepare(job)
    data.save(directory / "data")
    task = TableTask(job.model_copy(update={"data": ca.Dataset(train="table.csv")}), directory)
    task.prepare(data, progress=lambda _: None)
    return task, data


@pytest.mark.parametrize("name", ["breast_cancer", "diabetes"])
def test_from_table_to_saved_model(tmp_path: Path, name: str) -> None:
    task, data = table_task(tmp_path / "job", name)
    trials = [ended(i, train(task, i, tiny(units)), tiny(units)) for i, units in enumerate((16, 64))]
    board = task.finish(trials, seconds=None, threads=1, progress=lambda _: None)
    assert board.best is not None
    assert (board.best.score_holdout or -np.inf) > (board["baseline"].score_holdout or 0.0)
    rows = data.holdout[data.schema.names]
    for model_name in ("ensemble", "refit"):
        model = task.model(board[model_name])
        saved = load_model(model.save(tmp_path / model_name))
        found = model.predict(rows)
        assert found.equals(saved.predict(rows))
        assert found.index.equals(rows.index)
        if name == "diabetes":
            assert 50 < found.mean() < 250, "on the scale of the target"
            with pytest.raises(UnsupportedError, match="numbers"):
                model.predict_proba(rows)
        else:
            assert set(found) == {"class 0", "class 1"}
            assert list(model.predict_proba(rows).columns) == list(data.schema.classes)


def test_preparing_again_changes_nothing(tmp_path: Path) -> None:
    task, data = table_task(tmp_path / "job", "breast_cancer")
    files = {path: path.read_bytes() for path in (tmp_path / "job" / "task").iterdir()}
    task.prepare(data, progress=lambda _: None)
    assert {path: path.read_bytes() for path in (tmp_path / "job" / "task").iterdir()} == files


def test_nothing_of_the_validation_rows_is_learned_beforehand(tmp_path: Path) -> None:
    task, data = table_task(tmp_path / "job", "diabetes")
    folder = task.directory / "task"
    train_rows, valid = Examples.open(folder, "train"), Examples.open(folder, "valid")
    assert len(train_rows) + len(valid) == len(data.train)
    problem = Problem.load(folder)
    assert problem.centre == pytest.approx(train_rows.target.mean())
    assert problem.spread == pytest.approx(train_rows.target.std())


def test_what_it_offers_follows_from_its_space(tmp_path: Path) -> None:
    task, _ = table_task(tmp_path / "job", "breast_cancer")
    assert {Trait.EPOCHS, Trait.ROWS, Trait.CURVE, Trait.WIDTH, Trait.WEIGHTS} <= task.traits
    assert Trait.RESOLUTION not in task.traits
    assert Trait.FOLDS not in task.traits


def test_a_space_of_networks_is_what_asks_for_it(tmp_path: Path) -> None:
    spec = ca.JobSpec(name="t", task=ca.TabularClassification(target="y"), data="t.csv")
    chain = spec.model_copy(update={"search": Search(space=Part(type="chain"))})
    assert task_path(chain, None) == NETWORKS_ON_TABLES
    assert task_path(spec, None) != NETWORKS_ON_TABLES
    task = NeuralTableTask(chain, tmp_path / "nowhere")
    assert task.space().name == "chain"
    assert not task.signature.known
