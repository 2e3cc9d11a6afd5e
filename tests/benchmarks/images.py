"""Accuracy of image classification on sealed images, in a given time.

Each data set is one JSON line on stdout. The data is read from the folder that CLOUDAUTOML_BENCH_DATA names
(`vision/mnist.npz` with its own test images, `vision/<name>.zip` with a folder for each class, a fifth of which is
sealed by the seed); dogs_cats_1400 puts heads on the backbone that is in `models`.

    python tests/benchmarks/images.py --data mnist,sign_language_digits --seconds 600 --space chain
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

DATA_SETS = ("mnist", "sign_language_digits", "dogs_cats_1400")
PRETRAINED = frozenset({"dogs_cats_1400"})
_BACKBONE, _BUILDER = "efficientnet_lite0_imagenet_fp16.npz", "efficientnet_lite0_keras.py"
_MARGIN_SECONDS = 300

_ADAPTER = """
def build(arrays, size=224):
    return _built(arrays, size=size, top=False)
"""


def space_of(name: str, folder: Path, place: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """The space of a data set: our own networks, or heads on the backbone."""
    if name not in PRETRAINED:
        return {"type": arguments.space, "recipe": arguments.recipe}
    models = folder / "models"
    source = (models / _BUILDER).read_text(encoding="utf-8")
    builder = place / "backbone.py"
    builder.write_text(f"{source}\n_built = build\n{_ADAPTER}", encoding="utf-8")
    return {"type": "pretrained", "weights": str(models / _BACKBONE), "network": f"{builder}:build"}


def run(name: str, folder: Path, arguments: argparse.Namespace) -> dict[str, Any]:
    """The best model of a job by its validation score, and how it does on the sealed images."""
    import cloudautoml as ca

    own_test = name == "mnist"
    with tempfile.TemporaryDirectory() as temporary:
        place = Path(temporary)
        spec = ca.JobSpec(
            name="bench",
            task=ca.ImageClassification(),
            data=ca.Dataset(
                train=str((folder / "vision" / f"{name}{'.npz' if own_test else '.zip'}").resolve()),
                holdout=ca.Holdout(fraction=0.2, seed=arguments.seed),
            ),
            objective=ca.Objective(metric="accuracy"),
            budget=ca.Budget(max_time=f"{arguments.seconds}s"),
            search=ca.Search(space=ca.Part.model_validate(space_of(name, folder, place, arguments))),
            outputs=ca.Outputs(report=False),
            seed=arguments.seed,
        )
        os.environ["CLOUDAUTOML_HOME"] = str(place / "home")
        begin = time.perf_counter()
        job = ca.connect("local").submit(spec).wait(timeout=arguments.seconds + _MARGIN_SECONDS)
        seconds = time.perf_counter() - begin
        board = job.leaderboard()
        best = board.best
        if best is None:
            return {"data": name, "best": None, "seconds": round(seconds, 1)}
        return {
            "data": name,
            "best": best.model,
            "test_accuracy": best.score_holdout,
            "validation": best.score_val,
            "trials": sum(row.trial is not None and row.score_val is not None for row in board),
            "ms_per_row": best.predict_ms_per_row,
            "size_mb": best.size_mb,
            "params": dict(best.params),
            "seconds": round(seconds, 1),
        }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--data", default=",".join(DATA_SETS), help="data sets, separated by commas")
    parser.add_argument("--seconds", type=int, default=600, help="time of a job")
    parser.add_argument("--space", default="chain", choices=["chain", "multi_branch", "cell"], help="of our networks")
    parser.add_argument("--recipe", default="fixed", choices=["fixed", "searched"], help="how to train")
    parser.add_argument("--seed", type=int, default=0)
    arguments = parser.parse_args()
    folder = Path(os.environ.pop("CLOUDAUTOML_BENCH_DATA")).resolve()  # no setting of a job
    for name in arguments.data.split(","):
        sys.stdout.write(json.dumps(run(name, folder, arguments)) + "\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
