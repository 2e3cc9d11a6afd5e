"""Verdict: what a comparison shows, in words."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.render import format_numbers

if TYPE_CHECKING:
    from cloudautoml.comparison.contest import Comparison, Contestant


def verdict(comparison: Comparison) -> str:
    """One to three sentences."""
    leader, tied = comparison.leader, comparison.tied
    if leader is None:
        return "No provider has brought a model that could be scored."
    sentences = [_leading(comparison, leader, tied)]
    if (baseline := next((c for c in comparison.contestants if c.provider == "baseline"), None)) is not None:
        if (leader.score or 0.0) <= (baseline.score or 0.0):
            sentences.append("Nobody is better than guessing without looking at the rows.")
        elif baseline.behind_interval is not None and baseline.ties:
            sentences.append("These rows do not even tell it from guessing: there are too few of them.")
    if comparison.emulated:
        sentences.append("Emulated providers were trained on this machine: nothing here tells how good the vendor is.")
    return " ".join(sentences)


def _leading(comparison: Comparison, leader: Contestant, tied: tuple[Contestant, ...]) -> str:
    rivals = [
        c for c in comparison.contestants if c.score is not None and c.provider not in {"baseline", leader.provider}
    ]
    value = format_numbers([comparison.natural(leader.score)])[0]
    if not rivals:
        return f"{leader.provider} has {comparison.metric} {value}; there is nobody to compare it with."
    if len(tied) == 1:
        return f"{leader.provider} is ahead: {comparison.metric} {value}, and no draw of these rows makes that chance."
    *others, last = sorted(c.provider for c in tied)
    names = f"{', '.join(others)} and {last}"
    cheapest = _cheapest(tied)
    reason = "" if cheapest is None else f": take the cheaper, {cheapest.provider}"
    return f"Between {names} there is no difference that these {comparison.rows:,} rows can show{reason}."


def _cheapest(tied: tuple[Contestant, ...]) -> Contestant | None:
    """The one whose price is known to be the lowest; None where two cost the same or one is not known."""
    priced = sorted((c for c in tied if c.cost is not None), key=lambda c: c.cost or 0.0)
    if len(priced) < len(tied) or priced[0].cost == priced[1].cost:
        return None
    return priced[0]
