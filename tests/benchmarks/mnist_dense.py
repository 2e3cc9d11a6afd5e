"""The model builder of the MNIST demonstration, as KerasTuner and we are given it."""

from __future__ import annotations

from typing import Any


def build_model(hp: Any) -> Any:
    """One hidden layer, whose width is searched."""
    import keras

    model = keras.Sequential(
        [
            keras.layers.Input((28, 28)),
            keras.layers.Flatten(),
            keras.layers.Dense(hp.Int("units", 16, 512, step=16), activation="relu"),
            keras.layers.Dropout(0.2),
            keras.layers.Dense(10, activation="softmax"),
        ]
    )
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model
