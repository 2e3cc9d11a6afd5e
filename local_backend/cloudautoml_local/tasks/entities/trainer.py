"""Trainer of taggers: cross-validation of one candidate, with everything the ensemble needs left on disk."""

from __future__ import annotations

import math
import shutil
import time
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data.arrays import write_array
from cloudautoml.search import Fidelity, Measurement, TrialFailedError
from cloudautoml.spec.metrics import get_metric
from cloudautoml.store.files import write_json
from cloudautoml_local.spaces.tabular import family_of
from cloudautoml_local.tasks.entities.corpus import Corpus, Info
from cloudautoml_local.tasks.entities.decoding import tune_scale
from cloudautoml_local.tasks.entities.families import FAMILIES
from cloudautoml_local.tasks.entities.measure import measure, score
from cloudautoml_local.tasks.tabular.families.base import Deadline
from cloudautoml_local.tasks.tabular.trainer import folder_megabytes

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cloudautoml.search import Architecture, Option, SearchSpace
    from cloudautoml_local.tasks.base import Resources
    from cloudautoml_local.tasks.entities.families.base import Fitted

_FEWEST = 10


@dataclass(frozen=True, slots=True)
class EntityTrainer:
    """Trains one candidate on every fold.

    Attributes:
        directory: The trial's folder.
        task_directory: The task's folder with the sentences.
        resources: What it may use.
        space: The space of the job.
    """

    directory: Path
    task_directory: Path
    resources: Resources
    space: SearchSpace

    def curve_length(self, fidelity: Fidelity) -> int:
        """Folds that are trained at a fidelity."""
        return _folds(Info.load(self.task_directory), fidelity)

    def proxies(self, architecture: Architecture) -> Mapping[str, float]:  # noqa: ARG002 - of none
        """None: what a family will make of sentences is not known before."""
        raise TrialFailedError("error", "a tagger cannot be scored untrained")

    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,  # noqa: ARG002 - nothing is inherited
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        """Cross-validate one candidate.

        Leaves in the trial's folder: `fold_<i>/` (fitted models), `oof.npy` (probabilities of the tokens that were
        validated, NaN elsewhere), `holdout.npy` (those of the sealed ones), `trial.json`, written last.

        Args:
            architecture: The candidate.
            fidelity: `rows` cuts the sentences to learn from, `folds` the folds that are trained and validated.
            parent: Not used.
            on_step: Called after each fold with the score so far.

        Raises:
            TrialFailedError: With the reason `nan`, `oom` or `error`.
        """
        from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

        family, params = family_of(architecture)
        try:
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
        corpus = Corpus.open(self.task_directory)
        info, token_fold = corpus.info, corpus.token_fold
        limits = [limit for limit in (info.trial_seconds, self.resources.seconds) if limit is not None]
        deadline = Deadline(0.9 * min(limits) if limits else None)  # predicting and saving take time as well
        count = _folds(info, fidelity)
        oof = np.full((len(token_fold), len(info.tags)), np.nan, np.float32)
        sealed = corpus.holdout
        holdout = None if sealed is None else np.zeros((sum(sealed.lengths), len(info.tags)), np.float32)
        scores: list[float] = []
        rounds: list[int] = []
        done, predict_seconds, predicted = 0, 0.0, 0
        for fold in range(count):
            limit = Deadline(deadline.left / (count - fold))
            fitted = self._fit_fold(family, params, corpus, fold=fold, fidelity=fidelity, deadline=limit)
            here = corpus.train.take(np.flatnonzero(corpus.fold == fold))
            start = time.perf_counter()
            found = fitted.predict(here.tokens)
            predict_seconds += time.perf_counter() - start
            predicted += len(here)
            if not np.isfinite(found).all():
                raise TrialFailedError("nan", "a probability is not a number")
            oof[token_fold == fold] = found
            if holdout is not None and sealed is not None:
                holdout += fitted.predict(sealed.tokens) / count
            self._keep(fitted, fold)
            rounds.append(fitted.rounds)
            scores.append(score(here, found, info, scale=tune_scale(found, here.lengths, info.tags, here.tags)))
            done = fold + 1
            if on_step is not None and not on_step(done, float(np.mean(scores))):
                break
        judged = corpus.train.take(np.flatnonzero((corpus.fold >= 0) & (corpus.fold < done)))
        known = oof[(token_fold >= 0) & (token_fold < done)].astype(np.float64)
        scale = tune_scale(known, judged.lengths, info.tags, judged.tags)
        measured = measure(judged, known, info, scale=scale)
        if info.metric not in measured:
            raise TrialFailedError("nan", f"{info.metric} is not defined: no sentence that is validated has an entity")
        whole = done == info.folds and not fidelity.settings
        if whole:
            write_array(self.directory / "oof.npy", oof)
            if holdout is not None:
                write_array(self.directory / "holdout.npy", holdout)
        costs = {
            "size_mb": folder_megabytes(self.directory),
            "latency_ms": 1000 * predict_seconds / max(1, predicted) * done,
        }
        details: dict[str, Any] = {
            "family": family,
            "folds": done,
            "rounds": round(float(np.mean(rounds))),
            "fold_score_std": float(np.std(scores)) if len(scores) > 1 else 0.0,
            "size_mb": costs["size_mb"],
            "predict_ms_per_row": costs["latency_ms"],
            "whole": whole,
        }
        write_json(self.directory / "trial.json", {"params": dict(params), "scale": scale, **details})
        return Measurement(
            score=get_metric(info.metric).to_score(measured[info.metric]),
            metrics=measured,
            curve=tuple(scores),
            seconds=time.perf_counter() - begin,
            fidelity=fidelity if done == count else fidelity.cut(folds=done / count),
            costs=costs,
            details=details,
        )

    def _fit_fold(
        self,
        family: str,
        params: Mapping[str, Option],
        corpus: Corpus,
        *,
        fold: int,
        fidelity: Fidelity,
        deadline: Deadline,
    ) -> Fitted:
        rest = np.flatnonzero(corpus.fold != fold)
        if (share := fidelity.share("rows")) < 1:
            rng = np.random.default_rng((self.resources.seed, fold))
            rest = np.sort(rng.choice(rest, min(len(rest), max(_FEWEST, int(len(rest) * share))), replace=False))
        valid = corpus.train.take(np.flatnonzero(corpus.fold == fold))
        problem = corpus.info.problem(seed=self.resources.seed + fold, threads=self.resources.threads)
        return FAMILIES[family].fit(params, corpus.train.take(rest), valid, problem, deadline=deadline)

    def _keep(self, fitted: Fitted, fold: int) -> None:
        place = self.directory / f"fold_{fold}"
        beside = place.with_suffix(".part")
        for old in (beside, place):
            if old.exists():
                shutil.rmtree(old)
        beside.mkdir(parents=True)
        fitted.save(beside)
        beside.rename(place)


def _folds(info: Info, fidelity: Fidelity) -> int:
    return max(1, math.ceil(info.folds * fidelity.share("folds") - 1e-9))
