"""The end of a job of detectors: a baseline, the best ones as models, a refit, in one leaderboard, in time."""

from __future__ import annotations

import time
from dataclasses import replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.data.arrays import read_array
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.search import TrialFailedError
from cloudautoml.store.files import atomic_path, read_json, write_json
from cloudautoml_local.tasks.detection.decode import MOST
from cloudautoml_local.tasks.detection.evaluation import evaluation_of, metrics_by_part
from cloudautoml_local.tasks.detection.model import FORMAT, KERAS_FILE, KIND, MODEL_FILE
from cloudautoml_local.tasks.detection.problem import DetectionProblem
from cloudautoml_local.tasks.neural.examples import Examples, joined
from cloudautoml_local.tasks.neural.files import WEIGHTS_FILE, fitting, read_weights, weights_of
from cloudautoml_local.tasks.neural.rows import trial_candidate
from cloudautoml_local.tasks.neural.session import begin_session, keras_reads_arrays
from cloudautoml_local.tasks.neural.training import fit
from cloudautoml_local.tasks.tabular.families.base import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import numpy.typing as npt

    from cloudautoml.search import Architecture, Trial
    from cloudautoml_local.tasks.base import Resources
    from cloudautoml_local.tasks.detection.loop import DetectionLoop
    from cloudautoml_local.tasks.detection.problem import Floats
    from cloudautoml_local.tasks.detection.task import DetectionTask

_REFIT_MARGIN = 1.3


def finish(
    task: DetectionTask, trials: Sequence[Trial], resources: Resources, *, progress: Callable[[str], None]
) -> Leaderboard:
    """The whole leaderboard; the models that can predict are in `models/`.

    Args:
        task: The job's task.
        trials: All trials in order.
        resources: Threads, seed, and seconds for everything.
        progress: Told what is being done.
    """
    return _Closing(task, resources, progress).board(trials)


