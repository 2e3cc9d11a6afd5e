"""The MNIST demonstration by KerasTuner and by us: one builder, one split, one machine, one run.

    python tests/benchmarks/keras_tuner_mnist.py mnist.npz [--seed 0] [--only ours] [--batch-size 128]

The builder (`mnist_dense.py`: a hidden layer of 16 to 512 units) is the same file for both, and so is the data: the
last 12,000 of the 60,000 training images are for validation, all of them each time. KerasTuner runs Hyperband with
at most 10 epochs, a factor of 3 and early stopping with a patience of 5, as the course does. We train at most 10
epochs as well. Each tool has a process of its own, libraries and data loading inside its wall time; accuracies are
measured again at the end by Keras alone, on the saved model. Prints one JSON object a tool.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
VALIDATION = 12_000


def main() -> None:
    """Run the tools in turn and print what they came to."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("data", type=Path, help="an .npz file with x_train, y_train, x_test, y_test")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--only", choices=sorted(TOOLS), help="run one tool, not both")
    parser.add_argument("--as", dest="tool", choices=sorted(TOOLS), help=argparse.SUPPRESS)
    parser.add_argument("--trials", type=int, default=16, help="our trials, promotions counted")
    parser.add_argument("--epochs", type=int, default=10, help="our epochs of a whole training; KerasTuner has 10")
    parser.add_argument("--batch-size", type=int, default=64, help="our examples a step; KerasTuner has Keras' 32")
    options = parser.parse_args()
    if options.tool:
        print(json.dumps(TOOLS[options.tool](options)))
        return
    results = {}
    for tool in [options.only] if options.only else list(TOOLS):
        begin = time.monotonic()
        command = [sys.executable, __file__, *sys.argv[1:], "--as", tool]
        ended = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        seconds = round(time.monotonic() - begin, 1)
        result = {"tool": tool, "wall_s": seconds, **json.loads(ended.stdout.splitlines()[-1])}
        results[tool] = result
        print(json.dumps(result), flush=True)
    if len(results) == len(TOOLS):
        print(json.dumps({"times_faster": round(results["keras_tuner"]["wall_s"] / results["ours"]["wall_s"], 1)}))


def load(path: Path) -> dict[str, Any]:
    """The images, with the validation images apart."""
    import numpy as np

    with np.load(path) as archive:
        x, y, x_test, y_test = (archive[name] for name in ("x_train", "y_train", "x_test", "y_test"))
    return {
        "x_train": x[:-VALIDATION], "y_train": y[:-VALIDATION], "x_valid": x[-VALIDATION:], "y_valid": y[-VALIDATION:],
        "x_test": x_test, "y_test": y_test,
    }  # fmt: skip


def accuracies(model: Any, data: dict[str, Any]) -> dict[str, float]:
    """Accuracy on all validation and all test images, by Keras."""
    found = {}
    for part in ("valid", "test"):
        chosen = model.predict(data[f"x_{part}"] / 255.0, verbose=0, batch_size=1000).argmax(axis=1)
        found[part] = round(float((chosen == data[f"y_{part}"]).mean()), 4)
    return found


def keras_tuner(options: argparse.Namespace) -> dict[str, Any]:
    """KerasTuner's Hyperband."""
    import keras
    from keras_tuner import Hyperband
    from mnist_dense import build_model

    data = load(options.data)
    epochs = []

    class Counter(keras.callbacks.Callback):
        def on_epoch_end(self, epoch: int, logs: Any = None) -> None:
            epochs.append(epoch)

    with tempfile.TemporaryDirectory() as folder:
        tuner = Hyperband(
            build_model, objective="val_accuracy", max_epochs=10, factor=3, seed=options.seed, directory=folder
        )
        begin = time.monotonic()
        tuner.search(
            data["x_train"] / 255.0,
            data["y_train"],
            validation_data=(data["x_valid"] / 255.0, data["y_valid"]),
            epochs=50,
            verbose=0,
            callbacks=[keras.callbacks.EarlyStopping("val_loss", patience=5), Counter()],
        )
        seconds = time.monotonic() - begin
        best = tuner.oracle.get_best_trials(1)[0]
        return {
            "search_s": round(seconds, 1),
            "trials": len(tuner.oracle.trials),
            "epochs": len(epochs),
            "units": best.hyperparameters.get("units"),
            **accuracies(tuner.get_best_models(1)[0], data),
        }


def ours(options: argparse.Namespace) -> dict[str, Any]:
    """Our hyperband over the same builder."""
    import numpy as np
    from mnist_dense import build_model

    import cloudautoml as ca

    data = load(options.data)
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLOUDAUTOML_HOME"] = folder
        np.savez(Path(folder) / "mnist.npz", **data)
        spec = ca.JobSpec(
            name="mnist",
            task=ca.ImageClassification(),
            data=ca.Dataset(train=f"{folder}/mnist.npz"),
            objective=ca.Objective(metric="accuracy"),
            budget=ca.Budget(max_trials=options.trials),
            search=ca.Search(
                space=ca.Part(type="hypermodel", builder=build_model, batch_size=options.batch_size),
                strategy=ca.Part(type="hyperband", sampler={"type": "bayesian", "startup": 4}),
                estimator=ca.Part(type="full_training", epochs=options.epochs),
                ensemble=False,
            ),
            outputs=ca.Outputs(report=False, refit=False),
            seed=options.seed,
        )
        begin = time.monotonic()
        job = ca.connect("local").submit(spec).wait()
        seconds = time.monotonic() - begin
        trials = [trial for trial in job._store.trials.list(job.id) if trial.measurement is not None]
        board = job.leaderboard()
        best = max(trials, key=lambda trial: trial.score or 0.0)
        valid = job.model().predict(data["x_valid"])
        test = job.model().predict(data["x_test"])
        return {
            "search_s": round(seconds, 1),
            "trials": len(trials),
            "epochs": sum(len(trial.measurement.curve) for trial in trials if trial.measurement),
            "units": best.architecture["units"],
            "valid": round(float(np.mean(np.asarray(valid).astype(str) == data["y_valid"].astype(str))), 4),
            "test": round(float(np.mean(np.asarray(test).astype(str) == data["y_test"].astype(str))), 4),
            "told": None if board.best is None else board.best.score_val,
        }


TOOLS = {"keras_tuner": keras_tuner, "ours": ours}

if __name__ == "__main__":
    main()
