"""Network: the layers of a neural network and how they are joined, as a frozen value.

The kinds of layers, with their settings (those with a default may be left out):

=============  ==========================================================================================
kind           settings
=============  ==========================================================================================
input          none; its shape is the signature's
embedding      size; token ids become vectors; sequences only
conv           filters, kernel=3, stride=1, dilation=1, groups=1, bias=True; in 2-D or 1-D as its input is; same padding
depthwise      kernel=3, stride=1, dilation=1, bias=True
separable      filters, kernel=3, stride=1, dilation=1, bias=True; a depthwise and a pointwise convolution
dense          units, bias=True
pool           op (`max` or `average`), size=3, stride=1; same padding, average without the padding
global_pool    op (`max` or `average`)
flatten        none
norm           type (`batch` or `layer`), gamma=1.0 (where it begins; 0 lets a residual branch begin as nothing)
activation     function (`relu`, `elu`, `gelu`, `silu`, `tanh`, `sigmoid`, `softmax`, `linear`)
dropout        rate
recurrent      cell (`lstm` or `gru`), units, bidirectional=False, sequences=False (whether every step is given)
attention      heads, size (of a head); self-attention
add            none; two or more inputs of one shape
concat         none; two or more inputs, joined along the last axis
=============  ==========================================================================================
"""

from __future__ import annotations

from collections.abc import Mapping  # noqa: TC003 - dataclass fields are read at run time
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterator

Setting = str | int | float | bool
_NONE: Mapping[str, Setting] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Layer:
    """One layer.

    Attributes:
        name: Unique in its network and stable: the same choice in two architectures gives the same name, which is
            how weights find their way from a parent to a child.
        kind: One of the kinds above.
        inputs: Names of the layers it reads, in order.
        settings: Its settings.
        part: Where it is drawn, such as `normal 1` for a layer of the first normal cell; empty for the stem and head.
    """

    name: str
    kind: str
    inputs: tuple[str, ...] = ()
    settings: Mapping[str, Setting] = field(default_factory=lambda: _NONE)
    part: str = ""


@dataclass(frozen=True, slots=True)
class Network:
    """A neural network: a directed acyclic graph of layers with one input and one output.

    Attributes:
        layers: The layers, each after those that it reads; the first is the input, the last the output.

    Raises:
        ValueError: A name occurs twice, a layer reads one that does not come before it, or nothing reads a layer
            that is not the last one.
    """

    layers: tuple[Layer, ...]

    def __post_init__(self) -> None:
        seen: set[str] = set()
        read: set[str] = set()
        for layer in self.layers:
            if layer.name in seen:
                msg = f"two layers are named {layer.name!r}"
                raise ValueError(msg)
            if missing := set(layer.inputs) - seen:
                msg = f"{layer.name} reads {', '.join(sorted(missing))}, which does not come before it"
                raise ValueError(msg)
            seen.add(layer.name)
            read.update(layer.inputs)
        if not self.layers or self.layers[0].kind != "input":
            msg = "a network begins with its input"
            raise ValueError(msg)
        if unread := seen - read - {self.layers[-1].name}:
            msg = f"nothing reads {', '.join(sorted(unread))}"
            raise ValueError(msg)

    def __iter__(self) -> Iterator[Layer]:
        return iter(self.layers)

    def __len__(self) -> int:
        return len(self.layers)

    def __getitem__(self, name: str) -> Layer:
        return next(layer for layer in self.layers if layer.name == name)


class Sketch:
    """A network being drawn, layer by layer; it begins with the layer `input`.

    Attributes:
        part: Where the layers that are added now belong.
    """

    def __init__(self) -> None:
        self._layers: list[Layer] = [Layer("input", "input")]
        self.part = ""

    def add(self, kind: str, *inputs: str, name: str, **settings: Setting) -> str:
        """Add a layer in the part that is being drawn; returns its name, to be read by others."""
        self._layers.append(Layer(name, kind, inputs, MappingProxyType(dict(settings)), self.part))
        return name

    def finish(self) -> Network:
        """The network; layers that lead nowhere are left out.

        The last layer that was added is the output.
        """
        needed = {self._layers[-1].name}
        kept: list[Layer] = []
        for layer in reversed(self._layers):
            if layer.name in needed or layer.kind == "input":
                needed.update(layer.inputs)
                kept.append(layer)
        return Network(tuple(reversed(kept)))
