"""The corpus of a job in files: its sentences, the parts they are dealt into, and what is to be learned."""

from __future__ import annotations

from dataclasses import asdict, dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from cloudautoml.data.arrays import read_array, write_array
from cloudautoml.data.split import draw_order
from cloudautoml.data.tokens import Sentences
from cloudautoml.store.files import read_json, write_json
from cloudautoml_local.tasks.entities.families.base import Problem

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.data import PreparedTokens
    from cloudautoml.spec import JobSpec

_FILE = "entities.json"
_SPLITS = 5
_USUAL_SECONDS = 300.0
_GOOD_TRIALS = 6
_TOKEN_SECONDS = 25e-6
"""Seconds of a field's training, for each token and tag."""


@dataclass(frozen=True, slots=True)
class Info:
    """What is to be learned, and how trials are run.

    Attributes:
        tags: All BIO tags, `O` first.
        metric: The metric that decides.
        splits: Parts that the sentences are dealt into; each model learns from all but one.
        folds: Parts that are validated on, one model each.
        trial_seconds: Seconds that one trial may take; None without a time for the job.
    """

    tags: tuple[str, ...]
    metric: str
    splits: int
    folds: int
    trial_seconds: float | None

    @property
    def types(self) -> tuple[str, ...]:
        """The types of the entities."""
        return tuple(tag[2:] for tag in self.tags[1::2])

    def problem(self, *, seed: int, threads: int) -> Problem:
        """What a family is told."""
        return Problem(self.tags, seed=seed, threads=threads)

    @classmethod
    def load(cls, directory: Path) -> Info:
        """Read what `write_corpus` wrote.

        Raises:
            StorageError: It is not there, or damaged.
        """
        saved: dict[str, Any] = dict(read_json(directory / _FILE))
        return cls(**{**saved, "tags": tuple(map(str, saved["tags"]))})


@dataclass(frozen=True, slots=True, eq=False)
class Corpus:
    """What trials learn from.

    Attributes:
        info: What is to be learned.
        train: Sentences to learn from.
        fold: For each of them the part that it is validated in; -1 for those that never are.
        holdout: Sealed sentences; None where nothing is sealed.
    """

    info: Info
    train: Sentences
    fold: npt.NDArray[np.int64]
    holdout: Sentences | None

    @classmethod
    def open(cls, directory: Path) -> Corpus:
        """Read what `write_corpus` wrote.

        Raises:
            StorageError: A file is missing or damaged.
        """
        sealed = directory / "holdout.parquet"
        return cls(
            info=Info.load(directory),
            train=Sentences.load(directory / "train.parquet"),
            fold=read_array(directory / "fold.npy"),
            holdout=Sentences.load(sealed) if sealed.exists() else None,
        )

    @property
    def token_fold(self) -> npt.NDArray[np.int64]:
        """The part of each token."""
        return np.repeat(self.fold, self.train.lengths)

    @property
    def validated(self) -> npt.NDArray[np.int64]:
        """Positions of the sentences that are validated."""
        return np.flatnonzero(self.fold >= 0)


def write_corpus(data: PreparedTokens, spec: JobSpec, directory: Path) -> Info:
    """Write what trials need; doing it twice gives the same files.

    Args:
        data: Prepared sentences.
        spec: The job.
        directory: Folder to write to.
    """
    limit = spec.budget.max_time
    seconds = None if limit is None else limit.total_seconds()
    tags = data.schema.tags
    splits = min(_SPLITS, len(data.train))
    folds, trial_seconds = _plan(sum(data.train.lengths) * len(tags), splits, seconds)
    info = Info(tags, spec.metric.name, splits, folds, trial_seconds)
    fold = _deal(data, splits, spec.seed)
    data.train.save(directory / "train.parquet")
    if data.holdout is not None:
        data.holdout.save(directory / "holdout.parquet")
    write_array(directory / "fold.npy", np.where(fold < folds, fold, -1))
    write_json(directory / "schema.json", data.schema.to_dict())
    write_json(directory / _FILE, asdict(info))  # last: with it, all of it is there
    return info


def _plan(work: int, splits: int, seconds: float | None) -> tuple[int, float | None]:
    """Folds that the time allows, and the seconds of a trial."""
    budget = seconds if seconds is not None else _USUAL_SECONDS
    usable = max(budget * 0.4, budget - 10.0 - 0.1 * budget)
    each = 0.3 + work * _TOKEN_SECONDS
    trial = usable * 0.3
    affordable = min(2 * usable / (_GOOD_TRIALS * each), trial / (2.0 * each))
    # a second fold halves the luck of the draw, so it is worth more than a few more candidates
    return min(splits, max(1, round(affordable))), None if seconds is None else max(2.0, trial)


def _deal(data: PreparedTokens, splits: int, seed: int) -> npt.NDArray[np.int64]:
    """The part of each sentence: at random, with as many sentences that hold entities in each; groups whole."""
    count = len(data.train)
    if data.groups is not None:
        groups = int(data.groups.max()) + 1
        place = np.empty(groups, np.int64)
        place[draw_order(groups, seed)] = np.arange(groups)
        return np.asarray(place[data.groups] % splits, np.int64)
    order = draw_order(count, seed)
    holds = np.array([any(tag != "O" for tag in tags) for tags in data.train.tags])
    order = order[np.argsort(holds[order], kind="stable")]
    fold = np.empty(count, np.int64)
    fold[order] = np.arange(count) % splits
    return fold
