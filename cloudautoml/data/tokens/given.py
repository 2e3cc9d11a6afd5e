"""Given sentences: cells of a table become token lists and tags, and what cannot is named with its row."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import counted
from cloudautoml.data.tokens.sentences import Sentences
from cloudautoml.data.tokens.source import PLACE, strings_in

if TYPE_CHECKING:
    import pandas as pd

_SHOWN = 3
_LONG = 1000
_VERY_LONG = 20_000


def tagged_sentences(
    frame: pd.DataFrame, *, tokens: str, target: str, where: str
) -> tuple[Sentences, pd.DataFrame, list[Finding]]:
    """The sentences of a table.

    Args:
        frame: Cells as `read_cells` gives them.
        tokens: Column of the tokens; text is cut at blanks.
        target: Column of the tags; so is their text.
        where: What the table is, for messages.

    Returns:
        The sentences that can be used, the other columns of their rows, and findings about the rest.
    """
    kept: list[int] = []
    words: list[tuple[str, ...]] = []
    marks: list[tuple[str, ...]] = []
    empty: list[str] = []
    untagged: list[str] = []
    unread: list[str] = []
    uneven: list[str] = []
    blank: list[str] = []
    places = [str(place) for place in frame[PLACE]]
    for i, (given, tags, place) in enumerate(zip(frame[tokens], frame[target], places, strict=True)):
        found, wanted = _list(given), _list(tags)
        if found is None or wanted is None:
            if _missing(given) or _missing(tags):
                untagged.append(place)
            else:
                unread.append(f"{place} ({type(given if found is None else tags).__name__})")
        elif len(found) != len(wanted):
            uneven.append(f"{place} ({len(found)} tokens, {len(wanted)} tags)")
        elif not found:
            empty.append(place)
        else:
            if any(not word.strip() for word in found):
                blank.append(place)
            kept.append(i)
            words.append(tuple(found))
            marks.append(tuple(tag.strip() for tag in wanted))
    sentences = Sentences(tuple(words), tuple(marks), tuple(places[i] for i in kept))
    others = frame.drop(columns=[tokens, target, PLACE]).iloc[kept].reset_index(drop=True)
    error, warning = Severity.ERROR, Severity.WARNING
    findings = [
        *_finding("tokens.unreadable", error, unread, what=f"no list of texts in {where}", column=tokens,
                  hint="write lists of strings"),
        *_finding("tags.length", error, uneven, what=f"another number of tags than of tokens in {where}", column=target,
                  hint="give every token one tag"),
        *_finding("tokens.empty", warning, empty, what=f"no token in {where}, left out", column=tokens),
        *_finding("tags.missing", warning, untagged, what=f"no tokens or no tags in {where}, left out", column=target),
        *_finding("tokens.blank", warning, blank, what=f"a blank token in {where}", column=tokens),
        *_long(sentences, tokens),
    ]  # fmt: skip
    return sentences, others, findings


def _long(sentences: Sentences, column: str) -> list[Finding]:
    pairs = list(zip(sentences.places, sentences.lengths, strict=True))
    findings: list[Finding] = []
    for least, most, severity, what in (
        (_LONG, _VERY_LONG, Severity.WARNING, f"more than {_LONG:,} tokens, and are slow to learn from"),
        (_VERY_LONG, None, Severity.ERROR, f"more than {_VERY_LONG:,} tokens: a document, not a sentence"),
    ):
        far = [f"{place} ({size:,})" for place, size in pairs if size > least and (most is None or size <= most)]
        findings += _finding("tokens.long", severity, far, what=what, column=column, hint="cut the text into sentences")
    return findings


def _finding(
    code: str, severity: Severity, places: list[str], *, what: str, column: str, hint: str = ""
) -> list[Finding]:
    if not places:
        return []
    more = f" and {len(places) - _SHOWN:,} more" if len(places) > _SHOWN else ""
    message = f"{counted(len(places), 'sentence')} with {what}: {', '.join(places[:_SHOWN])}{more}"
    return [Finding(code, severity, message, column, hint)]


def _list(cell: Any) -> list[str] | None:
    found = strings_in(cell)
    return cell.split() if found is None and isinstance(cell, str) else found


def _missing(cell: Any) -> bool:
    return cell is None or (isinstance(cell, float) and cell != cell)  # noqa: PLR0124 - NaN
