"""Keras agrees: every kind of layer has the shape and the parameters that we said, and the file needs Keras alone."""

from __future__ import annotations

import subprocess
import sys
from typing import TYPE_CHECKING, Any

import pytest

from cloudautoml.search import Signature
from cloudautoml_local.networks.build import build
from cloudautoml_local.networks.cost import effects, parameters, shapes
from cloudautoml_local.networks.graph import Network, Sketch

if TYPE_CHECKING:
    from pathlib import Path

IMAGE = Signature("image", (7, 6, 4), 3)
SERIES = Signature("sequence", (9, 4), 3)
TEXT = Signature("sequence", (9,), 3, vocabulary=50)
TABLE = Signature("table", (5,), 1, "value")

WINDOWS: list[tuple[str, dict[str, Any]]] = [
    ("conv", {"filters": 6}),
    ("conv", {"filters": 6, "kernel": 5, "stride": 2, "bias": False}),
    ("conv", {"filters": 6, "dilation": 2, "groups": 2}),
    ("depthwise", {}),
    ("depthwise", {"kernel": 5, "stride": 2, "bias": False}),
    ("depthwise", {"dilation": 2}),
    ("separable", {"filters": 6}),
    ("separable", {"filters": 6, "kernel": 2, "stride": 3, "bias": False}),
    ("separable", {"filters": 6, "dilation": 2}),
    ("pool", {"op": "max"}),
    ("pool", {"op": "average", "size": 2, "stride": 2}),
    ("global_pool", {"op": "max"}),
    ("global_pool", {"op": "average"}),
]
ANY: list[tuple[str, dict[str, Any]]] = [
    ("dense", {"units": 6}),
    ("dense", {"units": 6, "bias": False}),
    ("flatten", {}),
    ("norm", {"type": "batch"}),
    ("norm", {"type": "layer", "gamma": 0.0}),
    ("dropout", {"rate": 0.5}),
    *(
        ("activation", {"function": function})
        for function in ("relu", "elu", "gelu", "silu", "tanh", "sigmoid", "softmax", "linear")
    ),
]
STEPS: list[tuple[str, dict[str, Any]]] = [
    *(
        ("recurrent", {"cell": cell, "units": 6, "bidirectional": both, "sequences": steps})
        for cell in ("lstm", "gru")
        for both in (False, True)
        for steps in (False, True)
    ),
    ("attention", {"heads": 2, "size": 3}),
]
CASES = [
    *((IMAGE, *case) for case in (*WINDOWS, *ANY)),
    *((SERIES, *case) for case in (*WINDOWS, *ANY, *STEPS)),
    *((TABLE, *case) for case in ANY),
    (TEXT, "embedding", {"size": 6}),
]


def one(kind: str, settings: dict[str, Any]) -> Network:
    sketch = Sketch()
    sketch.add(kind, "input", name="it", **settings)
    return sketch.finish()


@pytest.mark.parametrize(("signature", "kind", "settings"), CASES)
def test_keras_counts_the_same(signature: Signature, kind: str, settings: dict[str, Any]) -> None:
    network = one(kind, settings)
    model = build(network, signature)
    effect = effects(network, signature)["it"]
    assert model.output.shape[1:] == effect.shape
    assert model.count_params() == effect.trainable + effect.frozen == parameters(network, signature)
    assert sum(int(weight.shape.num_elements()) for weight in model.trainable_weights) == effect.trainable


def branches() -> Network:
    sketch = Sketch()
    sketch.add("conv", "input", name="a", filters=4)
    sketch.add("norm", "a", name="b", type="batch", gamma=0.0)
    sketch.add("add", "a", "b", "input", name="sum")
    sketch.add("concat", "sum", "a", name="both")
    sketch.add("global_pool", "both", name="pool", op="average")
    sketch.add("dense", "pool", name="output", units=3)
    return sketch.finish()


def test_branches_meet() -> None:
    network = branches()
    model = build(network, IMAGE)
    assert [layer.name for layer in model.layers] == list(shapes(network, IMAGE))
    assert {layer.name: layer.output.shape[1:] for layer in model.layers} == shapes(network, IMAGE)
    assert model.get_layer("b").gamma.numpy().tolist() == [0.0] * 4


@pytest.mark.parametrize("kind", ["conv", "separable", "depthwise"])
def test_what_goes_in_comes_out_as_large(kind: str) -> None:
    import numpy as np

    many = Signature("image", (9, 9, 128), 3)
    settings: dict[str, Any] = {} if kind == "depthwise" else {"filters": 128}
    rows = np.random.default_rng(0).normal(size=(4, 9, 9, 128)).astype("float32")
    assert 0.5 < float(build(one(kind, settings), many)(rows).numpy()[:, 1:-1, 1:-1].std()) < 2


def test_text_is_read_as_ids() -> None:
    model = build(one("embedding", {"size": 4}), TEXT)
    assert model.input.dtype == "int32"
    assert not model.get_layer("it").mask_zero


@pytest.mark.slow
# Keras asks TensorFlow's variables for arrays in a way that numpy 2 would not
@pytest.mark.filterwarnings("ignore:__array__ implementation doesn't accept a copy keyword:DeprecationWarning")
def test_the_file_needs_keras_alone(tmp_path: Path) -> None:
    import numpy as np

    model = build(branches(), IMAGE)
    rows = np.linspace(-1, 1, 2 * 7 * 6 * 4, dtype="float32").reshape(2, 7, 6, 4)
    np.save(tmp_path / "rows.npy", rows)
    model.save(tmp_path / "model.keras")
    script = (
        "import sys, numpy as np, keras\n"
        "model = keras.models.load_model('model.keras')\n"
        "np.save('found.npy', model.predict(np.load('rows.npy'), verbose=0))\n"
        "assert not any(name.startswith('cloudautoml') for name in sys.modules)\n"
    )
    subprocess.run([sys.executable, "-c", script], cwd=tmp_path, check=True, capture_output=True)
    np.testing.assert_allclose(np.load(tmp_path / "found.npy"), model(rows).numpy(), atol=1e-6)


def test_our_errors_come_first() -> None:
    with pytest.raises(ValueError, match="it: it reads images or sequences of vectors"):
        build(one("conv", {"filters": 3}), TABLE)
