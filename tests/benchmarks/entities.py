"""Quality of named-entity recognition: the entity F1 of our best model on the official test sentences.

Each set is one JSON line on stdout. The data is read from the folder that CLOUDAUTOML_BENCH_DATA names
(`ner/<name>.parquet`, columns `tokens`, `ner_tags` and `split`); rows marked `test` are sealed.

    python tests/benchmarks/entities.py --sets wnut17 --seconds 600
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any


def measured(path: Path, seconds: float, seed: int, families: tuple[str, ...] | None) -> dict[str, Any]:
    """Fit through the public interface, as any user would, and score on the sealed sentences."""
    import cloudautoml as ca

    with tempfile.TemporaryDirectory() as home:
        os.environ["CLOUDAUTOML_HOME"] = home
        spec = ca.JobSpec(
            name=path.stem.replace("_", "-"),
            task=ca.NamedEntityRecognition(target="ner_tags"),
            data=ca.Dataset(train=str(path), holdout=ca.Holdout(column="split", values=("test",))),
            budget=ca.Budget(max_time=seconds),
            search=ca.Search(families=families),
            outputs=ca.Outputs(report=False),
            seed=seed,
        )
        start = time.perf_counter()
        board = ca.connect("local").submit(spec).wait().leaderboard()
        spent = time.perf_counter() - start
    best, rows = board.best, {row.model: row for row in board}
    return {
        "model": best.model if best else None,
        "entity_f1": best.score_holdout if best else None,
        "metrics": dict(best.metrics_holdout) if best else {},
        "validated": best.score_val if best else None,
        "refit": rows["refit"].score_holdout if "refit" in rows else None,
        "baseline": rows["baseline"].score_holdout,
        "trials": sum(row.trial is not None and row.succeeded for row in board),
        "folds": board.protocol["folds"],
        "seconds": round(spent, 1),
    }


def main() -> None:
    """Measure each set."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--sets", default="wnut17,sec_filings")
    parser.add_argument("--seconds", type=float, default=600.0)
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--families", default="")
    given = parser.parse_args()
    folder = Path(os.environ.pop("CLOUDAUTOML_BENCH_DATA")) / "ner"  # to the product it names no setting
    for name in given.sets.split(","):
        families = tuple(given.families.split(",")) if given.families else None
        found = measured(folder / f"{name}.parquet", given.seconds, given.seed, families)
        print(json.dumps({"set": name, **found}), flush=True)


if __name__ == "__main__":
    main()
