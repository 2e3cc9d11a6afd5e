"""Canvas: a sketch in one style that knows the shapes of its layers, and the blocks that are drawn on it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Final

from typing_extensions import override

from cloudautoml_local.networks.graph import Layer, Sketch
from cloudautoml_local.networks.layers import effect_of

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudautoml.search import Option, Signature
    from cloudautoml_local.networks.graph import Setting
    from cloudautoml_local.networks.layers import Shape

_GRID = 4
_HEAD_SIZE = 16
_LEAST_UNITS = 4
_ENDS: Final = {"classes": "softmax", "labels": "sigmoid", "value": "linear"}

_NORMALISED: Final[dict[str, Callable[[int, int, bool], tuple[str, dict[str, Setting]]]]] = {
    "conv": lambda units, kernel, bias: ("conv", {"filters": units, "kernel": kernel, "bias": bias}),
    "dilated": lambda units, kernel, bias: ("conv", {"filters": units, "kernel": kernel, "dilation": 2, "bias": bias}),
    "separable": lambda units, kernel, bias: ("separable", {"filters": units, "kernel": kernel, "bias": bias}),
    "dense": lambda units, _, bias: ("dense", {"units": units, "bias": bias}),
}
"""Operations that a normalisation follows, which makes their bias idle."""


@dataclass(frozen=True, slots=True)
class Style:
    """How all layers of a network are.

    Attributes:
        activation: A function of the table in `networks.graph`.
        normalisation: `batch`, `layer` or `none`.
        dropout: Rate after every layer.
        width: Share of the filters and units to keep.
    """

    activation: str
    normalisation: str
    dropout: float = 0.0
    width: float = 1.0

    @classmethod
    def of(cls, made: Mapping[str, Option], *, width: float) -> Style:
        """The style that was decided."""
        return cls(str(made["activation"]), str(made["normalisation"]), float(made["dropout"] or 0), width)

    def units(self, wanted: Option) -> int:
        """What is left of a number of filters or units: a multiple of 4, and 4 at the least, unless it was less."""
        whole = int(wanted or 0)
        return whole if self.width == 1 else min(whole, max(_LEAST_UNITS, round(whole * self.width / 4) * 4))


class Canvas(Sketch):
    """A sketch that knows the shape of every layer drawn so far.

    A block takes the name of the layer it reads and a prefix, names its layers by the prefix, and returns the name
    of the layer that ends it.

    Args:
        signature: What goes in and comes out.
        style: How all layers are.
    """

    def __init__(self, signature: Signature, style: Style) -> None:
        super().__init__()
        self.signature = signature
        self.style = style
        self._shapes: dict[str, Shape] = {"input": signature.shape}
        self._bias = style.normalisation == "none"

    @override
    def add(self, kind: str, *inputs: str, name: str, **settings: Setting) -> str:
        read = [self._shapes[known] for known in inputs]
        self._shapes[name] = effect_of(Layer(name, kind, inputs, settings), read, self.signature).shape
        return super().add(kind, *inputs, name=name, **settings)

    def channels(self, name: str) -> int:
        """The last axis of a layer's output."""
        return self._shapes[name][-1]

    def places(self, name: str) -> tuple[int, ...]:
        """The axes before the last one."""
        return self._shapes[name][:-1]

    def embed(self, size: int) -> str:
        """Tokens become vectors; a sequence of vectors is given as many numbers a step."""
        if len(self.signature.shape) == 1:
            return self.add("embedding", "input", name="embedding", size=size)
        return self.add("dense", "input", name="embedding", units=size)

    def operate(
        self, operation: str, last: str, prefix: str, *, units: int, kernel: int = 1, gamma: float = 1.0
    ) -> str:
        """One operation with the normalisation that goes with it; no activation.

        Attention keeps the channels that it reads, and a recurrent network of an odd number of units gives one less.
        """
        name = f"{prefix}_{operation}"
        if operation in _NORMALISED:
            kind, settings = _NORMALISED[operation](units, kernel, self._bias)
            return self.normalise(self.add(kind, last, name=name, **settings), prefix, gamma=gamma)
        if operation == "attention":
            heads = max(1, units // _HEAD_SIZE)
            return self.add("attention", last, name=name, heads=heads, size=max(1, units // heads))
        half = max(1, units // 2)
        return self.add("recurrent", last, name=name, cell=operation, units=half, bidirectional=True, sequences=True)

    def project(self, last: str, prefix: str, *, units: int) -> str:
        """Other channels at the same places, normalised."""
        operation = "dense" if not self.places(last) else "conv"
        return self.operate(operation, last, prefix, units=units, kernel=1)

    def normalise(self, last: str, prefix: str, *, gamma: float = 1.0) -> str:
        """The style's normalisation, if it has one."""
        if self.style.normalisation == "none":
            return last
        return self.add("norm", last, name=f"{prefix}_norm", type=self.style.normalisation, gamma=gamma)

    def activate(self, last: str, prefix: str) -> str:
        """The style's activation."""
        return self.add("activation", last, name=f"{prefix}_activation", function=self.style.activation)

    def drop(self, last: str, prefix: str, rate: float) -> str:
        """Dropout, where there is any."""
        return self.add("dropout", last, name=f"{prefix}_dropout", rate=rate) if rate else last

    def halve(self, last: str, prefix: str, op: str) -> str:
        """Pooling to half the places, unless none is asked for or a side is a single place already."""
        if op == "none" or min(self.places(last)) < 2:
            return last
        return self.add("pool", last, name=f"{prefix}_pool", op=op, size=2, stride=2)

    def finish_with(self, last: str, made: Mapping[str, Option]) -> None:
        """The head: places become features, a hidden layer if there is one, dropout, and the outputs."""
        self.part = ""
        if self.places(last):
            last = self._features(last, str(made["head.pool"]))
        if hidden := made.get("head.units"):
            last = self.add("dense", last, name="head_dense", units=self.style.units(hidden))
            last = self.activate(last, "head")
        last = self.drop(last, "head", float(made.get("head.dropout") or 0))
        self.add("dense", last, name="output", units=self.signature.outputs)
        self.add("activation", "output", name="output_activation", function=_ENDS[self.signature.target])

    def _features(self, last: str, pool: str) -> str:
        if pool != "grid":
            return self.add("global_pool", last, name="head_pool", op=pool)
        step = -(-max(self.places(last)) // _GRID)
        if step > 1:
            last = self.add("pool", last, name="head_pool", op="average", size=step, stride=step)
        return self.add("flatten", last, name="head_flatten")
