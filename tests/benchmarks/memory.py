"""Memory of a long search: what all processes of a job hold, while many small Keras trials come and go.

    python tests/benchmarks/memory.py [--trials 100] [--every 20] [--workers 2]

Runs one job of small convolutional networks on scikit-learn's digits through the real processes, and samples the
resident memory of the whole process tree (the caller, the runner, the hosts, the trials) four times a second. Pages
that processes share are counted in each of them, so the proportional set size, which counts them once, stands beside.
Between two trials that end, the least of the samples tells what stays; the median tells what is used while they run.
Prints one JSON object a line.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
import threading
import time
from pathlib import Path
from typing import Any

HERE = Path(__file__).resolve().parent
SECONDS = 0.25


def build_model(hp: Any) -> Any:
    """A convolutional network with one to four layers of 8 to 64 filters."""
    import keras

    model = keras.Sequential([keras.layers.Input((8, 8, 1))])
    for number in range(hp.Int("layers", 1, 4)):
        filters = hp.Choice(f"filters_{number}", [8, 16, 32, 64])
        model.add(keras.layers.Conv2D(filters, 3, padding="same", activation="relu"))
    model.add(keras.layers.GlobalAveragePooling2D())
    model.add(keras.layers.Dense(10, activation="softmax"))
    model.compile("adam", "sparse_categorical_crossentropy", metrics=["accuracy"])
    return model


def main() -> None:
    """Run the job, and print what it held."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--every", type=int, default=20, help="trials a row")
    parser.add_argument("--workers", type=int, default=2)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        os.environ["CLOUDAUTOML_HOME"] = folder
        for row in measure(Path(folder), options):
            print(json.dumps(row), flush=True)


def measure(folder: Path, options: argparse.Namespace) -> list[dict[str, Any]]:
    """Run the job; a row for each so many trials, and a verdict."""
    import numpy as np
    from sklearn.datasets import load_digits

    import cloudautoml as ca
    from cloudautoml_local.config import LocalConfig

    digits = load_digits()
    np.savez(folder / "digits.npz", x=(digits.images * 16).clip(0, 255).astype(np.uint8)[:600], y=digits.target[:600])
    spec = ca.JobSpec(
        name="memory",
        task=ca.ImageClassification(),
        data=ca.Dataset(train=str(folder / "digits.npz")),
        budget=ca.Budget(max_trials=options.trials),
        search=ca.Search(
            space=ca.Part(type="hypermodel", builder=build_model),
            strategy=ca.Part(type="random"),
            estimator=ca.Part(type="full_training", epochs=2),
            ensemble=False,
        ),
        outputs=ca.Outputs(report=False, refit=False),
    )
    job = ca.connect(LocalConfig(workers=options.workers)).submit(spec)
    samples: list[tuple[float, int, float, float]] = []
    over = threading.Event()

    def watch() -> None:
        while not over.wait(SECONDS):
            samples.append((time.time(), *tree_memory(os.getpid(), runner_of(job.id))))

    watcher = threading.Thread(target=watch)
    watcher.start()
    job.wait()
    over.set()
    watcher.join()
    ended = sorted(
        event.time.timestamp()
        for event in job.events()
        if event.kind == "trial" and event.data.get("state") in {"succeeded", "failed"}
    )
    rows = []
    for first in range(0, len(ended), options.every):
        last = min(first + options.every, len(ended)) - 1
        found = [sample for sample in samples if ended[first] <= sample[0] <= ended[last]]
        if found:
            rows.append(
                {
                    "trials": f"{first + 1}-{last + 1}",
                    "processes": max(sample[1] for sample in found),
                    "rss_mib_least": round(min(sample[2] for sample in found)),
                    "rss_mib_median": round(statistics.median(sample[2] for sample in found)),
                    "pss_mib_least": round(min(sample[3] for sample in found)),
                    "pss_mib_median": round(statistics.median(sample[3] for sample in found)),
                }
            )
    growth = max((max(later) / min(later) - 1 for later in _columns(rows[1:])), default=0.0)
    return [*rows, {"trials": len(ended), "spread_after_the_first_row": round(growth, 3), "flat": growth <= 0.1}]


def _columns(rows: list[dict[str, Any]]) -> list[list[float]]:
    return [[row[name] for row in rows] for name in ("rss_mib_median", "pss_mib_median") if rows]


def runner_of(job: str) -> int | None:
    """The process that runs a job; it has a session of its own, and is nobody's child for long."""
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                words = (place / "cmdline").read_bytes().split(b"\0")
            except OSError:
                continue
            if b"cloudautoml_local.runner" in words and job.encode() in words:
                return int(place.name)
    return None


def tree_memory(*roots: int | None) -> tuple[int, float, float]:
    """Processes below some roots, the roots included, with the MiB that they hold: resident, and proportional."""
    parents: dict[int, int] = {}
    for place in Path("/proc").iterdir():
        if place.name.isdigit():
            try:
                parents[int(place.name)] = int((place / "stat").read_text().rpartition(")")[2].split()[1])
            except OSError:
                continue
    tree = {root for root in roots if root is not None}
    grown = True
    while grown:
        more = {pid for pid, parent in parents.items() if parent in tree} - tree
        tree |= more
        grown = bool(more)
    resident = proportional = 0.0
    for pid in tree:
        try:
            lines = Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines()
        except OSError:
            continue  # it has just ended
        held = {line.partition(":")[0]: float(line.split()[1]) for line in lines[1:]}
        resident += held.get("Rss", 0.0) / 1024
        proportional += held.get("Pss", 0.0) / 1024
    return len(tree), resident, proportional


if __name__ == "__main__":
    if sys.platform != "linux":
        sys.exit("reads /proc")
    main()
