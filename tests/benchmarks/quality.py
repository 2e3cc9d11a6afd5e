"""Quality on real tables: our score on sealed rows, and that of other tools on the same rows in the same run.

Each table is one JSON line on stdout. The data is read from the folder that CLOUDAUTOML_BENCH_DATA names (tables
as `tabular/<name>.parquet`); a fifth of the rows is sealed, or those that a column `split` marks as `test`.

    python tests/benchmarks/quality.py --seconds 60 --tables credit_g,concrete
    python tests/benchmarks/quality.py --peer flaml=/envs/flaml/bin/python --peer autogluon=/envs/ag/bin/python \
        --markdown quality.md

A peer runs under the Python of its own environment; the tools take turns, so that a busy machine is fair to all.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path
from typing import Any


@dataclass(frozen=True)
class Table:
    """One table of the benchmark."""

    name: str
    target: str
    metric: str


TABLES = {
    table.name: table
    for table in (
        Table("credit_g", "class", "auc"),
        Table("telco_churn", "Churn", "auc"),
        Table("adult", "income", "auc"),
        Table("phoneme", "Class", "auc"),
        Table("higgs_7k", "target", "auc"),
        Table("titanic", "Survived", "auc"),
        Table("pima_diabetes", "diabetes", "auc"),
        Table("vehicle", "Class", "logloss"),
        Table("segment", "class", "logloss"),
        Table("california_housing", "median_house_value", "rmse"),
        Table("wine_quality", "quality", "rmse"),
        Table("diamonds", "price", "rmse"),
        Table("concrete", "strength", "rmse"),
    )
}
OURS = {"auc": "roc_auc", "logloss": "log_loss", "accuracy": "accuracy", "rmse": "rmse"}
BETTER_HIGH = {"auc", "accuracy"}


def split(path: Path, target: str, metric: str, seed: int) -> tuple[Any, Any]:
    """The rows to learn from and the sealed rows; the same for every tool and every version of pandas."""
    import pandas as pd
    from sklearn.model_selection import train_test_split

    frame = pd.read_parquet(path)
    if "split" in frame:
        train, test = (frame[frame["split"] == side].drop(columns="split") for side in ("train", "test"))
    else:
        stratify = None if metric == "rmse" else frame[target]
        train, test = train_test_split(frame, test_size=0.2, random_state=seed, stratify=stratify)
    return train, test


def score(metric: str, truth: Any, found: Any, classes: list[Any]) -> float:
    """The metric in its natural direction; `found` are probabilities, or numbers."""
    import numpy as np
    from sklearn.metrics import accuracy_score, log_loss, roc_auc_score

    if metric == "rmse":
        return float(np.sqrt(np.mean((np.asarray(found, float) - truth.to_numpy(float)) ** 2)))
    found = np.asarray(found)
    names = np.asarray([str(label) for label in classes])
    truth = truth.astype(str).to_numpy()
    if metric == "auc":
        return float(roc_auc_score(truth == names[1], found[:, 1]))
    if metric == "logloss":
        order = np.argsort(names)
        return float(log_loss(truth, found[:, order], labels=list(names[order])))
    return float(accuracy_score(truth, names[found.argmax(axis=1)]))


def ours(path: Path, table: Table, seconds: float, seed: int) -> dict[str, Any]:
    """Fit with cloudautoml through its public interface, as any user would."""
    import cloudautoml as ca

    train, test = split(path, table.target, table.metric, seed)
    kind = ca.TabularRegression if table.metric == "rmse" else ca.TabularClassification
    with tempfile.TemporaryDirectory() as home:
        os.environ["CLOUDAUTOML_HOME"] = home
        spec = ca.JobSpec(
            name=table.name.replace("_", "-"),
            task=kind(target=table.target),
            data=ca.Dataset(train=train.reset_index(drop=True), holdout=None),
            objective=ca.Objective(metric=OURS[table.metric]),
            budget=ca.Budget(max_time=seconds),
            outputs=ca.Outputs(report=False),
            seed=seed,
        )
        start = time.perf_counter()
        job = ca.connect("local").submit(spec)
        job.wait()
        fit_seconds = time.perf_counter() - start
        board = job.leaderboard()
        model = job.model()
        start = time.perf_counter()
        rows = test.drop(columns=table.target)
        found = model.predict(rows) if table.metric == "rmse" else model.predict_proba(rows)
        predict_seconds = time.perf_counter() - start
        classes = [] if table.metric == "rmse" else list(found.columns)
        return {
            "score": score(table.metric, test[table.target], found, classes),
            "fit_s": round(fit_seconds, 1),
            "predict_s": round(predict_seconds, 2),
            "model": model.name,
            "trials": sum(row.trial is not None and row.status == "succeeded" for row in board),
        }


def flaml(path: Path, table: Table, seconds: float, seed: int) -> dict[str, Any]:
    """Fit with FLAML; runs under the Python of its own environment."""
    from flaml import AutoML

    train, test = split(path, table.target, table.metric, seed)
    names = {"auc": "roc_auc", "logloss": "log_loss", "accuracy": "accuracy", "rmse": "rmse"}
    model = AutoML()
    start = time.perf_counter()
    model.fit(
        train.drop(columns=table.target),
        train[table.target],
        task="regression" if table.metric == "rmse" else "classification",
        metric=names[table.metric],
        time_budget=seconds,
        seed=seed,
        n_jobs=2,
        verbose=0,
    )
    fit_seconds = time.perf_counter() - start
    rows = test.drop(columns=table.target)
    start = time.perf_counter()
    found = model.predict(rows) if table.metric == "rmse" else model.predict_proba(rows)
    classes = [] if table.metric == "rmse" else list(model.classes_)
    predict_seconds = time.perf_counter() - start
    return _peer_result(table, test, found, classes, fit_seconds=fit_seconds, predict_seconds=predict_seconds)


def autogluon(path: Path, table: Table, seconds: float, seed: int) -> dict[str, Any]:
    """Fit with AutoGluon; runs under the Python of its own environment."""
    from autogluon.tabular import TabularPredictor

    train, test = split(path, table.target, table.metric, seed)
    names = {"auc": "roc_auc", "logloss": "log_loss", "accuracy": "accuracy", "rmse": "root_mean_squared_error"}
    preset = "best_quality" if seconds >= 120 else "medium_quality"
    with tempfile.TemporaryDirectory() as folder:
        start = time.perf_counter()
        kind = "regression" if table.metric == "rmse" else None  # it takes few whole numbers for classes
        model = TabularPredictor(
            table.target, problem_type=kind, eval_metric=names[table.metric], path=folder, verbosity=0
        )
        model.fit(train, time_limit=seconds, presets=preset, num_cpus=2)
        fit_seconds = time.perf_counter() - start
        rows = test.drop(columns=table.target)
        start = time.perf_counter()
        found = model.predict(rows) if table.metric == "rmse" else model.predict_proba(rows)
        classes = [] if table.metric == "rmse" else list(found.columns)
        predict_seconds = time.perf_counter() - start
        return _peer_result(table, test, found, classes, fit_seconds=fit_seconds, predict_seconds=predict_seconds)


def _peer_result(
    table: Table, test: Any, found: Any, classes: list[Any], *, fit_seconds: float, predict_seconds: float
) -> dict[str, Any]:
    return {
        "score": score(table.metric, test[table.target], found, classes),
        "fit_s": round(fit_seconds, 1),
        "predict_s": round(predict_seconds, 2),
    }


PEERS = {"flaml": flaml, "autogluon": autogluon}


def run_peer(name: str, python: str, path: Path, table: Table, *, seconds: float, seed: int) -> dict[str, Any]:
    """Run a peer in its own environment, and read its result off its last line."""
    command = [python, str(Path(__file__).resolve()), "--only", name, "--seconds", str(seconds), "--seed", str(seed)]
    environment = {**os.environ, "CLOUDAUTOML_BENCH_DATA": str(path.parent.parent), "PYTHONWARNINGS": "ignore"}
    done = subprocess.run(
        [*command, "--tables", table.name], capture_output=True, text=True, check=False, env=environment
    )
    lines = [line for line in done.stdout.splitlines() if line.startswith("{")]
    if done.returncode or not lines:
        return {"error": (done.stderr.strip().splitlines() or ["no output"])[-1]}
    result: dict[str, Any] = json.loads(lines[-1])
    return result


def markdown(rows: list[dict[str, Any]]) -> str:
    """The scores side by side, the best of each table in bold."""
    tools = list(dict.fromkeys(row["tool"] for row in rows))
    lines = ["| table | metric | " + " | ".join(tools) + " |", "| --- " * (len(tools) + 2) + "|"]
    for name in dict.fromkeys(row["table"] for row in rows):
        of_table = {row["tool"]: row for row in rows if row["table"] == name}
        metric = next(iter(of_table.values()))["metric"]
        known = [row["score"] for row in of_table.values() if "score" in row]
        best = (max if metric in BETTER_HIGH else min)(known, default=None)
        cells = []
        for tool in tools:
            value = of_table.get(tool, {}).get("score")
            text = "failed" if value is None else f"{value:.5g}"
            cells.append(f"**{text}**" if value is not None and value == best else text)
        lines.append(f"| {name} | {metric} | " + " | ".join(cells) + " |")
    return "\n".join(lines) + "\n"


def main() -> None:
    """Run the benchmark."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=60.0, help="budget of each fit")
    parser.add_argument("--tables", default=",".join(TABLES), help="names, separated by commas")
    parser.add_argument("--seed", type=int, default=0)
    parser.add_argument("--peer", action="append", default=[], metavar="NAME=PYTHON", help=f"one of {list(PEERS)}")
    parser.add_argument("--markdown", type=Path, help="write a table of all scores")
    parser.add_argument("--only", choices=["ours", *PEERS], default="ours", help=argparse.SUPPRESS)
    options = parser.parse_args()
    # taken out of the environment: it is no setting of cloudautoml's, which refuses names it does not know
    data = Path(os.environ.pop("CLOUDAUTOML_BENCH_DATA"))
    peers = dict(item.split("=", 1) for item in options.peer)
    rows: list[dict[str, Any]] = []
    for name in options.tables.split(","):
        table, path = TABLES[name], data / "tabular" / f"{name}.parquet"
        fit = ours if options.only == "ours" else PEERS[options.only]
        results = [
            ("cloudautoml" if options.only == "ours" else options.only, fit(path, table, options.seconds, options.seed))
        ]
        results += [
            (peer, run_peer(peer, python, path, table, seconds=options.seconds, seed=options.seed))
            for peer, python in peers.items()
        ]
        for tool, result in results:
            row = {
                "tool": tool,
                "table": name,
                "metric": table.metric,
                "budget_s": options.seconds,
                "seed": options.seed,
            }
            rows.append({**row, **result})
            print(json.dumps(rows[-1]), flush=True)
        if options.markdown:
            options.markdown.write_text(markdown(rows))


if __name__ == "__main__":
    sys.exit(main())
