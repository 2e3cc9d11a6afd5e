"""What the spaces of whole networks share: their options, and the decisions before and after the body."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Mapping  # noqa: TC003 - read at run time
from functools import cached_property
from itertools import chain
from math import prod
from typing import TYPE_CHECKING, Annotated, ClassVar, Final, Literal

from pydantic import Field, field_validator
from typing_extensions import override

from cloudautoml.errors import SpecError
from cloudautoml.search import Architecture, Decision, SpaceOptions
from cloudautoml_local.spaces.canvas import Canvas, Style
from cloudautoml_local.spaces.neural import RECIPE_DECISIONS, NetworkSpace, next_of

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence

    from cloudautoml.search import InputKind, Option, Signature

Operation = Literal[
    "conv", "separable", "dilated", "pool", "dense", "deep", "residual", "gru", "lstm", "attention", "identity"
]
Sizes = Annotated[tuple[Annotated[int, Field(ge=1)], ...], Field(min_length=1)]

WIDTHS: Final[Mapping[InputKind, tuple[int, ...]]] = {
    "image": (16, 32, 64, 128),
    "sequence": (32, 64, 128),
    "table": (32, 64, 128, 256),
}
KERNELS: Final[Mapping[InputKind, tuple[int, ...]]] = {"image": (3, 5), "sequence": (3, 5, 7), "table": ()}

STYLE: Final = (
    Decision("activation", ("relu", "silu", "gelu")),
    Decision("normalisation", ("batch", "layer", "none")),
    Decision("dropout", (0.0, 0.1, 0.2, 0.4), ordered=True),
)
"""Decided once for all layers: mixtures would multiply the candidates, and little speaks for them."""

EMBEDDING: Final = Decision("embedding", (32, 64, 128), ordered=True)
"""Of sequences: numbers that stand for a token, or for a step of vectors."""

POOLS: Final = ("none", "max", "average")
"""After a layer or a stage, halving its places."""

HEAD: Final = (
    Decision("head.pool", ("average", "max", "grid")),
    Decision("head.units", (0, 64, 128), ordered=True),
    Decision("head.dropout", (0.0, 0.2, 0.4), ordered=True),
)
"""Of images and sequences: how places become features, a hidden layer or none, and dropout before the outputs."""

SLIDING: Final = frozenset({"conv", "separable", "dilated", "pool", "residual"})
"""Operations that have a kernel, where the input has places."""

_LARGEST_SIDE = 48
_STEM_FILTERS = 16


class MacroOptions(SpaceOptions):
    """Options that the spaces of whole networks share; what is not given fits the kind of input."""

    widths: Sizes | None = None
    """Filters or units of a layer to choose from."""
    kernels: Sizes | None = None
    """Sizes of convolutions and poolings to choose from, odd ones."""
    operations: Annotated[tuple[Operation, ...], Field(min_length=1)] | None = None
    """Kinds of layers to choose from."""
    recipe: Literal["fixed", "searched"] = "fixed"
    """Whether all candidates are trained alike, or how to train is searched too."""

    @field_validator("widths", "kernels")
    @classmethod
    def _in_order(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        return tuple(sorted(set(value))) if value else value

    @field_validator("kernels")
    @classmethod
    def _odd(cls, value: tuple[int, ...] | None) -> tuple[int, ...] | None:
        if even := [kernel for kernel in value or () if kernel % 2 == 0]:
            msg = f"a kernel has a middle, so its size is odd, not {even[0]}"
            raise ValueError(msg)
        return value


class MacroSpace(NetworkSpace):
    """A space whose candidates are decided part by part: a style, a body, a head, and how to train.

    Args:
        signature: What the models take and give.
        options: Options of the class's `options_type`.

    Raises:
        SpecError: An operation that is asked for is not for that kind of input.
    """

    inputs: ClassVar[frozenset[InputKind]] = frozenset({"image", "sequence", "table"})
    OPERATIONS: ClassVar[Mapping[InputKind, tuple[Operation, ...]]]
    """What a layer may be, the usual first."""

    def __init__(self, signature: Signature, options: MacroOptions | None = None) -> None:
        super().__init__(signature, options)
        given = options or MacroOptions()
        kind = signature.kind
        self.operations = given.operations or self.OPERATIONS[kind]
        if unfit := [name for name in self.operations if name not in self.OPERATIONS[kind]]:
            raise SpecError(
                f"{unfit[0]!r} is not an operation on a {kind} in the space {self.name!r}",
                where="search.space.operations",
                hint=f"those that are: {', '.join(self.OPERATIONS[kind])}",
            )
        self.widths = given.widths or WIDTHS[kind]
        self.kernels = given.kernels or KERNELS[kind]
        self.has_places = kind != "table"
        self.first = (*STYLE, EMBEDDING) if kind == "sequence" else STYLE
        self.last = (*(HEAD if self.has_places else ()), *(RECIPE_DECISIONS if given.recipe == "searched" else ()))

    @abstractmethod
    def body(self, made: Mapping[str, Option]) -> Iterator[Decision]:
        """The decisions of the body after some choices; it stops being read at the first one not made."""

    @abstractmethod
    def body_decisions(self) -> Iterable[Decision]:
        """Every decision of the body that can occur, each once."""

    @abstractmethod
    def body_size(self) -> int:
        """How many bodies there are."""

    @abstractmethod
    def pools(self, made: Mapping[str, Option]) -> Sequence[str]:
        """Names of the decisions on pooling along the body, in order."""

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        return next_of(chain(self.first, self.body(prefix), self.last), prefix)

    @cached_property
    @override
    def decisions(self) -> tuple[Decision, ...]:
        return (*self.first, *self.body_decisions(), *self.last)

    @override
    def size(self) -> int:
        return self.body_size() * prod(len(decision.options) for decision in (*self.first, *self.last))

    def window(self, prefix: str) -> tuple[Decision, Decision]:
        """The decisions on the width and the kernel of an operation."""
        return (
            Decision(f"{prefix}.width", self.widths, ordered=True),
            Decision(f"{prefix}.kernel", self.kernels or (1,), ordered=True),
        )

    def slides(self, operation: Option) -> bool:
        """Whether an operation has a kernel here."""
        return self.has_places and operation in SLIDING

    def canvas(self, made: Mapping[str, Option], signature: Signature, *, width: float) -> tuple[Canvas, str]:
        """A canvas in the style that was decided, with what comes before the body; the layer that the body reads.

        Large images are halved on the way in, as often at a lower resolution as at the full one: what is learned at
        one serves at the other.
        """
        canvas = Canvas(signature, Style.of(made, width=width))
        if signature.kind == "sequence":
            return canvas, canvas.embed(canvas.style.units(made["embedding"]))
        last = "input"
        for number in range(self._halvings(signature)):
            prefix = f"stem{number + 1}"
            filters = canvas.style.units(_STEM_FILTERS)
            last = canvas.add("conv", last, name=f"{prefix}_conv", filters=filters, stride=2)
            last = canvas.activate(canvas.normalise(last, prefix), prefix)
        return canvas, last

    def _halvings(self, signature: Signature) -> int:
        if signature.kind != "image":
            return 0
        side = max((self.signature.shape or signature.shape)[:-1])
        return max(0, -(-side // _LARGEST_SIDE) - 1).bit_length()

    def without_idle_pools(self, made: Mapping[str, Option]) -> dict[str, Option]:
        """The choices with poolings that find nothing to pool taken out, as far as the shape is known."""
        alive = dict(made)
        if not self.signature.known or not self.has_places:
            return alive
        shape = self.signature.shape
        sides = shape[:1] if self.signature.kind == "sequence" else shape[:-1]
        halvings = self._halvings(self.signature)
        sides = tuple(-(-side // 2**halvings) for side in sides)
        for name in self.pools(made):
            if min(sides) < 2:
                alive[name] = "none"
            elif alive[name] != "none":
                sides = tuple(-(-side // 2) for side in sides)
        if max(sides) == 1:
            alive["head.pool"] = "average"  # of one place
        return alive


def closest(space: MacroSpace, wanted: Mapping[str, Option]) -> Architecture:
    """The candidate nearest to what is wanted; what nothing is said of takes its first option."""
    made: dict[str, Option] = {}
    while (decision := space.decide(made)) is not None:
        wish = wanted.get(decision.name, decision.options[0])
        if wish not in decision.options:
            numbers = isinstance(wish, (int, float)) and decision.ordered
            wish = min(decision.options, key=lambda o: abs(float(o or 0) - float(wish or 0))) if numbers else None
        made[decision.name] = decision.options[0] if wish is None else wish
    return Architecture(tuple(made.items()))
