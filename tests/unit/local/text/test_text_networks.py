"""Networks of texts: those of the task's own space, and those of a space of networks."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import cloudautoml as ca
from cloudautoml.search import FULL, Proposal, Trial, TrialState
from cloudautoml_local import load_model
from cloudautoml_local.parts import load_path, task_path
from cloudautoml_local.tasks.base import Resources

if TYPE_CHECKING:
    from pathlib import Path


def learned(task: Any) -> ca.Leaderboard:
    architecture = task.space().defaults()[0]
    measured = task.trainer(0, Resources(seed=1)).train(architecture, fidelity=FULL)
    trial = Trial(0, Proposal(architecture), TrialState.SUCCEEDED, measured)
    board: ca.Leaderboard = task.finish([trial], seconds=None, threads=1, progress=lambda _: None)
    return board


@pytest.mark.slow
def test_networks_of_the_folds_are_one_model(make: Any, tmp_path: Path) -> None:
    task, data = make(search=ca.Search(families=("network",)))
    board = learned(task)
    row = board["network-000"]
    assert row.metrics_val["accuracy"] > 0.6
    model = task.model(row)
    saved = load_model(model.save(tmp_path / "saved"))
    rows = data.holdout[["text"]]
    assert np.allclose(saved.predict_proba(rows), model.predict_proba(rows), atol=1e-5)
    assert len(list((tmp_path / "saved" / "members").iterdir())) == 5


@pytest.mark.parametrize("several", [False, True])
def test_a_space_of_networks_learns_texts(make: Any, tmp_path: Path, several: bool) -> None:
    search = ca.Search(
        space=ca.Part(type="chain"), estimator=ca.Part.model_validate({"type": "full_training", "epochs": 8})
    )
    spec = ca.JobSpec(name="test", task=ca.TextClassification(multi_label=several), data="no.csv", search=search)
    kind = load_path(task_path(spec, None))
    task, data = make(several=several, kind=kind, search=search)
    board = learned(task)
    metric = "f1_micro" if several else "accuracy"
    assert (board["chain-000"].score_holdout or 0) > board["baseline"].metrics_holdout[metric]
    saved = load_model(task.model(board["chain-000"]).save(tmp_path / "saved"))
    found = saved.predict(data.holdout[["text"]])
    assert len(found) == len(data.holdout)
    assert all(isinstance(label, list if several else str) for label in found)
