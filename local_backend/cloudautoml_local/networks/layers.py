"""The kinds of layers: their settings, and what each makes of its inputs at what price; no library is asked."""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from math import isfinite, prod
from typing import TYPE_CHECKING, ClassVar, Final

from typing_extensions import override

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.search import Signature
    from cloudautoml_local.networks.graph import Layer, Setting

Shape = tuple[int, ...]
"""Of one example: `(height, width, channels)`, `(length, channels)`, `(features,)`, or `(length,)` for token ids."""


@dataclass(frozen=True, slots=True)
class Effect:
    """What a layer makes of its inputs, and what that takes.

    Attributes:
        shape: Shape of its output.
        trainable: Parameters that training changes.
        frozen: Parameters that it does not: the moving averages of a normalisation.
        flops: Operations for one example; a multiplication and an addition are two, any function of a number is one,
            and what lies in the padding counts like the rest.
    """

    shape: Shape
    trainable: int = 0
    frozen: int = 0
    flops: int = 0


@dataclass(frozen=True, slots=True)
class Kind:
    """A kind of layer with its settings; each subclass has those of the table in `graph`."""

    @abstractmethod
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        """What it makes of inputs of these shapes.

        Raises:
            ValueError: It cannot read them.
        """


@dataclass(frozen=True, slots=True)
class Input(Kind):
    """The example itself."""

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        return Effect(signature.shape)


@dataclass(frozen=True, slots=True)
class Embedding(Kind):
    """Token ids become vectors."""

    size: int

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        shape = _one(inputs)
        if len(shape) != 1 or signature.kind != "sequence" or not signature.vocabulary:
            msg = "it reads token ids, and needs to know how many there are"
            raise ValueError(msg)
        return Effect((*shape, self.size), trainable=signature.vocabulary * self.size)


