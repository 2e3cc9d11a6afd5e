"""Small series with a season, as tables of the tests."""

from __future__ import annotations

import numpy as np
import pandas as pd

SHOPS = ("east", "north", "south")


def sales(days: int = 70, *, noise: float = 0.5, promotion: float = 0.0) -> pd.DataFrame:
    """Three shops whose sales repeat by the week on a rising level; a promotion adds to some days."""
    rng = np.random.default_rng(5)
    day = np.arange(days)
    parts: list[pd.DataFrame] = []
    for number, shop in enumerate(SHOPS):
        promoted = (rng.random(days) < 0.3).astype(int)
        level = 30 + 10 * number + 0.05 * day + 6 * np.sin(2 * np.pi * day / 7) + promotion * promoted
        parts.append(
            pd.DataFrame(
                {
                    "shop": shop,
                    "day": pd.date_range("2024-01-01", periods=days),
                    "sales": level + rng.normal(0, noise, days),
                    "promoted": promoted,
                    "size": ["small", "large", "large"][number],
                }
            )
        )
    return pd.concat(parts, ignore_index=True)
