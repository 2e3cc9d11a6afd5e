"""Card: what the best model is, how it was validated, and where not to trust it, in plain sentences."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.render import format_number
from cloudautoml.report.nouns import noun
from cloudautoml.spec.metrics import get_metric

if TYPE_CHECKING:
    from cloudautoml.report.sources import Sources
    from cloudautoml.report.verdict import Verdict

_FEW_ROWS = 500


def model_card(sources: Sources, verdict: Verdict) -> list[tuple[str, list[str]]]:
    """Headings with their sentences; nothing when there is no model."""
    if verdict.best is None:
        return []
    return [
        ("What it is", _what(sources, verdict)),
        ("How it was validated", _validation(sources, verdict)),
        ("Where not to trust it", _limits(sources, verdict)),
    ]


def _what(sources: Sources, verdict: Verdict) -> list[str]:
    best, profile, example = verdict.best, sources.profile, noun(sources.spec.task.type)
    assert best is not None  # there is no card without a model
    article = "an" if best.algorithm[:1].lower() in set("aeiou") else "a"
    kind = sources.spec.task.type.replace("_", " ")
    sentences = [f"{best.model}, {article} {best.algorithm} model for {kind}, trained by the provider {best.provider}."]
    target = getattr(sources.spec.task, "target", "")
    columns = len(profile.get("columns", []))
    if target and columns:
        sentences.append(f"It predicts the column {target} from {columns} columns.")
    if rows := profile.get("rows"):
        sentences.append(f"It learned from {rows:,} {example}s.")
    if best.size_mb is not None and best.predict_ms_per_row is not None:
        size, speed = format_number(best.size_mb, digits=2), format_number(best.predict_ms_per_row, digits=2)
        sentences.append(f"It takes {size} MB, and {speed} ms to predict one {example} in a batch.")
    return sentences


def _validation(sources: Sources, verdict: Verdict) -> list[str]:
    metric = get_metric(sources.board.metric)
    example = noun(sources.spec.task.type)
    sentences = [f"The metric is {metric.name}: {metric.description}."]
    best = verdict.best
    if best is not None and best.score_val is not None:
        value = format_number(metric.from_score(best.score_val))
        sentences.append(f"Candidates were ordered by their score on validation {example}s; its own was {value}.")
    if verdict.sealed:
        sentences.append(
            f"Its score of {verdict.value} is from {example}s that were sealed before anything else happened; "
            "nothing was chosen by them."
        )
    else:
        sentences.append(f"No {example}s were sealed, so its score is the best of many and likely too good.")
    return sentences


def _limits(sources: Sources, verdict: Verdict) -> list[str]:
    example = noun(sources.spec.task.type)
    sentences = [f"It knows {example}s like those it learned from; when they change, measure it again."]
    rows = sources.profile.get("rows")
    if isinstance(rows, int) and rows < _FEW_ROWS:
        sentences.append(f"{rows:,} {example}s are few: another draw of them may move every score on this page.")
    if verdict.gain == 0.0:
        sentences.append("It is no better than guessing without looking.")
    serious = [finding for finding in sources.findings if finding.get("severity") != "info"]
    if serious:
        what = "finding" if len(serious) == 1 else "findings"
        sentences.append(f"The data check has {len(serious)} {what} that may mislead it; they are listed above.")
    sentences.append("It was not checked for fair treatment of groups of people.")
    return sentences
