"""Checks of label sets: whether each label can be learned, and what is odd about how they are given."""

from __future__ import annotations

from collections import defaultdict
from typing import TYPE_CHECKING, Any

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.labels import label_counts
from cloudautoml.data.names import listed, short

if TYPE_CHECKING:
    import pandas as pd

_MOST_LABELS = 1000
_RARE = 0.01
_LONG = 60


def check_labels(labels: pd.Series[Any], *, target: str, what: str) -> list[Finding]:
    """Check the label sets of the rows to learn from.

    Args:
        labels: In the form of `labels.label_set`.
        target: What holds them, for messages.
        what: What a row is, in the plural, for messages.
    """
    counts = label_counts(labels)
    rows = len(labels)
    if not counts:
        message = f"none of the {rows:,} {what} has a label; there is nothing to learn"
        return [Finding("target.no_labels", Severity.ERROR, message, target, "is it the right column?")]
    if len(counts) > _MOST_LABELS or len(counts) > rows / 2:
        message = f"{len(counts):,} labels of {rows:,} {what} are too many to learn"
        hint = "merge rare labels; is task.separator what joins them?"
        return [Finding("target.too_many_classes", Severity.ERROR, message, target, hint)]
    findings: list[Finding] = []
    everywhere = [label for label, count in counts.items() if count == rows]
    if len(everywhere) == len(counts):
        message = f"all {what} have the same labels, {listed(everywhere)}; there is nothing to tell apart"
        return [Finding("target.one_class", Severity.ERROR, message, target)]
    if everywhere:
        message = f"all {what} have {listed(everywhere)}: nothing is to be learned about that"
        findings.append(Finding("target.constant_label", Severity.WARNING, message, target, "leave it out"))
    if single := [label for label, count in counts.items() if count == 1]:
        message = f"{listed(single)}: one of the {what} each, which is learned or checked, not both"
        findings.append(Finding("target.single_row_class", Severity.WARNING, message, target, "merge or remove them"))
    elif min(counts.values()) < _RARE * rows:
        rarest = min(counts, key=lambda label: counts[label])
        message = f"the label {short(rarest)} is on {counts[rarest]:,} of {rows:,} {what}"
        hint = "f1_micro hides rare labels; f1_macro does not"
        findings.append(Finding("target.imbalanced", Severity.WARNING, message, target, hint))
    if without := int((labels == "[]").sum()):
        message = f"{without:,} of {rows:,} {what} have no label: they are examples of what has none"
        severity = Severity.WARNING if without > rows / 2 else Severity.INFO
        findings.append(Finding("target.unlabelled", severity, message, target))
    return [*findings, *_spelling(list(counts), target)]


def _spelling(labels: list[str], target: str) -> list[Finding]:
    findings: list[Finding] = []
    spelt: defaultdict[str, list[str]] = defaultdict(list)
    for label in labels:
        spelt[label.casefold()].append(label)
    if doubles := [" and ".join(alike) for alike in spelt.values() if len(alike) > 1]:
        message = f"labels that differ in capitals alone: {listed(doubles)}"
        findings.append(Finding("target.similar_labels", Severity.WARNING, message, target, "write them alike"))
    joined = [label for label in labels if len(label) > _LONG or any(mark in label for mark in ";|")]
    if joined:
        message = f"labels that look like several in one: {listed(joined)}"
        findings.append(Finding("target.unsplit_labels", Severity.WARNING, message, target, "set task.separator"))
    return findings