@dataclass(frozen=True, slots=True)
class _Window(Kind):
    """What looks at a window of places; in 2-D or 1-D as its input is, padded to keep every place."""

    def slide(self, inputs: Sequence[Shape], kernel: int, stride: int, dilation: int = 1) -> tuple[Shape, int, int]:
        """The places where the window stops, how many numbers of a channel it sees, and the channels."""
        shape = _one(inputs)
        if len(shape) not in {2, 3}:
            msg = f"it reads images or sequences of vectors, not the shape {shape}"
            raise ValueError(msg)
        if stride > 1 and dilation > 1:
            msg = "a stride and a dilation cannot be had at once"
            raise ValueError(msg)
        places = tuple(-(-side // stride) for side in shape[:-1])
        return places, kernel ** len(places), shape[-1]


@dataclass(frozen=True, slots=True)
class Conv(_Window):
    """A convolution."""

    filters: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    groups: int = 1
    bias: bool = True

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        places, window, channels = self.slide(inputs, self.kernel, self.stride, self.dilation)
        if channels % self.groups or self.filters % self.groups:
            msg = f"{channels} channels and {self.filters} filters cannot be split into {self.groups} groups"
            raise ValueError(msg)
        weights = window * channels // self.groups * self.filters
        bias = self.bias * self.filters
        return Effect((*places, self.filters), weights + bias, flops=prod(places) * (2 * weights + bias))


@dataclass(frozen=True, slots=True)
class Depthwise(_Window):
    """A convolution of each channel by itself."""

    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    bias: bool = True

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        places, window, channels = self.slide(inputs, self.kernel, self.stride, self.dilation)
        weights, bias = window * channels, self.bias * channels
        return Effect((*places, channels), weights + bias, flops=prod(places) * (2 * weights + bias))


@dataclass(frozen=True, slots=True)
class Separable(_Window):
    """A depthwise convolution without a bias, then a pointwise one."""

    filters: int
    kernel: int = 3
    stride: int = 1
    dilation: int = 1
    bias: bool = True

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        places, window, channels = self.slide(inputs, self.kernel, self.stride, self.dilation)
        weights, bias = (window + self.filters) * channels, self.bias * self.filters
        return Effect((*places, self.filters), weights + bias, flops=prod(places) * (2 * weights + bias))


@dataclass(frozen=True, slots=True)
class Pool(_Window):
    """The largest or the mean of each window; a mean is of what lies inside."""

    op: str
    size: int = 3
    stride: int = 1

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        places, window, channels = self.slide(inputs, self.size, self.stride)
        return Effect((*places, channels), flops=prod(places) * channels * window)


@dataclass(frozen=True, slots=True)
class GlobalPool(_Window):
    """The largest or the mean of all places."""

    op: str

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        places, _, channels = self.slide(inputs, 1, 1)
        return Effect((channels,), flops=prod(places) * channels)


@dataclass(frozen=True, slots=True)
class Dense(Kind):
    """Weighted sums along the last axis."""

    units: int
    bias: bool = True

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        *places, features = _one(inputs)
        weights, bias = features * self.units, self.bias * self.units
        return Effect((*places, self.units), weights + bias, flops=prod(places) * (2 * weights + bias))


@dataclass(frozen=True, slots=True)
class Flatten(Kind):
    """All numbers in a row."""

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        return Effect((prod(_one(inputs)),))


@dataclass(frozen=True, slots=True)
class Norm(Kind):
    """Normalisation of each channel over a batch, or of each place over its channels."""

    type: str
    gamma: float = 1.0

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        shape = _one(inputs)
        if self.type == "batch":  # used, it is a scale and a shift
            return Effect(shape, 2 * shape[-1], 2 * shape[-1], 2 * prod(shape))
        return Effect(shape, 2 * shape[-1], flops=8 * prod(shape))


@dataclass(frozen=True, slots=True)
class Activation(Kind):
    """A function of each number."""

    function: str

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        shape = _one(inputs)
        return Effect(shape, flops=0 if self.function == "linear" else prod(shape))


@dataclass(frozen=True, slots=True)
class Dropout(Kind):
    """In training, some numbers become zero."""

    rate: float

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        return Effect(_one(inputs))


@dataclass(frozen=True, slots=True)
class Recurrent(Kind):
    """A network that reads a sequence step by step."""

    cell: str
    units: int
    bidirectional: bool = False
    sequences: bool = False
    GATES: ClassVar = {"lstm": (4, 1, 9), "gru": (3, 2, 8)}
    """Matrices, biases of each, and operations besides for each unit and step."""

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        length, channels = _sequence(inputs)
        matrices, biases, besides = self.GATES[self.cell]
        weights = matrices * self.units * (channels + self.units)
        bias = matrices * biases * self.units
        ways = 1 + self.bidirectional
        out = ways * self.units
        return Effect(
            (length, out) if self.sequences else (out,),
            ways * (weights + bias),
            flops=ways * length * (2 * weights + bias + besides * self.units),
        )


@dataclass(frozen=True, slots=True)
class Attention(Kind):
    """Self-attention: every step looks at all the others."""

    heads: int
    size: int

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        length, channels = _sequence(inputs)
        inner = self.heads * self.size
        weights, bias = 4 * channels * inner, 3 * inner + channels
        looks = length * length * (4 * inner + 3 * self.heads)  # products, their softmax, and the weighted sums
        return Effect((length, channels), weights + bias, flops=length * (2 * weights + bias) + looks)


@dataclass(frozen=True, slots=True)
class Add(Kind):
    """The sum of its inputs."""

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        if len(inputs) < 2 or len(set(inputs)) > 1:
            msg = f"it adds two or more inputs of one shape, not {_listed(inputs)}"
            raise ValueError(msg)
        return Effect(inputs[0], flops=(len(inputs) - 1) * prod(inputs[0]))


@dataclass(frozen=True, slots=True)
class Concat(Kind):
    """Its inputs side by side, joined along the last axis."""

    @override
    def effect(self, inputs: Sequence[Shape], signature: Signature) -> Effect:
        if len(inputs) < 2 or len({shape[:-1] for shape in inputs}) > 1:
            msg = f"it joins two or more inputs that differ in their last axis alone, not {_listed(inputs)}"
            raise ValueError(msg)
        return Effect((*inputs[0][:-1], sum(shape[-1] for shape in inputs)))


KINDS: Final[dict[str, type[Kind]]] = {
    "input": Input,
    "embedding": Embedding,
    "conv": Conv,
    "depthwise": Depthwise,
    "separable": Separable,
    "dense": Dense,
    "pool": Pool,
    "global_pool": GlobalPool,
    "flatten": Flatten,
    "norm": Norm,
    "activation": Activation,
    "dropout": Dropout,
    "recurrent": Recurrent,
    "attention": Attention,
    "add": Add,
    "concat": Concat,
}
"""The kinds by the names that layers call them."""

_WORDS: Final[dict[str, tuple[str, ...]]] = {
    "op": ("max", "average"),
    "type": ("batch", "layer"),
    "function": ("relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softmax", "linear"),
    "cell": ("lstm", "gru"),
}
_SWITCHES: Final = frozenset({"bias", "bidirectional", "sequences"})


def kind_of(layer: Layer) -> Kind:
    """The kind of a layer with its settings, defaults filled in.

    Raises:
        ValueError: There is no such kind, or a setting is unknown, missing or out of range; the layer is named.
    """
    if layer.kind not in KINDS:
        msg = f"{layer.name}: there is no kind of layer {layer.kind!r}"
        raise ValueError(msg)
    try:
        for name, setting in layer.settings.items():
            _check(name, setting)
        return KINDS[layer.kind](**layer.settings)
    except (ValueError, TypeError) as exc:
        msg = f"{layer.name}: {exc}"
        raise ValueError(msg) from exc


def effect_of(layer: Layer, inputs: Sequence[Shape], signature: Signature) -> Effect:
    """What a layer makes of inputs of these shapes.

    Raises:
        ValueError: Its settings are wrong, or it cannot read them; the layer is named.
    """
    kind = kind_of(layer)
    try:
        return kind.effect(inputs, signature)
    except ValueError as exc:
        msg = f"{layer.name}: {exc}"
        raise ValueError(msg) from exc


def _check(name: str, setting: Setting) -> None:
    if name in _WORDS:
        right = setting in _WORDS[name]
    elif name in _SWITCHES:
        right = isinstance(setting, bool)
    elif name == "rate":
        right = isinstance(setting, (int, float)) and 0 <= setting < 1
    elif name == "gamma":
        right = isinstance(setting, (int, float)) and isfinite(setting)
    else:  # a number of something
        right = isinstance(setting, int) and not isinstance(setting, bool) and setting >= 1
    if not right:
        msg = f"{name} cannot be {setting!r}"
        raise ValueError(msg)


def _one(inputs: Sequence[Shape]) -> Shape:
    if len(inputs) != 1:
        msg = f"it reads one layer, not {len(inputs)}"
        raise ValueError(msg)
    return inputs[0]


def _sequence(inputs: Sequence[Shape]) -> tuple[int, int]:
    shape = _one(inputs)
    if len(shape) != 2:
        msg = f"it reads sequences of vectors, not the shape {shape}"
        raise ValueError(msg)
    return shape[0], shape[1]


def _listed(shapes: Sequence[Shape]) -> str:
    return ", ".join(map(str, shapes)) or "none"
