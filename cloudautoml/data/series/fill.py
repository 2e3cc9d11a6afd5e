"""Filling: values for steps that have none, from what stands before and after them in the same series."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import numpy as np
    import numpy.typing as npt
    import pandas as pd

    Floats = npt.NDArray[np.float64]


def filled(values: Floats, season: int) -> tuple[Floats, npt.NDArray[np.bool_]]:
    """A series without missing values.

    Short gaps, of half a season at most, are filled on a straight line between their neighbours; in longer ones each
    step takes the value of one season before it, or where there is none, the line.

    Args:
        values: N values; the first and the last are known.
        season: Steps of a season.

    Returns:
        The n values, and which of them were filled.
    """
    import numpy as np

    missing = np.isnan(values)
    if not missing.any():
        return values, missing
    places = np.arange(len(values))
    known = np.flatnonzero(~missing)
    made = np.interp(places, known, values[known])
    gap = np.diff(known)
    for begin, length in zip(known[:-1][gap > 1], gap[gap > 1], strict=True):
        if season > 1 and length - 1 > max(1, season // 2):
            for at in range(int(begin) + 1, int(begin + length)):
                if at >= season:
                    made[at] = made[at - season]
    return made, missing


def carried(column: pd.Series[Any]) -> pd.Series[Any]:
    """A covariate without missing values where one is known: each step without takes the last one before it."""
    return column.ffill().bfill()
