"""The end of a job that finds entities: baseline, trials, ensemble and refit as rows of one leaderboard."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data.arrays import read_array
from cloudautoml.data.tokens import PreparedTokens
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.scoring_entities import entity_metrics
from cloudautoml.spec.metrics import get_metric
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.entities.baseline import dictionary_tags
from cloudautoml_local.tasks.entities.corpus import Corpus
from cloudautoml_local.tasks.entities.decoding import tune_scale
from cloudautoml_local.tasks.entities.evaluation import evaluation_of
from cloudautoml_local.tasks.entities.families import FAMILIES
from cloudautoml_local.tasks.entities.measure import measure, measure_types, score
from cloudautoml_local.tasks.entities.model import EntityModel, Member, Recipe
from cloudautoml_local.tasks.tabular.ensemble import select_ensemble
from cloudautoml_local.tasks.tabular.families.base import Deadline
from cloudautoml_local.tasks.tabular.rows import trial_candidate
from cloudautoml_local.tasks.tabular.trainer import folder_megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cloudautoml.search import Trial
    from cloudautoml.spec import JobSpec
    from cloudautoml_local.tasks.entities.decoding import Floats

_TENSORFLOW_SECONDS = 15.0  # to import it
_SELECTION_TOKENS = 60_000
_ENSEMBLE_STEPS = 20


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A candidate with its probabilities.

    Attributes:
        candidate: Its row, without scores on the sealed sentences.
        members: Its fitted taggers.
        oof: Probabilities of the tokens of the sentences that are validated.
        holdout: Those of the sealed ones.
        scale: Factor on the probability of `O`.
    """

    candidate: Candidate
    members: tuple[Member, ...]
    oof: Floats
    holdout: Floats | None
    scale: float


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
        self.corpus = Corpus.open(directory / "task")
        self.info = self.corpus.info
        self.judged = self.corpus.train.take(self.corpus.validated)
        self.fingerprint = PreparedTokens.load(directory / "data").fingerprint

    def run(self, trials: Sequence[Trial]) -> Leaderboard:
        """The whole leaderboard; the recipes of models beside trials are written to `models/`."""
        rows = [trial_candidate(trial, self.spec, self.directory.name) for trial in trials]
        entries = [entry for trial, row in zip(trials, rows, strict=True) if (entry := self._entry(trial, row))]
        usable = {entry.candidate.model for entry in entries}
        finished = list(entries)
        if len(entries) > 1 and self.spec.search.ensemble:
            self.progress(f"choosing an ensemble of {len(entries)} candidates")
            finished.append(self._ensemble(entries))
        board = [self._scored(entry) for entry in finished]
        board += [row for row in rows if row.model not in usable]
        board.append(self._baseline())
        if entries:
            if self.spec.outputs.refit and (refit := self._refit(max(entries, key=_score))) is not None:
                board.append(refit)
            self._evaluate(max(finished, key=_score))
        protocol = {
            "validation": "cross-validation" if self.info.folds == self.info.splits else "parts held out",
            "splits": self.info.splits,
            "folds": self.info.folds,
            "train_rows": len(self.corpus.train),
            "sealed_rows": 0 if self.corpus.holdout is None else len(self.corpus.holdout),
            "data": self.fingerprint,
        }
        name = self.directory.name
        return Leaderboard(board, metric=self.info.metric, job=name, protocol=protocol, minimize=self.spec.minimize)

    def _entry(self, trial: Trial, row: Candidate) -> Entry | None:
        place = self.directory / "trials" / f"{trial.number:05d}"
        if row.score_val is None or not (place / "oof.npy").exists():
            return None
        holdout = place / "holdout.npy"
        return Entry(
            candidate=row,
            members=_members_of(trial.number, row.algorithm, self.info.folds),
            oof=read_array(place / "oof.npy")[self.corpus.token_fold >= 0].astype(np.float64),
            holdout=read_array(holdout).astype(np.float64) if holdout.exists() else None,
            scale=float(read_json(place / "trial.json")["scale"]),
        )

    def _baseline(self) -> Candidate:
        """Entities that are looked up in a dictionary of those to learn from."""
        begin = time.perf_counter()
        corpus = self.corpus
        found: dict[int, list[str]] = {}
        for part in range(self.info.folds):
            here = np.flatnonzero(corpus.fold == part)
            train = corpus.train.take(np.flatnonzero(corpus.fold != part))
            found.update(zip(here, dictionary_tags(train, corpus.train.take(here).tokens), strict=True))
        metrics = entity_metrics(self.judged.tags, [found[int(position)] for position in corpus.validated])
        sealed: dict[str, float] = {}
        if corpus.holdout is not None:
            sealed = entity_metrics(corpus.holdout.tags, dictionary_tags(corpus.train, corpus.holdout.tokens))
        seconds = time.perf_counter() - begin
        rest = {"predict_ms_per_row": 0.0, "size_mb": 0.0, "metrics_holdout": sealed}
        return self._row("baseline", "baseline", metrics, fit_seconds=seconds, score_holdout=self._of(sealed), **rest)

    def _ensemble(self, entries: Sequence[Entry]) -> Entry:
        begin = time.perf_counter()
        weights = self._weights(entries)
        chosen = [(weight, entry) for weight, entry in zip(weights, entries, strict=True) if weight > 0]
        oof: Floats = np.asarray(sum(weight * entry.oof for weight, entry in chosen))
        holdout: Floats | None = None
        if all(entry.holdout is not None for _, entry in chosen):
            holdout = np.asarray(sum(weight * entry.holdout for weight, entry in chosen if entry.holdout is not None))
        scale = tune_scale(oof, self.judged.lengths, self.info.tags, self.judged.tags)
        candidate = self._row(
            "ensemble",
            "ensemble",
            measure(self.judged, oof, self.info, scale=scale),
            fit_seconds=time.perf_counter() - begin + sum(e.candidate.fit_seconds or 0.0 for _, e in chosen),
            predict_ms_per_row=sum(e.candidate.predict_ms_per_row or 0.0 for _, e in chosen),
            size_mb=sum(e.candidate.size_mb or 0.0 for _, e in chosen),
            params={entry.candidate.model: round(weight, 4) for weight, entry in chosen},
        )
        members = tuple(
            Member(member.family, weight * member.weight, member.place)
            for weight, entry in chosen
            for member in entry.members
        )
        self._write_recipe("ensemble", members, scale)
        return Entry(candidate, members, oof, holdout, scale)

    def _weights(self, entries: Sequence[Entry]) -> list[float]:
        lengths = np.asarray(self.judged.lengths)
        rng = np.random.default_rng(self.spec.seed)
        order = rng.permutation(len(lengths))
        which = np.sort(order[np.cumsum(lengths[order]) <= max(_SELECTION_TOKENS, int(lengths[order[0]]))])
        some = self.judged.take(which)
        mask = np.repeat(np.isin(np.arange(len(lengths)), which), lengths)

        def judge(found: Floats) -> float:
            scale = tune_scale(found, some.lengths, self.info.tags, some.tags)
            return score(some, found, self.info, scale=scale)

        seconds = None if self.spec.budget.max_time is None else max(0.5, self.deadline.left * 0.4)
        return select_ensemble([entry.oof[mask] for entry in entries], judge, steps=_ENSEMBLE_STEPS, seconds=seconds)

    def _refit(self, best: Entry) -> Candidate | None:
        row, info = best.candidate, self.info
        trial = read_json(self.directory / best.members[0].place / ".." / "trial.json")
        growth = info.splits / max(1, info.splits - 1)
        expected = (row.fit_seconds or 0.0) / info.folds * growth * 1.5 + 0.5
        if row.algorithm == "network" and "tensorflow" not in sys.modules:
            expected += _TENSORFLOW_SECONDS
        if expected > self.deadline.left * 0.8:
            return None
        self.progress(f"training {row.model} again on all sentences")
        begin = time.perf_counter()
        problem = info.problem(seed=self.spec.seed, threads=self.threads)
        limit = Deadline(None if self.spec.budget.max_time is None else self.deadline.left * 0.8)
        fitted = FAMILIES[row.algorithm].fit(
            trial["params"], self.corpus.train, None, problem, deadline=limit, rounds=int(trial["rounds"])
        )
        if limit.passed:  # cut short: not the model that was judged
            return None
        place = self.directory / "models" / "refit" / "whole"
        place.mkdir(parents=True, exist_ok=True)
        fitted.save(place)
        seconds = time.perf_counter() - begin
        members = (Member(row.algorithm, 1.0, "models/refit/whole"),)
        self._write_recipe("refit", members, best.scale)
        holdout, per_row = None, None
        if (sealed := self.corpus.holdout) is not None:
            start = time.perf_counter()
            holdout = fitted.predict(sealed.tokens)
            per_row = 1000 * (time.perf_counter() - start) / max(1, len(sealed))
        candidate = self._row(
            "refit", row.algorithm, {}, fit_seconds=seconds, predict_ms_per_row=per_row,
            size_mb=folder_megabytes(place.parent), params={"of": row.model, **row.params},
        )  # fmt: skip
        return self._scored(Entry(candidate, members, best.oof, holdout, best.scale))

    def _evaluate(self, best: Entry) -> None:
        """Write what the report shows of the best model."""
        sentences, found, note = self.judged, best.oof, "sentences that were held out of each fold"
        if self.corpus.holdout is not None and best.holdout is not None:
            sentences, found, note = self.corpus.holdout, best.holdout, "sealed sentences"
        evaluation = evaluation_of(sentences, found, self.info, scale=best.scale, note=note)
        write_json(self.directory / "task" / "evaluation.json", evaluation)

    def _row(self, model: str, algorithm: str, metrics: dict[str, float], **rest: Any) -> Candidate:
        return Candidate(
            model=model,
            algorithm=algorithm,
            provider="local",
            job=self.directory.name,
            score_val=self._of(metrics),
            metrics_val=metrics,
            cost_usd=0.0,
            seed=self.spec.seed,
            **rest,
        )

    def _of(self, metrics: dict[str, float]) -> float | None:
        value = metrics.get(self.info.metric)
        return None if value is None else get_metric(self.info.metric).to_score(value)

    def _scored(self, entry: Entry) -> Candidate:
        """The row with its scores on the sealed sentences, and those of each type of entity."""
        sealed, metrics = self.corpus.holdout, dict[str, float]()
        sentences, found = self.judged, entry.oof
        if sealed is not None and entry.holdout is not None:
            metrics = measure(sealed, entry.holdout, self.info, scale=entry.scale)
            sentences, found = sealed, entry.holdout
        return Candidate.from_dict(
            {
                **entry.candidate.to_dict(),
                "metrics_holdout": metrics,
                "score_holdout": self._of(metrics),
                "metrics_by_part": measure_types(sentences, found, self.info, scale=entry.scale),
                "can_infer": True,
            }
        )

    def _write_recipe(self, name: str, members: tuple[Member, ...], scale: float) -> None:
        write_json(self.directory / "models" / name / "model.json", Recipe(members, scale).to_dict())


def model_of(candidate: Candidate, directory: Path) -> EntityModel:
    """The model of a row that can predict, on the files of the job."""
    if candidate.trial is None:
        written = directory / "models" / candidate.model / "model.json"
        recipe = Recipe.from_dict(read_json(written), where=str(written))
    else:
        trial = read_json(directory / "trials" / f"{candidate.trial:05d}" / "trial.json")
        members = _members_of(candidate.trial, candidate.algorithm, int(trial["folds"]))
        recipe = Recipe(members, float(trial["scale"]))
    return EntityModel(candidate, root=directory, shared=directory / "task", recipe=recipe)


def _members_of(trial: int, family: str, folds: int) -> tuple[Member, ...]:
    return tuple(Member(family, 1 / folds, f"trials/{trial:05d}/fold_{fold}") for fold in range(folds))


def _score(entry: Entry) -> float:
    return entry.candidate.score_val or 0.0
