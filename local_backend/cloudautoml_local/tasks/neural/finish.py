"""The end of a job of networks: one winner among equals, an ensemble and a refit, in one leaderboard, in time."""

from __future__ import annotations

import math
import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.leaderboard import Leaderboard
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.neural.again import entry_at, refit, train_whole
from cloudautoml_local.tasks.neural.closing import Closing, Entry
from cloudautoml_local.tasks.neural.contenders import worth_training
from cloudautoml_local.tasks.neural.drawing import write_best
from cloudautoml_local.tasks.neural.files import WEIGHTS_FILE
from cloudautoml_local.tasks.neural.keeping import keep, write_recipe
from cloudautoml_local.tasks.neural.rows import trial_candidate
from cloudautoml_local.tasks.tabular.ensemble import select_ensemble
from cloudautoml_local.tasks.tabular.evaluation import evaluation_of

if TYPE_CHECKING:
    from collections.abc import Sequence

    from cloudautoml.leaderboard import Candidate
    from cloudautoml.search import Trial
    from cloudautoml_local.tasks.neural.examples import Examples
    from cloudautoml_local.tasks.neural.problem import Floats

_MOST_MEMBERS = 8
"""Networks that an ensemble is chosen from: each costs time, now and whenever it predicts."""


def finish(trials: Sequence[Trial], closing: Closing) -> Leaderboard:
    """The whole leaderboard; the models that can predict are in `models/`."""
    entries, rows = _compared(trials, closing)
    kept = _kept(entries, closing)
    board = [closing.scored(entry) for entry in [*kept, _baseline(closing)]]
    known = {row.model for row in board}
    board += [row for row in rows if row.model not in known]
    if kept:
        single = max((entry for entry in kept if entry.architecture), key=lambda entry: entry.score)
        assert single.architecture is not None
        _evaluate(max(kept, key=lambda entry: entry.score), closing)
        signature, space = closing.problem.signature, closing.task.space()
        write_best(closing.folder, space, single.candidate.model, single.architecture, signature)
        if closing.spec.outputs.refit and (again := refit(single, closing)) is not None:
            board.append(closing.scored(again))
    _forget(trials, {entry.place for entry in kept}, closing)
    protocol = {
        "validation": "examples set apart",
        "train_rows": len(closing.train),
        "valid_rows": len(closing.valid),
        "sealed_rows": 0 if closing.sealed is None else len(closing.sealed),
        "data": read_json(closing.directory / "data" / "profile.json")["fingerprint"],
    }
    return Leaderboard(
        board,
        metric=closing.problem.metric,
        job=closing.directory.name,
        protocol=protocol,
        minimize=closing.spec.minimize,
    )


def _compared(trials: Sequence[Trial], closing: Closing) -> tuple[list[Entry], list[Candidate]]:
    """The candidates that one winner is named among, best first, and the rows of all trials.

    Every model is judged by what it predicts of the same validation examples, however it was trained; a prediction of
    what a model would score is no score, and the promising ones of cheaper looks are trained whole first.
    """
    space = closing.task.space()
    trained = any(trial.measurement is not None and not trial.measurement.predicted for trial in trials)
    entries = train_whole(worth_training(trials, space), closing, needed=not trained)
    rows = [entry.candidate for entry in entries]
    for trial in trials:
        row = trial_candidate(trial, closing.spec, space.name, closing.directory.name)
        rows.append(row)
        if row.score_val is not None:
            entry = entry_at(f"trials/{trial.number:05d}", row, trial.architecture, closing)
            entries += [entry] if entry is not None else []
    return sorted(entries, key=lambda entry: -entry.score), rows


def _kept(entries: Sequence[Entry], closing: Closing) -> list[Entry]:
    """The best one and the ensemble as models; as many networks as the time allows."""
    if not entries:
        return []
    together = len(entries) > 1 and closing.spec.search.ensemble
    weights = _weights(entries[:_MOST_MEMBERS], closing) if together else {0: 1.0}
    kept: dict[int, Entry] = {}
    longest = 0.0
    for place in sorted({0, *weights}, key=lambda place: (place != 0, -weights.get(place, 0.0))):
        if kept and longest * 1.5 > closing.deadline.left * 0.5:
            break
        begin = time.monotonic()
        kept[place] = keep(entries[place], closing)
        longest = max(longest, time.monotonic() - begin)
    if not together:
        return list(kept.values())
    if not weights.keys() <= kept.keys():  # the time was too short for some: chosen anew from the others
        places = list(kept)
        weights = {places[i]: weight for i, weight in _weights(list(kept.values()), closing).items()}
    return [*kept.values(), _ensemble([(weight, kept[place]) for place, weight in weights.items()], closing)]


