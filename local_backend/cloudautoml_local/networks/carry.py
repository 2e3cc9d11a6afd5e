"""Carrying: a layer's arrays of weights as they are when its inputs and its outputs are copies of what they were."""

from __future__ import annotations

import re
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from numpy.typing import NDArray

    from cloudautoml_local.networks.layers import Conv, Depthwise, Separable

    Array = NDArray[Any]
    Window = Conv | Depthwise | Separable
    Channels = NDArray[np.int64]
    """For each channel the one that it is a copy of; -1 for one that has no counterpart."""

_NUMBERED = re.compile(r"_\d+(?=/)")


def widened(before: int, after: int, rng: np.random.Generator) -> Channels:
    """Channels that are those from before, followed by copies of them, as evenly as can be."""
    rounds = -(-after // before)
    copies = np.concatenate([np.arange(before), *(rng.permutation(before) for _ in range(1, rounds))])
    return copies[:after].astype(np.int64)


def grouped(channels: Channels, groups: int, before: int) -> list[Channels] | None:
    """For each group of channels the ones of its own group that they copy, counted in it; None if any crosses over."""
    if len(channels) % groups or before % groups:
        return None
    size = before // groups
    local = channels.reshape(groups, -1) - size * np.arange(groups)[:, None]
    if np.any((local < 0) | (local >= size)):
        return None
    return list(local)


def shares(channels: Channels, before: int, width: int, rng: np.random.Generator) -> Array:
    """What each copy of a channel contributes to each of `width` sums: the copies make up the whole together.

    They contribute unequally, and differently to each sum: equal copies would learn the same for ever.
    """
    known = channels >= 0
    raw = np.where(known[:, None], rng.uniform(0.5, 1.5, (len(channels), width)), 0.0)
    sums = np.zeros((before, width))
    np.add.at(sums, channels[known], raw[known])
    raw[known] /= sums[channels[known]]
    return raw


def kernel(old: Array, fresh: Array, ins: Channels, outs: Channels, rng: np.random.Generator) -> Array:
    """A matrix of weights (the last two axes) whose inputs and outputs are copies of what they were.

    Inputs without a counterpart contribute nothing to outputs that have one; outputs without one are fresh.
    """
    picked = old[..., np.maximum(ins, 0), :][..., np.maximum(outs, 0)]
    picked = picked * shares(ins, old.shape[-2], len(outs), rng)
    return np.where(outs >= 0, picked, fresh)


def vector(old: Array, fresh: Array, channels: Channels) -> Array:
    """An array with one number a channel in its last axis."""
    return np.where(channels >= 0, old[..., np.maximum(channels, 0)], fresh)


def padded(old: Array, size: int, before: Sequence[int]) -> Array:
    """A window in a larger one of zeros.

    Args:
        old: Weights, the axes of the window first.
        size: Side of the larger window.
        before: Zeros in front of the old window, along each of its axes.
    """
    pads = [(lead, size - old.shape[axis] - lead) for axis, lead in enumerate(before)]
    return np.pad(old, [*pads, *([(0, 0)] * (old.ndim - len(pads)))])


def of_gates(units: Channels, before: int, gates: int) -> Channels:
    """The channels of an axis that has the units once for each gate of a recurrent network."""
    return np.concatenate([units + gate * before for gate in range(gates)])


def lead(side: int, before: Window, after: Window) -> int | None:
    """Zeros in front of a window in a larger one with which both see the same along a side; None if none do."""
    more, rest = divmod(_padding(side, after) - _padding(side, before), after.dilation)
    return None if rest or not 0 <= more <= after.kernel - before.kernel else more


def _padding(side: int, window: Window) -> int:
    """Zeros that "same" padding puts in front of a side."""
    reach = (window.kernel - 1) * window.dilation + 1
    return max((-(-side // window.stride) - 1) * window.stride + reach - side, 0) // 2


def by_layer(weights: Mapping[str, Array]) -> dict[str, dict[str, str]]:
    """The keys of each layer's weights, by the path in the layer without the numbers that Keras gives inner layers."""
    found: dict[str, dict[str, str]] = {}
    for key in weights:
        layer, _, path = key.partition("/")
        found.setdefault(layer, {})[_NUMBERED.sub("", path)] = key
    return found
