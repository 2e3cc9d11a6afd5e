"""Quality of forecasts on real series: scores on the sealed steps, beside what others have published for them.

The data is read from the folder that CLOUDAUTOML_BENCH_DATA names (`timeseries/<name>.parquet`). M4 hourly is sealed
as the competition sealed it, of the others the last steps. Each data set is one JSON line on stdout.

    python tests/benchmarks/forecasting.py --seconds 300
    python tests/benchmarks/forecasting.py --data airline_passengers,co2_weekly --seconds 60
"""

from __future__ import annotations

import argparse
import json
import os
import tempfile
import time
from pathlib import Path
from typing import Any

PUBLISHED = {
    "m4_hourly": {
        "sNaive": {"smape": 13.912, "mase": 1.193},
        "Theta": {"smape": 18.138, "mase": 2.455},
        "Smyl, first": {"smape": 9.328, "mase": 0.893},
        "FFORMA, second": {"smape": 11.506, "mase": 0.819},
    }
}
"""Scores of the M4 competition, hourly series."""


def m4_hourly(folder: Path) -> dict[str, Any]:
    """414 hourly series, 48 steps ahead; the competition gives no stamps, so the steps are counted from one hour."""
    import pandas as pd

    frame = pd.read_parquet(folder / "m4_hourly.parquet")
    hours = frame.groupby("unique_id", sort=False).cumcount()
    rows = pd.DataFrame(
        {
            "series": frame["unique_id"],
            "time": pd.Timestamp("2017-01-01") + pd.to_timedelta(hours, unit="h"),
            "value": frame["y"],
            "split": frame["split"],
        }
    )
    return {
        "task": {"target": "value", "time": "time", "series": ["series"], "horizon": 48},
        "data": {"train": rows, "holdout": {"column": "split"}},
    }


def airline_passengers(folder: Path) -> dict[str, Any]:
    """One monthly series, a year ahead."""
    import pandas as pd

    rows = pd.read_parquet(folder / "airline_passengers.parquet")
    return {"task": {"target": "passengers", "time": "date", "horizon": 12}, "data": {"train": rows}}


def co2_weekly(folder: Path) -> dict[str, Any]:
    """One weekly series, half a year ahead."""
    import pandas as pd

    rows = pd.read_parquet(folder / "co2_weekly.parquet")
    return {"task": {"target": "co2", "time": "date", "horizon": 26}, "data": {"train": rows}}


def daily_min_temperatures(folder: Path) -> dict[str, Any]:
    """One daily series, two weeks ahead."""
    import pandas as pd

    rows = pd.read_parquet(folder / "daily_min_temperatures.parquet")
    time_, target = rows.columns[:2]
    return {"task": {"target": target, "time": time_, "horizon": 14}, "data": {"train": rows}}


SETS = {made.__name__: made for made in (m4_hourly, airline_passengers, co2_weekly, daily_min_temperatures)}


def run(name: str, folder: Path, *, seconds: float, seed: int) -> dict[str, Any]:
    """Forecast one data set; returns the scores of the best model, of the baseline and of each family's best."""
    import cloudautoml as ca

    made = SETS[name](folder)
    spec = ca.JobSpec.model_validate(
        {
            "name": name.replace("_", "-"),
            "task": {"type": "forecasting", **made["task"]},
            "data": made["data"],
            "objective": {"metric": "mase"},
            "budget": {"max_time": seconds},
            "outputs": {"report": False},
            "seed": seed,
        }
    )
    begin = time.perf_counter()
    job = ca.connect("local").submit(spec)
    job.wait()
    taken = time.perf_counter() - begin
    board = job.leaderboard()
    wanted = ("mase", "smape", "weighted_quantile_loss")

    def scores(row: Any) -> dict[str, float]:
        return {metric: round(row.metrics_holdout[metric], 4) for metric in wanted if metric in row.metrics_holdout}

    families: dict[str, dict[str, float]] = {}
    for row in board:
        if row.succeeded:
            families.setdefault(row.algorithm, {"val_mase": round(row.metrics_val["mase"], 4), **scores(row)})
    forecasts = job.model().predict(None)
    inside = sum(1 for row in board if row.trial is not None and row.succeeded)
    return {
        "data": name,
        "seconds": round(taken, 1),
        "trials": inside,
        "best": board.best.model if board.best else None,
        "scores": scores(board.best),
        "families": families,
        "ensemble": dict(next((row.params for row in board if row.algorithm == "ensemble"), {})),
        "published": PUBLISHED.get(name, {}),
        "forecast_rows": len(forecasts),
    }


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=300.0, help="budget of each job")
    parser.add_argument("--data", default=",".join(SETS), help="names, separated by commas")
    parser.add_argument("--seed", type=int, default=7)
    options = parser.parse_args()
    # taken out of the environment: it is no setting of cloudautoml's, which refuses names it does not know
    folder = Path(os.environ.pop("CLOUDAUTOML_BENCH_DATA")) / "timeseries"
    with tempfile.TemporaryDirectory() as home:
        os.environ.setdefault("CLOUDAUTOML_HOME", home)
        for name in options.data.split(","):
            print(json.dumps(run(name, folder, seconds=options.seconds, seed=options.seed)), flush=True)


if __name__ == "__main__":
    main()
