"""Preparation of boxes: from a spec to checked and split images with their boxes, the same for every provider."""

from __future__ import annotations

from dataclasses import replace
from typing import TYPE_CHECKING

from cloudautoml.data.boxes.check import check_boxes, check_examples
from cloudautoml.data.boxes.given import given_boxes
from cloudautoml.data.boxes.marked import named
from cloudautoml.data.boxes.prepared import PreparedBoxes
from cloudautoml.data.boxes.profile import profile_boxes, usual_side
from cloudautoml.data.boxes.schema import BoxSchema
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.guardrails import in_order
from cloudautoml.data.images.check import check_files
from cloudautoml.data.images.collection import EncodedImages
from cloudautoml.data.images.contents import ChosenContents
from cloudautoml.data.images.looks import look_at
from cloudautoml.data.names import counted, listed
from cloudautoml.data.split import sealed_rows
from cloudautoml.errors import DataError
from cloudautoml.spec import ObjectDetection

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    import pandas as pd

    from cloudautoml.data.boxes.check import Kept
    from cloudautoml.data.boxes.given import GivenBoxes
    from cloudautoml.data.boxes.marked import MarkedBox
    from cloudautoml.spec import Holdout, JobSpec

_MOST_BAD = 0.1
_BOX = ("image", "label", "xmin", "ymin", "xmax", "ymax", "crowd", "where")


def prepare_boxes(spec: JobSpec, *, base: Path | None = None, strict: bool = True) -> PreparedBoxes:
    """Find, decode, split and check the images of an object detection, and their boxes.

    Sealed are the images that `data.test` lists; without it they are drawn as `data.holdout` says, whole images.

    Args:
        spec: The job.
        base: Folder that relative paths start from; the working directory unless given.
        strict: Refuse data with an error among its findings.

    Raises:
        DataError: The data cannot be read, no image is left to learn from, or (when strict) a finding is an error;
            all such findings are named at once.
    """
    task = spec.task
    if not isinstance(task, ObjectDetection):
        raise DataError(f"a {task.type} job has no boxes", where="task.type")
    sources = [given_boxes(spec.data.train, spec.data, task, base=base)]
    if spec.data.test is not None:
        sources.append(given_boxes(spec.data.test, spec.data, task, base=base))
    where = sources[0].where
    listing, images, boxes, findings = _joined(sources, task)
    looks = look_at(images)
    examples = listing.assign(**{name: looks[name] for name in ("height", "width", "channels", "digest")})
    usable = looks["reason"].isna().to_numpy()
    findings += check_files(examples.assign(label="box"), looks, target=task.target)
    findings += _sizes_differ(examples, usable)
    sides = examples[["height", "width"]].to_numpy(int).tolist()
    seen = [(height, width) if fine else None for (height, width), fine in zip(sides, usable, strict=True)]
    kept, found = check_boxes(boxes, seen, target=task.target)
    findings += found
    places = usable.nonzero()[0]
    _refuse(findings, where, strict=strict, left=len(places))
    chosen = examples[usable][["image", "split", "height", "width", "channels", "digest"]].reset_index(drop=True)
    if spec.data.test is None:
        chosen["split"] = _split(chosen, spec.data.holdout)
    table = _table(kept, {int(place): number for number, place in enumerate(places)})
    train = chosen[chosen["split"] == "train"]
    _refuse(findings, where, strict=strict, left=len(train))
    learned = table[table["image"].isin(train.index) & ~table["crowd"]]
    schema = BoxSchema(tuple(sorted({str(label) for label in learned["label"]})), usual_side(train), task.image)
    findings += check_examples(chosen, table, schema.classes, side=schema.side, target=task.target)
    _refuse(findings, where, strict=strict, left=len(train))
    profile = {**profile_boxes(chosen, table, schema), "fingerprint": _fingerprint(chosen, table)}
    return PreparedBoxes(schema, chosen, table, images.take(places), tuple(in_order(findings)), profile)


