"""Regression: an ensemble that predicts scores from encodings, and knows how far off it may be."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final, cast

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]

_PENALTIES: Final = (0.01, 0.1, 1.0, 10.0)
_FENCE: Final = 1.5
"""Interquartile ranges below the lower quartile at which a score is only "bad", as in a box plot."""


def predict(known: Floats, scores: Floats, asked: Floats, *, members: int = 10) -> tuple[Floats, Floats]:
    """Predict the scores of candidates from those of others.

    Each member is a ridge regression on all features, their squares and their products in pairs (by the kernel of
    these), learnt from another resample; the penalty is the one with which candidates outside the resamples are
    predicted best.

    Args:
        known: Encodings of candidates with known scores, a row each.
        scores: Their scores; those far below the others are taken for less bad than they are.
        asked: Encodings to predict.
        members: Resamples.

    Returns:
        For each asked candidate the mean of the members, and a standard deviation: of the members from each other,
        and of the mean from the scores outside the resamples.
    """
    import numpy as np

    rng = np.random.default_rng(0)
    low, high = np.quantile(scores, (0.25, 0.75))
    targets = np.maximum(scores, low - _FENCE * (high - low))
    centre, scale = known.mean(axis=0), known.std(axis=0) + 1e-9
    rows = np.vstack([known, asked])
    rows = np.clip((rows - centre) / scale, -4, 4)  # what was constant so far must not run away
    products = rows @ rows[: len(known)].T / max(1, rows.shape[1])
    kernel = (1 + products) ** 2
    draws = [rng.integers(0, len(known), len(known)) for _ in range(members)]
    outside = np.stack([~np.isin(np.arange(len(known)), drawn) for drawn in draws])
    best: tuple[float, Floats, Floats] | None = None
    for penalty in _PENALTIES:
        predicted = np.stack([_ridge(kernel, targets, drawn, penalty) for drawn in draws])
        times = outside.sum(axis=0)
        unseen = np.where(outside, predicted[:, : len(known)], 0.0).sum(axis=0)[times > 0] / times[times > 0]
        error = float(np.mean((unseen - targets[times > 0]) ** 2))
        if best is None or error < best[0]:
            spread = np.sqrt(predicted[:, len(known) :].var(axis=0) + error)
            best = error, predicted[:, len(known) :].mean(axis=0), spread
    if best is None:
        msg = "there are no penalties"
        raise AssertionError(msg)
    return best[1], best[2]


def _ridge(kernel: Floats, targets: Floats, drawn: NDArray[np.int64], penalty: float) -> Floats:
    import numpy as np

    inner = kernel[np.ix_(drawn, drawn)] + penalty * np.eye(len(drawn))
    mean = targets[drawn].mean()
    return cast("Floats", mean + kernel[:, drawn] @ np.linalg.solve(inner, targets[drawn] - mean))
