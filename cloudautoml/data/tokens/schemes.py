"""Tagging schemes: told from the tags themselves, and turned into BIO."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Literal, TypeAlias

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import counted, listed, short
from cloudautoml.scoring_entities import OUTSIDE, kind_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.data.tokens.sentences import Sentences

Scheme: TypeAlias = Literal["bio", "iob1", "bioes"]

_TAG = re.compile(r"O|[BIESLU]-\S.*")
_SHOWN = 3


def scheme_of(tags: Sequence[Sequence[str]]) -> Scheme:
    """The scheme that tags are written in.

    `bioes` where ends or single tokens are marked (`E-`, `S-`, or `L-`, `U-`); `iob1` where most entities begin with
    `I-`, so that `B-` only parts neighbours; `bio` otherwise.
    """
    letters = {tag[0] for sentence in tags for tag in sentence if kind_of(tag)}
    if letters & set("ESLU"):
        return "bioes"
    begun = sum(tag.startswith("B-") for sentence in tags for tag in sentence)
    return "iob1" if sum(len(_strays(sentence)) for sentence in tags) > begun else "bio"


def to_bio(tags: Sequence[str], scheme: Scheme) -> list[str]:
    """The BIO tags of a sentence; an `I-` that continues nothing becomes a `B-`.

    Args:
        tags: Well-formed tags.
        scheme: What they are written in.
    """
    made: list[str] = []
    before, ended = OUTSIDE, True
    for tag in tags:
        kind = kind_of(tag)
        if not kind:
            made.append(OUTSIDE)
        else:
            goes_on = kind == kind_of(before) and not ended and tag[0] not in "BSU"
            made.append(f"{'I' if goes_on else 'B'}-{kind}")
        before, ended = tag, not kind or (scheme == "bioes" and tag[0] in "ESLU")
    return made


def in_bio(
    sentences: Sentences, scheme: Scheme | None = None, *, column: str
) -> tuple[Sentences, Scheme, list[Finding]]:
    """The same sentences with BIO tags, and what there is to say about the tags they had.

    Args:
        sentences: With as many tags as tokens.
        scheme: What the tags are written in; told from them unless given.
        column: Column of the tags, for the findings.

    Returns:
        The sentences, their scheme, and findings; an error for tags that are none.
    """
    bad = [
        (place, tag)
        for place, tags in zip(sentences.places, sentences.tags, strict=True)
        for tag in tags
        if not _TAG.fullmatch(tag)
    ]
    if bad:
        shown = "; ".join(f"{short(tag)} in {place}" for place, tag in bad[:_SHOWN])
        hint = "tags are O, and B- and I- before a type, such as B-person"
        message = f"{counted(len(bad), 'tag')} of no known form: {shown}"
        return sentences, "bio", [Finding("tags.unknown", Severity.ERROR, message, column, hint)]
    scheme = scheme or scheme_of(sentences.tags)
    findings: list[Finding] = []
    if scheme == "bioes":
        message = "the tags mark ends and single tokens (BIOES); they are turned into BIO"
        findings.append(Finding("tags.scheme", Severity.INFO, message, column))
    elif scheme == "iob1":
        message = "entities begin with I- unless they follow another (IOB1); they are turned into BIO"
        findings.append(Finding("tags.scheme", Severity.INFO, message, column))
    else:
        findings += _impossible(sentences, column)
    return sentences.with_tags([to_bio(tags, scheme) for tags in sentences.tags]), scheme, findings


def _strays(tags: Sequence[str]) -> list[int]:
    """Where an `I-` continues nothing."""
    before = [OUTSIDE, *tags]
    return [i for i, tag in enumerate(tags) if tag.startswith("I-") and kind_of(before[i]) != kind_of(tag)]


def _impossible(sentences: Sentences, column: str) -> list[Finding]:
    """What follows no entity although it says so."""
    found = [
        f"{tags[at]} after {tags[at - 1] if at else 'the beginning'} at token {at + 1} of {place}"
        for place, tags in zip(sentences.places, sentences.tags, strict=True)
        for at in _strays(tags)
    ]
    if not found:
        return []
    message = f"{counted(len(found), 'tag')} cannot be where they are and are read as B-: {listed(found[:_SHOWN])}"
    hint = "an entity begins with B- and goes on with I- of the same type"
    return [Finding("tags.impossible", Severity.WARNING, message, column, hint)]
