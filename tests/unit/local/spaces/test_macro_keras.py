"""The candidates of the spaces of whole networks as Keras models: their size is known, and they learn."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING

import numpy as np
import pytest

from cloudautoml.search import Signature
from cloudautoml_local.networks.cost import parameters, shapes
from cloudautoml_local.spaces.chain import ChainSpace
from cloudautoml_local.spaces.multi_branch import MultiBranchSpace

if TYPE_CHECKING:
    from cloudautoml_local.spaces.macro import MacroSpace

SIGNATURES = [
    Signature("image", (9, 6, 2), 4),
    Signature("image", (60, 50, 1), 3, "labels"),
    Signature("sequence", (11,), 2, vocabulary=20),
    Signature("sequence", (11, 3), 1, "value"),
    Signature("table", (7,), 1, "value"),
]
SPACES: list[MacroSpace] = [kind(signature) for kind in (ChainSpace, MultiBranchSpace) for signature in SIGNATURES]


@pytest.mark.parametrize("space", SPACES, ids=lambda space: f"{space.name}-{'x'.join(map(str, space.signature.shape))}")
def test_keras_counts_the_same(space: MacroSpace) -> None:
    rng = random.Random(7)
    rows = np.ones((2, *space.signature.shape), "int32" if space.signature.vocabulary else "float32")
    for width in (1.0, 0.25):
        architecture = space.sample(rng)
        network = space.network(architecture, space.signature, width=width)
        model = space.build(architecture, space.signature, width=width)
        assert model.count_params() == parameters(network, space.signature)
        assert {layer.name: layer.output.shape[1:] for layer in model.layers} == shapes(network, space.signature)
        found = model(rows).numpy()
        assert found.shape == (2, space.signature.outputs)
        assert np.isfinite(found).all()


@pytest.mark.slow
def test_a_default_learns_digits() -> None:
    import keras
    from sklearn.datasets import load_digits

    digits = load_digits()
    images = (digits.images[..., None] / 16).astype("float32")
    space = MultiBranchSpace(Signature("image", (8, 8, 1), 10))
    keras.utils.set_random_seed(0)
    model = space.build(space.defaults()[0], space.signature)
    model.compile(keras.optimizers.Adam(3e-3), "sparse_categorical_crossentropy", metrics=["accuracy"])
    model.fit(images[:1200], digits.target[:1200], batch_size=64, epochs=3, verbose=0)
    assert model.evaluate(images[1200:], digits.target[1200:], verbose=0)[1] > 0.85
