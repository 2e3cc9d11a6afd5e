"""Guardrails of images: everything worth knowing about them before any time or money is spent."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.guardrails import in_order
from cloudautoml.data.label_checks import check_labels
from cloudautoml.data.labels import labels_of
from cloudautoml.data.names import listed, short
from cloudautoml.spec import ImageClassification

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pandas as pd

    from cloudautoml.spec import JobSpec

_MOST_BAD = 0.1
_FEWEST = 10
_FEW = 50
_TINY = 4
_IMBALANCE = 0.01
_BINARY_ONLY = ("f1", "precision", "recall")


def check_files(examples: pd.DataFrame, looks: pd.DataFrame, *, target: str, several: bool = False) -> list[Finding]:
    """Check which images can be used: each is named with a reason, up to a dozen.

    Args:
        examples: All of them, with `image` and `label`.
        looks: What `look_at` saw of them.
        target: What holds the class, for messages.
        several: Whether an image may have any number of labels.
    """
    findings: list[Finding] = []
    bad = looks["reason"].notna()
    if bool(bad.any()):
        names = examples.loc[bad, "image"]
        told = [f"{name} ({reason})" for name, reason in zip(names, looks.loc[bad, "reason"], strict=True)]
        count = f"{int(bad.sum()):,} of {len(looks):,} images cannot be decoded"
        most = int(bad.sum()) > _MOST_BAD * len(looks)
        message = f"{count}: {_told(told)}" if most else f"{count} and are left out: {_told(told)}"
        hint = f"more than {_MOST_BAD:.0%} is too much to go on: repair or remove them" if most else ""
        severity = Severity.ERROR if most else Severity.WARNING
        findings.append(Finding("images.unreadable", severity, message, hint=hint))
        lost, left = (set(_each(examples.loc[which, "label"].dropna(), several)) for which in (bad, ~bad))
        vanished = sorted(lost - left)
        if vanished:
            message = f"every image of these classes cannot be decoded: {listed(vanished)}"
            findings.append(Finding("target.vanished_class", Severity.ERROR, message, target, "repair or remove them"))
    unlabelled = int(examples["label"].isna().sum())
    if unlabelled:
        count = f"{unlabelled:,} of {len(examples):,} images have no class"
        if unlabelled > len(examples) / 2:
            findings.append(Finding("target.missing", Severity.ERROR, count, target, "is it the right column?"))
        else:
            findings.append(Finding("target.missing", Severity.WARNING, f"{count} and are left out", target))
    moving = looks["frames"] > 1
    if bool(moving.any()):
        message = f"{int(moving.sum()):,} images have several frames, of which the first counts"
        hint = listed(examples.loc[moving, "image"])
        findings.append(Finding("images.animated", Severity.INFO, message, hint=hint))
    return findings


def _each(labels: pd.Series[Any], several: bool) -> Iterator[str]:
    for label in labels:
        yield from labels_of(str(label)) if several else (str(label),)


def check_images(examples: pd.DataFrame, classes: tuple[str, ...], spec: JobSpec, *, target: str) -> list[Finding]:
    """Check examples that can be used and are split.

    Args:
        examples: As `PreparedImages` has them.
        classes: Those that are to be learned.
        spec: The job.
        target: What holds the class, for messages.

    Returns:
        Findings, errors first.
    """
    train = examples[examples["split"] == "train"]
    findings = _count(train)
    several = isinstance(spec.task, ImageClassification) and spec.task.multi_label
    if len(train) and several:
        findings += check_labels(train["label"], target=target, what="images")
    elif len(train):
        findings += [*_classes(train, classes, target), *_metric(spec, classes, target)]
    if len(train):
        findings += _forms(examples)
    findings += _unseen(examples, classes, target, several=several)
    findings += _copies(examples)
    return in_order(findings)


def _told(reasons: list[str]) -> str:
    most = 12
    more = f" and {len(reasons) - most:,} more" if len(reasons) > most else ""
    return "; ".join(reasons[:most]) + more


def _count(train: pd.DataFrame) -> list[Finding]:
    count = len(train)
    if count < _FEWEST:
        message = f"{count} images to learn from; at least {_FEWEST} are needed"
        return [Finding("rows.too_few", Severity.ERROR, message, hint="give more images")]
    if count < _FEW:
        message = f"{count} images to learn from: every score will be very uncertain"
        return [Finding("rows.few", Severity.WARNING, message)]
    return []


def _classes(train: pd.DataFrame, classes: tuple[str, ...], target: str) -> list[Finding]:
    counts = train["label"].value_counts()
    if len(classes) < 2:
        message = f"every image is of the class {listed(classes)}; there is nothing to tell apart"
        return [Finding("target.one_class", Severity.ERROR, message, target)]
    if len(classes) > len(train) / 2:
        message = f"{len(classes):,} classes of {len(train):,} images are too many to learn"
        hint = "merge rare classes, or give more images of each"
        return [Finding("target.too_many_classes", Severity.ERROR, message, target, hint)]
    single = sorted(str(label) for label, count in counts.items() if count == 1)
    if single:
        which = "a class has" if len(single) == 1 else f"{len(single)} classes have"
        message = f"{which} a single image to learn from: {listed(single)}"
        hint = "it can be learned or checked, not both: give it more images, merge it or remove it"
        return [Finding("target.single_row_class", Severity.ERROR, message, target, hint)]
    if counts.iloc[-1] < _IMBALANCE * len(train):
        message = f"the class {short(str(counts.index[-1]))} has {int(counts.iloc[-1]):,} of {len(train):,} images"
        hint = "accuracy hides rare classes; f1_macro does not"
        return [Finding("target.imbalanced", Severity.WARNING, message, target, hint)]
    return []


def _metric(spec: JobSpec, classes: tuple[str, ...], target: str) -> list[Finding]:
    metric = spec.metric.name
    if metric not in _BINARY_ONLY or len(classes) == 2:
        return []
    message = f"{metric} is about one of two classes, and there are {len(classes)}"
    hint = f"set objective.metric to {metric}_macro"
    return [Finding("metric.binary_only", Severity.ERROR, message, target, hint)]


def _forms(examples: pd.DataFrame) -> list[Finding]:
    findings: list[Finding] = []
    tiny = (examples["height"] < _TINY) | (examples["width"] < _TINY)
    if bool(tiny.any()):
        message = f"{int(tiny.sum()):,} images are less than {_TINY} pixels high or wide"
        hint = listed(examples.loc[tiny, "image"])
        findings.append(Finding("images.tiny", Severity.WARNING, message, hint=hint))
    grey = int((examples["channels"] == 1).sum())
    if 0 < grey < len(examples):
        message = f"{grey:,} of {len(examples):,} images are grey and the others in colour; all are used in colour"
        findings.append(Finding("images.mixed_channels", Severity.INFO, message))
    return findings


def _unseen(examples: pd.DataFrame, classes: tuple[str, ...], target: str, *, several: bool) -> list[Finding]:
    findings: list[Finding] = []
    for split, what in (("valid", "validation"), ("holdout", "sealed")):
        labels = examples.loc[examples["split"] == split, "label"]
        each = [set(labels_of(str(label))) if several else {str(label)} for label in labels]
        unseen = sorted(set().union(*each) - set(classes))
        if unseen:
            count = sum(not found.isdisjoint(unseen) for found in each)
            message = f"{count:,} {what} images are of classes that no model can learn: {listed(unseen)}"
            findings.append(
                Finding(f"{split}.unseen_classes", Severity.WARNING, message, target, "split in another way")
            )
    return findings


def _copies(examples: pd.DataFrame) -> list[Finding]:
    findings: list[Finding] = []
    train = examples[examples["split"] == "train"]
    repeated = int(train["digest"].duplicated().sum())
    if repeated:
        message = f"{repeated:,} of {len(train):,} images to learn from are copies of another"
        hint = "validation scores rise when copies fall on both sides; remove copies that are accidents"
        severity = Severity.WARNING if repeated > len(train) / 100 else Severity.INFO
        findings.append(Finding("rows.duplicates", severity, message, hint=hint))
    torn = examples.groupby("digest")["label"].nunique()
    contradictory = set(torn[torn > 1].index)
    if contradictory:
        copies = examples[[digest in contradictory for digest in examples["digest"]]]
        which = copies.sort_values("digest", kind="stable")["image"]
        message = f"{len(contradictory):,} images are there more than once, with different classes: {listed(which)}"
        findings.append(Finding("target.contradictory", Severity.WARNING, message, hint="keep one class of each"))
    known = set(train["digest"])
    for split, what in (("valid", "validation"), ("holdout", "sealed")):
        mine = examples[examples["split"] == split]
        shared = mine[[digest in known for digest in mine["digest"]]]
        if len(shared):
            message = f"{len(shared):,} of {len(mine):,} {what} images are also among those to learn from"
            hint = f"their score is too good by that much; remove the copies, such as {listed(shared['image'].head(3))}"
            findings.append(Finding(f"{split}.duplicates", Severity.WARNING, message, hint=hint))
    return findings
