"""Families of forecasters by name: one module each, all with the same functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml_local.tasks.forecasting.families import boosting, ets, linear, network, seasonal_naive, theta

if TYPE_CHECKING:
    from cloudautoml_local.tasks.forecasting.families.base import Family

_ALL: tuple[Family, ...] = (linear, ets, theta, boosting, network, seasonal_naive)
FAMILIES: dict[str, Family] = {family.NAME: family for family in _ALL}
"""Every family, by name."""
