"""Preparation of images: from a spec to checked and split examples, the same for every provider."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.guardrails import in_order
from cloudautoml.data.images.check import check_files, check_images
from cloudautoml.data.images.given import given_images, joined
from cloudautoml.data.images.looks import look_at
from cloudautoml.data.images.prepared import PreparedImages
from cloudautoml.data.images.profile import profile_images, usual_size
from cloudautoml.data.images.schema import ImageSchema
from cloudautoml.data.labels import label_counts, label_matrix, rarest_labels
from cloudautoml.data.split import sealed_rows
from cloudautoml.errors import DataError
from cloudautoml.spec import ImageClassification

if TYPE_CHECKING:
    from pathlib import Path

    import pandas as pd

    from cloudautoml.data.images.given import Given
    from cloudautoml.spec import Holdout, JobSpec

_COLUMNS = ["image", "label", "split", "height", "width", "channels", "digest"]


def prepare_images(spec: JobSpec, *, base: Path | None = None, strict: bool = True) -> PreparedImages:
    """Find, decode, split and check the images of an image classification.

    Sealed are the images that the source keeps in a test split or that `data.test` names; where it has neither,
    they are drawn as `data.holdout` says, class by class.

    Args:
        spec: The job.
        base: Folder that relative paths start from; the working directory unless given.
        strict: Refuse data with an error among its findings.

    Raises:
        DataError: The data cannot be read, no image is left to learn from, or (when strict) a finding is an error;
            all such findings are named at once.
    """
    task = spec.task
    if not isinstance(task, ImageClassification):
        raise DataError(f"a {task.type} job has no images to classify", where="task.type")
    given = _given(spec, task, base=base)
    looks = look_at(given.images)
    findings = [*given.findings, *check_files(given.examples, looks, target=task.target, several=task.multi_label)]
    usable = (looks["reason"].isna() & given.examples["label"].notna()).to_numpy()
    kept = usable.nonzero()[0]
    _refuse(findings, given.where, strict=strict, left=len(kept))
    examples = given.examples[usable].reset_index(drop=True)
    for name in ("height", "width", "channels", "digest"):
        examples[name] = looks[name][usable].reset_index(drop=True)
    examples["split"] = _split(examples, spec.data.holdout, several=task.multi_label)
    train = examples[examples["split"] == "train"]
    _refuse(findings, given.where, strict=strict, left=len(train))
    schema = ImageSchema(
        classes=tuple(label_counts(train["label"])) if task.multi_label else tuple(sorted(set(train["label"]))),
        size=usual_size(train),
        channels=3 if bool((examples["channels"] == 3).any()) else 1,
        scale=given.scale,
        image=task.image,
        target=task.target,
        multi_label=task.multi_label,
    )
    findings += check_images(examples, schema.classes, spec, target=task.target)
    _refuse(findings, given.where, strict=strict, left=len(train))
    profile = {**profile_images(examples, schema), "fingerprint": _fingerprint(given.examples, looks)}
    images = given.images if len(kept) == len(given.examples) else given.images.take(kept)
    return PreparedImages(schema, _ordered(examples), images, tuple(in_order(findings)), profile)


def _given(spec: JobSpec, task: ImageClassification, *, base: Path | None) -> Given:
    import pandas as pd

    if spec.data.test is None:
        return given_images(spec.data.train, spec.data, task, base=base, split=True)
    train = given_images(spec.data.train, spec.data, task, base=base, split=False)
    test = given_images(spec.data.test, spec.data, task, base=base, split=False)
    if bool((train.examples["split"] == "holdout").any()):
        raise DataError(
            "data.train has a test split of its own, and data.test is given too",
            where=train.where,
            hint="leave data.test out, or let data.train name the part to learn from",
        )
    train.examples["split"] = train.examples["split"].fillna("train")
    test.examples["split"] = pd.Series(["holdout"] * len(test.examples), dtype="str")
    return joined(train, test)


def _split(examples: pd.DataFrame, holdout: Holdout | None, *, several: bool) -> pd.Series[str]:
    """Where every example belongs; those without a place of their own are to learn from, or drawn to be sealed."""
    import pandas as pd

    split = examples["split"].fillna("train").astype("str")
    if holdout is None or bool((split == "holdout").any()):
        return split
    keys = {how: f"holdout.{how}" for how in ("column", "time", "group") if getattr(holdout, how) is not None}
    drawn = examples[split == "train"]
    known = {how: name for how, name in keys.items() if name in drawn.columns}
    if len(known) < len(keys):
        how = next(iter(set(keys) - set(known)))
        raise DataError(
            f"data.holdout.{how} names a column, and this data is no table",
            where=f"data.holdout.{how}",
            hint="give fraction alone, or images in folders train and test",
        )
    names = {str(getattr(holdout, how)): drawn[column].reset_index(drop=True) for how, column in known.items()}
    labels = drawn["label"].reset_index(drop=True)
    strata = labels
    if several:
        classes = tuple(label_counts(labels))
        strata = pd.Series(rarest_labels(label_matrix(labels, classes))).astype("str")
    frame = pd.DataFrame({"the label": strata, **names})
    sealed = sealed_rows(frame, holdout, stratify=None if known else "the label")
    split.loc[drawn.index[sealed]] = "holdout"
    return split


def _ordered(examples: pd.DataFrame) -> pd.DataFrame:
    import pandas as pd

    chosen = examples[_COLUMNS]
    if "holdout.group" not in examples.columns:
        return chosen
    return chosen.assign(group=pd.factorize(examples["holdout.group"], use_na_sentinel=False)[0].astype("int64"))


def _fingerprint(examples: pd.DataFrame, looks: pd.DataFrame) -> str:
    """A digest of what was read: names, classes, splits and the content of every image."""
    from cloudautoml.data.prepare import dataset_fingerprint

    return dataset_fingerprint(examples[["image", "label", "split"]].assign(digest=looks["digest"]))


def _refuse(findings: list[Finding], where: str, *, strict: bool, left: int) -> None:
    """Stop when nothing is left to go on with, or at an error when strict."""
    errors = [finding for finding in in_order(findings) if finding.severity is Severity.ERROR]
    if left and not (strict and errors):
        return
    count = "a reason" if len(errors) == 1 else f"{len(errors)} reasons"
    lines = [f"{count} not to train on this data:", *(f"  - {finding}" for finding in errors)]
    raise DataError("\n".join(lines) if errors else "no image is left to learn from", where=where)
