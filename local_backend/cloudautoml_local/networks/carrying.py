"""Carrying: a child's weights being taken from its parent's, layer by layer."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from cloudautoml_local.networks import carry

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml_local.networks.carry import Array, Channels


class Misfit(Exception):  # noqa: N818 - not an error: the layer takes what fits
    """A layer cannot be what it was, and says why."""


class Carrying:
    """The weights of a child: its own at first, then more and more its parent's.

    Its methods raise `Misfit` where the parent has no such weights, or weights of other shapes.

    Attributes:
        values: The child's weights by key.
        inherited: How many numbers of each come from the parent.

    Args:
        weights: The parent's weights by key.
        fresh: The child's.
        rng: Draws how copies share what follows them.
    """

    def __init__(self, weights: Mapping[str, Array], fresh: Mapping[str, Array], rng: np.random.Generator) -> None:
        self.values = dict(fresh)
        self.inherited: dict[str, int] = {}
        self._weights = weights
        self._rng = rng
        self._theirs, self._own = carry.by_layer(weights), carry.by_layer(fresh)

    def paths(self, layer: str) -> Sequence[str]:
        """The weights that a layer has, by their paths in it."""
        return list(self._own.get(layer, {}))

    def old(self, layer: str, path: str) -> Array:
        """What they are in the parent."""
        try:
            return self._weights[self._theirs[layer][path]]
        except KeyError as exc:
            msg = f"{layer} has no {path} to take"
            raise Misfit(msg) from exc

    def fresh(self, layer: str, path: str) -> Array:
        """What they are in the child so far."""
        return self.values[self._own[layer][path]]

    def put(self, layer: str, path: str, value: Array, inherited: float) -> None:
        """Set weights, of which so many numbers come from the parent."""
        key = self._own[layer][path]
        if value.shape != self.values[key].shape:
            msg = f"{layer} does not fit: {value.shape} instead of {self.values[key].shape}"
            raise Misfit(msg)
        self.values[key] = value.astype(self.values[key].dtype)
        self.inherited[key] = round(inherited)

    def take_what_fits(self, layer: str) -> None:
        """Take the arrays that have the same shape."""
        for path in self.paths(layer):
            if path in self._theirs.get(layer, {}) and self.old(layer, path).shape == self.fresh(layer, path).shape:
                self.put(layer, path, self.old(layer, path), self.old(layer, path).size)

    def zero(self, layer: str, *paths: str) -> None:
        """Let a layer begin as nothing; it need not have all of these weights."""
        for path in set(paths) & set(self.paths(layer)):
            self.put(layer, path, np.zeros_like(self.fresh(layer, path)), 0)

    def kernel(self, layer: str, path: str, ins: Channels, outs: Channels, old: Array | None = None) -> None:
        """Take weights from inputs to outputs, those two axes last.

        Args:
            layer: The layer.
            path: Of the array in the layer.
            ins: Which former input each input is a copy of.
            outs: The same of the outputs.
            old: The parent's weights in the window of the child; as they are unless given.
        """
        known = self.old(layer, path)
        old = known if old is None else old
        _fit(layer, ins, old.shape[-2])
        _fit(layer, outs, old.shape[-1])
        places = known.size / (known.shape[-1] * known.shape[-2])
        count = places * np.count_nonzero(ins >= 0) * np.count_nonzero(outs >= 0)
        self.put(layer, path, carry.kernel(old, self.fresh(layer, path), ins, outs, self._rng), count)

    def start(self, layer: str, path: str, value: Array, ins: Channels, outs: Channels) -> None:
        """Let a new layer begin with these weights between what its inputs and its outputs are copies of."""
        self.put(layer, path, carry.kernel(value, self.fresh(layer, path), ins, outs, self._rng), 0)
        self.zero(layer, "bias")

    def groups(self, layer: str, old: Array, ins: Sequence[Channels], outs: Sequence[Channels]) -> None:
        """Take the weights of a grouped convolution, group by group."""
        count = len(ins)
        fresh = self.fresh(layer, "kernel")
        blocks = zip(np.split(old, count, axis=-1), np.split(fresh, count, axis=-1), ins, outs, strict=True)
        value = np.concatenate([carry.kernel(o, f, i, t, self._rng) for o, f, i, t in blocks], axis=-1)
        self.put(layer, "kernel", value, value.size / old.size * self.old(layer, "kernel").size)

    def vector(self, layer: str, path: str, channels: Channels) -> None:
        """Take an array with a number a channel in its last axis."""
        old, fresh = self.old(layer, path), self.fresh(layer, path)
        _fit(layer, channels, old.shape[-1])
        self.put(layer, path, carry.vector(old, fresh, channels), fresh.size * float(np.mean(channels >= 0)))

    def bias(self, layer: str, outs: Channels) -> bool:
        """Take the bias where there is one; whether the outputs are shifted as they were."""
        has, had = "bias" in self.paths(layer), "bias" in self._theirs.get(layer, {})
        if has and had:
            self.vector(layer, "bias", outs)
        elif has:
            self.put(layer, "bias", np.where(outs >= 0, 0, self.fresh(layer, "bias")), 0)
        return has or not had or not np.any(self.old(layer, "bias"))

    def depthwise(self, layer: str, path: str, old: Array, ins: Channels) -> None:
        """Take the windows of channels, given in the window of the child."""
        _fit(layer, ins, old.shape[-2])
        known, fresh = self.old(layer, path), self.fresh(layer, path)
        value = carry.vector(old[..., 0], fresh[..., 0], ins)[..., None]
        self.put(layer, path, value, known.size / known.shape[-2] * np.count_nonzero(ins >= 0))

    def recurrent(self, layer: str, ins: Channels, units: Channels, gates: Channels) -> None:
        """Take the weights of a recurrent network, of both directions where it has two."""
        for path in self.paths(layer):
            if path.endswith("bias"):
                self.vector(layer, path, gates)
            else:
                self.kernel(layer, path, units if path.endswith("recurrent_kernel") else ins, gates)

    def attention(self, layer: str, channels: Channels, heads: Channels) -> None:
        """Take the weights of self-attention.

        Args:
            layer: The layer.
            channels: Which former channel each channel, that it reads and that it gives, is a copy of.
            heads: The same of the numbers of all heads in a row.
        """
        for path in self.paths(layer):
            old, fresh = self.old(layer, path), self.fresh(layer, path)
            last = path.startswith("attention_output")
            ins, outs = (heads, channels) if last else (channels, heads)
            if path.endswith("bias"):
                value = carry.vector(old.reshape(-1), fresh.reshape(-1), outs)
            else:
                rows = (-1, old.shape[-1]) if last else (old.shape[0], -1)
                after = (-1, fresh.shape[-1]) if last else (fresh.shape[0], -1)
                value = carry.kernel(old.reshape(rows), fresh.reshape(after), ins, outs, self._rng)
            self.put(layer, path, value.reshape(fresh.shape), min(old.size, fresh.size))


def _fit(layer: str, channels: Channels, before: int) -> None:
    if channels.max(initial=-1) >= before:
        msg = f"{layer} does not fit"
        raise Misfit(msg)
