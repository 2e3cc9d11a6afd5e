"""Search space: which candidates exist, told as a sequence of choices from which everything else follows."""

from __future__ import annotations

import hashlib
import json
import math
import random
from abc import ABC, abstractmethod
from dataclasses import dataclass
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.spec.base import SpecModel

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from cloudautoml.search.traits import InputKind, Signature, Trait

Option = str | int | float | bool | None
"""What may be chosen; a JSON scalar."""

_WALKED_WHOLE = 2_000
_RANDOM_WALKS = 500


@dataclass(frozen=True, slots=True)
class Decision:
    """The next choice on the way to an architecture.

    Attributes:
        name: What is decided; unique along one path.
        options: What may be chosen, at least one.
        ordered: Whether neighbours in `options` are alike (a learning rate, a width), so that a strategy may
            interpolate and a mutation may step.
    """

    name: str
    options: tuple[Option, ...]
    ordered: bool = False

    def __post_init__(self) -> None:
        if not self.options or len(set(map(repr, self.options))) != len(self.options):
            msg = f"decision {self.name!r} needs options, each once"
            raise ValueError(msg)
        if any(isinstance(option, float) and not math.isfinite(option) for option in self.options):
            msg = f"decision {self.name!r} has an option that JSON cannot say"
            raise ValueError(msg)

    def index(self, option: Option) -> int:
        """Position of an option; `True` and `1` are told apart."""
        return [repr(known) for known in self.options].index(repr(option))


@dataclass(frozen=True, eq=False)
class Architecture:
    """A candidate: the choices that were made, in order. Frozen, hashable and JSON-serialisable.

    Two are equal when their JSON is: `True`, `1` and `1.0` are three options.

    Attributes:
        choices: Pairs of decision name and chosen option, in the order of the decisions.
    """

    choices: tuple[tuple[str, Option], ...]

    def __getitem__(self, name: str) -> Option:
        return dict(self.choices)[name]

    def __contains__(self, name: object) -> bool:
        return any(known == name for known, _ in self.choices)

    def as_dict(self) -> dict[str, Option]:
        """The choices by name."""
        return dict(self.choices)

    def to_json(self) -> str:
        """Text that `from_json` reads back to an equal value."""
        return self._text

    @cached_property
    def _text(self) -> str:  # searches compare and hash it all the time
        return json.dumps(self.choices, separators=(",", ":"))

    @classmethod
    def from_json(cls, text: str) -> Architecture:
        """Read what `to_json` wrote."""
        return cls(tuple((name, option) for name, option in json.loads(text)))

    @override
    def __eq__(self, other: object) -> bool:
        return isinstance(other, Architecture) and self.to_json() == other.to_json()

    @override
    def __hash__(self) -> int:
        return hash(self.to_json())

    @cached_property
    def key(self) -> str:
        """Short digest: 12 hex digits, equal for equal choices."""
        return hashlib.sha256(self.to_json().encode()).hexdigest()[:12]


class SpaceOptions(SpecModel):
    """Options of a space, as written beside `type` in a spec; a space subclasses it."""