def _joined(
    sources: Sequence[GivenBoxes], task: ObjectDetection
) -> tuple[pd.DataFrame, EncodedImages, list[MarkedBox], list[Finding]]:
    """Every source's images that are there, in one table with `image`, `split`, `stated`; and all boxes."""
    import pandas as pd

    rows: list[tuple[str, str, tuple[int, int] | None]] = []
    parts: list[tuple[int, str]] = []
    boxes: list[MarkedBox] = []
    findings: list[Finding] = []
    for number, source in enumerate(sources):
        numbers: dict[int, int] = {}
        lost: list[str] = []
        for place, image in enumerate(source.marked.images):
            try:
                path = source.files.find(image.path)
            except DataError as exc:
                lost.append(f"{image.path} ({image.where}: {exc.message})")
                continue
            numbers[place] = len(rows)
            known = (image.height, image.width)
            stated = (known[0], known[1]) if known[0] is not None and known[1] is not None else None
            rows.append((path, "holdout" if number else "train", stated))
            parts.append((number, path))
        findings += [*source.marked.findings, *_lost(lost, len(source.marked.images))]
        findings += _not_listed(source, {path for which, path in parts if which == number})
        # those of lost images are gone with them
        held = (box for box in source.marked.boxes if box.image is None or box.image in numbers)
        boxes += [_numbered(box, numbers) for box in held]
    if not rows:
        raise DataError(
            "none of the images that are listed is there",
            where=sources[0].where,
            hint=f"{findings[0].message}" if findings else f"{task.image} names no image",
        )
    inner = [source.files.contents([path for which, path in parts if which == n]) for n, source in enumerate(sources)]
    turn = [0] * len(sources)
    chosen: list[tuple[int, int]] = []
    for number, _ in parts:
        chosen.append((number, turn[number]))
        turn[number] += 1
    names = [path for path, _, _ in rows]
    listing = pd.DataFrame(
        {
            "image": pd.Series(names, dtype="str"),
            "split": pd.Series([split for _, split, _ in rows], dtype="str"),
            "stated": [stated for *_, stated in rows],
        }
    )
    return listing, EncodedImages(ChosenContents(inner, chosen), names), boxes, findings


def _numbered(box: MarkedBox, numbers: dict[int, int]) -> MarkedBox:
    return box if box.image is None else replace(box, image=numbers[box.image])


def _lost(lost: list[str], count: int) -> list[Finding]:
    if not lost:
        return []
    most = len(lost) > _MOST_BAD * count
    message = f"{len(lost):,} of {count:,} listed images cannot be had{'' if most else ' and are left out'}"
    severity = Severity.ERROR if most else Severity.WARNING
    hint = "paths start from the folder of the annotations, and may not leave it" if most else ""
    return [Finding("images.lost", severity, f"{message}: {named(lost)}", hint=hint)]


def _not_listed(source: GivenBoxes, used: set[str]) -> list[Finding]:
    others = [path for path in source.files.images if path not in used] if _is_whole(source) else []
    if not others:
        return []
    message = f"{counted(len(others), 'image')} that no annotation lists left out: {listed(others)}"
    return [Finding("images.not_listed", Severity.INFO, message)]


def _is_whole(source: GivenBoxes) -> bool:
    """Whether the source is a folder or an archive; beside a file there may be anything."""
    return source.where == source.files.where


def _sizes_differ(examples: pd.DataFrame, usable: object) -> list[Finding]:
    """Images of another size than their annotations say, so that boxes may lie elsewhere."""
    names = [
        f"{row.image} ({row.stated[0]} x {row.stated[1]} stated, {row.height} x {row.width} found)"
        for row in examples[usable].itertuples()
        if isinstance(row.stated, tuple) and row.stated != (row.height, row.width)
    ]
    if not names:
        return []
    most = len(names) > _MOST_BAD * len(examples)
    message = f"{len(names):,} of {len(examples):,} images have another size than is stated: {named(names)}"
    hint = "boxes are read in pixels of the images as they are, upright; are they meant so?"
    return [Finding("images.size_differs", Severity.ERROR if most else Severity.WARNING, message, hint=hint)]


def _split(examples: pd.DataFrame, holdout: Holdout | None) -> pd.Series[str]:
    split = examples["split"].copy()
    if holdout is None:
        return split
    named = [how for how in ("column", "time", "group") if getattr(holdout, how) is not None]
    if named:
        raise DataError(
            f"data.holdout.{named[0]} names a column, and annotations are no table",
            where=f"data.holdout.{named[0]}",
            hint="give fraction alone, or the sealed images as data.test",
        )
    split[sealed_rows(examples, holdout)] = "holdout"
    return split


def _table(kept: Sequence[Kept], numbers: dict[int, int]) -> pd.DataFrame:
    import pandas as pd

    rows = [(numbers[box.image], box.label, *box.edges, box.crowd, box.where) for box in kept]
    frame = pd.DataFrame(rows, columns=list(_BOX))
    kinds = dict.fromkeys(("xmin", "ymin", "xmax", "ymax"), "float64")
    return frame.astype({"image": "int64", "label": "str", "crowd": "bool", "where": "str", **kinds})


def _fingerprint(examples: pd.DataFrame, boxes: pd.DataFrame) -> str:
    """A digest of what was read: names, splits, the content of every image, and the boxes."""
    from cloudautoml.data.prepare import dataset_fingerprint

    return dataset_fingerprint(examples, boxes.drop(columns="where"))


def _refuse(findings: list[Finding], where: str, *, strict: bool, left: int) -> None:
    """Stop when nothing is left to go on with, or at an error when strict."""
    errors = [finding for finding in in_order(findings) if finding.severity is Severity.ERROR]
    if left and not (strict and errors):
        return
    count = "a reason" if len(errors) == 1 else f"{len(errors)} reasons"
    lines = [f"{count} not to train on this data:", *(f"  - {finding}" for finding in errors)]
    raise DataError("\n".join(lines) if errors else "no image is left to learn from", where=where)
