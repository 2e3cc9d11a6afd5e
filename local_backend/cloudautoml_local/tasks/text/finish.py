"""The end of a text job: baseline, trials, the best ones trained on all texts and their ensemble as one leaderboard."""

from __future__ import annotations

import sys
import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data import PreparedData
from cloudautoml.data.arrays import read_array
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.spec.metrics import Needs, get_metric
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.spaces.tabular import family_of
from cloudautoml_local.tasks.tabular.ensemble import select_ensemble
from cloudautoml_local.tasks.tabular.families.base import Deadline
from cloudautoml_local.tasks.tabular.rows import trial_candidate
from cloudautoml_local.tasks.text.calibration import Calibration
from cloudautoml_local.tasks.text.data import TextData, targets
from cloudautoml_local.tasks.text.evaluation import Judged, evaluate, telling_ngrams
from cloudautoml_local.tasks.text.fitted import FittedText, fit_linear
from cloudautoml_local.tasks.text.judging import measure, scales_for, score
from cloudautoml_local.tasks.text.model import MODEL_FILE, Member, Recipe, TextModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    import numpy.typing as npt

    from cloudautoml.search import Option, Trial
    from cloudautoml.spec import JobSpec
    from cloudautoml_local.tasks.neural.problem import Floats

_MOST_CHOSEN_FROM = 16
_SELECTION_ROWS = 20_000
_LIKELIHOOD = 0.1
_TINY = 1e-6
_NETWORK_SECONDS = 2.0  # to read one and to predict with it
_TENSORFLOW_SECONDS = 15.0  # to import it


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A candidate with its predictions.

    Attributes:
        candidate: Its row, without scores on the sealed texts.
        oof: Predictions of the texts to learn from, each by a model that had not seen it; NaN where there are none.
        scales: Factors on the probabilities before the label is taken.
        family: Its family; empty where it is no trial.
        params: The family's decisions by their plain names.
        members: Its fitted models, once it is kept.
        holdout: Predictions of the sealed texts, once it is kept.
    """

    candidate: Candidate
    oof: Floats
    scales: tuple[float, ...] = ()
    family: str = ""
    params: Mapping[str, Option] | None = None
    members: tuple[Member, ...] = ()
    holdout: Floats | None = None

    @property
    def score(self) -> float:
        """Its validation score."""
        return -np.inf if self.candidate.score_val is None else self.candidate.score_val


class Finisher:
    """Builds the final models of one job.

    Args:
        spec: The job.
        directory: The job's folder.
        seconds: Time for everything; None for no limit.
        progress: Told what is being done.
    """

    def __init__(
        self, spec: JobSpec, directory: Path, *, seconds: float | None, progress: Callable[[str], None]
    ) -> None:
        self.spec, self.directory, self.progress = spec, directory, progress
        self.deadline = Deadline(seconds)
        self.folder = directory / "task"
        self.data = TextData.open(self.folder)
        self.problem = self.data.problem
        self.sealed: npt.NDArray[Any] | None = None
        self._prepared = PreparedData.load(directory / "data")
        if self._prepared.holdout is not None and self.data.sealed:
            self.sealed = targets(self._prepared.holdout, self._prepared, several=self.data.labels)

    def run(self, trials: Sequence[Trial]) -> Leaderboard:
        """The whole leaderboard; the models that can predict are in `models/`."""
        rows = [trial_candidate(trial, self.spec, self.directory.name) for trial in trials]
        entries = [e for trial, row in zip(trials, rows, strict=True) if (e := self._entry(trial, row)) is not None]
        entries.sort(key=lambda entry: -entry.score)
        kept = self._kept(entries)
        board = [self._scored(entry) for entry in [*kept, self._baseline()]]
        known = {row.model for row in board}
        board += [row for row in rows if row.model not in known]
        if kept:
            best = max(kept, key=lambda entry: entry.score)
            parts = self._evaluate(best)
            board = [replace(row, metrics_by_part=parts) if row.model == best.candidate.model else row for row in board]
        plan = self.data.plan
        protocol = {
            "validation": "cross-validation" if plan.folds == plan.splits else "parts held out",
            "splits": plan.splits,
            "folds": plan.folds,
            "train_rows": len(self.data.fold),
            "sealed_rows": 0 if self.sealed is None else len(self.sealed),
            "data": self._prepared.fingerprint,
        }
        return Leaderboard(
            board,
            metric=self.problem.metric,
            job=self.directory.name,
            protocol=protocol,
            minimize=self.spec.minimize,
        )

    def _place(self, number: int) -> Path:
        return self.directory / "trials" / f"{number:05d}"

    def _entry(self, trial: Trial, row: Candidate) -> Entry | None:
        place = self._place(trial.number)
        if row.score_val is None or not (place / "oof.npy").exists():
            return None
        family, params = family_of(trial.architecture)
        scales = tuple(float(scale) for scale in read_json(place / "trial.json")["scales"])
        return Entry(row, read_array(place / "oof.npy"), scales, family, params)

    def _kept(self, entries: Sequence[Entry]) -> list[Entry]:
        """The best one and the ensemble as models, with as many members as the time allows."""
        if not entries:
            return []
        together = len(entries) > 1 and self.spec.search.ensemble
        chosen = self._weights(entries[:_MOST_CHOSEN_FROM]) if together else {}
        kept: list[Entry] = []
        for place in sorted({0, *chosen}, key=lambda place: (place != 0, -chosen.get(place, 0.0))):
            if kept and self._seconds_to_keep(entries[place]) > self.deadline.left * 0.6:
                continue
            kept.append(self._keep(entries[place]))
        if not together:
            return kept
        weights = self._weights(kept)  # anew, since the time may have been too short for some
        return [*kept, self._ensemble([(weight, kept[place]) for place, weight in weights.items()])]

    def _seconds_to_keep(self, entry: Entry) -> float:
        """How long it takes to make a model of an entry, and to predict the sealed texts with it."""
        if entry.family != "network":
            return (entry.candidate.fit_seconds or 0.0) / self.data.plan.folds * 1.5 + 0.5
        return _NETWORK_SECONDS * self.data.plan.folds + (0.0 if "tensorflow" in sys.modules else _TENSORFLOW_SECONDS)

    def _weights(self, entries: Sequence[Entry]) -> dict[int, float]:
        known = np.flatnonzero(np.logical_and.reduce([np.isfinite(entry.oof).all(axis=1) for entry in entries]))
        if len(known) > _SELECTION_ROWS:
            known = np.sort(np.random.default_rng(self.spec.seed).choice(known, _SELECTION_ROWS, replace=False))
        target = self.data.target[known]
        coarse = _LIKELIHOOD if get_metric(self.problem.metric).needs is Needs.LABELS else 0.0

        def judge(found: Floats) -> float:
            # labels are few and coarse: how likely the truth is tells better what will hold for other texts
            of = self.data.wanted(target)
            likely = np.where(of, found, 1 - found) if self.data.labels else found[of]
            scales = scales_for(self.problem, target, found)
            return score(self.problem, target, found, scales=scales) + coarse * float(np.log(likely + _TINY).mean())

        seconds = None if self.spec.budget.max_time is None else max(0.5, self.deadline.left * 0.3)
        weights = select_ensemble([entry.oof[known] for entry in entries], judge, seconds=seconds)
        return {place: weight for place, weight in enumerate(weights) if weight > 0}

    def _keep(self, entry: Entry) -> Entry:
        """An entry as a model that has learned from all texts; of networks, those of the folds together."""
        row = entry.candidate
        assert row.trial is not None
        assert entry.params is not None
        trial = read_json(self._place(row.trial) / "trial.json")
        begin = time.perf_counter()
        if entry.family == "network":
            count = int(trial["folds"])
            places = [f"trials/{row.trial:05d}/fold_{fold}" for fold in range(count)]
            members = tuple(Member(entry.family, 1 / count, place) for place in places)
        else:
            self.progress(f"training {row.model} on all texts")
            everything = np.arange(len(self.data.fold))
            seed = self.spec.seed
            model, _ = fit_linear(entry.family, entry.params, self.data, everything, None, seed=seed)
            place = self.directory / "models" / row.model / "whole"
            place.mkdir(parents=True, exist_ok=True)
            model.calibrated(Calibration(**trial["calibration"])).save(place)
            members = (Member(entry.family, 1.0, f"models/{row.model}/whole"),)
        seconds = (row.fit_seconds or 0.0) + time.perf_counter() - begin
        kept = replace(entry, members=members, candidate=replace(row, fit_seconds=seconds))
        return self._predicted(self._sized(kept))

    def _ensemble(self, parts: Sequence[tuple[float, Entry]]) -> Entry:
        oof = np.asarray(sum(weight * entry.oof for weight, entry in parts))
        known = np.flatnonzero(np.isfinite(oof).all(axis=1))
        scales = scales_for(self.problem, self.data.target[known], oof[known])
        rows = [entry.candidate for _, entry in parts]
        candidate = self._row(
            "ensemble",
            measure(self.problem, self.data.target[known], oof[known], scales=scales),
            fit_seconds=sum(row.fit_seconds or 0.0 for row in rows),
            predict_ms_per_row=sum(row.predict_ms_per_row or 0.0 for row in rows),
            size_mb=sum(row.size_mb or 0.0 for row in rows),
            params={row.model: round(weight, 4) for (weight, _), row in zip(parts, rows, strict=True)},
        )
        members = tuple(
            replace(member, weight=weight * member.weight) for weight, entry in parts for member in entry.members
        )
        holdout = None
        if all(entry.holdout is not None for _, entry in parts):
            holdout = np.asarray(sum(weight * entry.holdout for weight, entry in parts if entry.holdout is not None))
        entry = Entry(candidate, oof, scales, members=members, holdout=holdout)
        self._write(entry)
        return entry

    def _baseline(self) -> Entry:
        """What is right without reading a text: how frequent the classes are among the others."""
        wanted, fold = self.data.wanted(self.data.target), self.data.fold
        oof = np.full(wanted.shape, np.nan)
        for part in range(self.data.plan.folds):
            oof[fold == part] = wanted[fold != part].mean(axis=0)
        known = np.flatnonzero(fold >= 0)
        found = measure(self.problem, self.data.target[known], oof[known])
        holdout = None if self.sealed is None else np.tile(wanted.mean(axis=0), (len(self.sealed), 1))
        row = self._row("baseline", found, fit_seconds=0.0, predict_ms_per_row=0.0, size_mb=0.0)
        return Entry(row, oof, holdout=holdout)

    def _predicted(self, entry: Entry) -> Entry:
        """The entry with its predictions of the sealed texts."""
        if self.sealed is None:
            return entry
        texts = self.data.texts("holdout")
        embeddings = None
        if any(member.family == "embedding" for member in entry.members):
            embeddings = self.data.embeddings("holdout")
        return replace(entry, holdout=self._model(entry).predict_texts(texts, embeddings=embeddings))

    def _sized(self, entry: Entry) -> Entry:
        self._write(entry)
        files = [file for m in entry.members for file in (self.directory / m.place).iterdir() if file.is_file()]
        size = sum(file.stat().st_size for file in files) / 1e6
        return replace(entry, candidate=replace(entry.candidate, size_mb=size))

    def _recipe(self, entry: Entry) -> Recipe:
        reading = self.spec.data.model_dump(mode="json", include={"csv", "na_values"}, exclude_unset=True)
        return Recipe(entry.members, self.problem, entry.scales, reading)

    def _model(self, entry: Entry) -> TextModel:
        recipe = self._recipe(entry)
        return TextModel(entry.candidate, root=self.directory, shared=self.folder, recipe=recipe)

    def _write(self, entry: Entry) -> None:
        write_json(self.directory / "models" / entry.candidate.model / MODEL_FILE, self._recipe(entry).to_dict())

    def _evaluate(self, best: Entry) -> dict[str, dict[str, float]]:
        """Write what the report shows of the best model; the metrics of its classes."""
        if self.sealed is not None and best.holdout is not None:
            judged = Judged(self.data.texts("holdout"), self.sealed, best.holdout, "sealed row")
            note = "sealed texts"
        else:
            judged = Judged(self.data.texts("train"), self.data.target, best.oof, "row")
            note = "texts of the training data that were held out of each fold"
        shown = evaluate(judged, self.problem, scales=best.scales, note=note)
        write_json(self.folder / "evaluation.json", shown)
        linear = [
            (member.weight, FittedText.load(self.directory / member.place))
            for member in best.members
            if member.family != "network"
        ]
        told = telling_ngrams(linear, self.data.texts("train"), self.data.target, self.problem)
        write_json(self.folder / "importance.json", told)
        return {
            f"class {part['class']}": {name: part[name] for name in ("precision", "recall", "f1")}
            for part in shown["per_class"]
        }

    def _row(self, model: str, metrics: dict[str, float], **rest: Any) -> Candidate:
        value = metrics.get(self.problem.metric)
        return Candidate(
            model=model,
            algorithm=model,
            provider="local",
            job=self.directory.name,
            score_val=None if value is None else get_metric(self.problem.metric).to_score(value),
            metrics_val=metrics,
            cost_usd=0.0,
            seed=self.spec.seed,
            **rest,
        )

    def _scored(self, entry: Entry) -> Candidate:
        metrics: dict[str, float] = {}
        if self.sealed is not None and entry.holdout is not None:
            metrics = measure(self.problem, self.sealed, entry.holdout, scales=entry.scales)
        value = metrics.get(self.problem.metric)
        found = None if value is None else get_metric(self.problem.metric).to_score(value)
        return replace(entry.candidate, metrics_holdout=metrics, score_holdout=found, can_infer=bool(entry.members))
