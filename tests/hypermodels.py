"""Model builders as users write them, for tests of the hypermodel space."""

from __future__ import annotations

from typing import Any

from keras_tuner import HyperModel

DIGITS = 10


def dense(hp: Any) -> Any:
    """The usual demonstration: a width, a rate, and a number of layers with a width each."""
    import keras

    model = keras.Sequential([keras.layers.Input((8, 8)), keras.layers.Flatten()])
    for number in range(hp.Int("layers", 1, 3)):
        model.add(keras.layers.Dense(hp.Int(f"units_{number}", 8, 32, step=8), activation="relu"))
    if hp.Boolean("dropout"):
        model.add(keras.layers.Dropout(hp.Float("rate", 0.1, 0.5, step=0.1)))
    model.add(keras.layers.Dense(10, activation="softmax"))
    rate = hp.Float("learning_rate", 1e-4, 1e-2, sampling="log")
    model.compile(keras.optimizers.Adam(rate), "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def small(hp: Any) -> Any:
    """Asks for one of each kind, under conditions of both kinds, and builds no layer of Keras."""
    kind = hp.Choice("kind", ["mlp", "cnn"])
    with hp.conditional_scope("kind", ["mlp"]):
        hp.Int("units", 16, 48, step=16)
    with hp.conditional_scope("kind", ["cnn"]):
        hp.Int("filters", 4, 16, step=2, sampling="log")
        if kind == "cnn" and hp.Boolean("pool"):
            hp.Choice("size", [2, 3])
    hp.Fixed("classes", 10)
    with hp.name_scope("head"):
        hp.Float("rate", 0.0, 0.4, step=0.2)


def recommended(hp: Any) -> None:
    """Has a default that is between two steps of its range."""
    hp.Int("units", 8, 40, step=16, default=24)
    hp.Float("rate", 0.0, 0.5, default=0.25)


def together(hp: Any) -> None:
    """Two flags that ask for a third only together."""
    first, second = hp.Boolean("first"), hp.Boolean("second")
    if first and second:
        hp.Choice("third", ["a", "b", "c"], default="b")
    hp.Int("fourth", 1, 1000)


class Uncompiled(HyperModel):  # type: ignore[misc]
    """A HyperModel that leaves how to train to others."""

    def build(self, hp: Any) -> Any:
        import keras

        layers = keras.layers
        return keras.Sequential(
            [layers.Input((8, 8, 1)), layers.Flatten(), layers.Dense(hp.Int("units", 4, 8, step=4)), layers.Dense(10)]
        )


uncompiled = Uncompiled()


class TrainsItself(Uncompiled):
    """A HyperModel with a training of its own."""

    def fit(self, hp: Any, model: Any, *args: Any, **kwargs: Any) -> Any:
        return model.fit(*args, **kwargs)


class WantsArguments(Uncompiled):
    """A HyperModel that cannot be made without being told something."""

    def __init__(self, classes: int) -> None:
        super().__init__()
        self.classes = classes


def broken(hp: Any) -> Any:
    """Fails on whatever it is given."""
    raise ValueError(f"no model with {hp.Int('units', 1, 2)} units")


def sometimes(hp: Any) -> Any:
    """Fails for one of its values."""
    if hp.Choice("size", [1, 2, 3]) == 2:
        raise ValueError("two is one too many")
    hp.Boolean("flag")
    return "not a model"
