"""The space of taggers: which family of models finds entities, then that family's parameters."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.errors import UnknownNameError
from cloudautoml.search import Architecture, Decision, SearchSpace, SpaceOptions
from cloudautoml_local.tasks.entities.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.search import InputKind, Option, Signature

PORTFOLIO = (("crf", 0), ("crf", 1), ("network", 0), ("crf", 2), ("network", 1), ("crf", 3))
"""Families and which of their defaults, in the order to try them: cheap and strong first."""


class EntityOptions(SpaceOptions):
    """Options of the space of taggers."""

    families: tuple[str, ...] | None = None
    """Families to choose from; all unless given."""


class EntitySpace(SearchSpace):
    """Families of models that tag the tokens of a sentence, each with its own parameters.

    The first decision is `family`; those that follow are named `family.parameter`.

    Args:
        families: Names of families to choose from; all unless given.

    Raises:
        UnknownNameError: There is no such family.
    """

    name: ClassVar[str] = "entities"
    inputs: ClassVar[frozenset[InputKind]] = frozenset({"tokens"})
    options_type: ClassVar[type[SpaceOptions]] = EntityOptions

    def __init__(self, *, families: Sequence[str] | None = None) -> None:
        for family in families or ():
            if family not in FAMILIES:
                raise UnknownNameError("model family", family, list(FAMILIES))
        self.families = tuple(name for name in FAMILIES if families is None or name in families)

    @classmethod
    @override
    def create(cls, signature: Signature, options: SpaceOptions) -> EntitySpace:
        return cls(families=options.families if isinstance(options, EntityOptions) else None)

    @cached_property
    def _parameters(self) -> dict[str, tuple[Decision, ...]]:
        return {
            family: tuple(
                Decision(f"{family}.{decision.name}", decision.options, ordered=decision.ordered)
                for decision in FAMILIES[family].PARAMETERS
            )
            for family in self.families
        }

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        if "family" not in prefix:
            return Decision("family", self.families)
        rest = self._parameters[str(prefix["family"])]
        return next((decision for decision in rest if decision.name not in prefix), None)

    @override
    def defaults(self) -> Sequence[Architecture]:
        return tuple(
            tagger_of(family, FAMILIES[family].DEFAULTS[number])
            for family, number in PORTFOLIO
            if family in self.families
        )

    @override
    def size(self) -> int:
        return sum(prod(len(decision.options) for decision in self._parameters[family]) for family in self.families)


def tagger_of(family: str, params: Mapping[str, Option]) -> Architecture:
    """The architecture of a family with the given parameters, by their plain names."""
    chosen = ((f"{family}.{decision.name}", params[decision.name]) for decision in FAMILIES[family].PARAMETERS)
    return Architecture((("family", family), *chosen))
