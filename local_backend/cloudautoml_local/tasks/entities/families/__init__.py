"""Families of taggers by name: one module each, all with the same functions."""

from __future__ import annotations

from typing import TYPE_CHECKING

from cloudautoml_local.tasks.entities.families import crf, network

if TYPE_CHECKING:
    from cloudautoml_local.tasks.entities.families.base import Family

_ALL: tuple[Family, ...] = (crf, network)
FAMILIES: dict[str, Family] = {family.NAME: family for family in _ALL}
"""Every family, by name."""
