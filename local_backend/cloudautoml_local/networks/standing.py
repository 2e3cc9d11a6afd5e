"""Standing: where a walk through a child's layers stands, and what may be asked of it there."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml_local.networks import carry
from cloudautoml_local.networks.carrying import Carrying, Misfit
from cloudautoml_local.networks.cost import shapes
from cloudautoml_local.networks.meaning import Meaning
from cloudautoml_local.networks.tracing import Tracing

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.search import Signature
    from cloudautoml_local.networks.carry import Array, Channels
    from cloudautoml_local.networks.graph import Layer, Network
    from cloudautoml_local.networks.meaning import Request


class Standing:
    """What the tensors that have been passed mean, and the weights that have been carried over.

    Attributes:
        changes: How the child differs, in words.
        exact: Whether the child computes what the parent does; known at the end.

    Args:
        parent: The parent's layers.
        weights: Its weights.
        child: The child's layers.
        fresh: Its weights as it was built.
        signature: What both take and give.
        requests: What some layers must be, by name.
        seed: Of what is drawn.
    """

    def __init__(
        self,
        parent: Network,
        weights: Mapping[str, Array],
        child: Network,
        fresh: Mapping[str, Array],
        signature: Signature,
        *,
        requests: Mapping[str, Request],
        seed: int,
    ) -> None:
        self.changes: list[str] = []
        self.exact = False
        self._carrying = Carrying(weights, fresh, np.random.default_rng(seed))
        self._old, self._new = shapes(parent, signature), shapes(child, signature)
        self._trace = Tracing(parent, child, requests)
        self._requests = requests
        self._seed = seed
        self._meanings: dict[str, Meaning] = {}
        self._parent, self._child = parent, child

    def _read(self, layer: Layer) -> Meaning:
        return self._meanings[layer.inputs[0]]

    def _twin(self, layer: Layer) -> tuple[Layer, Any] | None:
        return self._trace.twin(layer)

    def _ins(self, read: Meaning, twin: Layer) -> tuple[Channels, bool]:
        """Which channels of a twin's input a layer reads, and whether it does so exactly."""
        before = self._old[twin.inputs[0]][-1]
        exact = read.exact and not read.zero and read.source == self._trace.root(twin.inputs[0])
        if read.exact and not exact:
            self.changes.append(f"{twin.name} reads something else than before")
        if exact or read.channels.max(initial=-1) < before:
            return read.channels, exact
        return self._channels(before, len(read.channels)), False

    def _channels(self, before: int, after: int) -> Channels:
        """Which of `before` channels each of `after` copies; the same for the same numbers, so that sums fit."""
        if after < before:
            return np.arange(after)
        return carry.widened(before, after, np.random.default_rng((self._seed, before, after)))

    def _outs(self, layer: Layer, before: int, groups: int = 1) -> Channels:
        """Which of its former outputs each output of a layer is a copy of."""
        after = self._new[layer.name][-1]
        request = self._requests.get(layer.name)
        if request is not None and request.channels is not None and len(request.channels) == after:
            return request.channels
        group = self._channels(before // groups, after // groups)
        return np.concatenate([group + number * (before // groups) for number in range(groups)])

    def _in_place_of(self, layer: Layer) -> Meaning:
        """A layer that is not what it was, in whose place it is all the same."""
        after = self._new[layer.name][-1]
        if layer.name in self._old:
            before = self._old[layer.name][-1]
            return Meaning(self._trace.root(layer.name), self._channels(before, after), exact=False)
        live = [self._meanings[name] for name in layer.inputs if not self._meanings[name].zero]
        read = next((meaning for meaning in live if meaning.exact), self._read(layer))
        channels = read.channels
        if len(channels) != after:
            channels = self._channels(self._old[read.source][-1], after)
        return Meaning(read.source, channels, exact=False)

    def _misfit(self, layer: Layer, twin: Any) -> Misfit:
        return Misfit(f"{layer.name} is new" if twin is None else f"{layer.name} is another {layer.kind} than before")

    def _zero(self, layer: Layer, *paths: str) -> Meaning:
        """A layer that begins as nothing."""
        self._carrying.zero(layer.name, *paths)
        self.changes.append(f"{layer.name} is new, and begins at zero")
        read = self._read(layer)
        return Meaning(read.source, self._channels(self._old[read.source][-1], self._new[layer.name][-1]), zero=True)

    def _is_zeroed(self, layer: Layer) -> bool:
        request = self._requests.get(layer.name)
        return request is not None and request.channels is None

    def _note_width(self, layer: Layer, before: int, after: int) -> None:
        if before != after:
            word = "wider" if after > before else "narrower"
            self.changes.append(f"{layer.name} is {word}: {before} -> {after}")
