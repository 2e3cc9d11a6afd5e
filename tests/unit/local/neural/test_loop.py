"""Loops: models as their users compiled them, and an Adam that is Keras's own in fewer operations."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from neural_jobs import digits

from cloudautoml.search import Signature
from cloudautoml_local.spaces.neural import Recipe
from cloudautoml_local.tasks.base import Resources
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.loop import Loop
from cloudautoml_local.tasks.neural.problem import Problem
from cloudautoml_local.tasks.neural.session import begin_session

X, Y = digits()
TEN = Problem(Signature("image", (8, 8, 1), 10), "accuracy", tuple("0123456789"))
TWO = Problem(Signature("image", (8, 8, 1), 2), "accuracy", ("small", "large"))


def model(
    *, outputs: int = 10, activation: str | None = "softmax", shape: tuple[int, ...] = (8, 8), **compiled: Any
) -> Any:
    import keras

    begin_session(Resources(seed=3))
    layers = keras.layers
    made = keras.Sequential([layers.Input(shape), layers.Flatten(), layers.Dense(outputs, activation=activation)])
    if compiled:
        made.compile(**compiled)
    return made


def learned(loop: Loop, examples: Examples, epochs: int = 60) -> float:
    """The score after some epochs, on what was learned from."""
    rng = np.random.default_rng(0)
    for _ in range(epochs):
        loop.train(examples, rng.permutation(len(examples)), None)
    return loop.problem.score(examples.target, loop.predict(examples.x), examples.weight)


@pytest.mark.parametrize(
    ("loss", "activation"),
    [
        ("sparse_categorical_crossentropy", "softmax"),
        ("categorical_crossentropy", "softmax"),
        ("SparseCategoricalCrossentropy", None),
    ],
)
def test_a_compiled_model_is_trained_by_its_own_loss(loss: str, activation: str | None) -> None:
    import keras

    chosen = loss if activation else keras.losses.SparseCategoricalCrossentropy(from_logits=True)
    loop = Loop(model(activation=activation, optimizer="adam", loss=chosen), TEN, None)
    assert loop.logits is (activation is None)
    assert learned(loop, Examples(X[:400], Y[:400])) > 0.8
    assert loop.predict(X[:5]).sum(axis=1) == pytest.approx(1)


@pytest.mark.parametrize("logits", [True, False])
def test_one_output_for_two_classes(logits: bool) -> None:
    import keras

    loss = keras.losses.BinaryCrossentropy(from_logits=True) if logits else "binary_crossentropy"
    activation = None if logits else "sigmoid"
    loop = Loop(model(outputs=1, activation=activation, optimizer="adam", loss=loss), TWO, None)
    examples = Examples(X[:400], (Y[:400] >= 5).astype(np.int64))
    assert learned(loop, examples) > 0.8
    assert loop.predict(X[:3]).shape == (3, 2)


def test_a_recipe_plans_the_rate() -> None:
    loop = Loop(model(activation=None), TEN, Recipe(learning_rate=0.5))
    examples = Examples(X[:64], Y[:64])
    loop.trace(examples)
    before = loop.weights
    loop.train(examples, np.arange(64), np.zeros(1, np.float32))
    assert all(np.array_equal(a, b) for a, b in zip(before, loop.weights, strict=True)), "a rate of 0 changes nothing"
    loop.train(examples, np.arange(64), np.full(1, 0.1, np.float32))
    assert not np.array_equal(before[0], loop.weights[0])


@pytest.mark.parametrize("decay", [0.0, 1e-3])
def test_weights_may_decay_or_not(decay: float) -> None:
    loop = Loop(model(), TEN, Recipe(1e-2, 32, decay))
    examples = Examples(X[:200], Y[:200])
    rates = np.full(loop.steps_of(examples), 1e-2, np.float32)
    for epoch in range(20):
        loop.train(examples, np.random.default_rng(epoch).permutation(200), rates)
    assert loop.problem.score(examples.target, loop.predict(examples.x), None) > 0.8


def test_weights_of_examples_count() -> None:
    target = Y[:300] % 2
    weight = np.where(target == 0, 1.0, 0.0)
    loop = Loop(model(outputs=2, activation=None), TWO, Recipe(learning_rate=0.01))
    rates = np.full(5, 0.05, np.float32)
    for _ in range(20):
        loop.train(Examples(X[:300], target, weight), np.arange(300), rates)
    assert loop.predict(X[:300])[:, 0].min() > 0.5, "the other class was never seen"


@pytest.mark.parametrize("kind", ["Adam", "AdamW"])
def test_adam_in_one_operation_is_keras_own(kind: str) -> None:
    import keras

    examples = Examples(X[:256], Y[:256])
    found = []
    for fused in (True, False):
        optimiser = getattr(keras.optimizers, kind)(1e-2, global_clipnorm=1.0)
        made = model(optimizer=optimiser, loss="sparse_categorical_crossentropy")
        loop = Loop(made, TEN, None)
        if not fused:
            del optimiser.update_step
        assert ("update_step" in vars(loop.model.optimizer)) is fused
        learned(loop, examples, epochs=3)
        found.append(loop.weights)
    for mine, keras_own in zip(*found, strict=True):
        assert mine == pytest.approx(keras_own, abs=1e-5)


def test_a_subclass_of_adam_is_left_as_it_is() -> None:
    import keras

    class Mine(keras.optimizers.Adam):  # type: ignore[misc]
        pass

    loop = Loop(model(optimizer=Mine(1e-3), loss="sparse_categorical_crossentropy"), TEN, None)
    assert "update_step" not in vars(loop.model.optimizer)


def test_a_model_of_another_shape_is_refused() -> None:
    with pytest.raises(ValueError, match=r"takes examples of shape \(9, 9\)"):
        Loop(model(shape=(9, 9)), TEN, Recipe())
