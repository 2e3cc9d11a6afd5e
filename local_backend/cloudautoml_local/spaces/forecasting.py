"""The space of forecasters: which family, then that family's parameters."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

from cloudautoml.errors import UnknownNameError
from cloudautoml.search import Architecture, Decision, SearchSpace, SpaceOptions
from cloudautoml_local.tasks.forecasting.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.search import InputKind, Option, Signature

PORTFOLIO: Final = (
    ("linear", 0),
    ("ets", 0),
    ("theta", 0),
    ("boosting", 0),
    ("ets", 1),
    ("theta", 1),
    ("ets", 2),
    ("linear", 1),
    ("seasonal_naive", 1),
    ("boosting", 1),
    ("theta", 2),
    ("network", 0),
    ("ets", 3),
    ("linear", 2),
    ("seasonal_naive", 2),
    ("network", 1),
)
"""Families and which of their defaults, in the order to try them: strong, cheap and unlike each other first."""


class ForecastingOptions(SpaceOptions):
    """Options of the space of forecasters."""

    families: tuple[str, ...] | None = None
    """Families to choose from; all unless given."""


class ForecastingSpace(SearchSpace):
    """Families of forecasters, each with its own parameters.

    The first decision is `family`; those that follow are named `family.parameter`.

    Args:
        families: Names of families to choose from; all unless given.

    Raises:
        UnknownNameError: There is no such family.
    """

    name: ClassVar[str] = "forecasting"
    inputs: ClassVar[frozenset[InputKind]] = frozenset({"series"})
    options_type: ClassVar[type[SpaceOptions]] = ForecastingOptions

    def __init__(self, *, families: Sequence[str] | None = None) -> None:
        for family in families or ():
            if family not in FAMILIES:
                raise UnknownNameError("model family", family, list(FAMILIES))
        self.families = tuple(name for name in FAMILIES if families is None or name in families)

    @classmethod
    @override
    def create(cls, signature: Signature, options: SpaceOptions) -> ForecastingSpace:
        return cls(families=options.families if isinstance(options, ForecastingOptions) else None)

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
        for decision in self._parameters[str(prefix["family"])]:
            if decision.name not in prefix:
                return decision
        return None

    @override
    def defaults(self) -> Sequence[Architecture]:
        return tuple(
            architecture_of(family, FAMILIES[family].DEFAULTS[number])
            for family, number in PORTFOLIO
            if family in self.families
        )

    @override
    def size(self) -> int:
        return sum(prod(len(decision.options) for decision in self._parameters[family]) for family in self.families)


def architecture_of(family: str, params: Mapping[str, Option]) -> Architecture:
    """The architecture of a family with the given parameters, by their plain names."""
    chosen = ((f"{family}.{decision.name}", params[decision.name]) for decision in FAMILIES[family].PARAMETERS)
    return Architecture((("family", family), *chosen))


def family_of(architecture: Architecture) -> tuple[str, dict[str, Option]]:
    """The family of an architecture, and its parameters by their plain names; `network` for one of other spaces."""
    if "family" not in architecture.as_dict():
        return "network", architecture.as_dict()
    family = str(architecture["family"])
    params = {name.partition(".")[2]: option for name, option in architecture.choices if name != "family"}
    return family, params
