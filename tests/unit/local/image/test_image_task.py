"""Image classification from files to saved models."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from neural_jobs import digits

from cloudautoml.capabilities import Level
from cloudautoml.data import prepare_images
from cloudautoml.job import JobState
from cloudautoml.search import Signature, Trait
from cloudautoml.spec import Budget, Dataset, ImageClassification, JobSpec, Outputs, Part, Search
from cloudautoml.store import Store
from cloudautoml_local import LocalConfig, LocalProvider
from cloudautoml_local.capabilities import CAPABILITIES
from cloudautoml_local.tasks.image import ImageTask
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path


def saved_digits(folder: Path, rows: int = 400) -> Path:
    x, y = digits()
    path = folder / "digits.npz"
    np.savez(path, x=x[:rows], y=y[:rows])
    return path


def spec_for(source: Path, **settings: Any) -> JobSpec:
    search = {
        "space": Part.model_validate({"type": "chain", "max_layers": 1, "widths": [8, 16]}),
        "strategy": Part(type="random"),
        "estimator": Part.model_validate({"type": "full_training", "epochs": 3}),
    }
    return JobSpec(
        name="digits",
        task=ImageClassification(),
        data=Dataset(train=str(source)),
        budget=Budget(max_trials=2),
        search=Search(**search),
        outputs=Outputs(report=False),
        **settings,
    )


def test_pixels_labels_and_the_problem_are_prepared_once(tmp_path: Path) -> None:
    spec = spec_for(saved_digits(tmp_path))
    data = prepare_images(spec)
    task = ImageTask(spec, tmp_path / "job")
    assert task.signature == Signature("image")
    task.prepare(data, progress=lambda _: None)
    folder = tmp_path / "job" / "task"
    assert task.signature == Signature("image", (8, 8, 1), 10)
    parts = {part: Examples.open(folder, part) for part in ("train", "valid", "holdout")}
    assert len(parts["train"]) + len(parts["valid"]) == data.count("train")
    assert len(parts["valid"]) == pytest.approx(64, abs=5)
    assert len(parts["holdout"]) == data.count("holdout")
    x, y = digits()
    code = {pixels.tobytes(): int(label) for pixels, label in zip(x[:400], y[:400], strict=True)}
    classes = Problem.load(folder).classes
    for part in parts.values():
        assert part.x.dtype == np.uint8
        assert all(
            str(code[np.ascontiguousarray(pixels).tobytes()]) == classes[label]
            for pixels, label in zip(part.x, part.target, strict=True)
        )
    files = {path: path.read_bytes() for path in folder.iterdir()}
    task.prepare(data, progress=lambda _: None)
    assert {path: path.read_bytes() for path in folder.iterdir()} == files


def test_images_can_be_made_smaller_where_the_space_allows_it(tmp_path: Path) -> None:
    task = ImageTask(spec_for(tmp_path / "digits.npz"), tmp_path / "nowhere")
    assert {Trait.RESOLUTION, Trait.EPOCHS, Trait.ROWS, Trait.CURVE, Trait.WIDTH} <= task.traits
    builder = Part.model_validate({"type": "hypermodel", "builder": "hypermodels:dense"})
    user = spec_for(tmp_path / "digits.npz").model_copy(update={"search": Search(space=builder)})
    assert Trait.RESOLUTION not in ImageTask(user, tmp_path / "nowhere").traits


def test_it_is_declared() -> None:
    from cloudautoml.capabilities import Feature

    assert CAPABILITIES[Feature.IMAGE_CLASSIFICATION].level is Level.NATIVE
    assert CAPABILITIES[Feature.IMAGE_MULTI_LABEL].level is Level.NATIVE


@pytest.mark.slow
@pytest.mark.parametrize("executor", ["inline", "process"])
def test_a_job_from_submission_to_predictions(tmp_path: Path, home: Path, executor: Any) -> None:
    provider = LocalProvider(LocalConfig(executor=executor, workers=1), store=Store(home))
    job = provider.submit(spec_for(saved_digits(tmp_path), seed=3))
    assert job.wait(timeout=240).status().state is JobState.SUCCEEDED
    board = job.leaderboard()
    assert board.best is not None
    assert (board.best.score_holdout or 0.0) > 0.3
    assert {row.trial for row in board if row.trial is not None} == {0, 1}
    x, y = digits()
    found = job.model().predict(x[:400])
    assert (found.astype(int) == y[:400]).mean() > 0.3
