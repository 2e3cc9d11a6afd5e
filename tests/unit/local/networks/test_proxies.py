"""Proxies: finite, repeatable, higher for larger networks, and the model is left alone."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cloudautoml.search import Signature
from cloudautoml_local.networks.graph import Network, Sketch
from cloudautoml_local.networks.proxies import PROXIES, proxies

if TYPE_CHECKING:
    from numpy.typing import NDArray

IMAGES = Signature("image", (8, 8, 1), 3)
TOKENS = Signature("sequence", (7,), 1, "value", vocabulary=20)
ROWS = Signature("table", (6,), 3)


def conv(width: int, *, depth: int = 1, gamma: float = 1.0) -> Network:
    sketch, last = Sketch(), "input"
    for number in range(depth):
        last = sketch.add("conv", last, name=f"conv{number}", filters=width)
        last = sketch.add("norm", last, name=f"norm{number}", type="batch", gamma=gamma)
        last = sketch.add("activation", last, name=f"act{number}", function="relu")
    last = sketch.add("global_pool", last, name="pool", op="average")
    last = sketch.add("dense", last, name="out", units=3)
    sketch.add("activation", last, name="probabilities", function="softmax")
    return sketch.finish()


def reading() -> Network:
    sketch = Sketch()
    last = sketch.add("embedding", "input", name="embedding", size=4)
    last = sketch.add("recurrent", last, name="both", cell="lstm", units=3, bidirectional=True, sequences=True)
    last = sketch.add("attention", last, name="looks", heads=2, size=3)
    last = sketch.add("norm", last, name="norm", type="layer")
    last = sketch.add("recurrent", last, name="end", cell="gru", units=4)
    sketch.add("dense", last, name="out", units=1)
    return sketch.finish()


def plain() -> Network:
    """Nothing but weighted sums."""
    sketch = Sketch()
    sketch.add("dense", "input", name="out", units=3)
    return sketch.finish()


def built(network: Network, signature: Signature) -> Any:
    import keras

    from cloudautoml_local.networks.build import build

    keras.utils.set_random_seed(0)
    return build(network, signature)


def examples(signature: Signature) -> NDArray[Any]:
    rng = np.random.default_rng(1)
    if signature.vocabulary:
        return rng.integers(0, signature.vocabulary, (16, *signature.shape)).astype("int32")
    return rng.normal(size=(16, *signature.shape)).astype("float32")


@pytest.mark.parametrize(
    ("network", "signature"),
    [(conv(4, depth=2), IMAGES), (reading(), TOKENS), (plain(), ROWS)],
    ids=["image", "tokens", "rows"],
)
def test_scores_are_finite_and_repeat(network: Network, signature: Signature) -> None:
    model = built(network, signature)
    before = [np.asarray(variable).copy() for variable in model.weights]
    first, second = (proxies(model, examples(signature)) for _ in range(2))
    assert first == second
    assert first.keys() == set(PROXIES)
    assert np.isfinite(list(first.values())).all()
    assert all(np.array_equal(old, np.asarray(new)) for old, new in zip(before, model.weights, strict=True))


def test_larger_networks_score_higher() -> None:
    networks = (conv(2), conv(8), conv(8, depth=3))
    small, wide, deep = (proxies(built(network, IMAGES), examples(IMAGES)) for network in networks)
    for name in PROXIES:
        assert small[name] < wide[name] < deep[name]


def test_branch_that_begins_at_zero_counts() -> None:
    plain_one, zero = (proxies(built(conv(4, gamma=gamma), IMAGES), examples(IMAGES), ["synflow"]) for gamma in (1, 0))
    assert plain_one == zero


def test_flow_is_the_sum_of_weights_times_gradients() -> None:
    """Of two layers each carries the whole flow: the score is twice what comes out."""
    import keras

    model = keras.Sequential([keras.Input((2,)), keras.layers.Dense(2, activation="relu"), keras.layers.Dense(1)])
    model.layers[0].set_weights([np.array([[1.0, -2.0], [3.0, -4.0]]), np.array([5.0, 5.0])])
    model.layers[1].set_weights([np.array([[-1.0], [2.0]]), np.array([7.0])])
    found = proxies(model, np.zeros((1, 2), dtype="float32"), ["synflow"])
    assert found["synflow"] == pytest.approx(np.log1p(2 * (1 * (1 + 3) + 2 * (2 + 4))))


def test_examples_that_look_alike_lower_the_score() -> None:
    model = built(conv(4), IMAGES)
    different = examples(IMAGES)
    alike = different[:1] + 0.01 * different
    assert proxies(model, alike, ["naswot"])["naswot"] < proxies(model, different, ["naswot"])["naswot"]


def test_unknown_proxy_is_refused() -> None:
    with pytest.raises(ValueError, match="no proxy jacov; known: synflow, naswot"):
        proxies(None, examples(ROWS), ["jacov"])
