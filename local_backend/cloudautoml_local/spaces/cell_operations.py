"""The operations of cells: which layers each stands for."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml_local.networks.graph import Setting, Sketch

OPERATIONS: Final[Mapping[str, tuple[str, Mapping[str, Setting]]]] = {
    "skip_connect": ("activation", {"function": "linear"}),
    "nor_conv_1x1": ("conv", {"kernel": 1}),
    "nor_conv_3x3": ("conv", {"kernel": 3}),
    "sep_conv_3x3": ("separable", {"kernel": 3}),
    "sep_conv_5x5": ("separable", {"kernel": 5}),
    "sep_conv_7x7": ("separable", {"kernel": 7}),
    "dil_conv_3x3": ("depthwise", {"kernel": 3, "dilation": 2}),
    "dil_conv_5x5": ("depthwise", {"kernel": 5, "dilation": 2}),
    "avg_pool_3x3": ("pool", {"op": "average", "size": 3}),
    "max_pool_3x3": ("pool", {"op": "max", "size": 3}),
}
"""By the names they have in the papers, each with the layer that it is known by. Of a sequence, `3x3` is 3 steps."""


def operate(sketch: Sketch, operation: str, source: str, *, name: str, filters: int, stride: int = 1) -> str:
    """Add an operation to a network.

    The names of its layers do not tell how large its kernel is, so that a larger one can grow from a smaller one.

    Args:
        sketch: The network being drawn.
        operation: One of `OPERATIONS`.
        source: The layer that it reads, which has as many channels as there are filters unless it is a convolution.
        name: What the names of its layers begin with.
        filters: Channels of what it gives.
        stride: How much it shrinks the sides.

    Returns:
        Name of the layer that it ends with; `source` where nothing has to be done.
    """
    kind, settings = OPERATIONS[operation]
    name = f"{name}.{operation.rpartition('_')[0]}"
    if kind == "pool":
        return sketch.add("pool", source, name=name, **settings, stride=stride)
    if kind == "activation":
        if stride == 1:
            return source
        return relu_conv_norm(sketch, source, name=name, filters=filters, kernel=1, stride=stride)
    if kind == "conv":
        kernel = settings["kernel"]
        return relu_conv_norm(sketch, source, name=name, filters=filters, kernel=int(kernel), stride=stride)
    source = sketch.add("activation", source, name=f"{name}.relu", function="relu")
    if kind == "depthwise":  # dilated it cannot stride, so the pointwise convolution does
        source = sketch.add("depthwise", source, name=f"{name}.depthwise", **settings, bias=False)
        source = sketch.add(
            "conv", source, name=f"{name}.pointwise", filters=filters, kernel=1, stride=stride, bias=False
        )
        return sketch.add("norm", source, name=f"{name}.norm", type="batch")
    for turn, turn_stride in (("first", stride), ("second", 1)):
        if turn == "second":
            source = sketch.add("activation", source, name=f"{name}.{turn}.relu", function="relu")
        source = sketch.add(
            "separable",
            source,
            name=f"{name}.{turn}.separable",
            **settings,
            filters=filters,
            stride=turn_stride,
            bias=False,
        )
        source = sketch.add("norm", source, name=f"{name}.{turn}.norm", type="batch")
    return source


def relu_conv_norm(sketch: Sketch, source: str, *, name: str, filters: int, kernel: int, stride: int = 1) -> str:
    """Add a convolution between an activation and a normalisation; the name of the latter."""
    source = sketch.add("activation", source, name=f"{name}.relu", function="relu")
    return conv_norm(sketch, source, name=name, filters=filters, kernel=kernel, stride=stride)


def conv_norm(sketch: Sketch, source: str, *, name: str, filters: int, kernel: int, stride: int = 1) -> str:
    """Add a convolution and a normalisation; the name of the latter."""
    source = sketch.add("conv", source, name=f"{name}.conv", filters=filters, kernel=kernel, stride=stride, bias=False)
    return sketch.add("norm", source, name=f"{name}.norm", type="batch")


def outline(sketch: Sketch, operation: str, source: str, *, name: str, filters: int) -> str:
    """Add the one layer that an operation is known by, to be looked at; its name ends with the operation's."""
    kind, settings = OPERATIONS[operation]
    if kind in {"conv", "separable"}:
        settings = {**settings, "filters": filters}
    return sketch.add(kind, source, name=f"{name}.{operation}", **settings)


def total(sketch: Sketch, parts: list[str], *, name: str) -> str:
    """The sum of layers, of which there is at least one; a single one is its own sum."""
    return sketch.add("add", *parts, name=name) if len(parts) > 1 else parts[0]
