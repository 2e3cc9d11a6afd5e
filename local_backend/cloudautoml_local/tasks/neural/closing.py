"""Closing: what the end of a job works with: its examples, its clock, and the rows that it makes."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

import numpy as np

from cloudautoml.leaderboard import Candidate
from cloudautoml_local.tasks.neural.examples import Examples
from cloudautoml_local.tasks.neural.problem import Problem
from cloudautoml_local.tasks.tabular.evaluation import per_class
from cloudautoml_local.tasks.tabular.families.base import Deadline

if TYPE_CHECKING:
    from collections.abc import Callable
    from pathlib import Path

    from cloudautoml.search import Architecture
    from cloudautoml.spec import JobSpec
    from cloudautoml_local.tasks.base import Resources
    from cloudautoml_local.tasks.neural.model import Member
    from cloudautoml_local.tasks.neural.problem import Floats
    from cloudautoml_local.tasks.neural.task import NeuralTask
    from cloudautoml_local.tasks.neural.trainer import NeuralTrainer


@dataclass(frozen=True, slots=True, eq=False)
class Entry:
    """A candidate with its predictions.

    Attributes:
        candidate: Its row, without scores on the sealed examples.
        valid: Predictions of the validation examples.
        holdout: Predictions of the sealed examples, once it is kept.
        members: Its networks, once they are kept.
        architecture: What it was built from, where it is one network.
        place: Folder of its weights, relative to the job's.
    """

    candidate: Candidate
    valid: Floats
    holdout: Floats | None = None
    members: tuple[Member, ...] = ()
    architecture: Architecture | None = None
    place: str = ""

    @property
    def score(self) -> float:
        """Its validation score."""
        return -np.inf if self.candidate.score_val is None else self.candidate.score_val


class Closing:
    """The end of one job.

    Args:
        task: The job's task.
        resources: Threads, seed, and seconds for everything.
        progress: Told what is being done.
    """

    def __init__(self, task: NeuralTask, resources: Resources, *, progress: Callable[[str], None]) -> None:
        self.task, self.progress = task, progress
        self.deadline = Deadline(resources.seconds)
        self.folder = task.directory / "task"
        self.problem = Problem.load(self.folder)
        self.train, self.valid = Examples.open(self.folder, "train"), Examples.open(self.folder, "valid")
        self.sealed = Examples.open(self.folder, "holdout") if Examples.exist(self.folder, "holdout") else None
        self._resources = resources

    @property
    def spec(self) -> JobSpec:
        """The job."""
        return self.task.spec

    @property
    def directory(self) -> Path:
        """The job's folder."""
        return self.task.directory

    def resources(self, share: float = 1.0) -> Resources:
        """Threads and seed, and a share of the time that is left."""
        left = self.deadline.left
        return replace(self._resources, seconds=None if math.isinf(left) else max(0.5, left * share))

    def trainer(self, directory: Path, resources: Resources) -> NeuralTrainer:
        """A trainer that leaves its files in a folder."""
        return replace(self.task.trainer(0, resources), directory=directory)

    def row(self, model: str, algorithm: str, metrics: dict[str, float], **rest: Any) -> Candidate:
        """A row of the leaderboard with these metrics of the validation examples."""
        return Candidate(
            model=model,
            algorithm=algorithm,
            provider="local",
            job=self.directory.name,
            score_val=self.problem.score_of(metrics) if self.problem.metric in metrics else None,
            metrics_val=metrics,
            cost_usd=0.0,
            seed=self.spec.seed,
            **rest,
        )

    def scored(self, entry: Entry) -> Candidate:
        """An entry's row, with its scores on the sealed examples."""
        metrics: dict[str, float] = {}
        if self.sealed is not None and entry.holdout is not None:
            metrics = self.problem.metrics(self.sealed.target, entry.holdout, self.sealed.weight)
        score = self.problem.score_of(metrics) if self.problem.metric in metrics else None
        kept = bool(entry.members)
        unseen = entry.candidate.score_val is not None or entry.holdout is not None  # refitted ones know the rest
        parts = self._by_class(entry) if kept and unseen and self.problem.classes else {}
        return replace(
            entry.candidate, metrics_holdout=metrics, score_holdout=score, metrics_by_part=parts, can_infer=kept
        )

    def judged(self, entry: Entry) -> tuple[str, Examples, Floats]:
        """What an entry is shown on: the sealed examples, or the validation examples: part, examples, predictions."""
        if self.sealed is not None and entry.holdout is not None:
            return "holdout", self.sealed, entry.holdout
        return "valid", self.valid, entry.valid

    def _by_class(self, entry: Entry) -> dict[str, dict[str, float]]:
        _, examples, found = self.judged(entry)
        return {
            f"class {part['class']}": {name: part[name] for name in ("precision", "recall", "f1")}
            for part in per_class(examples, found, self.problem, scales=())
            if part["support"]
        }
