"""Search strategies on NAS-Bench-201: the test accuracy of what they would have chosen, over many seeds.

    python tests/benchmarks/nas.py --strategies all --seeds 200 --queries 50,100
    python tests/benchmarks/nas.py --strategies random bayesian hyperband:screen=parameters --seconds --jobs 2

By queries, a query is a whole training (a training of 12 epochs is 0.06 of one), and its answer the validation accuracy
of one run. By `--seconds`, the simulated seconds of every training count; a training that would end too late is
not taken; and a strategy that cuts no epochs itself is judged after 12 epochs. Either way strategies run with their
default options or those named (`name:option=value,option=value`), through the same schedule as any job, one trial at a
time, and the incumbent is the best by what was seen, among what was seen at the highest fidelity. Results are
appended to `--out` as they come, and what is in there is not run again; `--markdown` only prints them.
"""

from __future__ import annotations

import argparse
import json
import os
import statistics
import sys
import time
from collections import defaultdict
from concurrent.futures import ProcessPoolExecutor, as_completed
from functools import cache
from multiprocessing import get_context
from pathlib import Path
from typing import TYPE_CHECKING, Any

sys.path.insert(0, str(Path(__file__).parent))

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from nasbench201 import Cell

    from cloudautoml.search import Architecture, PerformanceEstimator, SearchStrategy, Trial

TIMED = (100, 500)
"""The trials at which the time of a suggestion is taken, over the twenty up to there."""

ANCHORS: dict[str, list[tuple[str, dict[str, list[str]]]]] = {
    "queries": [
        ("*random*", {"100": ["93.76", "71.33", "45.21"], "500": ["94.00", "72.23", "45.89"]}),
        ("*evolution, syne-tune*", {"100": ["93.79", "71.48", "45.31"]}),
        ("*evolution, P=30 S=10*", {"100": ["94.15", "72.81", "46.16"], "500": ["94.33", "73.23", "46.40"]}),
        ("*local search*", {"100": ["94.18", "72.83", "46.00"], "500": ["94.33", "73.24", "46.44"]}),
        ("*TPE, Optuna*", {"100": ["94.15", "72.79", "46.04"]}),
        ("*plain surrogate*", {"100": ["94.25", "73.18", "46.33"]}),
    ],
    "seconds": [
        ("*random*", {"1": ["93.83", "71.54", "45.23"]}),
        ("*evolution, P=30 S=10*", {"1": ["94.27", "72.63", "46.06"]}),
        ("*local search*", {"1": ["94.29", "72.66", "46.07"]}),
        ("*MF-NAS, published*", {"1": ["94.36", "73.51", "46.34"]}),
    ],
}
"""Means of others on the same table, by protocol, for the data sets in their order; by seconds, at the full time."""


def strategy_of(text: str) -> tuple[type[SearchStrategy], Any]:
    """The class and the options that `name:option=value,...` says."""
    from cloudautoml import registry

    name, _, rest = text.partition(":")
    kind = registry.strategy_type(name)
    pairs = (pair.split("=", 1) for pair in rest.split(",") if pair)
    return kind, kind.options_type.model_validate({option: _value(value) for option, value in pairs})


def _value(text: str) -> Any:
    try:
        return json.loads(text)
    except json.JSONDecodeError:
        return text


@cache
def _table(dataset: str) -> dict[Architecture, Cell]:
    from nasbench201 import load

    return load(dataset)


