"""Walk: layer by layer, what a child's tensors mean in terms of its parent's, and the weights with which they do."""

from __future__ import annotations

from dataclasses import replace
from math import prod
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from cloudautoml_local.networks import carry, layers
from cloudautoml_local.networks.carrying import Misfit
from cloudautoml_local.networks.meaning import Meaning, Request
from cloudautoml_local.networks.standing import Standing

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudautoml_local.networks.carry import Array, Channels
    from cloudautoml_local.networks.graph import Layer

_Window = layers.Conv | layers.Depthwise | layers.Separable
_GATES: Final = {"lstm": 4, "gru": 3}


class Walk(Standing):
    """One pass over a child's layers."""

    def run(self) -> Request | None:
        """Walk; returns what must be so for a better walk, if there is anything."""
        for layer in self._child:
            kind = layers.kind_of(layer)
            try:
                found = self._visit(layer, kind)
            except Misfit as why:
                self.changes.append(str(why))
                self._carrying.take_what_fits(layer.name)
                found = self._in_place_of(layer)
            if isinstance(found, Request):
                return found
            self._meanings[layer.name] = found
        last, end = self._meanings[self._child.layers[-1].name], self._parent.layers[-1].name
        known = last.source == self._trace.root(end) and last.same(self._old[end][-1])
        self.exact = known and last.exact and not last.zero
        return None

    @property
    def values(self) -> Mapping[str, Array]:
        """The child's weights."""
        return self._carrying.values

    @property
    def inherited(self) -> int:
        """How many numbers of them come from the parent."""
        return sum(self._carrying.inherited.values())

    def _visit(self, layer: Layer, kind: layers.Kind) -> Meaning | Request:
        visits: dict[type[layers.Kind], Callable[[Layer, Any], Meaning | Request]] = {
            layers.Input: self._input,
            layers.Embedding: self._embedding,
            layers.Conv: self._conv,
            layers.Depthwise: self._depthwise,
            layers.Separable: self._separable,
            layers.Dense: self._dense,
            layers.Pool: self._follow,
            layers.GlobalPool: self._follow,
            layers.Flatten: self._flatten,
            layers.Norm: self._norm,
            layers.Activation: self._activation,
            layers.Dropout: self._dropout,
            layers.Recurrent: self._recurrent,
            layers.Attention: self._attention,
            layers.Add: self._add,
            layers.Concat: self._concat,
        }
        return visits[type(kind)](layer, kind)

    def _input(self, _: Layer, __: layers.Input) -> Meaning:
        name = self._parent.layers[0].name
        return Meaning(name, np.arange(self._old[name][-1]))

    def _dropout(self, layer: Layer, _: layers.Dropout) -> Meaning:
        return self._read(layer)

    def _activation(self, layer: Layer, kind: layers.Activation) -> Meaning:
        read, twin = self._read(layer), self._twin(layer)
        if kind.function == "linear" or (read.zero and kind.function in self._trace.KEEP_ZERO):
            return read
        if twin is None and kind.function == "relu" and read.exact and read.source in self._trace.not_negative:
            return read
        if kind.function == "softmax" and not read.same(self._old[read.source][-1]):
            raise self._misfit(layer, twin)
        return self._follow(layer, kind)

    def _follow(self, layer: Layer, kind: layers.Kind) -> Meaning:
        """A layer without weights that treats each channel alike."""
        read, twin = self._read(layer), self._twin(layer)
        if read.zero and not isinstance(kind, layers.Activation):
            return read
        if twin is None or twin[1] != kind:
            raise self._misfit(layer, twin)
        ins, exact = self._ins(read, twin[0])
        return Meaning(self._trace.root(layer.name), ins, exact)

    def _flatten(self, layer: Layer, _: layers.Flatten) -> Meaning:
        read, twin = self._read(layer), self._twin(layer)
        places = self._new[layer.inputs[0]][:-1]
        if read.zero:
            return Meaning(read.source, np.arange(self._new[layer.name][-1]), zero=True)
        if not places:
            return read
        if twin is None or self._old[twin[0].inputs[0]][:-1] != places:
            raise self._misfit(layer, twin)
        ins, exact = self._ins(read, twin[0])
        before = self._old[twin[0].inputs[0]][-1]
        spread = np.where(ins >= 0, ins + before * np.arange(prod(places))[:, None], -1)
        return Meaning(layer.name, spread.reshape(-1), exact)

    def _add(self, layer: Layer, _: layers.Add) -> Meaning | Request:
        live = [(name, self._meanings[name]) for name in layer.inputs if not self._meanings[name].zero]
        if not live:
            return self._read(layer)
        twin = self._twin(layer)
        main = next((meaning for _, meaning in live if meaning.exact), live[0][1])
        needed = [self._trace.root(name) for name in twin[0].inputs] if twin else [main.source]
        matched: list[tuple[str, Meaning]] = []
        for source in needed:
            found = next((pair for pair in live if pair[1].exact and pair[1].source == source), None)
            if found is None:
                raise self._misfit(layer, twin)
            live.remove(found)
            matched.append(found)
        for name, _meaning in live:  # what is new must begin as nothing
            if (point := self._trace.zero_point(name, self._meanings)) is not None:
                return Request(point)
            raise self._misfit(layer, twin)
        first = matched[0]
        for other in matched[1:]:
            if np.array_equal(first[1].channels, other[1].channels):
                continue
            for (name, _meaning), (_name, target) in ((other, first), (first, other)):
                if (producer := self._trace.producer(name)) is not None:
                    return Request(producer, target.channels)
            raise self._misfit(layer, twin)
        return Meaning(layer.name if twin else main.source, first[1].channels)

    def _concat(self, layer: Layer, _: layers.Concat) -> Meaning:
        read = [self._meanings[name] for name in layer.inputs]
        twin = self._twin(layer)
        main = next((meaning for meaning in read if meaning.exact and not meaning.zero), read[0])
        needed = list(twin[0].inputs) if twin else [main.source]
        parts = [np.full(self._new[name][-1], -1) for name in layer.inputs]
        left = list(range(len(read)))
        exact, offset = True, 0
        for name in needed:
            fits = [at for at in left if read[at].source == self._trace.root(name) and not read[at].zero]
            exact = exact and any(read[at].exact for at in fits)
            if fits:
                at = next((at for at in fits if read[at].exact), fits[0])
                left.remove(at)
                parts[at] = np.where(read[at].channels >= 0, read[at].channels + offset, -1)
            offset += self._old[name][-1]
        if left:
            self.changes.append(f"{layer.name} has new inputs, not listened to yet")
        return Meaning(layer.name if twin else main.source, np.concatenate(parts), exact)

    def _norm(self, layer: Layer, kind: layers.Norm) -> Meaning:
        read, twin = self._read(layer), self._twin(layer)
        if twin is None and (kind.gamma == 0 or self._is_zeroed(layer)):
            return self._zero(layer, "gamma", "beta")
        if twin is None or twin[1].type != kind.type:
            raise self._misfit(layer, twin)
        ins, exact = self._ins(read, twin[0])
        for path in self._carrying.paths(layer.name):
            self._carrying.vector(layer.name, path, ins)
        if kind.type == "layer" and not Meaning("", ins).evenly(self._old[layer.name][-1]):
            exact = False
        return Meaning(layer.name, ins, exact)

    def _embedding(self, layer: Layer, _: layers.Embedding) -> Meaning:
        twin = self._twin(layer)
        if twin is None:
            raise self._misfit(layer, twin)
        outs = self._outs(layer, twin[1].size)
        self._carrying.vector(layer.name, "embeddings", outs)
        self._note_width(layer, twin[1].size, len(outs))
        return Meaning(layer.name, outs, self._read(layer).exact)

    def _dense(self, layer: Layer, kind: layers.Dense) -> Meaning:
        read, twin = self._read(layer), self._twin(layer)
        if twin is None:
            return self._new_sum(layer, "kernel", kind)
        ins, exact = self._ins(read, twin[0])
        outs = self._outs(layer, twin[1].units)
        self._carrying.kernel(layer.name, "kernel", ins, outs)
        kept = self._carrying.bias(layer.name, outs)
        self._note_width(layer, twin[1].units, kind.units)
        return Meaning(layer.name, outs, exact and kept and self._all_read(ins, twin[0]))

    def _all_read(self, ins: Channels, twin: Layer) -> bool:
        return Meaning("", ins).covers(self._old[twin.inputs[0]][-1])

    def _new_sum(self, layer: Layer, path: str, kind: layers.Dense | layers.Conv | layers.Separable) -> Meaning:
        """A new layer of weighted sums: it begins at zero where it must, as the identity where it may."""
        if self._is_zeroed(layer):
            return self._zero(layer, path, "bias")
        read = self._read(layer)
        before = self._old[read.source][-1]
        usual = isinstance(kind, layers.Dense) or (isinstance(kind, layers.Conv) and kind.stride == kind.groups == 1)
        fits = usual and read.exact and read.covers(before) and self._new[layer.name][-1] >= before
        if not fits or not self._trace.may_be_identity(layer, read.source):
            raise self._misfit(layer, None)
        outs = self._outs(layer, before)
        value = np.eye(before)
        if isinstance(kind, layers.Conv):
            sides = self._new[layer.inputs[0]][:-1]
            value = value.reshape(*(1 for _ in sides), before, before)
            point = replace(kind, kernel=1)
            value = carry.padded(value, kind.kernel, [carry.lead(side, point, kind) or 0 for side in sides])
        self._carrying.start(layer.name, path, value, read.channels, outs)
        self.changes.append(f"{layer.name} is new, and begins as the identity")
        return Meaning(read.source, outs)

    def _in_window(self, layer: Layer, kind: _Window, twin: tuple[Layer, Any], path: str) -> Array:
        """The parent's weights in the window of the child."""
        before = twin[1]
        if (kind.stride, kind.kernel) == (before.stride, before.kernel) and kind.dilation == before.dilation:
            return self._carrying.old(layer.name, path)
        same = kind.stride == before.stride and (kind.dilation == before.dilation or before.kernel == 1)
        old, new = self._old[twin[0].inputs[0]][:-1], self._new[layer.inputs[0]][:-1]
        if not same or kind.kernel < before.kernel or old != new:
            raise self._misfit(layer, twin)
        leads = [carry.lead(side, before, kind) for side in old]
        if None in leads:
            raise self._misfit(layer, twin)
        self.changes.append(f"{layer.name} has a larger window: {before.kernel} -> {kind.kernel}")
        return carry.padded(self._carrying.old(layer.name, path), kind.kernel, [lead or 0 for lead in leads])

    def _conv(self, layer: Layer, kind: layers.Conv) -> Meaning | Request:
        read, twin = self._read(layer), self._twin(layer)
        if twin is None:
            return self._new_sum(layer, "kernel", kind)
        if twin[1].groups != kind.groups:
            raise self._misfit(layer, twin)
        old = self._in_window(layer, kind, twin, "kernel")
        ins, exact = self._ins(read, twin[0])
        before = self._old[twin[0].inputs[0]][-1]
        outs = self._outs(layer, twin[1].filters, kind.groups)
        if kind.groups > 1:
            local, targets = (carry.grouped(c, kind.groups, n) for c, n in ((ins, before), (outs, twin[1].filters)))
            if local is None or targets is None:
                return self._grouped_request(layer, twin, len(ins), kind.groups)
            self._carrying.groups(layer.name, old, local, targets)
        else:
            self._carrying.kernel(layer.name, "kernel", ins, outs, old)
        kept = self._carrying.bias(layer.name, outs)
        self._note_width(layer, twin[1].filters, kind.filters)
        return Meaning(layer.name, outs, exact and kept and self._all_read(ins, twin[0]))

    def _grouped_request(self, layer: Layer, twin: tuple[Layer, Any], after: int, groups: int) -> Request:
        """Ask for inputs whose copies stay in the group of what they copy."""
        producer = self._trace.producer(layer.inputs[0])
        if producer is None:
            raise self._misfit(layer, twin)
        before = self._old[twin[0].inputs[0]][-1] // groups
        group = self._channels(before, after // groups)
        return Request(producer, np.concatenate([group + number * before for number in range(groups)]))

    def _depthwise(self, layer: Layer, kind: layers.Depthwise) -> Meaning:
        read, twin = self._read(layer), self._twin(layer)
        if twin is None and self._is_zeroed(layer):
            return self._zero(layer, "kernel", "bias")
        if twin is None:
            raise self._misfit(layer, twin)
        ins, exact = self._ins(read, twin[0])
        self._carrying.depthwise(layer.name, "kernel", self._in_window(layer, kind, twin, "kernel"), ins)
        kept = self._carrying.bias(layer.name, ins)
        return Meaning(layer.name, ins, exact and kept)

    def _separable(self, layer: Layer, kind: layers.Separable) -> Meaning:
        read, twin = self._read(layer), self._twin(layer)
        if twin is None:
            return self._new_sum(layer, "pointwise_kernel", kind)
        ins, exact = self._ins(read, twin[0])
        outs = self._outs(layer, twin[1].filters)
        self._carrying.depthwise(
            layer.name, "depthwise_kernel", self._in_window(layer, kind, twin, "depthwise_kernel"), ins
        )
        self._carrying.kernel(layer.name, "pointwise_kernel", ins, outs)
        kept = self._carrying.bias(layer.name, outs)
        self._note_width(layer, twin[1].filters, kind.filters)
        return Meaning(layer.name, outs, exact and kept and self._all_read(ins, twin[0]))

    def _recurrent(self, layer: Layer, kind: layers.Recurrent) -> Meaning:
        read, twin = self._read(layer), self._twin(layer)
        if twin is None or (twin[1].cell, twin[1].bidirectional) != (kind.cell, kind.bidirectional):
            raise self._misfit(layer, twin)
        ins, exact = self._ins(read, twin[0])
        before, count = twin[1].units, _GATES[kind.cell]
        units = self._channels(before, kind.units) if kind.bidirectional else self._outs(layer, before)
        self._carrying.recurrent(layer.name, ins, units, carry.of_gates(units, before, count))
        self._note_width(layer, before, kind.units)
        outs = np.concatenate([units, units + before]) if kind.bidirectional else units
        same = twin[1].sequences == kind.sequences and self._all_read(ins, twin[0])
        whole = Meaning("", units).covers(before)
        return Meaning(layer.name, outs, exact and same and whole)

    def _attention(self, layer: Layer, kind: layers.Attention) -> Meaning:
        read, twin = self._read(layer), self._twin(layer)
        if twin is None and self._is_zeroed(layer):
            return self._zero(layer, "attention_output/kernel", "attention_output/bias")
        if twin is None or twin[1].size != kind.size or twin[1].heads > kind.heads:
            raise self._misfit(layer, twin)
        ins, exact = self._ins(read, twin[0])
        heads = np.arange(kind.heads * kind.size)
        heads[twin[1].heads * kind.size :] = -1  # new heads look, and are not listened to
        self._carrying.attention(layer.name, ins, heads)
        if kind.heads > twin[1].heads:
            self.changes.append(f"{layer.name} has more heads: {twin[1].heads} -> {kind.heads}")
        return Meaning(layer.name, ins, exact and self._all_read(ins, twin[0]))