class _Closing:
    """What the end of one job works with."""

    def __init__(self, task: DetectionTask, resources: Resources, progress: Callable[[str], None]) -> None:
        self.task, self.resources, self.progress = task, resources, progress
        self.deadline, self.spec, self.directory = Deadline(resources.seconds), task.spec, task.directory
        self.folder = task.directory / "task"
        self.problem = DetectionProblem.load(self.folder)
        self.train, self.valid = Examples.open(self.folder, "train"), Examples.open(self.folder, "valid")
        self.sealed = Examples.open(self.folder, "holdout") if Examples.exist(self.folder, "holdout") else None
        self.trainer = replace(task.trainer(0, resources), data_seed=self.spec.seed)

    def board(self, trials: Sequence[Trial]) -> Leaderboard:
        """All rows, the best trial kept as a model and trained again."""
        space = self.task.space().name
        rows = [trial_candidate(trial, self.spec, space, self.directory.name) for trial in trials]
        scored = [(row, trial) for row, trial in zip(rows, trials, strict=True) if row.score_val is not None]
        usable = [pair for pair in scored if (self._place(pair[1]) / "trial.json").exists()]
        board = [row for row in rows if not usable or row.trial != self._best(usable)[1].number]
        if usable:
            row, trial = self._best(usable)
            loop = self._rebuilt(trial)
            kept, found = self._kept(row, loop)
            board.append(kept)
            self._evaluate(trial, found)
            if self.spec.outputs.refit and (again := self._refit(row, trial)) is not None:
                board.append(again)
        board.append(self._baseline())
        for trial in trials:
            if not usable or trial.number != self._best(usable)[1].number:
                (self._place(trial) / WEIGHTS_FILE).unlink(missing_ok=True)
        protocol = {
            "validation": "images set apart",
            "train_rows": len(self.train),
            "valid_rows": len(self.valid),
            "sealed_rows": 0 if self.sealed is None else len(self.sealed),
            "data": read_json(self.directory / "data" / "profile.json")["fingerprint"],
        }
        metric, minimize = self.problem.metric, self.spec.minimize
        return Leaderboard(board, metric=metric, job=self.directory.name, protocol=protocol, minimize=minimize)

    @staticmethod
    def _best(usable: list[tuple[Candidate, Trial]]) -> tuple[Candidate, Trial]:
        return max(usable, key=lambda pair: (pair[0].score_val or 0.0, -pair[1].number))

    def _place(self, trial: Trial) -> Any:
        return self.task.trial_dir(trial.number)

    def _build(self, architecture: Architecture) -> DetectionLoop:
        begin_session(self.resources)
        return self.trainer.build(architecture, self.problem)

    def _rebuilt(self, trial: Trial) -> DetectionLoop:
        from cloudautoml.errors import StorageError

        loop = self._build(trial.architecture)
        weights = read_weights(self._place(trial) / WEIGHTS_FILE)
        arrays = None if weights is None else fitting(weights, weights_of(loop.model))
        if arrays is None:
            raise StorageError("the weights do not fit the network", where=str(self._place(trial)))
        for variable, array in zip(loop.model.weights, arrays, strict=True):
            variable.assign(array)
        return loop

    def _kept(self, row: Candidate, loop: DetectionLoop) -> tuple[Candidate, Floats | None]:
        """A row whose network is written to `models/<name>/` and has looked at the sealed images."""
        place = self.directory / "models" / row.model
        with atomic_path(place / KERAS_FILE) as path, keras_reads_arrays():
            loop.model.save(path)
        schema = read_json(self.folder / "schema.json")
        saved = {
            "kind": KIND, "format": FORMAT, "side": self.problem.side, "seen": loop.detector.side,
            "classes": list(self.problem.classes), "image": schema["image"],
        }  # fmt: skip
        write_json(place / MODEL_FILE, saved)
        found = None if self.sealed is None else loop.predict(self.sealed.x)
        return self._scored(replace(row, can_infer=True), found), found

    def _scored(self, row: Candidate, found: Floats | None) -> Candidate:
        if self.sealed is None or found is None:
            return row
        scores = self.problem.scores(self.sealed.target, found)
        metrics = self.problem.metrics(self.sealed.target, found)
        score = self.problem.score_of(metrics) if self.problem.metric in metrics else None
        parts = metrics_by_part(scores, self.problem)
        return replace(row, metrics_holdout=metrics, score_holdout=score, metrics_by_part=parts)

    def _evaluate(self, trial: Trial, found: Floats | None) -> None:
        part, examples, note = "valid", self.valid, "validation images"
        if self.sealed is not None and found is not None:
            part, examples, note = "holdout", self.sealed, "sealed images"
        else:
            found = read_array(self._place(trial) / "valid.npy")
        evaluation = evaluation_of(self.directory, part, examples.target, found, self.problem, note=note)
        write_json(self.folder / "evaluation.json", evaluation)

    def _refit(self, row: Candidate, trial: Trial) -> Candidate | None:
        """The best candidate trained on the validation images too; None where that would take too long."""
        left = read_json(self._place(trial) / "trial.json")
        if left["fidelity"]:
            return None
        epochs, everything = int(left["epochs_best"]), joined(self.train, self.valid)
        growth = len(everything) / len(self.train)
        if float(left["seconds_per_epoch"]) * epochs * growth * _REFIT_MARGIN + 5.0 > self.deadline.left * 0.8:
            return None
        self.progress(f"training {row.model} again on all images")
        begin, loop = time.perf_counter(), self._build(trial.architecture)
        try:
            trained = fit(
                loop, everything, None, epochs=epochs, patience=None, seed=self.resources.seed,
                deadline=Deadline(self.deadline.left * 0.9),
            )  # fmt: skip
        except TrialFailedError as exc:
            self.progress(f"it failed: {exc}")
            return None
        if trained.ended == "time":
            return None  # cut short, and so another model
        seconds = time.perf_counter() - begin
        again = self._row(
            "refit", row.algorithm, fit_seconds=seconds, size_mb=row.size_mb, costs=row.costs,
            predict_ms_per_row=row.predict_ms_per_row, params={"of": row.model, "epochs": epochs, **row.params},
        )  # fmt: skip
        return self._kept(again, loop)[0]

    def _baseline(self) -> Candidate:
        """What is found without looking: of each class its mean box, as sure as images have one."""
        boxes = self.train.target[self.train.target[:, :, 4] >= 0]
        mean: list[list[float]] = []
        for code in range(len(self.problem.classes)):
            mine = boxes[boxes[:, 4] == code]
            if len(mine):
                share = float((self.train.target[:, :, 4] == code).any(axis=1).mean())
                mean.append([*mine[:, :4].mean(axis=0).tolist(), float(code), max(share, 1e-6)])
        each = np.zeros((1, MOST, 6))
        first = sorted(mean, key=lambda box: -box[5])[:MOST]
        each[0, : len(first)] = first

        def repeated(target: npt.NDArray[Any]) -> Floats:
            return np.repeat(each, len(target), axis=0)

        metrics = self.problem.metrics(self.valid.target, repeated(self.valid.target))
        score = self.problem.score_of(metrics) if self.problem.metric in metrics else None
        row = self._row(
            "baseline", "baseline", score_val=score, metrics_val=metrics, fit_seconds=0.0, predict_ms_per_row=0.0,
            size_mb=0.0,
        )  # fmt: skip
        return self._scored(row, None if self.sealed is None else repeated(self.sealed.target))

    def _row(self, model: str, algorithm: str, **rest: Any) -> Candidate:
        return Candidate(
            model=model, algorithm=algorithm, provider="local", job=self.directory.name, cost_usd=0.0,
            seed=self.spec.seed, **rest,
        )  # fmt: skip
