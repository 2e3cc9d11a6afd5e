"""What a network takes is counted without a library: by hand for a few layers, fast, and wrong layers are named."""

from __future__ import annotations

import time
from types import MappingProxyType
from typing import Any

import pytest

from cloudautoml.search import Signature
from cloudautoml_local.networks.cost import effects, flops, parameters, shapes
from cloudautoml_local.networks.graph import Layer, Network, Sketch
from cloudautoml_local.networks.layers import KINDS, kind_of

IMAGE = Signature("image", (8, 6, 3), 10)
TABLE = Signature("table", (5,), 1, "value")
TEXT = Signature("sequence", (9,), 2, vocabulary=100)


def network(*layers: tuple[str, dict[str, Any]]) -> Network:
    sketch = Sketch()
    last = "input"
    for number, (kind, settings) in enumerate(layers):
        last = sketch.add(kind, last, name=f"{kind}{number}", **settings)
    return sketch.finish()


def test_operations_by_hand() -> None:
    dense = network(("dense", {"units": 7}))
    assert parameters(dense, TABLE) == 5 * 7 + 7
    assert flops(dense, TABLE) == 7 * (2 * 5 + 1)
    conv = network(("conv", {"filters": 4, "kernel": 3, "stride": 2, "bias": False}), ("norm", {"type": "batch"}))
    assert shapes(conv, IMAGE) == {"input": (8, 6, 3), "conv0": (4, 3, 4), "norm1": (4, 3, 4)}
    assert parameters(conv, IMAGE) == 3 * 3 * 3 * 4 + 4 * 4
    assert flops(conv, IMAGE) == 12 * 4 * 2 * 27 + 2 * 48
    separable = network(("separable", {"filters": 4}))
    assert flops(separable, IMAGE) == 48 * (2 * 3 * 9 + 2 * 3 * 4 + 4)
    pool = network(("pool", {"op": "max", "size": 2, "stride": 2}), ("global_pool", {"op": "average"}))
    assert flops(pool, IMAGE) == 12 * 3 * 4 + 12 * 3
    text = network(("embedding", {"size": 4}), ("recurrent", {"cell": "gru", "units": 5}))
    assert parameters(text, TEXT) == 100 * 4 + 3 * (4 + 5 + 2) * 5
    assert flops(text, TEXT) == 9 * (2 * 3 * 5 * 9 + 3 * 2 * 5 + 8 * 5)


def test_frozen_numbers_are_told_apart() -> None:
    effect = effects(network(("norm", {"type": "batch"})), IMAGE)["norm0"]
    assert (effect.trainable, effect.frozen) == (6, 6)


def test_every_kind_of_the_table_is_known() -> None:
    from cloudautoml_local.networks import graph

    assert graph.__doc__ is not None
    table = graph.__doc__.split("=\nkind ")[1].splitlines()[2:-1]
    assert [line.split()[0] for line in table] == list(KINDS)


WRONG = [
    (IMAGE, "conv", {"filters": 4, "groups": 2}, "3 channels and 4 filters cannot be split into 2 groups"),
    (IMAGE, "conv", {"filters": 4, "stride": 2, "dilation": 2}, "a stride and a dilation"),
    (IMAGE, "conv", {"filters": 0}, "filters cannot be 0"),
    (IMAGE, "conv", {"filters": True}, "filters cannot be True"),
    (IMAGE, "conv", {"filters": 4, "bias": 1}, "bias cannot be 1"),
    (IMAGE, "conv", {}, "filters"),
    (IMAGE, "conv", {"filters": 4, "colour": 1}, "colour"),
    (IMAGE, "pool", {"op": "median"}, "op cannot be 'median'"),
    (IMAGE, "dropout", {"rate": 1.0}, "rate cannot be 1.0"),
    (IMAGE, "norm", {"type": "batch", "gamma": float("nan")}, "gamma cannot be nan"),
    (IMAGE, "attention", {"heads": 2, "size": 4}, "sequences of vectors, not the shape"),
    (IMAGE, "embedding", {"size": 4}, "token ids"),
    (IMAGE, "telepathy", {}, "no kind of layer 'telepathy'"),
    (IMAGE, "add", {}, "adds two or more"),
    (TABLE, "conv", {"filters": 4}, "images or sequences of vectors, not the shape"),
    (TEXT, "recurrent", {"cell": "lstm", "units": 4}, "sequences of vectors, not the shape"),
]


@pytest.mark.parametrize(("signature", "kind", "settings", "message"), WRONG)
def test_wrong_layers_are_named(signature: Signature, kind: str, settings: dict[str, Any], message: str) -> None:
    with pytest.raises(ValueError, match=f"^{kind}0: .*{message}"):
        shapes(network((kind, settings)), signature)


@pytest.mark.parametrize("kind", ["add", "concat"])
def test_unequal_shapes_do_not_meet(kind: str) -> None:
    layers = (
        Layer("input", "input"),
        Layer("small", "pool", ("input",), MappingProxyType({"op": "max", "stride": 2})),
        Layer("meet", kind, ("input", "small")),
    )
    with pytest.raises(ValueError, match=r"^meet: .*\(8, 6, 3\), \(4, 3, 3\)"):
        parameters(Network(layers), IMAGE)


def test_one_layer_reads_one() -> None:
    layers = (Layer("input", "input"), Layer("flat", "flatten", ("input", "input")))
    with pytest.raises(ValueError, match=r"^flat: it reads one layer, not 2"):
        parameters(Network(layers), IMAGE)


def test_defaults_are_filled_in() -> None:
    kind = kind_of(Layer("c", "conv", ("input",), MappingProxyType({"filters": 3})))
    assert repr(kind) == "Conv(filters=3, kernel=3, stride=1, dilation=1, groups=1, bias=True)"


def test_a_hundred_layers_take_about_a_millisecond() -> None:
    long = network(
        *([("conv", {"filters": 8}), ("norm", {"type": "batch"}), ("activation", {"function": "relu"})] * 33)
    )
    best = min(_seconds(long) for _ in range(20))
    assert best < 0.005  # a few times what it takes, on a machine that is busy


def _seconds(long: Network) -> float:
    start = time.perf_counter()
    parameters(long, IMAGE)
    return time.perf_counter() - start
