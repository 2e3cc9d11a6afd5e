"""What a run is made with: the configuration resolved for this machine, and kept for every resume."""

from __future__ import annotations

import os
from datetime import timedelta
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import BaseModel, ConfigDict, Field

from cloudautoml.store import read_json, write_json
from cloudautoml_local.devices import VARIABLE, chosen_devices
from cloudautoml_local.parts import task_path, task_type
from cloudautoml_local.tasks.base import Precision

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.spec import Budget, JobSpec
    from cloudautoml_local.config import LocalConfig

DEFAULT_TIME = timedelta(minutes=5)
DEFAULT_TRIALS = 50
"""The budget of a job that was given none."""

MOST_WORKERS = 8
"""Trials at the same time unless told otherwise: each holds the data in memory."""


class RunSettings(BaseModel):
    """Settings of a run; the same for every process that works on the job, so that resuming changes nothing."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    executor: Literal["process", "inline"]
    """Where trials run."""
    workers: Annotated[int, Field(ge=1)]
    """Trials at the same time."""
    threads: Annotated[int, Field(ge=1)]
    """CPU threads a trial."""
    window: Annotated[int, Field(ge=1)]
    """Trial k is chosen knowing the results of the trials up to k - window, whatever else has ended by then."""
    devices: tuple[str, ...] | None = None
    """GPUs that trials take turns at, as CUDA names them; empty for none, None to leave that to the libraries."""
    precision: Precision = "auto"
    """Arithmetic of networks."""
    task: str
    """The task's class, as `package.module:Class`."""

    def save(self, directory: Path) -> None:
        """Keep them in a job's folder."""
        write_json(directory / "run.json", self.model_dump(mode="json"))

    @classmethod
    def load(cls, directory: Path) -> RunSettings:
        """Read what `save` wrote."""
        return cls.model_validate(read_json(directory / "run.json"))


def resolve(config: LocalConfig, spec: JobSpec) -> RunSettings:
    """The settings of a new job on this machine."""
    cores = cpu_count()
    inline = config.executor == "inline"
    task = task_path(spec, config.task)
    devices = chosen_devices()
    usual = min(cores, MOST_WORKERS)
    if devices and task_type(task).accelerated:
        usual = len(devices)  # two on one GPU only wait for each other
    workers = config.workers or usual
    workers = 1 if inline else min(workers, spec.budget.max_parallel or workers)
    return RunSettings(
        executor="inline" if inline else "process",
        workers=workers,
        threads=config.threads or max(1, cores // workers),
        window=1 if inline else 2 * workers,
        devices=devices if devices or VARIABLE in os.environ else None,
        precision=config.precision,
        task=task,
    )


def cpu_count() -> int:
    """CPU cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


def effective_budget(budget: Budget) -> Budget:
    """A budget that ends: a job with no limit of trials or time gets one of each."""
    if budget.max_trials is None and budget.max_time is None:
        return budget.model_copy(update={"max_trials": DEFAULT_TRIALS, "max_time": DEFAULT_TIME})
    return budget
