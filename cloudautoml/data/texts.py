"""Texts: rows without one are left out, and what is odd about the others is told before anything is trained."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.data.coerce import arrow_text
from cloudautoml.data.findings import Finding, Severity
from cloudautoml.data.names import counted, short
from cloudautoml.data.split import draw_order

if TYPE_CHECKING:
    import pandas as pd

LONGEST = 20_000
"""Characters of a text that models read at most; what comes after is left out."""

_MOST = 0.5
_SAMPLE = 20_000
_TAG = r"</?(?i:a|b|br|div|font|h[1-6]|html|img|li|p|span|strong|table|td|tr|ul)\b[^>]{0,200}>"
_CONTROL = r"[\x00-\x08\x0b\x0c\x0e-\x1f\x7f]|\x{FFFD}"
_LETTER, _LATIN = r"\pL", r"\p{Latin}"
_NOTABLE = 0.01


def with_text(rows: pd.DataFrame, text: str, *, where: str) -> tuple[pd.DataFrame, list[Finding]]:
    """The rows that have a text, and what there is to say about the others.

    Args:
        rows: Typed rows.
        text: Column of the text.
        where: `data.train` or `data.test`, for messages.
    """
    known = (rows[text].str.strip().fillna("") != "").to_numpy(dtype=bool)
    missing = int((~known).sum())
    if not missing:
        return rows, []
    count = f"{missing:,} of {len(rows):,} rows of {where} have no text, or only blanks"
    if missing > _MOST * len(rows):
        finding = Finding("text.missing", Severity.ERROR, count, text, "is it the right column?")
    else:
        finding = Finding("text.missing", Severity.WARNING, f"{count}, and are left out", text)
    return rows.loc[known].reset_index(drop=True), [finding]


def check_texts(train: pd.DataFrame, *, text: str, target: str) -> list[Finding]:
    """Look at the texts to learn from: contradictions, length, markup, control characters, scripts.

    Args:
        train: Typed rows, each with a text and a target.
        text: Column of the text.
        target: Column of the target.
    """
    findings = [_contradictions(train, text, target), _too_long(train[text], text)]
    sample = train[text]
    if len(sample) > _SAMPLE:
        sample = sample.iloc[draw_order(len(sample), 0)[:_SAMPLE]]
    values = arrow_text(sample.str.slice(0, LONGEST))
    findings += [_markup(values, text), _control(values, text), _scripts(values, text)]
    return [finding for finding in findings if finding is not None]


def _contradictions(train: pd.DataFrame, text: str, target: str) -> Finding | None:
    plain = train[text].str.strip().str.lower()
    targets = train[target].groupby(plain).nunique()
    several = targets[targets > 1]
    if not len(several):
        return None
    rows = int(plain.isin(several.index).sum())
    share = rows / len(train)
    message = f"{counted(len(several), 'text')} in {rows:,} rows have different labels: {short(str(several.index[0]))}"
    hint = "no model can be right about all of them; correct the labels, or merge the classes that are confused"
    return Finding("text.contradictions", Severity.WARNING if share > _NOTABLE else Severity.INFO, message, text, hint)


def _too_long(texts: pd.Series[Any], text: str) -> Finding | None:
    lengths = texts.str.len()
    longer = int((lengths > LONGEST).sum())
    if not longer:
        return None
    message = (
        f"{counted(longer, 'text')} longer than {LONGEST:,} characters, the longest {int(lengths.max()):,}: "
        "what comes after is not read"
    )
    hint = "split them, or put what matters in front"
    severity = Severity.WARNING if longer > _NOTABLE * len(texts) else Severity.INFO
    return Finding("text.too_long", severity, message, text, hint)


def _share(values: Any, pattern: str) -> float:
    """The share of values that hold a pattern."""
    from cloudautoml.data.arrow import arrow_compute

    pc = arrow_compute()
    return float(pc.mean(pc.cast(pc.match_substring_regex(values, pattern), "int8")).as_py() or 0.0)


def _markup(values: Any, text: str) -> Finding | None:
    share = _share(values, _TAG)
    if share <= _NOTABLE:
        return None
    message = f"{share:.0%} of the texts hold HTML tags, which are read like any other characters"
    return Finding("text.markup", Severity.INFO, message, text, "take the tags out if they say nothing about the label")


def _control(values: Any, text: str) -> Finding | None:
    share = _share(values, _CONTROL)
    if not share:
        return None
    message = f"{share:.1%} of the texts hold control characters, or characters that could not be read"
    hint = "they are read as blanks; was the file written in another encoding than data.csv.encoding?"
    return Finding("text.control_characters", Severity.INFO, message, text, hint)


def _scripts(values: Any, text: str) -> Finding | None:
    written = _share(values, _LETTER)
    if not written:
        return Finding("text.no_letters", Severity.WARNING, "none of the texts holds a letter", text, "is it text?")
    other = written - _share(values, _LATIN)
    if other <= 0.2:
        return None
    message = f"{other:.0%} of the texts hold no Latin letter; models go by the characters, whatever the script"
    return Finding("text.script", Severity.INFO, message, text)
