"""Sentence embeddings of the user's own model: found, adopted, learned from, and saved with the model."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

import cloudautoml as ca
from cloudautoml.errors import StorageError
from cloudautoml.search import FULL, Proposal, Trial, TrialState
from cloudautoml_local.tasks.base import Resources
from cloudautoml_local.tasks.text.embedder import Embedder, adopt
from cloudautoml_local.tasks.text.model import load_text_model

if TYPE_CHECKING:
    from pathlib import Path


def test_texts_are_the_mean_of_their_tokens(embeddings: Path, tmp_path: Path) -> None:
    embedder = adopt(embeddings, tmp_path / "own", ["soup"], threads=1, seconds=None)
    found = embedder.embed(["soup", "dessert", "soup dessert", "soup soup", "", "soup dessert " * 500])
    assert np.allclose(np.linalg.norm(found[:4], axis=1), 1, atol=1e-5)
    assert np.allclose(found[0], found[3], atol=1e-5)
    assert found[2] @ found[0] > 0.3
    assert np.isfinite(found).all()
    again = Embedder(tmp_path / "own").embed(["dessert"])
    assert np.allclose(again[0], found[1], atol=1e-5)


def test_little_time_means_fewer_tokens(embeddings: Path, tmp_path: Path) -> None:
    many = ["soup and fresh bread"] * 200
    hurried = adopt(embeddings, tmp_path / "own", many, threads=1, seconds=0.0)
    first, second = hurried.embed(["soup " * 32 + "dessert " * 32, "soup " * 32])
    assert np.allclose(first, second, atol=1e-5)


def test_a_model_of_embeddings_takes_them_along(make: Any, embeddings: Path, tmp_path: Path) -> None:
    space = {"type": "text", "embeddings": str(embeddings), "families": ["embedding"]}
    task, data = make(search=ca.Search(space=ca.Part.model_validate(space)))
    trials = []
    for number, architecture in enumerate(task.space().defaults()):
        measured = task.trainer(number, Resources(seed=1)).train(architecture, fidelity=FULL)
        trials.append(Trial(number, Proposal(architecture), TrialState.SUCCEEDED, measured))
    board = task.finish(trials, seconds=None, threads=1, progress=lambda _: None)
    assert all(row.metrics_val["accuracy"] > 0.9 for row in board if row.algorithm == "embedding")
    best = task.model(board["ensemble"])
    saved = load_text_model(best.save(tmp_path / "saved"))
    rows = data.holdout[["text"]]
    assert np.allclose(saved.predict_proba(rows), best.predict_proba(rows), atol=1e-5)
    assert (tmp_path / "saved" / "embedder" / "model.onnx").exists()


def test_files_that_are_no_model_are_named(embeddings: Path, tmp_path: Path) -> None:
    (embeddings / "model.onnx").write_bytes(b"not a model")
    with pytest.raises(StorageError, match="cannot be read") as error:
        adopt(embeddings, tmp_path / "own", ["soup"], threads=1, seconds=None)
    assert "own" in str(error.value)
