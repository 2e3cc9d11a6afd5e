"""How much time a search spends outside its trials: instant trials through the real processes.

    python tests/benchmarks/overhead.py [--trials 100] [--workers 2] [--strategy bayesian] [--plain]

Prints one JSON object. The hosts load the libraries of the tabular task unless `--plain` is given, since what a
fork costs depends on what its parent holds. `ms_per_trial` is wall-clock time from the end of the first trial
to the end of the last one, over the trials in between; `ms_start_to_end_median` what one trial takes of a worker.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import tempfile
from pathlib import Path

TESTS = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(TESTS))


def main() -> None:
    """Run one search and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--trials", type=int, default=100)
    parser.add_argument("--workers", type=int, default=2)
    parser.add_argument("--strategy", default="bayesian")
    parser.add_argument("--plain", action="store_true", help="hosts that have loaded no libraries")
    options = parser.parse_args()
    with tempfile.TemporaryDirectory() as folder:
        print(json.dumps(measure(Path(folder), options), indent=1))


def measure(home: Path, options: argparse.Namespace) -> dict[str, object]:
    """One search in a home of its own."""
    import pytest
    from analytic_jobs import prepare_environment, provider_for, spec_for, submit

    with pytest.MonkeyPatch.context() as patch:
        prepare_environment(patch, home)
        patch.setenv("ANALYTIC_PRELOAD", "plain" if options.plain else "trees")
        provider = provider_for(home, workers=options.workers)
        job = submit(provider, spec_for(home, strategy=options.strategy, max_trials=options.trials))
        job.wait(timeout=300)
        events = [event for event in job.events() if event.kind == "trial"]
    started = {event.data["trial"]: event.time.timestamp() for event in events if event.data["state"] == "running"}
    ended = {event.data["trial"]: event.time.timestamp() for event in events if event.data["state"] == "succeeded"}
    # libraries are loaded before the second trial starts: what that takes is no overhead of a trial
    first = min(ended.values())
    wall = max(ended.values()) - first
    lengths = [1000 * (ended[number] - started[number]) for number in ended if started[number] >= first]
    return {
        "trials": len(ended),
        "workers": options.workers,
        "strategy": options.strategy,
        "host": "plain" if options.plain else "trees",
        "ms_per_trial": round(1000 * wall / (len(ended) - 1), 2),
        "ms_start_to_end_median": round(statistics.median(lengths), 2),
        "load": [round(value, 1) for value in os.getloadavg()],
    }


if __name__ == "__main__":
    main()