class SearchSpace(ABC):
    """A set of architectures, described by one method: what is the next choice after these?

    Sampling, mutation, crossover, neighbours, encoding and size follow from `decide`; a space overrides one
    of them where it knows a better way. Everything is deterministic given the random generator.
    """

    name: ClassVar[str]
    """Registry key."""
    paper: ClassVar[str] = ""
    """Where the space is from: authors, year, and where to find it."""
    inputs: ClassVar[frozenset[InputKind]] = frozenset()
    """The kinds of examples that its candidates learn from."""
    options_type: ClassVar[type[SpaceOptions]] = SpaceOptions
    """Model of the options; unknown ones are refused before anything runs."""
    traits: frozenset[Trait] = frozenset()
    """What its candidates offer to strategies and estimators, beyond what the training of any candidate offers."""

    limits: Mapping[str, float] = MappingProxyType({})
    """The most that `costs` of a candidate may be, by name; set by whoever runs the search."""

    @classmethod
    def create(cls, signature: Signature, options: SpaceOptions) -> SearchSpace:  # noqa: ARG003 - for subclasses
        """The space of a job.

        Args:
            signature: What its models take and give. The candidates do not depend on `shape` and `outputs`, which are
                not known yet when a spec is checked.
            options: Options of the class's `options_type`.
        """
        return cls()

    @abstractmethod
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        """The next decision after `prefix`, or None when the architecture is complete.

        Args:
            prefix: The choices made so far, by name. The decisions along a path depend on nothing else.
        """

    def defaults(self) -> Sequence[Architecture]:
        """Candidates known to do well, best value for their cost first; tried before any search."""
        return ()

    def canonical(self, architecture: Architecture) -> Architecture:
        """The representative of all candidates that are the same model; duplicates are told by it."""
        return architecture

    def costs(self, architecture: Architecture) -> Mapping[str, float]:  # noqa: ARG002 - for subclasses
        """What using a candidate takes, as far as it is known without building it: `parameters`, `flops`."""
        return {}

    def refusal(self, architecture: Architecture) -> str | None:
        """Why a candidate is not worth training: the limit that it breaks, as far as that is known; None when it is."""
        if not self.limits:
            return None
        costs = self.costs(architecture)
        broken = [name for name, most in self.limits.items() if costs.get(name, 0.0) > most]
        return "; ".join(f"{name} is {costs[name]:g}, at most {self.limits[name]:g}" for name in broken) or None

    def sample(self, rng: random.Random) -> Architecture:
        """Draw a candidate; each decision uniformly, which is uniform where no decision opens others."""
        return self.complete({}, rng)

    def complete(self, wanted: Mapping[str, Option], rng: random.Random) -> Architecture:
        """Walk the decisions, taking what is wanted where it is an option and drawing the rest."""
        return self._walk(wanted, lambda decision: rng.choice(decision.options))

    def _walk(self, wanted: Mapping[str, Option], choose: Callable[[Decision], Option]) -> Architecture:
        made: dict[str, Option] = {}
        while (decision := self._next(made)) is not None:
            option = wanted.get(decision.name)
            known = decision.name in wanted and any(repr(option) == repr(o) for o in decision.options)
            made[decision.name] = option if known else choose(decision)
        return Architecture(tuple(made.items()))

    def _next(self, made: Mapping[str, Option]) -> Decision | None:
        decision = self.decide(made)
        if decision is not None and decision.name in made:  # it would go on for ever
            msg = f"the space {self.name} decides {decision.name!r} twice on one path"
            raise ValueError(msg)
        return decision

    def path(self, architecture: Architecture) -> Iterator[tuple[Decision, Option]]:
        """The decisions of an architecture with what was chosen.

        Raises:
            ValueError: It is not of this space.
        """
        made: dict[str, Option] = {}
        wanted = architecture.as_dict()
        while (decision := self._next(made)) is not None:
            if decision.name not in wanted or not any(repr(wanted[decision.name]) == repr(o) for o in decision.options):
                msg = f"{decision.name} = {wanted.get(decision.name)!r} is not in the space {self.name}"
                raise ValueError(msg)
            made[decision.name] = wanted[decision.name]
            yield decision, wanted[decision.name]
        if extra := set(wanted) - set(made):
            msg = f"{', '.join(sorted(extra))} cannot be chosen in the space {self.name}"
            raise ValueError(msg)

    def __contains__(self, architecture: Architecture) -> bool:
        try:
            made = [decision.name for decision, _ in self.path(architecture)]
        except ValueError:
            return False
        return made == [name for name, _ in architecture.choices]

    def mutate(self, architecture: Architecture, rng: random.Random) -> Architecture:
        """Change one decision that has another option; what it opens is drawn, what stays open is kept."""
        movable = [(decision, option) for decision, option in self.path(architecture) if len(decision.options) > 1]
        if not movable:
            return architecture
        decision, old = rng.choice(movable)
        new = rng.choice([option for option in decision.options if repr(option) != repr(old)])
        return self.complete({**architecture.as_dict(), decision.name: new}, rng)

    def crossover(self, first: Architecture, second: Architecture, rng: random.Random) -> Architecture:
        """Take each decision from one of two parents, by a fair coin."""
        mixed = {**first.as_dict()}
        for name, option in second.choices:
            if name not in mixed or rng.random() < 0.5:
                mixed[name] = option
        return self.complete(mixed, rng)

    def neighbours(self, architecture: Architecture) -> Iterator[Architecture]:
        """Every candidate that differs in one decision; decisions this opens take their first option."""
        for decision, old in self.path(architecture):
            for option in decision.options:
                if repr(option) != repr(old):
                    yield self._walk(
                        {**architecture.as_dict(), decision.name: option}, lambda opened: opened.options[0]
                    )

    @cached_property
    def decisions(self) -> tuple[Decision, ...]:
        """Every decision that can occur, each once, in the order of discovery; the columns of `encode`.

        A small space is walked whole. Of a large one, the neighbours of its first candidate and some hundred
        random ones are; a large space where that may miss a decision overrides this.
        """
        found: dict[str, Decision] = {}
        paths: list[dict[str, Option]] = [{}]
        steps = 0
        while paths and steps < _WALKED_WHOLE:
            made = paths.pop()
            steps += 1
            if (decision := self._next(made)) is not None:
                found.setdefault(repr(decision), decision)
                paths.extend({**made, decision.name: option} for option in reversed(decision.options))
        if paths:
            rng = random.Random(0)  # noqa: S311 - the same walks in every process
            first = self._walk({}, lambda decision: decision.options[0])
            walked = (self.sample(rng) for _ in range(_RANDOM_WALKS))
            for architecture in (first, *self.neighbours(first), *walked):
                for decision, _ in self.path(architecture):
                    found.setdefault(repr(decision), decision)
        return tuple(found.values())

    def encode(self, architecture: Architecture) -> list[float]:
        """A vector of fixed length: ordered decisions as one number in [0, 1], others one-hot, absent ones -1 or 0.

        Raises:
            ValueError: The candidate is not of this space, or has a decision that `decisions` lacks.
        """
        made = {repr(decision): option for decision, option in self.path(architecture)}
        vector: list[float] = []
        for decision in self.decisions:
            present = repr(decision) in made
            option = made.pop(repr(decision), None)
            if decision.ordered:
                last = max(1, len(decision.options) - 1)
                vector.append(decision.index(option) / last if present else -1.0)
            else:
                vector.extend(float(present and repr(known) == repr(option)) for known in decision.options)
        if made:
            msg = f"the space {self.name} must list in `decisions`: {', '.join(made)}"
            raise ValueError(msg)
        return vector

    @abstractmethod
    def size(self) -> int | None:
        """How many architectures there are; None where only trying would tell."""
