"""Decoding: the likeliest tags that may follow each other, and how far to weigh `O` down for the best F1."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from cloudautoml.scoring_entities import entity_metrics

if TYPE_CHECKING:
    from collections.abc import Sequence

Floats = npt.NDArray[np.float64]
Codes = npt.NDArray[np.int64]

SCALES = (1.0, 0.8, 0.65, 0.5, 0.4, 0.3, 0.2, 0.14, 0.1, 0.06)
"""Factors on the probability of `O` that are tried."""

_TINY = 1e-12
_WORTHWHILE = 0.002


def decode(found: Floats, lengths: Sequence[int], tags: Sequence[str], *, scale: float = 1.0) -> list[list[str]]:
    """The most probable legal tags of sentences: an `I-X` only after `B-X` or `I-X` (Viterbi).

    Args:
        found: Probabilities, all tokens x tags.
        lengths: Tokens of each sentence, in order.
        tags: BIO tags of the columns: `O`, then `B-` and `I-` of each type in turn.
        scale: Factor on the probability of `O`.

    Returns:
        Tags of each sentence.
    """
    weighed = found * np.where(np.arange(len(tags)) == 0, scale, 1.0)
    codes = _viterbi(np.log(np.maximum(weighed, _TINY)), np.asarray(lengths, np.int64))
    names = np.asarray(tags, dtype=object)[codes]
    ends = np.cumsum(np.asarray(lengths, np.int64))
    return [list(names[end - length : end]) for end, length in zip(ends, lengths, strict=True)]


def tune_scale(found: Floats, lengths: Sequence[int], tags: Sequence[str], truth: Sequence[Sequence[str]]) -> float:
    """Choose the factor on the probability of `O`, on sentences that the model did not learn from.

    F1 gains from entities that are less likely than not, so the likeliest tags find too few.

    Returns:
        The factor; 1 where no other is worth it.
    """
    scores = np.array(
        [entity_metrics(truth, decode(found, lengths, tags, scale=scale)).get("entity_f1", 0.0) for scale in SCALES]
    )
    # the mean of neighbours: a single lucky factor is no better than those beside it
    smooth = np.convolve(np.pad(scores, 1, mode="edge"), np.array([0.25, 0.5, 0.25]), mode="valid")
    best = int(np.argmax(smooth))
    return SCALES[best] if scores[best] > scores[0] + _WORTHWHILE else 1.0


def _viterbi(logs: Floats, lengths: Codes) -> Codes:
    """Best legal codes of all tokens; sentences advance side by side, the long ones first."""
    codes = np.zeros(len(logs), np.int64)
    starts = np.cumsum(lengths) - lengths
    order = np.argsort(-lengths, kind="stable")
    order = order[lengths[order] > 0]
    if not len(order):
        return codes
    longest, width = int(lengths[order[0]]), logs.shape[1]
    alive = [int((lengths[order] > step).sum()) for step in range(longest)]
    before = np.zeros((longest, len(order), width), np.int16)
    inside = np.arange(2, width, 2)  # columns of I-; the B- of the same type stands before each
    best = logs[starts[order]].copy()
    best[:, inside] = -np.inf
    for step in range(1, longest):
        now = alive[step]
        past = best[:now]
        top = past.argmax(axis=1)
        came = np.repeat(top[:, None], width, axis=1)
        reached = np.repeat(past[np.arange(now), top][:, None], width, axis=1)
        goes_on = past[:, inside] >= past[:, inside - 1]
        came[:, inside] = np.where(goes_on, inside, inside - 1)
        reached[:, inside] = np.maximum(past[:, inside], past[:, inside - 1])
        best[:now] = reached + logs[starts[order[:now]] + step]
        before[step, :now] = came
    last = np.zeros(len(order), np.int64)
    for step in range(longest - 1, -1, -1):
        now = alive[step]
        newly = alive[step + 1] if step + 1 < longest else 0
        last[newly:now] = best[newly:now].argmax(axis=1)  # their last token is here
        if newly:
            last[:newly] = before[step + 1, np.arange(newly), last[:newly]]
        codes[starts[order[:now]] + step] = last[:now]
    return codes