def search(
    strategy: str, dataset: str, seed: int, *, protocol: str, marks: Sequence[float], cells: Mapping[Any, Cell]
) -> dict[str, Any]:
    """Run one search.

    Args:
        strategy: Name and options.
        dataset: Whose table it is.
        seed: Of the search, and of the runs that are drawn.
        protocol: `queries` or `seconds`.
        marks: Queries or seconds at which the incumbent is asked for, increasing.
        cells: The table.

    Returns:
        The incumbent's test accuracy at each mark, duplicates, and milliseconds of a suggestion.
    """
    from nasbench201 import Replay

    from cloudautoml.search import TrialState
    from cloudautoml_local.schedule import Schedule

    kind, options = strategy_of(strategy)
    trainer = Replay(cells, seed)
    searcher = kind(trainer.space, seed=seed, options=options)
    estimator = _estimator(searcher, protocol)
    _check(searcher, estimator, trainer.traits)
    schedule = Schedule(trainer.space, searcher, window=1)
    scores: dict[str, float] = {}
    spans: list[float] = []
    duplicates = 0
    incumbent: Incumbent = Incumbent()
    while len(scores) < len(marks):
        timed = any(n - 20 <= len(spans) < n for n in TIMED)  # asking for the time takes a while on some machines
        began = time.process_time() if timed else 0.0
        trial = schedule.propose()
        if trial is None:
            if schedule.exhausted:
                break
            continue
        if trial.state is TrialState.SKIPPED:
            duplicates += str(trial.error).startswith("the same model")
            continue
        spans.append(time.process_time() - began if timed else 0.0)
        trial = _judge(trial, estimator, trainer, schedule)
        schedule.finish(trial)
        spent = trainer.seconds if protocol == "seconds" else trainer.trainings
        for mark in marks:
            if str(mark) not in scores and spent > mark + 1e-9:
                scores[str(mark)] = incumbent.test(cells)
        incumbent.see(trial)
    for mark in marks:
        scores.setdefault(str(mark), incumbent.test(cells))
    return {
        "scores": {mark: round(score, 4) for mark, score in scores.items()},
        "trials": len(spans),
        "duplicates": duplicates,
        "ms": {str(n): round(1000 * statistics.mean(spans[n - 20 : n]), 2) for n in TIMED if len(spans) >= n},
    }


class Incumbent:
    """The best by what was seen, among what was seen at the highest fidelity."""

    def __init__(self) -> None:
        self._best: tuple[float, float] | None = None
        self._architecture: Architecture | None = None

    def see(self, trial: Trial) -> None:
        """Take a finished trial into account."""
        found = trial.measurement
        if found is not None and not found.predicted:
            rank = (found.fidelity.cost, found.score)
            if self._best is None or rank > self._best:
                self._best, self._architecture = rank, trial.architecture

    def test(self, cells: Mapping[Any, Cell]) -> float:
        """Test accuracy of the choice; NaN before there is one."""
        return float("nan") if self._architecture is None else cells[self._architecture].test


def _estimator(strategy: SearchStrategy, protocol: str) -> PerformanceEstimator:
    from nasbench201 import SHORT

    from cloudautoml.search import Trait
    from cloudautoml_local.estimators.full_training import FullTraining
    from cloudautoml_local.estimators.low_fidelity import LowFidelity

    if protocol == "queries" or Trait.EPOCHS in strategy.needs:
        return FullTraining()
    # none of the first candidates is trained whole as well, to learn whether the short training can be trusted
    return LowFidelity(LowFidelity.options_type.model_validate({"cut": dict(SHORT.settings), "verify": 0}))


def _check(strategy: SearchStrategy, estimator: PerformanceEstimator, offered: frozenset[Any]) -> None:
    for part in (strategy, estimator):
        if lacking := part.needs - offered - strategy.gives:
            raise SystemExit(f"{part.name} needs {', '.join(lacking)}, which the table does not offer")


def _judge(trial: Trial, estimator: PerformanceEstimator, trainer: Any, schedule: Any) -> Trial:
    from dataclasses import replace

    from cloudautoml.search import TrialFailedError, TrialSkippedError, TrialState

    history = schedule.trials[:-1]
    try:
        measurement = estimator.estimate(trial.proposal, trainer, history)
    except TrialFailedError as exc:
        state = TrialState.SKIPPED if isinstance(exc, TrialSkippedError) else TrialState.FAILED
        return replace(trial, state=state, error=str(exc))
    return replace(trial, state=TrialState.SUCCEEDED, measurement=measurement)


def _run(task: dict[str, Any]) -> dict[str, Any]:
    """One search in a worker."""
    began = time.perf_counter()
    found = search(
        task["strategy"],
        task["dataset"],
        task["seed"],
        protocol=task["protocol"],
        marks=task["marks"],
        cells=_table(task["dataset"]),
    )
    return {**task, **found, "wall_s": round(time.perf_counter() - began, 2)}


def tasks_of(options: argparse.Namespace) -> list[dict[str, Any]]:
    """Every search that the command asks for."""
    from nasbench201 import DATASETS

    from cloudautoml import registry

    names = options.strategies
    if names == ["all"]:
        names = registry.names("strategies")
    protocol = "seconds" if options.seconds else "queries"
    found = []
    for seed in range(options.seeds):
        for dataset in options.datasets.split(","):
            marks = [0.5 * DATASETS[dataset], DATASETS[dataset]]
            if protocol == "queries":
                marks = [float(mark) for mark in options.queries.split(",")]
            found += [
                {"strategy": name, "protocol": protocol, "dataset": dataset, "seed": seed, "marks": marks}
                for name in names
            ]
    return found


