"""Splits: which examples candidates are chosen by, and which remain when a fidelity cuts the rows."""

from __future__ import annotations

from typing import Any

import numpy as np
import numpy.typing as npt

from cloudautoml.data.labels import rarest_labels

Places = npt.NDArray[np.int64]

VALID_SHARE = 0.2
"""Share of the examples that candidates are chosen by, where the user has set none apart."""

_FEWEST = 10
_STRATA = 20


def set_apart(
    target: npt.NDArray[Any], *, classes: int, groups: Places | None = None, seed: int
) -> tuple[Places, Places]:
    """Split examples into those to learn from and those to choose by.

    Each class, or each stretch of a number, is split in the same proportion; where there are groups, whole groups
    are drawn instead.

    Args:
        target: n codes, n x k zeros and ones, or n numbers.
        classes: Number of classes; 0 for a number.
        groups: Number of each example's group.
        seed: Seed of the draw.

    Returns:
        Two ascending lists of places, neither of them empty where there are two examples.
    """
    rng = np.random.default_rng(seed)
    if groups is not None and len(np.unique(groups)) > 1:
        valid = _whole_groups(groups, rng)
    else:
        valid = _share(strata(target, classes=classes), VALID_SHARE, rng)
    if not len(valid):
        valid = np.sort(rng.choice(len(target), max(1, len(target) // 5), replace=False))
    return np.setdiff1d(np.arange(len(target)), valid), valid


def fewer(target: npt.NDArray[Any], share: float, *, classes: int, seed: int) -> Places:
    """A share of the examples, each class or stretch in proportion, at least one of each: ascending places.

    With one seed, the examples of a smaller share are among those of a larger one.
    """
    if share >= 1:
        return np.arange(len(target))
    rng = np.random.default_rng(seed)
    kept = _share(strata(target, classes=classes), share, rng, least=1)
    if len(kept) < min(_FEWEST, len(target)):
        rest = rng.permutation(np.setdiff1d(np.arange(len(target)), kept))
        kept = np.sort(np.concatenate([kept, rest[: _FEWEST - len(kept)]]))
    return kept


def strata(target: npt.NDArray[Any], *, classes: int) -> Places:
    """The stratum of each example: its class, the rarest of its labels, or the stretch that its number lies in."""
    if target.ndim == 2:
        return rarest_labels(target)
    if classes:
        return target.astype(np.int64)
    count = min(_STRATA, max(1, len(target) // 10))
    ranks = np.argsort(np.argsort(target, kind="stable"), kind="stable")
    return np.asarray(ranks * count // max(1, len(target)), np.int64)


def _share(strata: Places, share: float, rng: np.random.Generator, *, least: int = 0) -> Places:
    drawn: list[Places] = []
    for stratum in np.unique(strata):
        members = rng.permutation(np.flatnonzero(strata == stratum))
        count = max(least, round(len(members) * share))
        drawn.append(members[: min(count, max(least, len(members) - 1))])
    return np.sort(np.concatenate(drawn))


def _whole_groups(groups: Places, rng: np.random.Generator) -> Places:
    names = rng.permutation(np.unique(groups))
    chosen: list[int] = []
    count = 0
    for name in names[:-1]:  # one group at least remains to learn from
        size = int((groups == name).sum())
        if count + size <= VALID_SHARE * len(groups) * 1.1 or not chosen:
            chosen.append(int(name))
            count += size
        if count >= VALID_SHARE * len(groups):
            break
    return np.flatnonzero(np.isin(groups, chosen))
