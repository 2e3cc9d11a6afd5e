"""Trainer of forecasters: one candidate judged from several moments of the past, then trained on all of it."""

from __future__ import annotations

import math
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cloudautoml.data.arrays import write_array
from cloudautoml.search import Fidelity, Measurement, TrialFailedError
from cloudautoml.spec.metrics import get_metric
from cloudautoml.store.files import write_json
from cloudautoml_local.tasks.forecasting.candidates import Candidate
from cloudautoml_local.tasks.forecasting.info import Info
from cloudautoml_local.tasks.forecasting.judging import judged
from cloudautoml_local.tasks.forecasting.series import open_series
from cloudautoml_local.tasks.tabular.families.base import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cloudautoml.search import Architecture, SearchSpace
    from cloudautoml_local.tasks.base import Resources
    from cloudautoml_local.tasks.forecasting.families.base import Fitted
    from cloudautoml_local.tasks.forecasting.panel import Panel
    from cloudautoml_local.tasks.forecasting.series import JobSeries

WHOLE = "whole"
"""Folder in a trial's of what it was trained to on all of the past."""


@dataclass(frozen=True, slots=True)
class ForecastTrainer:
    """Trains and judges one candidate.

    Attributes:
        directory: The trial's folder.
        job: The job's folder.
        resources: What it may use.
        space: The space of the job.
    """

    directory: Path
    job: Path
    resources: Resources
    space: SearchSpace

    def curve_length(self, fidelity: Fidelity) -> int:
        """Windows that are forecast at a fidelity."""
        return _windows(Info.load(self.job / "task"), fidelity)

    def proxies(self, architecture: Architecture) -> Mapping[str, float]:  # noqa: ARG002 - of none
        """None: what a family will make of series is not known before."""
        raise TrialFailedError("error", "a forecaster cannot be scored untrained")

    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,  # noqa: ARG002 - forecasters inherit nothing
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        """Judge one candidate from moments of the past, the earliest first, having learned from what is before it.

        Leaves in the trial's folder, unless the fidelity is cut: `oof.npy` (w x s x h forecasts, NaN for absent
        series), `holdout.npy` (s x h forecasts of what is sealed, by what was trained on all of the past), `whole/`
        (that), and `trial.json`, written last.

        Args:
            architecture: The candidate.
            fidelity: `rows` keeps the latest share of each history, `folds` the latest share of the windows.
            parent: Not used.
            on_step: Called after each window with the score so far.

        Raises:
            TrialFailedError: With the reason `nan`, `oom` or `error`.
        """
        candidate = Candidate(architecture, self.space)
        family = candidate.family
        try:
            with threadpool_limits(self.resources.threads):
                return self._train(candidate, fidelity, on_step)
        except TrialFailedError:
            raise
        except MemoryError as exc:
            raise TrialFailedError("oom", f"{family} ran out of memory") from exc
        except Exception as exc:
            # the native libraries raise their own types; only the message tells what it was
            reason = "oom" if "bad_alloc" in str(exc) or "out of memory" in str(exc).lower() else "error"
            raise TrialFailedError(reason, f"{family}: {type(exc).__name__}: {str(exc)[:500]}") from exc

    def _train(
        self,
        candidate: Candidate,
        fidelity: Fidelity,
        on_step: Callable[[int, float], bool] | None,
    ) -> Measurement:
        begin = time.perf_counter()
        series = open_series(self.job)
        info, deadline = series.info, Deadline(None if self.resources.seconds is None else 0.9 * self.resources.seconds)
        count = _windows(info, fidelity)
        share = fidelity.share("rows")
        context = info.context(seed=self.resources.seed, threads=self.resources.threads)
        oof = np.full((info.windows, len(series.panel), series.panel.horizon), np.nan)
        truth, scale = series.past()
        scores: list[float] = []
        fitted: Fitted | None = None
        predict_seconds = 0.0
        for number in range(info.windows - count, info.windows):
            which, panel, _ = series.window(number)
            panel = _shorter(panel, share, info.season)
            if fitted is None:  # what has learned from the time before the first window has seen none of them
                fitted = candidate.fit(panel, context, deadline=Deadline(deadline.left / 2))
            start = time.perf_counter()
            oof[number, which] = fitted.forecast(panel)
            predict_seconds += time.perf_counter() - start
            now = judged(truth[number], oof[number], scale[number], names=[info.metric])
            scores.append(now.get(info.metric, 0.0))
            if on_step is not None and not on_step(len(scores), float(np.mean(scores))):
                break
        measured, _, _ = judged_with_quantiles(series, truth, oof, scale)
        if info.metric not in measured:
            raise TrialFailedError("nan", f"{info.metric} of the forecasts is not a number")
        whole = len(scores) == info.windows and not fidelity.settings
        if whole:
            self._keep(candidate.fit(series.panel, context, deadline=deadline), series, oof)
        forecasts = int(np.isfinite(oof).all(axis=2).sum())
        costs = {
            "size_mb": sum(path.stat().st_size for path in self.directory.glob(f"{WHOLE}/*")) / 1e6,
            "latency_ms": 1000 * predict_seconds / max(1, forecasts),
        }
        details: dict[str, Any] = {
            "family": candidate.family,
            "windows": len(scores),
            "size_mb": costs["size_mb"],
            "predict_ms_per_row": costs["latency_ms"] / series.panel.horizon,
            "whole": whole,
        }
        write_json(self.directory / "trial.json", details)
        return Measurement(
            score=get_metric(info.metric).to_score(measured[info.metric]),
            metrics=measured,
            curve=tuple(scores),
            seconds=time.perf_counter() - begin,
            fidelity=fidelity if len(scores) == count else fidelity.cut(folds=len(scores) / count),
            costs=costs,
            details=details,
        )

    def _keep(self, fitted: Fitted, series: JobSeries, oof: Any) -> None:
        place = self.directory / WHOLE
        beside = place.with_suffix(".part")
        for old in (beside, place):
            if old.exists():
                shutil.rmtree(old)
        beside.mkdir(parents=True)
        fitted.save(beside)
        beside.rename(place)
        if series.sealed is not None:
            write_array(self.directory / "holdout.npy", fitted.forecast(series.panel))
        write_array(self.directory / "oof.npy", oof)


def judged_with_quantiles(series: JobSeries, truth: Any, oof: Any, scale: Any) -> tuple[dict[str, float], Any, Any]:
    """Metrics of forecasts of the past with the quantiles that their own errors give, those, and the spreads."""
    from cloudautoml_local.tasks.forecasting.intervals import fit_intervals
    from cloudautoml_local.tasks.forecasting.series import scales

    intervals, spread = fit_intervals(truth - oof, scales(series.panel, series.info.season), series.info.levels)
    quantiles = np.stack([intervals.quantiles(part, spread) for part in oof])
    found = judged(truth, oof, scale, quantiles=quantiles, levels=series.info.levels)
    return found, intervals, spread


def _shorter(panel: Panel, share: float, season: int) -> Panel:
    if share >= 1:
        return panel
    most = max(2 * season + panel.horizon, math.ceil(share * int(panel.lengths.max())))
    return panel.last(most)


def _windows(info: Info, fidelity: Fidelity) -> int:
    return max(1, math.ceil(info.windows * fidelity.share("folds") - 1e-9))
