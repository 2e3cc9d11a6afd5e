"""The end of a forecasting job: baseline, trials and ensemble as rows of one leaderboard, within the time left."""

from __future__ import annotations

import time
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data.arrays import read_array
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.spec.metrics import get_metric
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.forecasting.evaluation import by_part, by_step, some_forecasts
from cloudautoml_local.tasks.forecasting.families import seasonal_naive
from cloudautoml_local.tasks.forecasting.judging import judged
from cloudautoml_local.tasks.forecasting.model import Member, Recipe
from cloudautoml_local.tasks.forecasting.rows import trial_candidate
from cloudautoml_local.tasks.forecasting.series import open_series, scales
from cloudautoml_local.tasks.forecasting.trainer import WHOLE, judged_with_quantiles
from cloudautoml_local.tasks.tabular.ensemble import select_ensemble
from cloudautoml_local.tasks.tabular.families.base import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence
    from pathlib import Path

    from cloudautoml.search import Trial
    from cloudautoml.spec import JobSpec
    from cloudautoml_local.tasks.forecasting.intervals import Intervals
    from cloudautoml_local.tasks.forecasting.panel import Floats

_DETAILED = 3
"""Models whose scores are kept for each step ahead."""


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A candidate with its forecasts.

    Attributes:
        candidate: Its row, without scores on the sealed steps.
        members: Its forecasters.
        oof: W x s x h forecasts of the past.
        holdout: S x h forecasts of the sealed steps.
        intervals: How far off it may be.
        spread: The spread of each series.
    """

    candidate: Candidate
    members: tuple[Member, ...]
    oof: Floats
    holdout: Floats | None
    intervals: Intervals
    spread: Floats

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
        self.series = open_series(directory)
        self.info = self.series.info
        self.truth, self.scale = self.series.past()
        self.last_scale = scales(self.series.panel, self.info.season)

    def run(self, trials: Sequence[Trial]) -> Leaderboard:
        """The whole leaderboard; the recipes of models are written to `models/`."""
        rows = [trial_candidate(trial, self.spec, self.directory.name) for trial in trials]
        entries = [entry for trial, row in zip(trials, rows, strict=True) if (entry := self._entry(trial, row))]
        usable = {entry.candidate.model for entry in entries}
        finished = [*entries, self._baseline()]
        if len(entries) > 1 and self.spec.search.ensemble:
            self.progress(f"choosing an ensemble of {len(entries)} candidates")
            finished.append(self._ensemble(entries))
        finished.sort(key=lambda entry: -entry.score)
        for entry in finished:
            if entry.members:
                self._write(entry)
        board = [self._scored(entry, detailed=place < _DETAILED) for place, entry in enumerate(finished)]
        board += [row for row in rows if row.model not in usable]
        if entries:
            self._evaluate(next(entry for entry in finished if entry.members))
        sealed = self.series.sealed
        protocol = {
            "validation": "rolling origin",
            "windows": self.info.windows,
            "horizon": self.series.panel.horizon,
            "series": len(self.series.panel),
            "train_rows": int(self.series.panel.lengths.sum()),
            "sealed_rows": 0 if sealed is None else int(np.isfinite(sealed).sum()),
            "data": str(read_json(self.directory / "data" / "profile.json")["fingerprint"]),
        }
        return Leaderboard(
            board,
            metric=self.info.metric,
            job=self.directory.name,
            protocol=protocol,
            minimize=self.spec.minimize,
        )

    def _entry(self, trial: Trial, row: Candidate) -> Entry | None:
        place = f"trials/{trial.number:05d}"
        files = self.directory / place
        if row.score_val is None or not (files / "oof.npy").exists():
            return None
        oof = read_array(files / "oof.npy")
        holdout = files / "holdout.npy"
        _, intervals, spread = judged_with_quantiles(self.series, self.truth, oof, self.scale)
        member = Member(row.algorithm, dict(row.params), 1.0, f"{place}/{WHOLE}")
        return Entry(row, (member,), oof, read_array(holdout) if holdout.exists() else None, intervals, spread)

    def _baseline(self) -> Entry:
        """The season just past, again."""
        context = self.info.context()
        oof = np.full(self.truth.shape, np.nan)
        params = seasonal_naive.DEFAULTS[0]
        for number in range(self.info.windows):
            which, panel, _ = self.series.window(number)
            oof[number, which] = seasonal_naive.rule(panel, params, context)
        holdout = None if self.series.sealed is None else seasonal_naive.rule(self.series.panel, params, context)
        found, intervals, spread = judged_with_quantiles(self.series, self.truth, oof, self.scale)
        row = self._row(
            "baseline", "baseline", found, fit_seconds=0.0, predict_ms_per_row=0.0, size_mb=0.0,
            params={"season": self.info.season},
        )  # fmt: skip
        return Entry(row, (), oof, holdout, intervals, spread)

    def _ensemble(self, entries: Sequence[Entry]) -> Entry:
        begin = time.perf_counter()

        def judge(oof: Floats) -> float:
            if self.info.metric == "weighted_quantile_loss":
                found = judged_with_quantiles(self.series, self.truth, oof, self.scale)[0]
            else:
                found = judged(self.truth, oof, self.scale, names=[self.info.metric])
            value = found.get(self.info.metric)
            return -np.inf if value is None else get_metric(self.info.metric).to_score(value)

        seconds = None if self.spec.budget.max_time is None else max(0.5, self.deadline.left * 0.4)
        weights = select_ensemble([entry.oof for entry in entries], judge, seconds=seconds)
        chosen = [(weight, entry) for weight, entry in zip(weights, entries, strict=True) if weight > 0]
        oof = np.asarray(sum(weight * entry.oof for weight, entry in chosen))
        holdout = None
        if all(entry.holdout is not None for _, entry in chosen):
            holdout = np.asarray(sum(weight * entry.holdout for weight, entry in chosen if entry.holdout is not None))
        found, intervals, spread = judged_with_quantiles(self.series, self.truth, oof, self.scale)
        rows = [entry.candidate for _, entry in chosen]
        row = self._row(
            "ensemble",
            "ensemble",
            found,
            fit_seconds=time.perf_counter() - begin + sum(one.fit_seconds or 0.0 for one in rows),
            predict_ms_per_row=sum(one.predict_ms_per_row or 0.0 for one in rows),
            size_mb=sum(one.size_mb or 0.0 for one in rows),
            costs={"latency_ms": sum(one.costs.get("latency_ms", 0.0) for one in rows)},
            params={entry.candidate.model: round(weight, 4) for weight, entry in chosen},
        )
        members = tuple(replace(m, weight=weight * m.weight) for weight, entry in chosen for m in entry.members)
        return Entry(row, members, oof, holdout, intervals, spread)

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

    def _scored(self, entry: Entry, *, detailed: bool) -> Candidate:
        metrics: dict[str, float] = {}
        truth, found, scale = self.truth, entry.oof, self.scale
        if self.series.sealed is not None and entry.holdout is not None:
            truth, found, scale = self.series.sealed, entry.holdout, self.last_scale
            quantiles = entry.intervals.quantiles(entry.holdout, entry.spread)
            metrics = judged(truth, found, scale, quantiles=quantiles, levels=self.info.levels)
        value = metrics.get(self.info.metric)
        return replace(
            entry.candidate,
            metrics_holdout=metrics,
            score_holdout=None if value is None else get_metric(self.info.metric).to_score(value),
            metrics_by_part=by_part(truth, found, scale, self.info.metric) if detailed else {},
            can_infer=bool(entry.members),
        )

    def _write(self, entry: Entry) -> None:
        reading = self.spec.data.model_dump(mode="json", include={"csv", "na_values"}, exclude_unset=True)
        recipe = Recipe(entry.members, entry.intervals, tuple(entry.spread.tolist()), self.spec.seed, reading)
        write_json(self.directory / "models" / entry.candidate.model / "model.json", recipe.to_dict())

    def _evaluate(self, best: Entry) -> None:
        """Write what the report shows of the best model."""
        truth, mean, panel, scale = self.truth[-1], best.oof[-1], self.series.panel, self.last_scale
        if self.series.sealed is not None and best.holdout is not None:
            note = "sealed steps: the last of each series"
            truth, mean = self.series.sealed, best.holdout
            horizon = by_step(truth, mean, scale, self.info.metric)
        else:
            note = "the last steps of each series, forecast from before them"
            panel = panel.before(panel.horizon)
            horizon = by_step(self.truth, best.oof, self.scale, self.info.metric)
        quantiles = best.intervals.quantiles(mean, best.spread)
        shown = some_forecasts(self.series, panel, truth=truth, mean=mean, quantiles=quantiles, scale=scale)
        evaluation = {"note": note, "horizon": horizon, "forecasts": shown}
        write_json(self.directory / "task" / "evaluation.json", evaluation)
