"""The images that a model is surest about and wrong, as pictures that the report shows."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest
from PIL import Image

from cloudautoml.data import prepare_images
from cloudautoml.report.mistakes import mistakes
from cloudautoml.spec import Dataset, ImageClassification, JobSpec, Outputs
from cloudautoml.testing.pictures import small_image_spec, write_pictures
from cloudautoml_local.tasks.image import ImageTask
from cloudautoml_local.tasks.image.mistakes import worst_mistakes
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.problem import Problem

if TYPE_CHECKING:
    from pathlib import Path


def prepared(spec: JobSpec, folder: Path) -> tuple[ImageTask, Problem]:
    """A task whose data and examples are written, as a job has them at its end."""
    task = ImageTask(spec, folder)
    data = prepare_images(spec)
    data.save(folder / "data")
    task.prepare(data, progress=lambda _: None)
    return task, Problem.load(folder / "task")


@pytest.mark.parametrize("part", ["valid", "holdout"])
def test_each_mistake_is_shown_with_its_own_image(tmp_path: Path, part: str) -> None:
    pictures = write_pictures(tmp_path / "pictures")
    spec = JobSpec(
        name="stripes", task=ImageClassification(), data=Dataset(train=str(pictures)), outputs=Outputs(report=False)
    )
    task, problem = prepared(spec, tmp_path / "job")
    examples = Examples.open(tmp_path / "job" / "task", part)
    found = np.full((len(examples), 3), 0.2)
    found[np.arange(len(examples)), examples.target] = 0.6
    for row, sure in ((1, 0.7), (4, 0.9)):
        found[row] = (1 - sure) / 2
        found[row, (examples.target[row] + 1) % 3] = sure
    errors = task.mistakes(part, examples.target, found, problem)
    assert [error["probability"] for error in errors] == [0.9, 0.7]
    for row, error in zip((4, 1), errors, strict=True):
        code = int(examples.target[row])
        assert (error["truth"], error["predicted"]) == (problem.classes[code], problem.classes[(code + 1) % 3])
        assert error["where"].startswith(error["truth"])
        with (
            Image.open(tmp_path / "job" / "task" / error["image"]) as shown,
            Image.open(pictures / error["where"]) as own,
        ):
            assert 64 <= max(shown.size) <= 160
            assert np.array_equal(np.asarray(shown)[::6, ::6], np.asarray(own))
        assert np.array_equal(np.asarray(examples.x[row])[..., 0], np.asarray(Image.open(pictures / error["where"])))
    read = mistakes({"errors": errors}, tmp_path / "job" / "task")
    assert [(mistake.where, bool(mistake.image)) for mistake in read] == [(error["where"], True) for error in errors]
    assert task.mistakes(part, examples.target[:1], found[:1], problem) == []
    assert not (tmp_path / "job" / "task" / "errors").exists(), "pictures of another model's mistakes are gone"


def test_of_several_labels_the_surest_wrong_decision_counts(tmp_path: Path) -> None:
    task, problem = prepared(small_image_spec(tmp_path, several=True), tmp_path / "job")
    assert problem.classes == ("lying", "standing")
    examples = Examples.open(tmp_path / "job" / "task", "holdout")
    found = np.where(examples.target > 0, 0.9, 0.1)
    both = int(np.flatnonzero(examples.target.all(axis=1))[0])
    none = int(np.flatnonzero(~examples.target.any(axis=1))[0])
    found[both] = 0.9, 0.3
    found[none] = 0.1, 0.8
    errors = task.mistakes("holdout", examples.target, found, problem)
    said: list[Any] = [[error[name] for name in ("truth", "predicted", "probability")] for error in errors]
    assert said == [[[], ["standing"], 0.8], [["lying", "standing"], ["lying"], 0.7]]


def test_large_pictures_are_made_small(tmp_path: Path) -> None:
    for name, grey in (("dark", 10), ("light", 240)):
        (tmp_path / "pictures" / name).mkdir(parents=True)
        for number in range(12):
            Image.new("L", (400, 100), grey + number % 7).save(tmp_path / "pictures" / name / f"{number}.png")
    spec = JobSpec(name="greys", task=ImageClassification(), data=Dataset(train=str(tmp_path / "pictures")))
    task, problem = prepared(spec, tmp_path / "job")
    target = Examples.open(tmp_path / "job" / "task", "valid").target
    errors = task.mistakes("valid", target, np.eye(2)[1 - target], problem)
    assert len(errors) == len(target)
    with Image.open(tmp_path / "job" / "task" / errors[0]["image"]) as shown:
        assert shown.size == (160, 40)


def test_only_known_classes_and_usable_predictions_can_be_wrong() -> None:
    rng = np.random.default_rng(0)
    found = rng.dirichlet(np.ones(3), 100)
    target = (found.argmax(axis=1) + 1) % 3
    target[::2] = -1
    found[1] = np.nan
    places, sure = worst_mistakes(target, found)
    assert len(places) == 24
    assert set(places) <= set(range(3, 100, 2))
    assert np.array_equal(sure, np.sort(found[3::2].max(axis=1))[::-1][:24])
