"""Object detection: what grids mean, and a job from a zip archive to boxes in a folder of files."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from cloudautoml.capabilities import Feature
from cloudautoml.errors import SpecError
from cloudautoml.job import JobState
from cloudautoml.model import load_model
from cloudautoml.scoring_boxes import box_metrics, score_boxes
from cloudautoml.spec import Budget, Dataset, JobSpec, ObjectDetection, Outputs, Part, Search
from cloudautoml.store import Store, read_json
from cloudautoml_local import LocalConfig, LocalProvider
from cloudautoml_local.capabilities import CAPABILITIES
from cloudautoml_local.tasks.detection import DetectionTask
from cloudautoml_local.tasks.detection.decode import decoded, without_overlaps

EXAMPLE = Path(__file__).parents[4] / "examples" / "data" / "digit_boxes.zip"


def spec_for(**space: object) -> JobSpec:
    return JobSpec(
        name="digits",
        task=ObjectDetection(),
        data=Dataset(train=str(EXAMPLE)),
        budget=Budget(max_trials=1),
        search=Search(
            space=Part.model_validate({"type": "detector", **space}),
            estimator=Part.model_validate({"type": "full_training", "epochs": 8}),
        ),
        outputs=Outputs(report=False),
    )


def test_half_of_the_boxes_found_is_half_of_the_precision() -> None:
    truth = [np.array([[0, 0, 10, 10, 0, 0], [20, 20, 40, 40, 1, 0.0]])]
    found = [np.array([[0, 0, 10, 9, 0, 0.9]])]
    scores = score_boxes(truth, found, classes=3)
    assert scores[2] is None
    assert box_metrics(scores) == pytest.approx({"map_50": 0.5, "map_50_95": 0.45})


def test_a_grid_becomes_the_box_around_its_summit() -> None:
    grid = np.full((1, 4, 4, 5), -9.0, np.float32)
    grid[0, 1, 2, 0] = 5.0
    grid[0, 1, 2, 1:] = np.log(np.expm1(0.5))  # each edge at half of a quarter
    (box, nothing) = decoded(grid, classes=1)[0, :2]
    assert box[:5] == pytest.approx([0.5, 0.25, 0.75, 0.5, 0])
    assert box[5] > 0.99
    assert not nothing.any()


def test_of_overlapping_boxes_of_a_class_the_surest_stays() -> None:
    boxes = np.array([[0, 0, 1, 1, 0, 0.5], [0, 0, 1, 0.9, 0, 0.7], [0, 0, 1, 1, 1, 0.1]])
    assert without_overlaps(boxes)[:, 5].tolist() == [0.7, 0.1]


def test_missing_weights_are_named(tmp_path: Path) -> None:
    with pytest.raises(SpecError, match=r"there is no file 'nowhere\.npz'"):
        DetectionTask(spec_for(weights="nowhere.npz"), tmp_path).space()


def test_it_is_declared() -> None:
    assert CAPABILITIES[Feature.OBJECT_DETECTION]
    assert not CAPABILITIES[Feature.INSTANCE_SEGMENTATION]


@pytest.mark.slow
def test_a_job_from_submission_to_boxes(tmp_path: Path, home: Path) -> None:
    store = Store(home)
    spec = spec_for(widths=[16], depths=[1], strides=[8], resolutions=[1.0])
    job = LocalProvider(LocalConfig(workers=1), store=store).submit(spec).wait(timeout=280)
    assert job.status().state is JobState.SUCCEEDED
    board = job.leaderboard()
    assert {row.algorithm for row in board} == {"detector", "baseline"}
    assert (board.best and board.best.score_holdout) is not None
    assert len(read_json(store.job_dir(job.id) / "task" / "evaluation.json")["per_class"]) == 3
    model = job.model()
    again = load_model(model.save(tmp_path / "saved"))
    found = model.predict(str(EXAMPLE))
    assert len(found) == 80
    assert found.tolist() == again.predict(str(EXAMPLE)).tolist()
    assert all(0 <= box["xmin"] < box["xmax"] <= 96 for boxes in found for box in boxes)
