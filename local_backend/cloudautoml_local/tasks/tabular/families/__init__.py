"""Model families by name: one module each, all with the same functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml_local.tasks.tabular.families import (
    catboost,
    extra_trees,
    knn,
    lightgbm,
    linear,
    mlp,
    random_forest,
    xgboost,
)

if TYPE_CHECKING:
    from cloudautoml_local.tasks.tabular.families.base import Family

_ALL: tuple[Family, ...] = (lightgbm, catboost, xgboost, extra_trees, random_forest, linear, knn, mlp)
FAMILIES: dict[str, Family] = {family.NAME: family for family in _ALL}
"""Every family, by name."""
