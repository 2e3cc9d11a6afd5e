"""Bring your own KerasTuner model builder: the same function, searched in parallel and without the worst half.

    python examples/keras_tuner_hypermodel.py

`build_model` is what KerasTuner's own tutorials look like, and nothing in it is ours. Each trial runs in a process of
its own, so this file is imported by others: what it does stands under `if __name__ == "__main__"`.
"""

from pathlib import Path

import cloudautoml as ca

DIGITS = Path(__file__).parent / "data" / "digits.npz"


def build_model(hp):
    """A small network for 8 x 8 images: how deep, how wide, how it learns."""
    import keras

    model = keras.Sequential([keras.layers.Input((8, 8)), keras.layers.Flatten()])
    for number in range(hp.Int("layers", 1, 3)):
        model.add(keras.layers.Dense(hp.Int(f"units_{number}", 16, 128, step=16), activation="relu"))
    if hp.Boolean("dropout"):
        model.add(keras.layers.Dropout(hp.Float("rate", 0.1, 0.5, step=0.1)))
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile(
        optimizer=keras.optimizers.Adam(hp.Float("learning_rate", 3e-4, 1e-2, sampling="log")),
        loss="sparse_categorical_crossentropy",
        metrics=["accuracy"],
    )
    return model


def main():
    """Search, and print what came out."""
    spec = ca.JobSpec(
        name="my-hypermodel",
        task=ca.ImageClassification(),
        data=ca.Dataset(train=str(DIGITS)),
        objective=ca.Objective(metric="accuracy"),
        budget=ca.Budget(max_trials=12),
        search=ca.Search(
            space=ca.Part(type="hypermodel", builder=build_model),
            strategy=ca.Part(type="hyperband"),  # or one of KerasTuner's own: ca.Part(type="keras_tuner")
            estimator=ca.Part(type="full_training", epochs=9),
        ),
        outputs=ca.Outputs(report=False),
        seed=7,
    )
    job = ca.connect("local").submit(spec).wait()
    print(job.leaderboard())
    best = job.leaderboard().best
    print(f"\nbest: {best.model} with {dict(best.params)}, accuracy {best.score_val:.4f}")


if __name__ == "__main__":
    main()
