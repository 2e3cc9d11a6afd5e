"""Average precision of object detection on the raccoon pictures, in a given time, as RESULTS.md reports it.

CLOUDAUTOML_BENCH_DATA=... python tests/benchmarks/detection.py --minutes 15 [--scratch] [--trials 3]
"""

from __future__ import annotations

import argparse
import os
import tempfile
import time
from pathlib import Path

from cloudautoml.spec import Budget, Dataset, JobSpec, ObjectDetection, Outputs, Part, Search
from cloudautoml.store import Store
from cloudautoml_local import LocalConfig, LocalProvider


def main() -> None:
    """Run one job and print its leaderboard."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--minutes", type=float, default=15.0)
    parser.add_argument("--trials", type=int, default=3)
    parser.add_argument("--epochs", type=int, default=40)
    parser.add_argument("--scratch", action="store_true", help="without trained weights")
    parser.add_argument("--seed", type=int, default=0)
    given = parser.parse_args()
    data = Path(os.environ["CLOUDAUTOML_BENCH_DATA"])
    weights = data / "models" / "efficientnet_lite0_imagenet_fp16.npz"
    space = {"type": "detector"} if given.scratch else {"type": "detector", "weights": str(weights)}
    spec = JobSpec(
        name="raccoon",
        task=ObjectDetection(),
        data=Dataset(train=str(data / "detection" / "raccoon.zip")),
        budget=Budget.model_validate({"max_trials": given.trials, "max_time": f"{given.minutes:g}m"}),
        search=Search(
            space=Part.model_validate(space),
            estimator=Part.model_validate({"type": "full_training", "epochs": given.epochs}),
        ),
        outputs=Outputs(report=False),
        seed=given.seed,
    )
    begin = time.monotonic()
    with tempfile.TemporaryDirectory() as home:
        provider = LocalProvider(LocalConfig(workers=1), store=Store(Path(home)))
        job = provider.submit(spec).wait(timeout=given.minutes * 60 + 120)
        print(f"{'from scratch' if given.scratch else 'trained backbone'}: {time.monotonic() - begin:.0f} s")
        for row in job.leaderboard():
            sealed = {name: round(value, 4) for name, value in row.metrics_holdout.items()}
            print(f"{row.model:16} valid {row.score_val} sealed {sealed} {row.fit_seconds or 0:.0f} s {row.reason}")


if __name__ == "__main__":
    main()
