"""How to search: which space, strategy and estimator, by name, with their own options."""

from __future__ import annotations

from typing import Annotated, Any

from pydantic import ConfigDict, Field, model_validator

from cloudautoml.spec.base import SpecModel
from cloudautoml.spec.imports import name_of


class Part(SpecModel):
    """A part named by its registry key, with options that the part itself checks.

    Written `random`, or `{type: evolution, population: 20}`.
    """

    model_config = ConfigDict(frozen=True, extra="allow", use_attribute_docstrings=True)

    type: Annotated[str, Field(min_length=1)]
    """Registry key, as `cloudautoml list` prints it."""

    @model_validator(mode="before")
    @classmethod
    def _short_form(cls, value: Any) -> Any:
        if isinstance(value, dict):  # a function stands for its name, so that a spec remains plain values
            return {key: name_of(option) if _is_code(option) else option for key, option in value.items()}
        return {"type": value} if isinstance(value, str) else value

    @property
    def options(self) -> dict[str, Any]:
        """What was written beside `type`."""
        return dict(self.model_extra or {})


class Constraints(SpecModel):
    """What a candidate may take at most; one that takes more is not trained."""

    max_parameters: Annotated[int, Field(ge=1)] | None = None
    """Weights of the network."""
    max_flops: Annotated[float, Field(gt=0)] | None = None
    """Floating-point operations to predict one example; a multiplication and an addition are two."""
    max_latency_ms: Annotated[float, Field(gt=0)] | None = None
    """Milliseconds to predict one example alone, on the machine that trains it."""

    def limits(self) -> dict[str, float]:
        """The limits that are given, by the cost they limit: `parameters`, `flops`, `latency_ms`."""
        given = self.model_dump(exclude_none=True)
        return {name.removeprefix("max_"): float(limit) for name, limit in given.items()}


class Search(SpecModel):
    """The search: which candidates there are, in which order they are tried, how each is judged."""

    space: Part | None = None
    """Search space; the task's default unless given."""
    strategy: Part | None = None
    """Search strategy; the provider's default unless given."""
    estimator: Part | None = None
    """Performance estimator; full training unless given."""
    constraints: Constraints = Constraints()
    """What a candidate may take at most."""
    families: Annotated[tuple[str, ...], Field(min_length=1)] | None = None
    """Model families to try; all that fit the task unless given."""
    warm_start: bool = True
    """Try the space's well-known good candidates first."""
    ensemble: bool = True
    """Combine the best candidates into an ensemble at the end."""
    seed: int | None = None
    """Seed of the search alone; the job's seed unless given."""


class Outputs(SpecModel):
    """What a job leaves beside its leaderboard and its model."""

    report: bool = True
    """Write an HTML report."""
    refit: bool = True
    """Train the best single candidate again on all rows that are not sealed."""


def _is_code(option: Any) -> bool:
    return callable(option) or hasattr(option, "build")  # a function, a class, or a HyperModel
