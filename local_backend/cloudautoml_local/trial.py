"""What runs in a trial's own process: judging one candidate, or building the final models."""

from __future__ import annotations

import json
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, overload

from typing_extensions import override

from cloudautoml.search import Architecture, Measurement, Proposal, Trial, TrialFailedError
from cloudautoml.spec import JobSpec
from cloudautoml.store import Lease, Store
from cloudautoml.store.records import fidelity_from, fidelity_json, measurement_from, measurement_json
from cloudautoml_local.devices import use_device
from cloudautoml_local.parts import load_path, task_type
from cloudautoml_local.tasks.base import Resources

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml.leaderboard import Leaderboard
    from cloudautoml.search import PerformanceEstimator
    from cloudautoml_local.tasks.base import LocalTask

TRAIN = "cloudautoml_local.trial:train"
FINISH = "cloudautoml_local.trial:finish"


def train_arguments(trial: Trial, *, told: int, resources: Resources) -> dict[str, Any]:
    """What `train` needs beside what all calls of a job need."""
    return {
        "number": trial.number,
        "architecture": trial.architecture.to_json(),
        "fidelity": json.loads(fidelity_json(trial.proposal.fidelity)),
        "parent": trial.proposal.parent,
        "told": told,
        "threads": resources.threads,
        "seed": resources.seed,
        "seconds": resources.seconds,
        "precision": resources.precision,
    }


def train(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Judge one candidate.

    Raises:
        TrialFailedError: Nothing usable came out.
    """
    use_device(arguments["device"])
    task = _task(arguments)
    trainer = task.trainer(
        arguments["number"],
        Resources(arguments["threads"], arguments["seed"], arguments["seconds"], arguments["precision"]),
    )
    proposal = Proposal(
        Architecture.from_json(arguments["architecture"]), fidelity_from(arguments["fidelity"]), arguments["parent"]
    )
    history = History(Path(arguments["home"]), arguments["job"], arguments["told"])
    measurement = _estimator(arguments, task.spec).estimate(proposal, trainer, history)
    if not math.isfinite(measurement.score):
        raise TrialFailedError("nan", f"the score is {measurement.score}")
    written: dict[str, Any] = json.loads(measurement_json(measurement))
    written["metrics"] = {name: value for name, value in measurement.metrics.items() if math.isfinite(value)}
    return written


def measurement_of(value: Mapping[str, Any]) -> Measurement:
    """Read what `train` returned."""
    return measurement_from(dict(value))


def finish(arguments: Mapping[str, Any]) -> dict[str, Any]:
    """Build the final models; returns the leaderboard as a JSON object."""
    use_device(arguments["device"])
    task = _task(arguments)
    store = Store(Path(arguments["home"]))
    board = task.finish(
        store.trials.list(arguments["job"]),
        seconds=arguments["seconds"],
        threads=arguments["threads"],
        progress=_progress(store, arguments),
    )
    return board_json(board)


def board_json(board: Leaderboard) -> dict[str, Any]:
    """A leaderboard as a JSON object in which what is not a finite number is null."""
    cleaned: dict[str, Any] = _finite(board.to_dict())
    return cleaned


def _finite(value: Any) -> Any:
    if isinstance(value, float):
        return value if math.isfinite(value) else None
    if isinstance(value, Mapping):
        return {name: _finite(inner) for name, inner in value.items()}
    if isinstance(value, (list, tuple)):
        return [_finite(inner) for inner in value]
    return value


def _progress(store: Store, arguments: Mapping[str, Any]) -> Callable[[str], None]:
    from datetime import UTC, datetime

    held = arguments["lease"]
    lease = Lease(arguments["job"], held["token"], held["pid"], held["host"], datetime.now(UTC))
    return lambda message: store.add_event(arguments["job"], "model", message, lease=lease)


def _task(arguments: Mapping[str, Any]) -> LocalTask:
    spec = JobSpec.model_validate_json(arguments["spec"])
    return task_type(arguments["task"])(spec, Path(arguments["directory"]))


def _estimator(arguments: Mapping[str, Any], spec: JobSpec) -> PerformanceEstimator:
    # by its path: finding it by name again would read the metadata of every installed package in each trial
    estimator: type[PerformanceEstimator] = load_path(arguments["estimator"])
    part = spec.search.estimator
    return estimator(estimator.options_type.model_validate(part.options if part else {}))


class History(Sequence[Trial]):
    """The finished trials that an estimator may know; read when it first looks.

    Args:
        home: Folder of the store.
        job: The job's id.
        told: Trials from this number on are left out: what is known must not depend on timing.
    """

    def __init__(self, home: Path, job: str, told: int) -> None:
        self._home, self._job, self._told = home, job, told
        self._read: list[Trial] | None = None

    def _trials(self) -> list[Trial]:
        if self._read is None:
            store = Store(self._home)
            self._read = [t for t in store.trials.list(self._job) if t.number < self._told and t.state.is_finished]
            store.close()
        return self._read

    @overload
    def __getitem__(self, index: int) -> Trial: ...

    @overload
    def __getitem__(self, index: slice) -> list[Trial]: ...

    @override
    def __getitem__(self, index: int | slice) -> Trial | list[Trial]:
        return self._trials()[index]

    @override
    def __len__(self) -> int:
        return len(self._trials())
