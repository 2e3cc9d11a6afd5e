"""Tracing: where in a parent and its child something comes from and goes to."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from cloudautoml_local.networks import layers

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml_local.networks.graph import Layer, Network
    from cloudautoml_local.networks.meaning import Meaning, Request


class Tracing:
    """Finds layers by what leads to them and away from them.

    Args:
        parent: The parent.
        child: The child.
        requests: What some of the child's layers must be already.
    """

    KEEP_ZERO: ClassVar = frozenset({"relu", "elu", "gelu", "silu", "tanh", "linear"})
    """Activations of which zero is zero."""

    def __init__(self, parent: Network, child: Network, requests: Mapping[str, Request]) -> None:
        self._parents = {layer.name: layer for layer in parent}
        self._children = {layer.name: layer for layer in child}
        self._requests = requests
        self._readers: dict[str, list[Layer]] = {}
        for layer in child:
            for name in layer.inputs:
                self._readers.setdefault(name, []).append(layer)
        self.not_negative = self._not_negative()

    def twin(self, layer: Layer) -> tuple[Layer, Any] | None:
        """The parent's layer of the same name and kind, with its settings."""
        found = self._parents.get(layer.name)
        return None if found is None or found.kind != layer.kind else (found, layers.kind_of(found))

    def root(self, name: str) -> str:
        """The parent's layer that another is the same as, dropout aside."""
        layer = self._parents[name]
        while layer.kind == "dropout" or layer.settings.get("function") == "linear":
            layer = self._parents[layer.inputs[0]]
        return layer.name

    def producer(self, name: str) -> str | None:
        """The layer that decides what the channels of a tensor are, if it is free to choose them."""
        layer = self._children[name]
        while layer.kind in _CHANNELWISE:
            layer = self._children[layer.inputs[0]]
        free = layer.kind in {"conv", "dense", "separable", "embedding", "recurrent"}
        if layer.settings.get("bidirectional") or not free or layer.name in self._requests:
            return None
        return layer.name if self.twin(layer) else None

    def zero_point(self, name: str, meanings: Mapping[str, Meaning]) -> str | None:
        """The last new layer before a tensor that can begin at zero, so that the tensor does."""
        layer = self._children[name]
        while layer.kind in {"dropout", "pool", "global_pool", "flatten"} or (
            layer.kind == "activation" and layer.settings["function"] in self.KEEP_ZERO
        ):
            layer = self._children[layer.inputs[0]]
        if layer.name in self._parents or layer.name in self._requests:
            return None
        if layer.kind == "add":
            live = (self.zero_point(read, meanings) for read in layer.inputs if not meanings[read].zero)
            return next((point for point in live if point is not None), None)
        able = {"norm", "conv", "dense", "separable", "depthwise", "attention"}
        return layer.name if layer.kind in able else None

    def may_be_identity(self, layer: Layer, source: str) -> bool:
        """Whether a new layer that begins as the identity is one in effect: nothing else is made of it first."""
        while True:
            readers = self._readers.get(layer.name, [])
            if len(readers) != 1:
                return False
            layer = readers[0]
            if layer.kind == "activation" and layer.name not in self._parents:
                function = layer.settings["function"]
                if function != "linear" and not (function == "relu" and source in self.not_negative):
                    return False
            elif layer.kind != "dropout":
                return layer.kind not in {"norm", "add", "concat"} or layer.name in self._parents

    def _not_negative(self) -> frozenset[str]:
        """The parent's layers that give no negative number."""
        found: set[str] = set()
        for layer in self._parents.values():
            kept = layer.kind in {"dropout", "pool", "global_pool", "flatten", "concat", "add"}
            if layer.settings.get("function") in {"relu", "sigmoid", "softmax"} or (
                kept and all(name in found for name in layer.inputs)
            ):
                found.add(layer.name)
        return frozenset(found)


_CHANNELWISE = frozenset({"activation", "dropout", "pool", "global_pool", "norm", "depthwise", "attention", "add"})
"""Kinds whose output has the channels of their (first) input."""
