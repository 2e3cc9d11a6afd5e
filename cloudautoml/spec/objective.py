"""What a job is to be good at, and what it may spend."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field, field_validator

from cloudautoml.errors import UnknownNameError
from cloudautoml.spec.base import Duration, MoneyAmount, SpecModel
from cloudautoml.spec.metrics import Goal, get_metric


class Objective(SpecModel):
    """The metric that decides."""

    metric: str
    """Canonical name, as `cloudautoml list metrics` prints it."""
    minimize: tuple[Literal["parameters", "flops", "latency_ms", "size_mb"], ...] = ()
    """What using the model takes, to be weighed against the metric: the leaderboard then marks the Pareto front."""

    @field_validator("metric")
    @classmethod
    def _known(cls, value: str) -> str:
        try:
            return get_metric(value).name
        except UnknownNameError as exc:
            msg = f"{exc.message}; {exc.hint}"
            raise ValueError(msg) from exc

    @property
    def goal(self) -> Goal:
        """Which way the metric gets better."""
        return get_metric(self.metric).goal


class Budget(SpecModel):
    """What a job may spend; what is not given is not limited, and some providers refuse that."""

    max_trials: Annotated[int, Field(ge=1)] | None = None
    """Models to train at most."""
    max_time: Duration | None = None
    """Time for the whole job, from submission to result."""
    max_trial_time: Duration | None = None
    """Time for one trial."""
    max_parallel: Annotated[int, Field(ge=1)] | None = None
    """Trials at the same time at most."""
    max_cost: MoneyAmount | None = None
    """Money for the whole job."""
