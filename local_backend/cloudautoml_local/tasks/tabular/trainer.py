"""Trainer of tabular trials: cross-validation of one candidate, with everything the ensemble needs left on disk."""

from __future__ import annotations

import math
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cloudautoml.data.arrays import write_array
from cloudautoml.search import Fidelity, Measurement, TrialFailedError
from cloudautoml.spec.metrics import get_metric
from cloudautoml.store.files import write_json
from cloudautoml_local.spaces.tabular import family_of
from cloudautoml_local.tasks.tabular.families import FAMILIES
from cloudautoml_local.tasks.tabular.families.base import Deadline, Fitted, Rows
from cloudautoml_local.tasks.tabular.measure import measure, scales_for, score
from cloudautoml_local.tasks.tabular.table import Table, TableInfo, take

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cloudautoml.search import Architecture, SearchSpace
    from cloudautoml.search.space import Option
    from cloudautoml_local.tasks.base import Resources

Floats = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class TabularTrainer:
    """Trains one candidate on every fold.

    Attributes:
        directory: The trial's folder.
        task_directory: The task's folder with the table.
        resources: What it may use.
        space: The space of the job.
    """

    directory: Path
    task_directory: Path
    resources: Resources
    space: SearchSpace

    def curve_length(self, fidelity: Fidelity) -> int:
        """Folds that are trained at a fidelity."""
        return _folds(Table.open(self.task_directory).info, fidelity)

    def proxies(self, architecture: Architecture) -> Mapping[str, float]:  # noqa: ARG002 - of none
        """None: what a family will make of a table is not known before."""
        raise TrialFailedError("error", "a tabular candidate cannot be scored untrained")

    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,  # noqa: ARG002 - trees inherit nothing
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        """Cross-validate one candidate.

        Leaves in the trial's folder: `fold_<i>/` (fitted models), `oof.npy` (predictions of the rows that were
        validated, NaN elsewhere), `holdout.npy` (predictions of the sealed rows), `trial.json`, written last.

        Args:
            architecture: The candidate.
            fidelity: `rows` cuts the rows to learn from, `folds` the folds that are trained and validated.
            parent: Not used.
            on_step: Called after each fold with the score so far.

        Raises:
            TrialFailedError: With the reason `nan`, `oom` or `error`.
        """
        family, params = family_of(architecture)
        try:
            # numpy and scikit-learn take every core unless told otherwise
            with threadpool_limits(self.resources.threads):
                return self._train(family, params, fidelity, on_step)
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
        family: str,
        params: Mapping[str, Option],
        fidelity: Fidelity,
        on_step: Callable[[int, float], bool] | None,
    ) -> Measurement:
        begin = time.perf_counter()
        table = Table.open(self.task_directory)
        info = table.info
        limits = [limit for limit in (info.plan.trial_seconds, self.resources.seconds) if limit is not None]
        # predicting and saving take time as well
        deadline = Deadline(0.9 * min(limits) if limits else None)
        count = _folds(info, fidelity)
        outputs = () if info.kind == "regression" else (len(info.classes),)
        oof = np.full((len(table.fold), *outputs), np.nan)
        holdout = None if table.holdout is None else np.zeros((len(table.holdout[0]), *outputs))
        scores: list[float] = []
        rounds: list[int] = []
        rates: list[float] = []
        done, predict_seconds, predicted = 0, 0.0, 0
        for fold in range(count):
            fitted, here = self._fit_fold(
                family, params, table, fold=fold, fidelity=fidelity, deadline=deadline, left=count - fold
            )
            start = time.perf_counter()
            oof[here] = predict(fitted, table.rows, here, info)
            predict_seconds += time.perf_counter() - start
            predicted += int(here.sum())
            if holdout is not None and table.holdout is not None:
                holdout += untransform(fitted.predict(*map(np.asarray, table.holdout)), info) / count
            self._keep(fitted, fold)
            rounds.append(fitted.rounds)
            rates.append(fitted.rate)
            scores.append(score(table.rows, oof, here, info))
            if not np.isfinite(scores[-1]):
                scores[-1] = float(np.mean(scores[:-1])) if fold else 0.0  # a fold with one class only
            done = fold + 1
            if on_step is not None and not on_step(done, float(np.mean(scores))):
                break
        known = np.asarray(np.isfinite(oof).reshape(len(oof), -1).all(axis=1))
        scales = scales_for(table.rows, oof, known, info)
        measured = measure(table.rows, oof, known, info, scales=scales)
        if info.metric not in measured:
            raise TrialFailedError("nan", f"{info.metric} of the predictions is not a number")
        whole = done == info.plan.folds and not fidelity.settings
        if whole:
            write_array(self.directory / "oof.npy", oof)
            if holdout is not None:
                write_array(self.directory / "holdout.npy", holdout)
        seconds = time.perf_counter() - begin
        costs = {
            "size_mb": folder_megabytes(self.directory),
            "latency_ms": 1000 * predict_seconds / max(1, predicted) * done,
        }
        details: dict[str, Any] = {
            "family": family,
            "folds": done,
            "rounds": round(float(np.mean(rounds))),
            "learning_rate": float(np.median(rates)),
            "work": float(np.mean([rate * n for rate, n in zip(rates, rounds, strict=True)])),
            "fold_score_std": float(np.std(scores)) if len(scores) > 1 else 0.0,
            "size_mb": costs["size_mb"],
            "predict_ms_per_row": costs["latency_ms"],
            "whole": whole,
        }
        write_json(
            self.directory / "trial.json", {"family": family, "params": dict(params), "scales": scales, **details}
        )
        return Measurement(
            score=get_metric(info.metric).to_score(measured[info.metric]),
            metrics=measured,
            curve=tuple(scores),
            seconds=seconds,
            fidelity=fidelity if done == count else fidelity.cut(folds=done / count),
            costs=costs,
            details=details,
        )

    def _fit_fold(
        self,
        family: str,
        params: Mapping[str, Option],
        table: Table,
        *,
        fold: int,
        fidelity: Fidelity,
        deadline: Deadline,
        left: int,
    ) -> tuple[Fitted, npt.NDArray[np.bool_]]:
        here = table.fold == fold
        rest = np.flatnonzero(~here)
        if (share := fidelity.share("rows")) < 1:
            rng = np.random.default_rng((self.resources.seed, fold))
            rest = np.sort(rng.choice(rest, max(10, int(len(rest) * share)), replace=False))
        problem = table.info.problem(seed=self.resources.seed + fold, threads=self.resources.threads)
        train, valid = (transformed(take(table.rows, which), table.info) for which in (rest, here))
        fitted = FAMILIES[family].fit(params, train, valid, problem, deadline=Deadline(deadline.left / left))
        return fitted, here

    def _keep(self, fitted: Fitted, fold: int) -> None:
        place = self.directory / f"fold_{fold}"
        beside = place.with_suffix(".part")
        for old in (beside, place):
            if old.exists():
                shutil.rmtree(old)
        beside.mkdir(parents=True)
        fitted.save(beside)
        beside.rename(place)


