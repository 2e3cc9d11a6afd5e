"""Evaluation of the best tagger for the report: each type of entity, and the sentences it got most wrong."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.scoring_entities import count_entities, spans
from cloudautoml_local.tasks.entities.decoding import decode

if TYPE_CHECKING:
    from cloudautoml.data.tokens import Sentences
    from cloudautoml_local.tasks.entities.corpus import Info
    from cloudautoml_local.tasks.entities.decoding import Floats

_SHOWN = 24
_TOKENS = 60


def evaluation_of(sentences: Sentences, found: Floats, info: Info, *, scale: float, note: str) -> dict[str, Any]:
    """Tables of predictions for sentences that the model did not learn from.

    Args:
        sentences: With their true tags.
        found: Probabilities of the tags of all their tokens.
        info: What was to be learned.
        scale: Factor on the probability of `O`.
        note: Which sentences they are, for people.

    Returns:
        A JSON object: `note`, `per_class` (each type of entity) and `errors` (the worst sentences, token by token).
    """
    predicted = decode(found, sentences.lengths, info.tags, scale=scale)
    counts = count_entities(sentences.tags, predicted)
    per_class = [
        {"class": kind, "precision": c.precision, "recall": c.recall, "f1": c.f1, "support": c.true}
        for kind, c in counts.items()
    ]
    wrong = [len(set(spans(truth)) ^ set(spans(tags))) for truth, tags in zip(sentences.tags, predicted, strict=True)]
    worst = sorted((number for number, count in enumerate(wrong) if count), key=lambda number: (-wrong[number], number))
    errors = [_error(sentences, number, predicted[number]) for number in worst[:_SHOWN]]
    return {"note": note, "per_class": per_class, "errors": errors}


def _error(sentences: Sentences, number: int, predicted: list[str]) -> dict[str, Any]:
    tokens, truth = sentences.tokens[number], sentences.tags[number]
    begin = 0
    if len(tokens) > _TOKENS:  # what is shown of a long one begins shortly before its first mistake
        first = next(place for place, (a, b) in enumerate(zip(truth, predicted, strict=True)) if a != b)
        begin = max(0, min(first - 5, len(tokens) - _TOKENS))
    shown = slice(begin, begin + _TOKENS)
    rows = [list(row) for row in zip(tokens[shown], truth[shown], predicted[shown], strict=True)]
    return {
        "truth": _named(tokens, truth),
        "predicted": _named(tokens, predicted),
        "tokens": rows,
        "where": sentences.places[number],
    }


def _named(tokens: tuple[str, ...], tags: tuple[str, ...] | list[str]) -> str:
    """The entities of a sentence in one line."""
    named = [f"{' '.join(tokens[start:end])} ({kind})" for start, end, kind in spans(tags)]
    return "; ".join(named)[:300] or "no entity"
