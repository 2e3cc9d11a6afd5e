"""Checks of sentences: whether there are entities to learn, and whether what is sealed is news."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import counted, listed
from cloudautoml.scoring_entities import spans

if TYPE_CHECKING:
    from cloudautoml.data.tokens.sentences import Sentences

_FEWEST = 10
_FEW = 100
_RARE = 5
_KNOWN_SHARE = 0.05


def check_sentences(train: Sentences, holdout: Sentences | None, *, column: str) -> list[Finding]:
    """Look at the sentences to learn from, and at the sealed ones beside them.

    Args:
        train: To learn from, in BIO.
        holdout: Sealed, in BIO.
        column: Column of the tags.
    """
    counts = entities_by_type(train)
    findings: list[Finding] = []
    if not counts:
        hint = "is it the right column?"
        return [Finding("target.no_entity", Severity.ERROR, "every tag is O: nothing to learn", column, hint)]
    if len(train) < _FEWEST:
        message = f"{counted(len(train), 'sentence')} to learn from, and {_FEWEST} are the least that can be validated"
        findings.append(Finding("rows.too_few", Severity.ERROR, message))
    elif len(train) < _FEW:
        message = f"{counted(len(train), 'sentence')} to learn from: scores will be rough"
        findings.append(Finding("rows.few", Severity.WARNING, message))
    if rare := [kind for kind, count in counts.items() if count < _RARE]:
        message = f"types of fewer than {_RARE} entities: {listed(rare)}"
        hint = "such types are hardly ever found"
        findings.append(Finding("target.rare_types", Severity.WARNING, message, column, hint))
    folded: dict[str, set[str]] = {}
    for kind in counts:
        folded.setdefault(kind.casefold(), set()).add(kind)
    if alike := [kind for kinds in folded.values() if len(kinds) > 1 for kind in sorted(kinds)]:
        message = f"types that differ in capitals alone: {listed(alike)}"
        findings.append(Finding("target.similar_types", Severity.WARNING, message, column, "write them alike"))
    return findings + _against(train, holdout, set(counts), column)


def _against(train: Sentences, holdout: Sentences | None, known: set[str], column: str) -> list[Finding]:
    if holdout is None:
        return []
    findings: list[Finding] = []
    sealed = entities_by_type(holdout)
    if not sealed:
        message = "the sealed sentences hold no entity, so they cannot be scored"
        findings.append(Finding("holdout.no_entity", Severity.WARNING, message, column, "seal more of them"))
    if unseen := sorted(set(sealed) - known):
        message = f"sealed entities are of types that cannot be learned: {listed(unseen)}"
        findings.append(Finding("holdout.unseen_type", Severity.WARNING, message, column))
    learned = set(train.tokens)
    # a short sentence may well be there twice; one of five tokens is a copy
    copies = sum(len(tokens) >= 5 and tokens in learned for tokens in holdout.tokens)
    if copies > _KNOWN_SHARE * len(holdout):
        message = f"{copies:,} of {len(holdout):,} sealed sentences are to learn from as well: scores will flatter"
        hint = "leave the copies out, or keep them on one side (data.holdout.group)"
        findings.append(Finding("holdout.duplicates", Severity.WARNING, message, None, hint))
    return findings


def entities_by_type(sentences: Sentences) -> dict[str, int]:
    """How many entities there are of each type, sorted by name."""
    counts: dict[str, int] = {}
    for tags in sentences.tags:
        for _, _, kind in spans(tags):
            counts[kind] = counts.get(kind, 0) + 1
    return dict(sorted(counts.items()))
