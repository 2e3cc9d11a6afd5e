"""Evaluation of the best text classifier for the report: classes, curves, mistakes, and the n-grams it goes by."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml_local.tasks.tabular.evaluation import evaluation_of
from cloudautoml_local.tasks.text.judging import labels_taken, scaled, taken

if TYPE_CHECKING:
    from collections.abc import Sequence

    import numpy.typing as npt

    from cloudautoml_local.tasks.neural.problem import Floats, Problem
    from cloudautoml_local.tasks.text.fitted import FittedText

_MISTAKES = 24
_LONGEST = 300
_SAMPLE = 1_000
_CLASSES = 10
_FEATURES = 30
_NOTHING = "no label"


@dataclass(frozen=True, slots=True, eq=False)
class Judged:
    """Texts that the model did not learn from, with what it says of them.

    Attributes:
        texts: The texts.
        target: n codes, -1 for an unknown class, or n x classes labels.
        found: n x classes probabilities.
        where: What a row is called, before its number.
        weight: None: all weigh the same.
    """

    texts: Sequence[str]
    target: npt.NDArray[Any]
    found: Floats
    where: str
    weight: None = None


def evaluate(judged: Judged, problem: Problem, *, scales: tuple[float, ...], note: str) -> dict[str, Any]:
    """What the report shows.

    Args:
        judged: The texts.
        problem: What was to be learned.
        scales: Factors on the probabilities before the label is taken.
        note: Which texts they are, for people.

    Returns:
        A JSON object: `classes`, `confusion`, `curves`, `per_class` and `errors`.
    """
    shown = evaluation_of(judged, scaled(problem, judged.found, scales), problem, scales=scales, note=note)
    return {**shown, "errors": _mistakes(judged, problem, scales)}


def _known(judged: Judged) -> npt.NDArray[np.int64]:
    finite = np.isfinite(judged.found).all(axis=1)
    return np.flatnonzero(finite if judged.target.ndim == 2 else finite & (judged.target >= 0))


def _flags(target: npt.NDArray[Any], classes: int) -> npt.NDArray[np.bool_]:
    return np.asarray(target > 0) if target.ndim == 2 else np.asarray(target[:, None] == np.arange(classes))


def _mistakes(judged: Judged, problem: Problem, scales: tuple[float, ...]) -> list[dict[str, Any]]:
    """The texts that the model is surest about and wrong."""
    known = _known(judged)
    truth = _flags(judged.target[known], len(problem.classes))
    said = taken(problem, judged.found[known], scales)
    wrong = np.flatnonzero((truth != said).any(axis=1))
    sure = np.where(truth[wrong] != said[wrong], np.abs(judged.found[known][wrong] - truth[wrong]), 0.0).max(axis=1)
    worst = known[wrong[np.argsort(-sure, kind="stable")[:_MISTAKES]]]
    labels = labels_taken(problem, judged.found[worst], scales)
    names = np.asarray(problem.classes, dtype=object)
    return [
        {
            "truth": ", ".join(names[_flags(judged.target[row : row + 1], len(names))[0]]) or _NOTHING,
            "predicted": label if isinstance(label, str) else ", ".join(label) or _NOTHING,
            "probability": round(float(judged.found[row].max()), 4),
            "text": judged.texts[row][:_LONGEST],
            "where": f"{judged.where} {row + 1}",
        }
        for row, label in zip(worst, labels, strict=True)
    ]


def telling_ngrams(
    members: Sequence[tuple[float, FittedText]], texts: Sequence[str], target: npt.NDArray[Any], problem: Problem
) -> dict[str, Any]:
    """The n-grams that speak most for each class, in the linear models that read words or characters.

    Args:
        members: Fitted models and their weights.
        texts: Texts to take the mean over.
        target: Their target.
        problem: What was to be learned.

    Returns:
        A JSON object: `features`, each with `name`, `importance` and `std`, and a `note`; empty features where no
        model reads n-grams.
    """
    some = np.linspace(0, len(texts) - 1, min(len(texts), _SAMPLE)).astype(int)
    flags = _flags(target[some], len(problem.classes))
    chosen = np.argsort(-flags.sum(axis=0), kind="stable")[:_CLASSES]
    spoken: dict[tuple[int, str], float] = {}
    for weight, model in members:
        names = model.blocks.names()
        words = model.blocks.units.get("words")
        shown = len(names) if words is None else len(words.names)  # words come first, and people read them
        if not shown:
            continue
        features: Any = model.blocks.read([texts[int(row)] for row in some], _no_embeddings(model, len(some)))
        for code in chosen:
            slopes = model.weights.slopes
            slope = slopes[:, code] if slopes.shape[1] > 1 or model.labels else slopes[:, 0] * (1 if code else -1)
            mean = np.asarray(features[flags[:, code]].mean(axis=0)).ravel() if flags[:, code].any() else 0 * slope
            speaks = (weight * model.calibration.slope * slope * mean)[:shown]
            for place in np.argsort(-speaks)[: 2 * _FEATURES]:
                key = (int(code), names[place].strip() or repr(names[place]))
                spoken[key] = spoken.get(key, 0.0) + float(speaks[place])
    most = max(3, _FEATURES // max(1, len(chosen)))
    rows: list[dict[str, Any]] = []
    for code in chosen:
        of = sorted(((value, name) for (c, name), value in spoken.items() if c == code and value > 0), reverse=True)
        rows += [
            {"name": f"{problem.classes[code]}: {name}", "importance": value, "std": 0.0} for value, name in of[:most]
        ]
    note = "How much an n-gram speaks for a class, on average over the texts of that class (log-odds)."
    return {"metric": problem.metric, "rows": len(some), "repeats": 1, "features": rows, "note": note}


def _no_embeddings(model: FittedText, rows: int) -> npt.NDArray[np.float32] | None:
    if not model.blocks.embedding:
        return None
    return np.zeros((rows, len(model.weights.slopes) - len(model.blocks.names())), np.float32)
