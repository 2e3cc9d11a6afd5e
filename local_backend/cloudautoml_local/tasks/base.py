"""What a kind of task must bring to the local backend: data for trials, a space, a trainer, a final model."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass, field
from types import MappingProxyType
from typing import TYPE_CHECKING, Any, ClassVar, Literal

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cloudautoml.leaderboard import Candidate, Leaderboard
    from cloudautoml.model import Model
    from cloudautoml.search import Architecture, SearchSpace, Trainer, Trait, Trial
    from cloudautoml.spec import JobSpec

Precision = Literal["auto", "float32", "mixed_bfloat16"]


@dataclass(frozen=True, slots=True)
class Resources:
    """What one trial may use.

    Attributes:
        threads: CPU threads.
        seed: Seed of everything it draws.
        seconds: Wall-clock seconds it may take; None for no limit. The runner kills it soon after.
        precision: Of the arithmetic of networks; `auto` computes in bfloat16 where a GPU does so natively.
    """

    threads: int = 1
    seed: int = 0
    seconds: float | None = None
    precision: Precision = "auto"


@dataclass(frozen=True, slots=True)
class Preload:
    """A group of libraries that a worker host imports once, so that its forked trials start at once.

    Attributes:
        name: Name of the group.
        modules: Modules to import; importing them must run nothing (no thread pools, no device).
        environment: Variables to set before any import.
    """

    name: str
    modules: tuple[str, ...]
    environment: Mapping[str, str] = field(default_factory=lambda: MappingProxyType({}))


class LocalTask(ABC):
    """One kind of task on this machine.

    The runner makes one per job and calls, in this order: `prepare` once, `space`, `trainer` in each trial's
    own process, `finish` at the end; later processes call `model`. All state is in files under `directory`,
    so that each of these may happen in another process.

    Args:
        spec: The job.
        directory: The job's folder. `data/` in it holds the prepared data; a task keeps its own files in
            `task/`, the runner one folder a trial in `trials/<number>/`, the final models go to `models/`.
    """

    types: ClassVar[frozenset[str]]
    """The task types it serves."""
    accelerated: ClassVar[bool] = False
    """Whether its trials are networks throughout, so that each is given a GPU to itself where there are some."""

    def __init__(self, spec: JobSpec, directory: Path) -> None:
        self.spec = spec
        self.directory = directory

    def trial_dir(self, number: int) -> Path:
        """Where a trial keeps its files."""
        return self.directory / "trials" / f"{number:05d}"

    @abstractmethod
    def preloads(self) -> Sequence[Preload]:
        """The groups of libraries its trials need, the one to start first in front. Called before `prepare`."""

    @abstractmethod
    def preload_of(self, architecture: Architecture) -> str:
        """Name of the group that an architecture needs."""

    @abstractmethod
    def prepare(self, data: Any, *, progress: Callable[[str], None]) -> None:
        """Write what trials need. Doing it twice gives the same files.

        Args:
            data: What `cloudautoml.data.prepare` makes for its type of task: `PreparedData` or `PreparedImages`.
            progress: Told what is going on.
        """

    @abstractmethod
    def space(self) -> SearchSpace:
        """The candidates. Honours `spec.search.space` and `spec.search.families`, and raises for unknown values.

        Also called before `prepare`, in a folder that does not exist, to check a spec and to plan a job.
        """

    @property
    @abstractmethod
    def traits(self) -> frozenset[Trait]:
        """What its training, of the candidates of its space, offers to strategies and estimators."""

    @abstractmethod
    def trainer(self, number: int, resources: Resources) -> Trainer:
        """What trains in a trial's process; its `directory` is `trial_dir(number)`."""

    @abstractmethod
    def finish(
        self, trials: Sequence[Trial], *, seconds: float | None, threads: int, progress: Callable[[str], None]
    ) -> Leaderboard:
        """Build the final models and the whole leaderboard: a baseline, every trial, an ensemble, the refit best.

        Args:
            trials: All trials in order; perhaps none that succeeded.
            seconds: Time left; what would not fit is left out.
            threads: CPU threads.
            progress: Told what is being done.
        """

    @abstractmethod
    def partial(self, trials: Sequence[Trial]) -> Sequence[Candidate]:
        """Rows of the leaderboard while the search runs; cheap, and without the sealed rows."""

    @abstractmethod
    def model(self, candidate: Candidate) -> Model:
        """A model of the finished leaderboard that `can_infer`."""
