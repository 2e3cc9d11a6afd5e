"""The end of a tabular job: baseline, trials, ensemble and refit as rows of one leaderboard, within the time left."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml.data import PreparedData
from cloudautoml.data.arrays import read_array
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.spec.metrics import get_metric
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.tabular.ensemble import select_ensemble
from cloudautoml_local.tasks.tabular.evaluation import IMPORTANCE_ROWS, evaluation_of, importance_of
from cloudautoml_local.tasks.tabular.families import FAMILIES
from cloudautoml_local.tasks.tabular.families.base import Deadline, Rows
from cloudautoml_local.tasks.tabular.measure import measure, scales_for, score
from cloudautoml_local.tasks.tabular.model import Member, Recipe, TabularModel, combined
from cloudautoml_local.tasks.tabular.rows import trial_candidate
from cloudautoml_local.tasks.tabular.table import Table, take, targets
from cloudautoml_local.tasks.tabular.trainer import folder_megabytes, transformed, untransform

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cloudautoml.search import Trial
    from cloudautoml.spec import JobSpec

Floats = npt.NDArray[np.float64]

_TENSORFLOW_SECONDS = 15.0  # to import it
_FEWEST_ROWS = 100

SELECTION_ROWS = 20_000
"""Rows that are enough to choose an ensemble on."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A candidate with its predictions.

    Attributes:
        candidate: Its row, without scores on the sealed rows.
        members: Its fitted models.
        oof: Out-of-fold predictions of the training rows.
        holdout: Predictions of the sealed rows.
        scales: Factors on the probabilities before the label is taken.
    """

    candidate: Candidate
    members: tuple[Member, ...]
    oof: Floats
    holdout: Floats | None
    scales: tuple[float, ...] = ()


class Finisher:
    """Builds the final models of one job.

    Args:
        spec: The job.
        directory: The job's folder.
        threads: CPU threads.
        seconds: Time for everything; None for no limit.
        progress: Told what is being done.
    """

    def __init__(
        self, spec: JobSpec, directory: Path, *, threads: int, seconds: float | None, progress: Callable[[str], None]
    ) -> None:
        self.spec, self.directory, self.threads, self.progress = spec, directory, threads, progress
        self.deadline = Deadline(seconds)
        self.table = Table.open(directory / "task")
        self.info = self.table.info
        self.data = PreparedData.load(directory / "data")
        self.sealed: Rows | None = None
        if self.data.holdout is not None and self.table.holdout is not None:
            target, weight = targets(self.data.holdout, self.data, self.info)
            self.sealed = Rows(*self.table.holdout, target, weight)

    def run(self, trials: Sequence[Trial]) -> Leaderboard:
        """The whole leaderboard; the recipes of models beside trials are written to `models/`."""
        rows = [trial_candidate(trial, self.spec, self.directory.name) for trial in trials]
        entries = [entry for trial, row in zip(trials, rows, strict=True) if (entry := self._entry(trial, row))]
        usable = {entry.candidate.model for entry in entries}
        finished = [*entries, self._baseline()]
        if len(entries) > 1 and self.spec.search.ensemble:
            self.progress(f"choosing an ensemble of {len(entries)} candidates")
            finished.append(self._ensemble(entries))
        board = [self._scored(entry) for entry in finished]
        board += [row for row in rows if row.model not in usable]
        if entries and self.spec.outputs.refit:
            best = max(entries, key=lambda entry: entry.candidate.score_val or -np.inf)
            if (refit := self._refit(best)) is not None:
                board.append(refit)
        if entries:
            self._evaluate(max(finished, key=lambda entry: entry.candidate.score_val or -np.inf))
        protocol = {
            "validation": "cross-validation" if self.info.plan.folds == self.info.plan.splits else "parts held out",
            "splits": self.info.plan.splits,
            "folds": self.info.plan.folds,
            "train_rows": len(self.table.fold),
            "sealed_rows": 0 if self.sealed is None else len(self.sealed),
            "data": self.data.fingerprint,
        }
        return Leaderboard(
            board,
            metric=self.info.metric,
            job=self.directory.name,
            protocol=protocol,
            minimize=self.spec.minimize,
        )

    def _entry(self, trial: Trial, row: Candidate) -> Entry | None:
        place = self.directory / "trials" / f"{trial.number:05d}"
        if row.score_val is None or not (place / "oof.npy").exists():
            return None
        holdout = place / "holdout.npy"
        folds = range(self.info.plan.folds)
        members = tuple(
            Member(row.algorithm, 1 / len(folds), f"trials/{trial.number:05d}/fold_{fold}") for fold in folds
        )
        return Entry(
            candidate=row,
            members=members,
            oof=read_array(place / "oof.npy"),
            holdout=read_array(holdout) if holdout.exists() else None,
            scales=tuple(read_json(place / "trial.json")["scales"]),
        )

    def _baseline(self) -> Entry:
        rows, fold, info = self.table.rows, self.table.fold, self.info
        weight = np.ones(len(fold)) if rows.weight is None else rows.weight

        def constant(which: npt.NDArray[np.bool_]) -> Floats:
            target = rows.target[which]
            if info.kind != "regression":
                share = np.bincount(target.astype(np.int64), weights=weight[which], minlength=len(info.classes))
                return np.asarray(share / share.sum())
            return np.array(
                [np.median(target) if info.loss == "absolute" else np.average(target, weights=weight[which])]
            )

        oof = np.full((len(fold), max(1, len(info.classes))), np.nan)
        for part in range(info.plan.folds):
            oof[fold == part] = constant(fold != part)
        holdout = None if self.sealed is None else np.repeat(constant(fold >= -1)[None], len(self.sealed), axis=0)
        if info.kind == "regression":
            oof, holdout = oof[:, 0], None if holdout is None else holdout[:, 0]
        found = measure(rows, oof, fold >= 0, info)
        candidate = self._row("baseline", "baseline", found, fit_seconds=0.0, predict_ms_per_row=0.0, size_mb=0.0)
        return Entry(candidate, (), oof, holdout)

    def _ensemble(self, entries: Sequence[Entry]) -> Entry:
        begin = time.perf_counter()
        weights = self._weights(entries)
        chosen = [(weight, entry) for weight, entry in zip(weights, entries, strict=True) if weight > 0]
        oof = sum(weight * entry.oof for weight, entry in chosen)
        holdout = None
        if all(entry.holdout is not None for _, entry in chosen):
            holdout = np.asarray(sum(weight * entry.holdout for weight, entry in chosen if entry.holdout is not None))
        scales = scales_for(self.table.rows, np.asarray(oof), self.table.fold >= 0, self.info)
        found = measure(self.table.rows, np.asarray(oof), self.table.fold >= 0, self.info, scales=scales)
        candidate = self._row(
            "ensemble",
            "ensemble",
            found,
            fit_seconds=time.perf_counter() - begin + sum(e.candidate.fit_seconds or 0.0 for _, e in chosen),
            predict_ms_per_row=sum(e.candidate.predict_ms_per_row or 0.0 for _, e in chosen),
            size_mb=sum(e.candidate.size_mb or 0.0 for _, e in chosen),
            params={entry.candidate.model: round(weight, 4) for weight, entry in chosen},
        )
        members = combined([(weight, e.members) for weight, e in chosen])
        self._write_recipe("ensemble", members, scales)
        return Entry(candidate, members, np.asarray(oof), holdout, scales)

    def _weights(self, entries: Sequence[Entry]) -> list[float]:
        rows, info = self.table.rows, self.info
        which = np.flatnonzero(self.table.fold >= 0)
        if len(which) > SELECTION_ROWS:
            rng = np.random.default_rng(self.spec.seed)
            which = np.sort(rng.choice(which, SELECTION_ROWS, replace=False))
        rows, everything = take(rows, which), np.ones(len(which), np.bool_)

        def judge(found: Floats) -> float:
            return score(rows, found, everything, info, scales=scales_for(rows, found, everything, info))

        seconds = None if self.spec.budget.max_time is None else max(0.5, self.deadline.left * 0.4)
        return select_ensemble([entry.oof[which] for entry in entries], judge, seconds=seconds)

    def _refit(self, best: Entry) -> Candidate | None:
        row, plan = best.candidate, self.info.plan
        trial = read_json(self.directory / best.members[0].place / ".." / "trial.json")
        growth = plan.splits / (plan.splits - 1)
        expected = (row.fit_seconds or 0.0) / plan.folds * growth * 2.0 + 0.5
        if row.algorithm == "mlp" and "tensorflow" not in sys.modules:
            expected += _TENSORFLOW_SECONDS
        if expected > self.deadline.left * 0.8:
            return None
        self.progress(f"training {row.model} again on all rows")
        begin = time.perf_counter()
        problem = self.info.problem(seed=self.spec.seed, threads=self.threads)
        rows = self.table.rows
        train = transformed(Rows(np.asarray(rows.tree), np.asarray(rows.dense), rows.target, rows.weight), self.info)
        rounds, params = trial["rounds"], dict(trial["params"])
        if (rate := trial["learning_rate"]) > 0:  # folds may have learned faster than asked, each at its own rate
            params["learning_rate"], rounds = rate, trial["work"] / rate
        rounds = round(rounds * growth**0.5) or None
        limit = Deadline(min(self.deadline.left * 0.8, 3600.0))
        fitted = FAMILIES[row.algorithm].fit(params, train, None, problem, deadline=limit, rounds=rounds)
        if limit.passed:  # cut short: not the model that was judged
            return None
        place = self.directory / "models" / "refit" / "whole"
        place.mkdir(parents=True, exist_ok=True)
        fitted.save(place)
        seconds = time.perf_counter() - begin
        members = (Member(row.algorithm, 1.0, "models/refit/whole"),)
        self._write_recipe("refit", members, best.scales)
        holdout, per_row = None, None
        if self.sealed is not None:
            start = time.perf_counter()
            found = fitted.predict(np.asarray(self.sealed.tree), np.asarray(self.sealed.dense))
            per_row = 1000 * (time.perf_counter() - start) / max(1, len(self.sealed))
            holdout = untransform(found, self.info)
        candidate = self._row(
            "refit", row.algorithm, {}, fit_seconds=seconds, predict_ms_per_row=per_row,
            size_mb=folder_megabytes(place.parent), params={"of": row.model, **row.params},
        )  # fmt: skip
        return self._scored(Entry(candidate, members, best.oof, holdout, best.scales))

    def _evaluate(self, best: Entry) -> None:
        """Write what the report shows of the best model; the importance only where the time allows."""
        if self.sealed is not None and best.holdout is not None:
            rows, found, note = self.sealed, best.holdout, "sealed rows"
        else:
            rows, found, note = self.table.rows, best.oof, "rows of the training data that were held out of each fold"
        evaluation = evaluation_of(rows, found, self.info, scales=best.scales, note=note)
        write_json(self.directory / "task" / "evaluation.json", evaluation)
        columns = len(self.data.schema.features)
        each = (best.candidate.predict_ms_per_row or 0.1) / 1000
        # reading the model comes first; then every column is predicted again
        fit = int(min(IMPORTANCE_ROWS, self.deadline.left * 0.4 / (each * (columns + 3))))
        if not best.members or self.deadline.left < 1.0 or fit < min(_FEWEST_ROWS, len(rows)):
            return
        self.progress("measuring what the best model goes by")
        members, frame = best.members, self.data.holdout
        if self.sealed is None or frame is None:
            # the models of the first fold have not seen its rows
            members = tuple(member for member in members if member.place.endswith("/fold_0"))
            first = np.flatnonzero(self.table.fold == 0)
            rows, frame, note = take(self.table.rows, first), self.data.train.iloc[first], "rows held out of a fold"
        total = sum(member.weight for member in members)
        members = tuple(Member(member.family, member.weight / total, member.place) for member in members)
        model = TabularModel(
            best.candidate,
            root=self.directory,
            shared=self.directory / "task",
            recipe=recipe(self.spec, members, best.scales),
        )
        importance = importance_of(
            model,
            frame[self.data.schema.names].reset_index(drop=True),
            rows,
            self.info,
            deadline=Deadline(min(self.deadline.left * 0.6, 20.0)),
            most=fit,
            seed=self.spec.seed,
            note=f"How much {self.info.metric} falls when a column is shuffled, over {note}.",
        )
        write_json(self.directory / "task" / "importance.json", importance)

    def _row(self, model: str, algorithm: str, metrics: dict[str, float], **rest: Any) -> Candidate:
        value = metrics.get(self.info.metric)
        return Candidate(
            model=model,
            algorithm=algorithm,
            provider="local",
            job=self.directory.name,
            score_val=None if value is None else get_metric(self.info.metric).to_score(value),
            metrics_val=metrics,
            cost_usd=0.0,
            seed=self.spec.seed,
            **rest,
        )

    def _scored(self, entry: Entry) -> Candidate:
        metrics: dict[str, float] = {}
        if self.sealed is not None and entry.holdout is not None:
            metrics = measure(self.sealed, entry.holdout, self._sealed_known, self.info, scales=entry.scales)
        value = metrics.get(self.info.metric)
        row = {
            **entry.candidate.to_dict(),
            "metrics_holdout": metrics,
            "score_holdout": None if value is None else get_metric(self.info.metric).to_score(value),
            "can_infer": bool(entry.members),
        }
        return Candidate.from_dict(row)

    @property
    def _sealed_known(self) -> npt.NDArray[np.bool_]:
        """Which sealed rows have a class that was there in training; every row, for a number."""
        assert self.sealed is not None
        return np.asarray(self.sealed.target >= 0) if self.info.classes else np.ones(len(self.sealed), np.bool_)

    def _write_recipe(self, name: str, members: tuple[Member, ...], scales: tuple[float, ...]) -> None:
        write_json(self.directory / "models" / name / "model.json", recipe(self.spec, members, scales).to_dict())


def recipe(spec: JobSpec, members: tuple[Member, ...], scales: tuple[float, ...]) -> Recipe:
    """The recipe of a model with these members."""
    reading = spec.data.model_dump(mode="json", include={"csv", "na_values"}, exclude_unset=True)
    return Recipe(members, scales, reading)


def model_of(candidate: Candidate, spec: JobSpec, directory: Path) -> TabularModel:
    """The model of a row that can predict, on the files of the job."""
    shared = directory / "task"
    written = directory / "models" / candidate.model / "model.json"
    if candidate.trial is None:
        made = Recipe.from_dict(read_json(written), where=str(written))
    else:
        place = directory / "trials" / f"{candidate.trial:05d}"
        trial = read_json(place / "trial.json")
        count = int(trial["folds"])
        members = tuple(Member(candidate.algorithm, 1 / count, f"trials/{place.name}/fold_{i}") for i in range(count))
        made = recipe(spec, members, tuple(trial["scales"]))
    return TabularModel(candidate, root=directory, shared=shared, recipe=made)
