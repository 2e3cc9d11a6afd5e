"""Evaluation of a detector for the report: its classes, their curves, and the images it is most wrong about."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data.boxes import PreparedBoxes, drawn
from cloudautoml.scoring_boxes import overlaps
from cloudautoml.store.files import atomic_path, read_json
from cloudautoml_local.tasks.detection.decode import lists

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from cloudautoml.scoring_boxes import ClassScore
    from cloudautoml_local.tasks.detection.problem import DetectionProblem, Floats

_MOST_ERRORS = 24
_SHOWN_SCORE = 0.3
_CURVE_STEP = 2


def metrics_by_part(scores: Sequence[ClassScore | None], problem: DetectionProblem) -> dict[str, dict[str, float]]:
    """Average precision of each class that there are boxes of."""
    return {
        f"class {name}": {"map_50": score.ap_50, "map_50_95": score.ap_50_95}
        for name, score in zip(problem.classes, scores, strict=True)
        if score is not None
    }


def evaluation_of(
    directory: Path, part: str, target: npt.NDArray[Any], found: Floats, problem: DetectionProblem, *, note: str
) -> dict[str, Any]:
    """What the report shows; pictures of mistakes are written to `task/errors/`.

    Args:
        directory: The job's folder.
        part: `valid` or `holdout`.
        target: (images, boxes, 5), as `Examples` have it.
        found: (images, 100, 6), as `decoded` gives it.
        problem: What was to be found.
        note: Which images they are, for people.
    """
    scores = problem.scores(target, found)
    per_class: list[dict[str, Any]] = []
    curves: list[dict[str, Any]] = []
    for name, score in zip(problem.classes, scores, strict=True):
        if score is None:
            continue
        precision, recall, f1 = score.best
        per_class.append(
            {
                "class": name, "precision": precision, "recall": recall, "f1": f1, "support": score.support,
                "ap_50": score.ap_50, "ap_50_95": score.ap_50_95,
            }
        )  # fmt: skip
        kept = slice(None, None, _CURVE_STEP)
        curve = {"recall": _rounded(score.recall[kept]), "precision": _rounded(score.precision[kept])}
        curves.append({"class": name, "precision_recall": curve})
    errors = _errors(directory, part, target, found, problem)
    return {"note": note, "classes": list(problem.classes), "per_class": per_class, "curves": curves, "errors": errors}


def _errors(
    directory: Path, part: str, target: npt.NDArray[Any], found: Floats, problem: DetectionProblem
) -> list[dict[str, Any]]:
    """The images with the most boxes that were missed or made up, drawn: green what is there, red what was found."""
    data = PreparedBoxes.load(directory / "data")
    places = read_json(directory / "task" / f"{part}_images.json")
    judged: list[tuple[int, int, int, int]] = []
    shown = [boxes[boxes[:, 5] >= _SHOWN_SCORE] for boxes in lists(found)]
    for number, boxes in enumerate(shown):
        truth = target[number][target[number, :, 4] >= 0].astype(np.float64)
        hits = overlaps(truth, boxes) * (truth[:, None, 4] == boxes[None, :, 4]) >= 0.5
        missed, made_up = int((~hits.any(axis=1)).sum()), int((~hits.any(axis=0)).sum())
        if missed + made_up:
            judged.append((-(missed + made_up), number, missed, made_up))
    errors: list[dict[str, Any]] = []
    for _, number, missed, made_up in sorted(judged)[:_MOST_ERRORS]:
        place = int(places[number])
        picture = data.images.picture(place)
        longest = max(picture.size)
        truth = target[number][target[number, :, 4] >= 0]
        name = f"errors/{number:05d}.png"
        with atomic_path(directory / "task" / name) as beside:
            drawn(picture, truth=_edges(truth, longest), found=_edges(shown[number], longest)).save(beside)
        errors.append(
            {
                "truth": _counted(truth[:, 4], problem.classes),
                "predicted": f"{_counted(shown[number][:, 4], problem.classes)}; {missed} missed, {made_up} wrong",
                "image": name,
                "where": data.images.name(place),
            }
        )
    return errors


def _edges(boxes: npt.NDArray[Any], longest: int) -> list[tuple[float, float, float, float]]:
    return [(box[0] * longest, box[1] * longest, box[2] * longest, box[3] * longest) for box in boxes.tolist()]


def _counted(codes: npt.NDArray[Any], classes: Sequence[str]) -> str:
    counts: Mapping[int, int] = {int(code): int((codes == code).sum()) for code in np.unique(codes)}
    return ", ".join(f"{count} {classes[code]}" for code, count in counts.items()) or "nothing"


def _rounded(values: Any) -> list[float]:
    return [round(float(value), 5) for value in values]
