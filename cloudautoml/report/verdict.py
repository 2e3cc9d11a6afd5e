"""Verdict: what a job found, in words: the best model beside the baseline."""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from cloudautoml.job import JobState
from cloudautoml.render import format_numbers, natural
from cloudautoml.report.nouns import noun
from cloudautoml.spec.metrics import Goal, get_metric

if TYPE_CHECKING:
    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.report.sources import Sources

_PERFECT_AT_ONE = frozenset(
    {
        *("accuracy", "balanced_accuracy", "roc_auc", "average_precision", "matthews_corrcoef"),
        *("f1", "precision", "recall", "f1_macro", "f1_micro", "f1_weighted", "precision_macro", "recall_macro"),
        *("r2", "spearman", "map_50", "map_50_95", "entity_f1", "rouge_l", "bleu"),
    }
)


@dataclass(frozen=True, slots=True)
class Verdict:
    """The first lines of a report.

    Attributes:
        tone: `good`, `poor` or `bad`.
        title: One sentence.
        detail: What it means.
        rows: Which examples the scores are of: `sealed rows` or `validation rows`, in the words of the task.
        sealed: Whether they were sealed.
        best: The best model; None when there is none.
        value: Its score, in natural units.
        baseline: The baseline's, on the same rows; empty when there is none.
        gain: How much of the way from the baseline to a perfect score it covers, in [0, 1]; None when that
            cannot be told.
    """

    tone: str
    title: str
    detail: str
    rows: str = ""
    best: Candidate | None = None
    value: str = ""
    baseline: str = ""
    gain: float | None = None
    sealed: bool = False


def judge(sources: Sources) -> Verdict:
    """Say what a job found."""
    record, board = sources.record, sources.board
    best = board.best
    if record.state is JobState.FAILED:
        return Verdict("bad", "The job failed", record.reason or "No reason was given.")
    if best is None:
        title = "The job was cancelled" if record.state is JobState.CANCELLED else "No model yet"
        return Verdict("poor", title, record.reason or "No candidate has a score.")
    verdict = compare_to_baseline(board, best, example=noun(sources.spec.task.type))
    if record.state is JobState.CANCELLED:
        detail = f"{verdict.detail} The job was cancelled, so the search did not end."
        return replace(verdict, tone="poor", detail=detail)
    return verdict


def baseline_of(board: Leaderboard) -> Candidate | None:
    """The baseline of a leaderboard, where it has one."""
    return next((c for c in board if c.algorithm == "baseline" and c.score_val is not None), None)


def compare_to_baseline(board: Leaderboard, best: Candidate, *, example: str = "row") -> Verdict:
    """Say how much better than the baseline a model is, on the sealed rows where there are any.

    Args:
        board: The leaderboard.
        best: The model.
        example: What one example of the task is called.
    """
    metric = get_metric(board.metric)
    base = baseline_of(board)
    sealed = best.score_holdout is not None
    rows = f"sealed {example}s" if sealed else f"validation {example}s"
    score = best.score_holdout if sealed else best.score_val
    reference = (base.score_holdout if sealed else base.score_val) if base else None
    value, against = format_numbers([natural(board.metric, score), natural(board.metric, reference)])
    seen = f"{example}s that {'no model and no choice had seen' if sealed else 'it did not learn from'}"
    if score is None or reference is None:
        detail = "There is no baseline to compare it with."
        return Verdict("good", f"{metric.name} {value} on {rows}", detail, rows, best, value, sealed=sealed)
    if base is best or score <= reference:
        title = "No model beats the baseline"
        detail = (
            f"The best candidate has {metric.name} {value} on {seen}, the baseline {against}. "
            f"The {example}s may say nothing about the target, or there may be too few of them to find it."
        )
        return Verdict("poor", title, detail, rows, best, value, against, 0.0, sealed=sealed)
    title = f"{metric.name} {value}, against {against} for the baseline"
    gain = _gain(metric.name, metric.from_score(score), metric.from_score(reference))
    detail = f"Measured on {seen}."
    if gain is not None and metric.goal is Goal.MINIMIZE:
        detail = f"The error is {gain:.0%} lower than the baseline's, measured on {seen}."
    elif gain is not None:
        detail = f"That is {gain:.0%} of the way from the baseline to a perfect score, measured on {seen}."
    return Verdict("good", title, detail, rows, best, value, against, gain, sealed=sealed)


def _gain(metric: str, value: float, baseline: float) -> float | None:
    if get_metric(metric).goal is Goal.MINIMIZE:
        perfect = 0.0
    elif metric in _PERFECT_AT_ONE:
        perfect = 1.0
    else:
        return None
    way = perfect - baseline
    return min(max((value - baseline) / way, 0.0), 1.0) if way else None
