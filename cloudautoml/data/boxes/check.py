"""Guardrails of boxes: each that cannot be used is named with its reason, and left out or mended by one policy."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from cloudautoml.data.boxes.marked import named
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import listed

if TYPE_CHECKING:
    from collections.abc import Sequence

    import pandas as pd

    from cloudautoml.data.boxes.marked import MarkedBox

PROBLEMS = {
    "unknown_image": "are of images that are not listed",
    "unknown_class": "are of no class that is listed",
    "no_numbers": "have edges that are not four finite numbers",
    "no_area": "have no area",
    "outside": "lie outside of their images",
    "duplicates": "are there twice",
}
"""What a box may be left out for, to go on "3 boxes ..."."""

_MOST_BAD = 0.1
_CLIPPED = 1.0  # pixels that a box may stick out without a word: edges are rounded
_LEAST_SIDE = 1.0
_FEWEST, _FEW = 10, 50
_FEW_BOXES = 10
_TINY = 6


@dataclass(frozen=True, slots=True)
class Kept:
    """A box that can be used.

    Attributes:
        image: Number of its image.
        label: Its class.
        edges: Left, top, right and bottom edge in pixels, inside of the image.
        crowd: Whether it is not to be learned from.
        where: Its file and its id.
    """

    image: int
    label: str
    edges: tuple[float, float, float, float]
    crowd: bool
    where: str


def check_boxes(
    boxes: Sequence[MarkedBox], sizes: Sequence[tuple[int, int] | None], *, target: str
) -> tuple[list[Kept], list[Finding]]:
    """Keep the boxes that can be used.

    A box that sticks out of its image is cut at the border; one without area, outside of it, of an unknown class or
    image, or there twice is left out.

    Args:
        boxes: All of them.
        sizes: Height and width of every image; None for those that are not used, whose boxes go with them.
        target: What holds the boxes, for messages.
    """
    kept: list[Kept] = []
    bad: dict[str, list[str]] = {}
    clipped: list[str] = []
    seen: set[tuple[object, ...]] = set()
    count = 0
    for box in boxes:
        size = sizes[box.image] if box.image is not None else None
        if box.image is not None and size is None:
            continue  # its image is named by itself
        count += 1
        problem, edges, cut = _judged(box, size)
        key = (box.image, box.label, box.crowd, tuple(round(edge, 1) for edge in edges))
        if problem is None and key in seen:
            problem = "duplicates"
        if problem is not None:
            bad.setdefault(problem, []).append(box.where)
            continue
        seen.add(key)
        clipped += [box.where] if cut else []
        assert box.image is not None
        assert box.label is not None
        kept.append(Kept(box.image, box.label, edges, box.crowd, box.where))
    findings = _left_out(bad, count, target)
    if clipped:
        message = f"{len(clipped):,} of {count:,} boxes stick out of their images and are cut at the border"
        findings.append(Finding("boxes.clipped", Severity.WARNING, f"{message}: {named(clipped)}", target))
    crowds = [box.where for box in kept if box.crowd]
    if crowds:
        message = f"{len(crowds):,} boxes are crowds or difficult: nothing is learned from them, and to find them is"
        findings.append(Finding("boxes.crowd", Severity.INFO, f"{message} neither right nor wrong", target))
    return kept, findings


def _judged(box: MarkedBox, size: tuple[int, int] | None) -> tuple[str | None, tuple[float, float, float, float], bool]:
    """Why a box cannot be used, its edges inside of the image, and whether they were moved."""
    if box.problem is not None or box.corners is None or size is None:
        return box.problem or "unknown_image", (0.0, 0.0, 0.0, 0.0), False
    height, width = size
    left, top, right, bottom = box.corners
    if right <= left or bottom <= top:
        return "no_area", box.corners, False
    edges = (max(0.0, left), max(0.0, top), min(float(width), right), min(float(height), bottom))
    if edges[2] <= edges[0] or edges[3] <= edges[1]:
        return "outside", edges, False
    if edges[2] - edges[0] < _LEAST_SIDE or edges[3] - edges[1] < _LEAST_SIDE:
        return "no_area", edges, False
    cut = any(abs(new - old) > _CLIPPED for new, old in zip(edges, box.corners, strict=True))
    return None, edges, cut


def _left_out(bad: dict[str, list[str]], count: int, target: str) -> list[Finding]:
    total = sum(len(names) for problem, names in bad.items() if problem != "duplicates")
    most = total > _MOST_BAD * count
    findings: list[Finding] = []
    for problem, meaning in PROBLEMS.items():
        if not (names := bad.get(problem, [])):
            continue
        error = most and problem != "duplicates"
        hint = f"more than {_MOST_BAD:.0%} is too much to go on: repair or remove them" if error else ""
        severity = Severity.ERROR if error else Severity.WARNING
        message = f"{len(names):,} of {count:,} boxes {meaning} and are left out: {named(names)}"
        findings.append(Finding(f"boxes.{problem}", severity, message, target, hint))
    return findings


def check_examples(
    examples: pd.DataFrame, boxes: pd.DataFrame, classes: Sequence[str], *, side: int, target: str
) -> list[Finding]:
    """Check images that are split, with boxes that can be used.

    Args:
        examples: As `PreparedBoxes` has them.
        boxes: As `PreparedBoxes` has them.
        classes: Those that are to be learned.
        side: Pixels of the squares that images are fitted into.
        target: What holds the boxes, for messages.
    """
    train = examples[examples["split"] == "train"]
    learned = boxes[boxes["image"].isin(train.index) & ~boxes["crowd"]]
    findings: list[Finding] = []
    if len(train) < _FEWEST:
        message = f"{len(train)} images to learn from; at least {_FEWEST} are needed"
        findings.append(Finding("rows.too_few", Severity.ERROR, message, hint="give more images"))
    elif len(train) < _FEW:
        message = f"{len(train)} images to learn from: every score will be very uncertain"
        findings.append(Finding("rows.few", Severity.WARNING, message))
    if learned.empty:
        findings.append(Finding("target.missing", Severity.ERROR, "there is no box to learn from", target))
        return findings
    empty = examples.index.difference(boxes["image"].unique().tolist())
    if len(empty):
        message = f"{len(empty):,} of {len(examples):,} images have no box: they teach what is background"
        findings.append(Finding("images.background", Severity.INFO, message, target, "is that so?"))
    rare = learned["label"].value_counts()
    if len(names := sorted(str(label) for label, n in rare.items() if n < _FEW_BOXES)):
        message = f"{len(names)} classes have fewer than {_FEW_BOXES} boxes to learn from: {listed(names)}"
        findings.append(Finding("target.rare_classes", Severity.WARNING, message, target, "give more, or merge them"))
    sides = examples.loc[learned["image"], ["height", "width"]].max(axis=1).to_numpy()
    shortest = (learned[["xmax", "ymax"]].to_numpy() - learned[["xmin", "ymin"]].to_numpy()).min(axis=1)
    if tiny := int((shortest / sides * side < _TINY).sum()):
        message = (
            f"{tiny:,} of {len(learned):,} boxes are narrower than {_TINY} pixels once images have {side} x {side}"
        )
        hint = "cut the images into parts, or ask for a larger side in search.space.side"
        findings.append(Finding("boxes.tiny", Severity.WARNING, message, target, hint))
    return [*findings, *_across(examples, boxes, classes, target)]


def _across(examples: pd.DataFrame, boxes: pd.DataFrame, classes: Sequence[str], target: str) -> list[Finding]:
    """What is wrong between the images to learn from and the sealed ones."""
    findings: list[Finding] = []
    sealed = examples[examples["split"] == "holdout"]
    unseen = sorted(set(boxes.loc[boxes["image"].isin(sealed.index), "label"]) - set(classes))
    if unseen:
        message = f"sealed images have boxes of classes that no model can learn: {listed(unseen)}"
        findings.append(Finding("holdout.unseen_classes", Severity.WARNING, message, target))
    train = examples[examples["split"] == "train"]
    if repeated := int(train["digest"].duplicated().sum()):
        message = f"{repeated:,} of {len(train):,} images to learn from are copies of another"
        findings.append(Finding("rows.duplicates", Severity.WARNING, message, hint="remove those that are accidents"))
    shared = sealed[sealed["digest"].isin(set(train["digest"]))]
    if len(shared):
        message = f"{len(shared):,} of {len(sealed):,} sealed images are also among those to learn from"
        hint = f"their score is too good by that much; remove the copies, such as {listed(shared['image'].head(3))}"
        findings.append(Finding("holdout.duplicates", Severity.WARNING, message, hint=hint))
    return findings
