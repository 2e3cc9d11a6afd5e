"""Detectors as Keras models: a backbone, a path back up to finer places, and a head that tells things and edges."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

_RARE = 0.05
"""How likely a thing is at a place before anything is learned."""


@dataclass(frozen=True, slots=True, eq=False)
class Detector:
    """The networks of one candidate.

    Their outputs are, for each place of a grid, a logit for each class and then four numbers for the edges.

    Attributes:
        whole: From pixels, (side, side, 3) from 0 to 255, to the grid.
        side: Pixels of the squares that it sees.
        trunk: The part of `whole` that is never trained, from pixels on; None where there is none.
        rest: From what the trunk gives to the grid; `whole` where there is none.
    """

    whole: Any
    side: int
    trunk: Any
    rest: Any


def from_scratch(side: int, classes: int, *, width: int, depth: int, stride: int) -> Detector:
    """A detector whose backbone is a small residual network.

    Args:
        side: Pixels of the squares that it sees; a multiple of 32.
        classes: How many there are.
        width: Channels of the first stage; later ones have more.
        depth: Layers of each stage.
        stride: Pixels between the places of the grid: 4, 8 or 16.
    """
    import keras

    layers: Any = keras.layers
    pixels = keras.Input((side, side, 3))
    x = layers.Rescaling(1 / 127.5, offset=-1.0, name="scale")(pixels)
    x = _conv(x, width, 3, "stem", strides=2)
    levels: list[tuple[int, Any]] = []
    for number, factor in enumerate((1, 2, 4, 6), 1):
        x = _conv(x, width * factor, 3, f"stage{number}_down", strides=2)
        for layer in range(1, depth):
            inner = _conv(x, width * factor, 3, f"stage{number}_{layer}a")
            inner = _conv(inner, width * factor, 3, f"stage{number}_{layer}b", active=False)
            x = layers.ReLU()(layers.Add()([x, inner]))
        levels.append((2 ** (number + 1), x))
    grid = _head(_up(levels, stride, 2 * width), classes, 2 * width, 1)
    whole = keras.Model(pixels, grid)
    return Detector(whole, side, None, whole)


def on_backbone(
    weights: Mapping[str, Any], side: int, classes: int, *, width: int, depth: int, stride: int, tuned: str
) -> Detector:
    """A detector on a trained EfficientNet-Lite0, whose normalisation keeps its statistics.

    Args:
        weights: Those of the backbone.
        side: Pixels of the squares that it sees; a multiple of 32.
        classes: How many there are.
        width: Channels of the head.
        depth: Layers of the head.
        stride: Pixels between the places of the grid: 4, 8 or 16.
        tuned: What is trained: `head`, `top` (what is coarser than 16 pixels too) or `all`.
    """
    import keras

    from cloudautoml_local.networks.lite import Lite

    layers: Any = keras.layers
    pixels = keras.Input((side, side, 3))
    lower = Lite(weights, trainable=tuned == "all")
    fine = lower.start(pixels)
    for block in range(_CUT):
        fine = lower.block(fine, block)
    trunk = keras.Model(pixels, fine, name="trunk")
    seen = keras.Input(trunk.output_shape[1:])
    upper = Lite(weights, trainable=tuned != "head")
    x = seen
    for block in range(_CUT, upper.blocks):
        x = upper.block(x, block)
    top = layers.Dropout(0.1)(x)
    grid = _head(_up([(16, seen), (32, top)], stride, width), classes, width, depth)
    rest = keras.Model(seen, grid, name="rest")
    whole = keras.Model(pixels, rest(trunk(pixels)))
    lower.set_weights()
    upper.set_weights()
    frozen = tuned != "all"
    return Detector(whole, side, trunk if frozen else None, rest if frozen else whole)


_CUT = 11
"""Blocks of the backbone up to the last one of stride 16."""


def _up(levels: Sequence[tuple[int, Any]], stride: int, width: int) -> Any:
    """From the coarsest level up to a stride, with what each level on the way knows."""
    import keras

    layers: Any = keras.layers
    here, x = levels[-1]
    x = _conv(x, width, 1, f"lateral{here}")
    known = dict(levels)
    while here > stride:
        here //= 2
        x = layers.UpSampling2D(2, interpolation="nearest", name=f"up{here}")(x)
        if here in known:
            x = layers.Add(name=f"add{here}")([x, _conv(known[here], width, 1, f"lateral{here}")])
        x = _conv(x, width, 3, f"merge{here}")
    return x


def _head(x: Any, classes: int, width: int, depth: int) -> Any:
    import keras

    layers: Any = keras.layers
    for number in range(1, depth + 1):
        x = _conv(x, width, 3, f"head{number}")
    rare = keras.initializers.Constant(math.log(_RARE / (1 - _RARE)))
    things = layers.Conv2D(classes, 1, bias_initializer=rare, name="things")(x)
    edges = layers.Conv2D(4, 1, name="edges")(x)
    return layers.Concatenate(dtype="float32", name="grid")([things, edges])


def _conv(x: Any, width: int, kernel: int, name: str, *, strides: int = 1, active: bool = True) -> Any:
    import keras

    layers: Any = keras.layers
    x = layers.Conv2D(width, kernel, strides, "same", use_bias=False, kernel_initializer="he_normal", name=name)(x)
    x = layers.BatchNormalization(momentum=0.9, name=f"{name}_norm")(x)
    return layers.ReLU(name=f"{name}_relu")(x) if active else x
