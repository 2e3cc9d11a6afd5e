"""Profile of sentences: their lengths, their words and their entities, small enough for a report."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from cloudautoml.data.tokens.check import entities_by_type
from cloudautoml.scoring_entities import spans

if TYPE_CHECKING:
    from cloudautoml.data.tokens.schema import TokensSchema
    from cloudautoml.data.tokens.sentences import Sentences

_TOP = 10
_BINS = 20


def profile_sentences(train: Sentences, holdout: Sentences | None, schema: TokensSchema) -> dict[str, Any]:
    """Describe sentences.

    Args:
        train: To learn from.
        holdout: Sealed.
        schema: Their kinds of entities.

    Returns:
        JSON-ready: `rows` and `tokens` to learn from, `splits` (sentences in each), `lengths` (`quantiles` and a
        `histogram`), `vocabulary` (different tokens), `entity_share` (of the tokens), `unseen_share` (sealed entities
        whose text is no entity to learn from), and `target`: `name`, `classes` (entities of each type), `distinct`
        and `top` (the commonest entities).
    """
    import numpy as np

    lengths = np.sort(np.asarray(train.lengths, np.int64))
    counts, edges = np.histogram(lengths, bins=np.unique(np.linspace(0, lengths[-1] + 1, _BINS + 1).astype(int)))
    inside = sum(tag != "O" for tags in train.tags for tag in tags)
    texts = _texts(train)
    known = {text for _, text in texts}
    sealed = [] if holdout is None else _texts(holdout)
    return {
        "rows": len(train),
        "tokens": int(lengths.sum()),
        "splits": {"train": len(train), "holdout": 0 if holdout is None else len(holdout)},
        "lengths": {
            "quantiles": {f"{q:g}": int(lengths[round(q * (len(lengths) - 1))]) for q in (0, 0.25, 0.5, 0.75, 1)},
            "histogram": {"edges": [float(edge) for edge in edges], "counts": [int(count) for count in counts]},
        },
        "vocabulary": len({token for tokens in train.tokens for token in tokens}),
        "entity_share": round(inside / max(1, int(lengths.sum())), 6),
        "unseen_share": round(sum(text not in known for _, text in sealed) / len(sealed), 6) if sealed else None,
        "target": {
            "name": schema.target,
            "type": "entities",
            "classes": entities_by_type(train),
            "distinct": len(set(texts)),
            "top": [
                {"value": f"{text[:120]} ({kind})", "count": count}
                for (kind, text), count in Counter(texts).most_common(_TOP)
            ],
        },
    }


def _texts(sentences: Sentences) -> list[tuple[str, str]]:
    """Type and text of every entity."""
    return [
        (kind, " ".join(tokens[start:end]))
        for tokens, tags in zip(sentences.tokens, sentences.tags, strict=True)
        for start, end, kind in spans(tags)
    ]
