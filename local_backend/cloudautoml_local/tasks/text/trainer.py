"""Trainer of trials on texts: each candidate is judged on texts that it did not learn from, fold by fold."""

from __future__ import annotations

import math
import time
from dataclasses import asdict, dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np
from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

from cloudautoml.data.arrays import write_array
from cloudautoml.search import Fidelity, Measurement, TrialFailedError
from cloudautoml.spec.metrics import get_metric
from cloudautoml.store.files import write_json
from cloudautoml_local.spaces.tabular import family_of
from cloudautoml_local.tasks.tabular.families.base import Deadline
from cloudautoml_local.tasks.text.calibration import Calibration, calibrate
from cloudautoml_local.tasks.text.data import TextData
from cloudautoml_local.tasks.text.fitted import fit_linear
from cloudautoml_local.tasks.text.judging import measure, scales_for, score
from cloudautoml_local.tasks.text.model import NETWORK_FILE

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    import numpy.typing as npt

    from cloudautoml.search import Architecture, SearchSpace
    from cloudautoml.search.space import Option
    from cloudautoml_local.tasks.base import Resources
    from cloudautoml_local.tasks.neural.problem import Floats

    Places = npt.NDArray[np.int64]

NETWORK = "network"
_TIMED = 50


@dataclass(frozen=True, slots=True)
class TextTrainer:
    """Trains one candidate on every fold.

    Attributes:
        directory: The trial's folder.
        task_directory: The task's folder with the texts.
        resources: What it may use.
        space: The space of the job.
    """

    directory: Path
    task_directory: Path
    resources: Resources
    space: SearchSpace

    def curve_length(self, fidelity: Fidelity) -> int:
        """Folds that are trained at a fidelity."""
        return _folds(TextData.open(self.task_directory), fidelity)

    def proxies(self, architecture: Architecture) -> Mapping[str, float]:  # noqa: ARG002 - of none
        """None: what a family will make of texts is not known before."""
        raise TrialFailedError("error", "a text classifier cannot be scored untrained")

    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,  # noqa: ARG002 - nothing is inherited
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        """Cross-validate one candidate.

        Leaves in the trial's folder: `oof.npy` (predictions of the texts that were validated, NaN elsewhere) and
        `trial.json`, written last; of a network also `fold_<i>/model.keras`.

        Args:
            architecture: The candidate.
            fidelity: `rows` cuts the texts to learn from, `folds` the folds that are trained and validated.
            parent: Not used.
            on_step: Called after each fold with the score so far.

        Raises:
            TrialFailedError: With the reason `nan`, `oom` or `error`.
        """
        family, params = family_of(architecture)
        try:
            # numpy takes every core unless told otherwise
            with threadpool_limits(self.resources.threads):
                return self._train(family, params, fidelity, on_step)
        except TrialFailedError:
            raise
        except MemoryError as exc:
            raise TrialFailedError("oom", f"{family} ran out of memory") from exc
        except Exception as exc:
            reason = "oom" if "out of memory" in str(exc).lower() or "oom" in type(exc).__name__.lower() else "error"
            raise TrialFailedError(reason, f"{family}: {type(exc).__name__}: {str(exc)[:500]}") from exc

    def _train(
        self,
        family: str,
        params: Mapping[str, Option],
        fidelity: Fidelity,
        on_step: Callable[[int, float], bool] | None,
    ) -> Measurement:
        begin = time.perf_counter()
        data = TextData.open(self.task_directory)
        problem, count = data.problem, _folds(data, fidelity)
        limits = [limit for limit in (data.plan.trial_seconds, self.resources.seconds) if limit is not None]
        deadline = Deadline(0.9 * min(limits) if limits else None)
        raw = np.full((len(data.fold), len(problem.classes)), np.nan)
        curve: list[float] = []
        done, predicting = 0, 0.0
        for fold in range(count):
            here = np.flatnonzero(data.fold == fold)
            share = Deadline(deadline.left / (count - fold))
            raw[here], seconds = self._fold(family, params, data, fold=fold, fidelity=fidelity, deadline=share)
            predicting += seconds
            value = score(problem, data.target[here], _meant(raw[here], family, _line(family, raw, data), data))
            curve.append(value if math.isfinite(value) else float(np.mean(curve)) if curve else 0.0)
            done = fold + 1
            if on_step is not None and not on_step(done, float(np.mean(curve))):
                break
        calibration = _line(family, raw, data)
        known = np.flatnonzero(np.isfinite(raw).all(axis=1))
        oof = np.full_like(raw, np.nan)
        oof[known] = _meant(raw[known], family, calibration, data)
        scales = scales_for(problem, data.target[known], oof[known])
        measured = measure(problem, data.target[known], oof[known], scales=scales)
        if problem.metric not in measured:
            raise TrialFailedError("nan", f"{problem.metric} of the predictions is not a number")
        whole = done == data.plan.folds and not fidelity.settings
        if whole:
            write_array(self.directory / "oof.npy", oof)
        details: dict[str, Any] = {
            "family": family,
            "folds": done,
            "fold_score_std": float(np.std(curve)) if len(curve) > 1 else 0.0,
            "predict_ms_per_row": 1000 * predicting / max(1, len(known)),
            "whole": whole,
        }
        saved = {"params": dict(params), "scales": list(scales), "calibration": asdict(calibration), **details}
        write_json(self.directory / "trial.json", saved)
        return Measurement(
            score=get_metric(problem.metric).to_score(measured[problem.metric]),
            metrics=measured,
            curve=tuple(curve),
            seconds=time.perf_counter() - begin,
            fidelity=fidelity if done == count else fidelity.cut(folds=done / count),
            costs={"latency_ms": details["predict_ms_per_row"]},
            details=details,
        )

    def _fold(
        self,
        family: str,
        params: Mapping[str, Option],
        data: TextData,
        *,
        fold: int,
        fidelity: Fidelity,
        deadline: Deadline,
    ) -> tuple[Floats, float]:
        """Scores or, of a network, probabilities of the texts of a fold, and the seconds that predicting took."""
        here, rest = np.flatnonzero(data.fold == fold), np.flatnonzero(data.fold != fold)
        if (share := fidelity.share("rows")) < 1:
            rng = np.random.default_rng((self.resources.seed, fold))
            rest = np.sort(rng.choice(rest, max(10, int(len(rest) * share)), replace=False))
        seed = self.resources.seed + fold
        if family == NETWORK:
            from cloudautoml_local.tasks.text.network import train

            place = self.directory / f"fold_{fold}" / NETWORK_FILE
            own = replace(self.resources, seed=seed)
            return train(params, data, rest, here, resources=own, deadline=deadline, place=place)
        model, scores = fit_linear(family, params, data, rest, here, seed=seed)
        assert scores is not None
        some = here[:_TIMED]
        every = data.texts("train")
        texts = [every[row] for row in some]
        embeddings = np.asarray(data.embeddings("train")[some]) if family == "embedding" else None
        model.predict(texts[:1], None if embeddings is None else embeddings[:1])  # the first one makes tables
        begin = time.perf_counter()
        model.predict(texts, embeddings)  # new texts have to be counted first, which takes most of the time
        return scores, (time.perf_counter() - begin) / len(some) * len(here)


def _folds(data: TextData, fidelity: Fidelity) -> int:
    return max(1, math.ceil(data.plan.folds * fidelity.share("folds") - 1e-9))


def _line(family: str, raw: Floats, data: TextData) -> Calibration:
    """What the scores of a linear model mean, by the texts that have been validated."""
    known = np.isfinite(raw).all(axis=1)
    if family == NETWORK:
        return Calibration()
    return calibrate(raw[known], data.wanted(data.target[known]), labels=data.labels)


def _meant(raw: Floats, family: str, calibration: Calibration, data: TextData) -> Floats:
    return raw if family == NETWORK else calibration.probabilities(raw, labels=data.labels)