def _weights(entries: Sequence[Entry], closing: Closing) -> dict[int, float]:
    valid = closing.valid

    def judge(found: Floats) -> float:
        return closing.problem.score(valid.target, found, valid.weight)

    seconds = None if math.isinf(closing.deadline.left) else max(0.3, closing.deadline.left * 0.3)
    weights = select_ensemble([entry.valid for entry in entries], judge, seconds=seconds)
    return {place: weight for place, weight in enumerate(weights) if weight > 0}


def _ensemble(parts: Sequence[tuple[float, Entry]], closing: Closing) -> Entry:
    valid = np.asarray(sum(weight * entry.valid for weight, entry in parts))
    holdout = None
    if closing.sealed is not None:
        holdout = np.asarray(sum(weight * entry.holdout for weight, entry in parts if entry.holdout is not None))
    members = tuple(replace(m, weight=weight * m.weight) for weight, entry in parts for m in entry.members)
    rows = [entry.candidate for _, entry in parts]
    known = set[str].intersection(*(set(row.costs) for row in rows))
    candidate = closing.row(
        "ensemble",
        "ensemble",
        closing.problem.metrics(closing.valid.target, valid, closing.valid.weight),
        fit_seconds=sum(row.fit_seconds or 0.0 for row in rows),
        predict_ms_per_row=sum(row.predict_ms_per_row or 0.0 for row in rows),
        size_mb=sum(row.size_mb or 0.0 for row in rows),
        costs={name: sum(row.costs[name] for row in rows) for name in sorted(known)},
        params={row.model: round(weight, 4) for (weight, _), row in zip(parts, rows, strict=True)},
    )
    write_recipe("ensemble", members, closing)
    return Entry(candidate, valid, holdout, members)


def _baseline(closing: Closing) -> Entry:
    """What is right without looking at the input: the shares of the classes, or the mean."""
    target, weight = closing.train.target, closing.train.weight
    if closing.problem.classes:
        constant: Any = _shares(closing)
    elif closing.problem.loss == "absolute":
        constant = np.asarray(np.median(target))
    else:
        constant = np.asarray(np.average(target, weights=weight))

    def repeated(examples: Examples) -> Floats:
        return np.array(np.broadcast_to(constant, (len(examples), *constant.shape)), np.float64)

    valid = repeated(closing.valid)
    found = closing.problem.metrics(closing.valid.target, valid, closing.valid.weight)
    candidate = closing.row("baseline", "baseline", found, fit_seconds=0.0, predict_ms_per_row=0.0, size_mb=0.0)
    return Entry(candidate, valid, None if closing.sealed is None else repeated(closing.sealed))


def _shares(closing: Closing) -> Floats:
    """How often each class, or each label, occurs among the examples to learn from."""
    target, weight = closing.train.target, closing.train.weight
    if closing.problem.kind == "multi_label":
        return np.asarray(np.average(target.astype(np.float64), axis=0, weights=weight))
    counts = np.bincount(target.astype(np.int64), weights=weight, minlength=len(closing.problem.classes))
    return np.asarray(counts / counts.sum())


def _evaluate(best: Entry, closing: Closing) -> None:
    """Write what the report shows of the best model."""
    part, examples, found = closing.judged(best)
    note = "sealed rows" if part == "holdout" else "validation examples"
    evaluation = evaluation_of(examples, found, closing.problem, scales=(), note=note)
    if closing.problem.classes and (errors := closing.task.mistakes(part, examples.target, found, closing.problem)):
        evaluation["errors"] = errors
    write_json(closing.folder / "evaluation.json", evaluation)


def _forget(trials: Sequence[Trial], places: set[str], closing: Closing) -> None:
    """Remove the weights of trials that are not kept."""
    for trial in trials:
        place = f"trials/{trial.number:05d}"
        if place not in places:
            (closing.directory / place / WEIGHTS_FILE).unlink(missing_ok=True)