def _folds(info: TableInfo, fidelity: Fidelity) -> int:
    return max(1, math.ceil(info.plan.folds * fidelity.share("folds") - 1e-9))


def transformed(rows: Rows, info: TableInfo) -> Rows:
    """The rows with the target, and for MAPE the weights, as a family is to see them."""
    target, weight = rows.target, rows.weight
    if info.transform == "log1p":
        target = np.log1p(target)
    if info.metric == "mape":
        # an absolute error divided by the truth is an absolute error with that weight
        size = np.abs(target)
        share = 1.0 / np.maximum(size, max(1e-12, float(np.quantile(size, 0.05))))
        weight = share / share.mean() * (1.0 if weight is None else weight)
    return Rows(rows.tree, rows.dense, target, weight)


def untransform(found: Floats, info: TableInfo) -> Floats:
    """Predictions on the scale of the user's target."""
    return np.asarray(np.expm1(np.clip(found, None, 700))) if info.transform == "log1p" else found


def predict(fitted: Fitted, rows: Rows, which: npt.NDArray[np.bool_], info: TableInfo) -> Floats:
    """Predictions of some of the rows, on the scale of the user's target."""
    return untransform(fitted.predict(np.asarray(rows.tree[which]), np.asarray(rows.dense[which])), info)


def folder_megabytes(directory: Path) -> float:
    """Megabytes of the fitted models in a trial's folder."""
    files = [path for path in directory.glob("*/*") if path.is_file()]
    return sum(path.stat().st_size for path in files) / 1e6
