"""Measuring the tags that probabilities mean, by the job's metrics."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml.scoring_entities import count_entities, entity_metrics
from cloudautoml.spec.metrics import get_metric
from cloudautoml_local.tasks.entities.decoding import decode

if TYPE_CHECKING:
    from cloudautoml.data.tokens import Sentences
    from cloudautoml_local.tasks.entities.corpus import Info
    from cloudautoml_local.tasks.entities.decoding import Floats


def measure(sentences: Sentences, found: Floats, info: Info, *, scale: float) -> dict[str, float]:
    """All metrics that are defined.

    Args:
        sentences: With their true tags.
        found: Probabilities of the tags of all their tokens.
        info: What was to be learned.
        scale: Factor on the probability of `O`.
    """
    return entity_metrics(sentences.tags, decode(found, sentences.lengths, info.tags, scale=scale))


def score(sentences: Sentences, found: Floats, info: Info, *, scale: float) -> float:
    """The metric that decides; higher is better, 0 where it is not defined."""
    value = measure(sentences, found, info, scale=scale).get(info.metric)
    return 0.0 if value is None else get_metric(info.metric).to_score(value)


def measure_types(sentences: Sentences, found: Floats, info: Info, *, scale: float) -> dict[str, dict[str, float]]:
    """Precision, recall and F1 of each type of entity, under `entity <type>`."""
    counts = count_entities(sentences.tags, decode(found, sentences.lengths, info.tags, scale=scale))
    return {
        f"entity {kind}": {"f1": count.f1, "precision": count.precision, "recall": count.recall}
        for kind, count in counts.items()
    }
