"""Performance estimator: how good a candidate is, and at what price one finds out."""

from __future__ import annotations

from abc import ABC, abstractmethod
from typing import TYPE_CHECKING, Annotated, ClassVar, Protocol

from pydantic import Field

from cloudautoml.spec.base import SpecModel

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from pathlib import Path

    from cloudautoml.search.space import Architecture, SearchSpace
    from cloudautoml.search.traits import Trait
    from cloudautoml.search.trial import Fidelity, Measurement, Proposal, Trial


class Trainer(Protocol):
    """Trains candidates of one task on one data set; the task's side of the bargain."""

    @property
    def directory(self) -> Path:
        """Where this trial keeps its files: fitted models, predictions, weights."""
        ...

    @property
    def space(self) -> SearchSpace:
        """The space that the candidates are of."""
        ...

    def curve_length(self, fidelity: Fidelity) -> int:
        """Scores that a whole training at a fidelity tells to `on_step`; 0 where that is not known."""
        ...

    def proxies(self, architecture: Architecture) -> Mapping[str, float]:
        """Scores of the untrained candidate, higher is better, by name; where the traits say `PROXIES`.

        `parameters` and `flops` are among them wherever a candidate's costs are known without training it.

        Raises:
            TrialFailedError: The candidate cannot be built.
        """
        ...

    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        """Train one candidate and measure it on validation rows.

        Args:
            architecture: The candidate.
            fidelity: What to cut.
            parent: Number of a trial to start from, where the task can: one of the same candidate at a lower fidelity
                is continued, of another one's weights as many are taken as fit. One that left nothing is no error.
            on_step: Called with the step, from 1, and the score so far; training ends early when it returns False.

        Raises:
            TrialFailedError: Nothing usable came out.
            TrialSkippedError: The candidate breaks a constraint of the job.
        """
        ...


class EstimatorOptions(SpecModel):
    """Options of an estimator, as written beside `type` in a spec; an estimator subclasses it."""

    epochs: Annotated[int, Field(ge=1)] | None = None
    """Epochs of a whole training; the task's own unless given."""
    patience: Annotated[int, Field(ge=1)] | None = None
    """Epochs without a better validation score after which training ends; the task's own unless given."""


class PerformanceEstimator(ABC):
    """Judges a proposal.

    An estimator runs inside the trial's own process. It sees the finished trials as they were when its trial
    started, and may train (through the `Trainer`), predict from history, or both.

    Args:
        options: Options of the class's `options_type`.
    """

    name: ClassVar[str]
    """Registry key."""
    paper: ClassVar[str] = ""
    """Where the method is from: authors, year, and where to find it."""
    options_type: ClassVar[type[EstimatorOptions]] = EstimatorOptions
    """Model of the options; unknown ones are refused before anything runs."""

    def __init__(self, options: EstimatorOptions | None = None) -> None:
        self.options = options if options is not None else self.options_type()

    @property
    def needs(self) -> frozenset[Trait]:
        """What it relies on: fidelities that it cuts, curves, weights, proxies, or a strategy that gives parents."""
        return frozenset()

    @abstractmethod
    def estimate(self, proposal: Proposal, trainer: Trainer, history: Sequence[Trial]) -> Measurement:
        """Judge one proposal.

        Args:
            proposal: What a strategy asked for.
            trainer: Trains candidates of this job.
            history: Finished trials, in the order of their numbers.

        Raises:
            TrialFailedError: Nothing usable came out.
            TrialSkippedError: The candidate is not worth training.
        """
