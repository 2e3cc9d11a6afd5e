"""The tabular search space: which family of models, then that family's parameters."""

from __future__ import annotations

from functools import cached_property
from math import prod
from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

from cloudautoml.errors import UnknownNameError
from cloudautoml.search import Architecture, Decision, SearchSpace, SpaceOptions
from cloudautoml_local.tasks.tabular.families import FAMILIES

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml.search import InputKind, Option, Signature

PORTFOLIO: Final = (
    ("lightgbm", 0),
    ("linear", 0),
    ("catboost", 0),
    ("extra_trees", 0),
    ("xgboost", 0),
    ("lightgbm", 2),
    ("lightgbm", 1),
    ("random_forest", 0),
    ("knn", 0),
    ("mlp", 0),
    ("catboost", 1),
    ("lightgbm", 3),
    ("xgboost", 1),
    ("extra_trees", 1),
    ("mlp", 1),
    ("catboost", 2),
    ("linear", 1),
    ("xgboost", 2),
    ("random_forest", 1),
)
"""Families and which of their defaults, in the order to try them: cheap, strong and unlike each other first."""


class TabularOptions(SpaceOptions):
    """Options of the space of model families."""

    families: tuple[str, ...] | None = None
    """Families to choose from; all unless given."""


class TabularSpace(SearchSpace):
    """Model families for a table, each with its own parameters.

    The first decision is `family`; those that follow are named `family.parameter`.

    Args:
        task_type: `tabular_classification` or `tabular_regression`.
        families: Names of families to choose from; all unless given.

    Raises:
        UnknownNameError: There is no such family.
    """

    name: ClassVar[str] = "tabular"
    inputs: ClassVar[frozenset[InputKind]] = frozenset({"table"})
    options_type: ClassVar[type[SpaceOptions]] = TabularOptions

    def __init__(self, *, task_type: str = "tabular_classification", families: Sequence[str] | None = None) -> None:
        for family in families or ():
            if family not in FAMILIES:
                raise UnknownNameError("model family", family, list(FAMILIES))
        self.task_type = task_type
        self.families = tuple(name for name in FAMILIES if families is None or name in families)

    @classmethod
    @override
    def create(cls, signature: Signature, options: SpaceOptions) -> TabularSpace:
        task_type = "tabular_regression" if signature.target == "value" else "tabular_classification"
        return cls(task_type=task_type, families=options.families if isinstance(options, TabularOptions) else None)

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
    """The family of an architecture, and its parameters by their plain names."""
    family = str(architecture["family"])
    params = {name.partition(".")[2]: option for name, option in architecture.choices if name != "family"}
    return family, params