def _key(row: Mapping[str, Any]) -> tuple[Any, ...]:
    return (row["strategy"], row["protocol"], row["dataset"], row["seed"], max(row["marks"]))


def markdown(rows: list[dict[str, Any]]) -> str:
    """Mean, standard deviation and standard error of each strategy on each data set, beside those of others."""
    from nasbench201 import DATASETS

    lines: list[str] = []
    for protocol in dict.fromkeys(row["protocol"] for row in rows):
        of_protocol = [row for row in rows if row["protocol"] == protocol]
        limits = DATASETS if protocol == "seconds" else dict.fromkeys(DATASETS, 1.0)
        for mark in sorted({float(mark) / limits[row["dataset"]] for row in of_protocol for mark in row["marks"]}):
            said = f"{mark:g} queries"
            if protocol == "seconds":
                said = " / ".join(f"{mark * limit:,.0f}" for limit in limits.values()) + " simulated seconds"
            lines += [
                f"\n**After {said}**\n",
                f"| strategy | {' | '.join(DATASETS)} | seeds | trials | duplicates | ms at {TIMED[0]} / {TIMED[1]} |",
                "| --- " + "| ---: " * (len(DATASETS) + 4) + "|",
            ]
            anchors = [(name, known[f"{mark:g}"]) for name, known in ANCHORS[protocol] if f"{mark:g}" in known]
            lines += [f"| {name} | {' | '.join(known)} | | | | |" for name, known in anchors]
            by_strategy: dict[str, list[dict[str, Any]]] = defaultdict(list)
            for row in of_protocol:
                if str(mark * limits[row["dataset"]]) in row["scores"]:
                    by_strategy[row["strategy"]].append(row)
            for strategy, found in by_strategy.items():
                scores = {
                    name: [row["scores"][str(mark * limits[name])] for row in found if row["dataset"] == name]
                    for name in DATASETS
                }
                seeds = min(map(len, filter(None, scores.values())))
                ms = " / ".join(_mean([row["ms"].get(str(n)) for row in found], "-") for n in TIMED)
                trials, copies = (_mean([row[name] for row in found], "") for name in ("trials", "duplicates"))
                cells = " | ".join(map(_cell, scores.values()))
                lines.append(f"| {strategy} | {cells} | {seeds} | {trials} | {copies} | {ms} |")
    return "\n".join(lines) + "\n"


def _cell(scores: list[float]) -> str:
    if not scores:
        return ""
    spread = statistics.stdev(scores) if len(scores) > 1 else 0.0
    return f"{statistics.mean(scores):.2f} ± {spread:.2f} ({spread / len(scores) ** 0.5:.2f})"


def _mean(values: list[float | None], missing: str) -> str:
    known = [value for value in values if value is not None]
    return f"{statistics.mean(known):.3g}" if known else missing


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--strategies", nargs="+", default=["all"], help="names, with options if need be; or: all")
    parser.add_argument("--queries", default="50,100,200,500", help="where the incumbent is asked for")
    parser.add_argument("--seconds", action="store_true", help="simulated time instead of queries")
    parser.add_argument("--datasets", default="cifar10,cifar100,imagenet16")
    parser.add_argument("--seeds", type=int, default=100)
    parser.add_argument("--jobs", type=int, default=1)
    parser.add_argument("--out", type=Path, help="JSON lines; what is in there is not run again")
    parser.add_argument("--markdown", action="store_true", help="only print what --out holds")
    options = parser.parse_args()
    rows: list[dict[str, Any]] = []
    if options.out and options.out.exists():
        rows = [json.loads(line) for line in options.out.read_text().splitlines()]
    if not options.markdown:
        done = {_key(row) for row in rows}
        tasks = [task for task in tasks_of(options) if _key(task) not in done]
        for variable in ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"):  # a suggestion is timed on one thread
            os.environ.setdefault(variable, "1")
        os.environ.setdefault("KERAS_BACKEND", "tensorflow")
        with ProcessPoolExecutor(options.jobs, mp_context=get_context("spawn")) as pool:
            futures = [pool.submit(_run, task) for task in tasks]
            for future in as_completed(futures):
                if (error := future.exception()) is not None:
                    pool.shutdown(cancel_futures=True)
                    raise error
                rows.append(future.result())
                if options.out:
                    with options.out.open("a") as file:
                        file.write(json.dumps(rows[-1]) + "\n")
    print(markdown(rows))


if __name__ == "__main__":
    main()
