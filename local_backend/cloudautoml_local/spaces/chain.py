"""The chain: a macro space of layers that are stacked, one after the other."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Annotated, ClassVar

from pydantic import Field
from typing_extensions import override

from cloudautoml.search import Architecture, Decision, SpaceOptions
from cloudautoml_local.spaces.macro import POOLS, MacroOptions, MacroSpace, closest

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from cloudautoml.search import InputKind, Option, Signature
    from cloudautoml_local.networks.graph import Network
    from cloudautoml_local.spaces.canvas import Canvas
    from cloudautoml_local.spaces.macro import Operation

_DEPTHS: Mapping[InputKind, int] = {"image": 6, "sequence": 4, "table": 4}


class ChainOptions(MacroOptions):
    """Options of the space of chains."""

    max_layers: Annotated[int, Field(ge=1)] | None = None
    """Layers at most; 6 for images, 4 for sequences and tables unless given."""


class ChainSpace(MacroSpace):
    """Layers one after the other: their number, and of each its type, its width, its kernel and what is pooled.

    A layer of type `residual` adds to what it reads, and keeps its channels.
    """

    name: ClassVar[str] = "chain"
    paper: ClassVar[str] = "Baker et al., 2017, ICLR"
    options_type: ClassVar[type[SpaceOptions]] = ChainOptions
    OPERATIONS: ClassVar[Mapping[InputKind, tuple[Operation, ...]]] = {
        "image": ("conv", "separable", "residual"),
        "sequence": ("conv", "separable", "gru", "lstm", "attention", "residual"),
        "table": ("dense", "residual"),
    }

    def __init__(self, signature: Signature, options: ChainOptions | None = None) -> None:
        super().__init__(signature, options)
        self.max_layers = (options and options.max_layers) or _DEPTHS[signature.kind]

    @cached_property
    def _depth(self) -> Decision:
        return Decision("depth", tuple(range(1, self.max_layers + 1)), ordered=True)

    @cached_property
    def _layers(self) -> Sequence[tuple[Decision, Decision, Decision, Decision]]:
        """Of each layer: its type, its width, its kernel, its pooling."""
        first = tuple(name for name in self.operations if name != "residual") or self.operations
        return [
            (
                # the input itself has too few channels for something to be added to it
                Decision(f"layer{number}.type", first if number == 1 else self.operations),
                *self.window(f"layer{number}"),
                Decision(f"layer{number}.pool", POOLS),
            )
            for number in range(1, self.max_layers + 1)
        ]

    @override
    def body(self, made: Mapping[str, Option]) -> Iterator[Decision]:
        yield self._depth
        for kind, width, kernel, pool in self._layers[: int(made["depth"] or 0)]:
            yield kind
            yield width
            if self.slides(made[kind.name]):
                yield kernel
            if self.has_places:
                yield pool

    @override
    def body_decisions(self) -> Iterable[Decision]:
        yield self._depth
        for kind, width, kernel, pool in self._layers:
            yield kind
            yield width
            if any(map(self.slides, kind.options)):
                yield kernel
            if self.has_places:
                yield pool

    @override
    def body_size(self) -> int:
        total, product = 0, 1
        for kind, width, kernel, pool in self._layers:
            windows = sum(len(kernel.options) if self.slides(option) else 1 for option in kind.options)
            product *= windows * len(width.options) * (len(pool.options) if self.has_places else 1)
            total += product
        return total

    @override
    def pools(self, made: Mapping[str, Option]) -> Sequence[str]:
        return [pool.name for *_, pool in self._layers[: int(made["depth"] or 0)]] if self.has_places else []

    @override
    def canonical(self, architecture: Architecture) -> Architecture:
        alive = self.without_idle_pools(architecture.as_dict())
        types = {alive[kind.name] for kind, *_ in self._layers[: int(alive["depth"] or 0)]}
        if types <= {"gru", "lstm", "attention"} and not alive["head.units"]:
            alive["activation"] = self.first[0].options[0]
        if types <= {"gru", "lstm"}:
            alive["normalisation"] = self.first[1].options[0]
        return Architecture(tuple(alive.items()))

    @override
    def network(
        self, architecture: Architecture, signature: Signature, *, width: float = 1.0, cells: float = 1.0
    ) -> Network:
        made = architecture.as_dict()
        canvas, last = self.canvas(made, signature, width=width)
        for number in range(1, int(made["depth"] or 0) + 1):
            prefix = f"layer{number}"
            canvas.part = f"layer {number}"
            units = canvas.style.units(made[f"{prefix}.width"])
            kernel = int(made.get(f"{prefix}.kernel") or 1)
            last = _layer(canvas, str(made[f"{prefix}.type"]), last, prefix, units=units, kernel=kernel)
            last = canvas.drop(last, prefix, canvas.style.dropout)
            last = canvas.halve(last, prefix, str(made.get(f"{prefix}.pool", "none")))
        canvas.finish_with(last, made)
        return canvas.finish()

    @override
    def defaults(self) -> Sequence[Architecture]:
        return tuple(dict.fromkeys(closest(self, wanted) for wanted in _DEFAULTS[self.signature.kind]))


def _layer(canvas: Canvas, operation: str, last: str, prefix: str, *, units: int, kernel: int) -> str:
    """A layer of the chain, without what is dropped or pooled after it."""
    if operation in {"gru", "lstm"}:
        return canvas.operate(operation, last, prefix, units=units)
    if operation == "attention":
        seen = canvas.operate(operation, canvas.normalise(last, prefix), prefix, units=units)
        return canvas.add("add", last, seen, name=f"{prefix}_add")
    if operation == "residual":
        plain = "conv" if canvas.places(last) else "dense"
        inner = canvas.operate(plain, last, f"{prefix}_inner", units=units, kernel=kernel)
        inner = canvas.activate(inner, f"{prefix}_inner")
        outer = canvas.operate(plain, inner, f"{prefix}_outer", units=canvas.channels(last), kernel=kernel, gamma=0.0)
        return canvas.add("add", last, outer, name=f"{prefix}_add")
    return canvas.activate(canvas.operate(operation, last, prefix, units=units, kernel=kernel), prefix)


def _stack(*layers: tuple[str, int, int, str]) -> dict[str, Option]:
    """Choices for layers of these types, widths, kernels and poolings."""
    made: dict[str, Option] = {"depth": len(layers)}
    for number, layer in enumerate(layers, start=1):
        names = (f"layer{number}.{part}" for part in ("type", "width", "kernel", "pool"))
        made.update(zip(names, layer, strict=True))
    return made


_DEFAULTS: Mapping[InputKind, Sequence[Mapping[str, Option]]] = {
    "image": (
        _stack(("conv", 32, 3, "none"), ("conv", 64, 3, "max"), ("conv", 128, 3, "max")) | {"head.dropout": 0.2},
        _stack(("conv", 32, 3, "none"), ("conv", 32, 3, "max"), ("conv", 64, 3, "none"), ("conv", 64, 3, "max"))
        | {"head.pool": "grid", "head.units": 128, "head.dropout": 0.4},
        _stack(
            ("conv", 32, 3, "none"), ("residual", 32, 3, "max"), ("conv", 64, 3, "none"), ("residual", 64, 3, "max")
        ),
        _stack(("conv", 32, 3, "max"), ("separable", 64, 3, "max"), ("separable", 128, 3, "none")),
    ),
    "sequence": (
        _stack(("conv", 64, 5, "none")) | {"head.pool": "max", "head.dropout": 0.2},
        _stack(("gru", 64, 3, "none")) | {"head.pool": "max", "head.dropout": 0.2},
        _stack(("conv", 64, 5, "max"), ("attention", 64, 3, "none")) | {"head.dropout": 0.2},
    ),
    "table": (
        _stack(("dense", 128, 1, "none"), ("dense", 64, 1, "none")) | {"dropout": 0.1},
        _stack(("dense", 256, 1, "none"), ("residual", 128, 1, "none")) | {"dropout": 0.1},
        _stack(("dense", 64, 1, "none")),
    ),
}
