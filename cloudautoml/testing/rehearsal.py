"""Rehearsal: one provider under test, the jobs it has run so far, and what the suite is told about it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudautoml.capabilities import Feature
from cloudautoml.spec import TASK_TYPES

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cloudautoml.job import Job
    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import Store

TASK_FEATURES = tuple(f for f in Feature if f.value in TASK_TYPES or f.value.endswith("_multi_label"))
"""The features that are kinds of task."""


def merged(spec: JobSpec, part: str, **changes: Any) -> JobSpec:
    """A copy of a spec with some fields of one part replaced, as if the user had written them.

    Args:
        spec: The spec.
        part: Name of a field that holds a model: `budget`, `data`, `search`, `task`.
        changes: New values.
    """
    old = getattr(spec, part)
    return spec.model_copy(update={part: old.model_copy(update=changes)})


@dataclass
class Rehearsal:
    """What the checks of one suite share; each job runs once.

    Attributes:
        make: Makes the provider over a store; all of them see the same vendor.
        store: The store of `provider`.
        spec_for: A small job for each kind of task that the provider honours.
        patience: Seconds that any one of these jobs may take.
        settings: Values for asking: `max_time`, and the names of a known `space`, `strategy`, `estimator` and
            `families`; `constrained_space` and `max_parameters` for constraints.
        vendor_calls: How many calls the vendor has had.
    """

    make: Callable[[Store], Provider[Any]]
    store: Store
    spec_for: Callable[[Feature], JobSpec]
    patience: float
    settings: Mapping[str, Any]
    vendor_calls: Callable[[], int]
    _done: dict[str, Job] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.provider = self.make(self.store)

    def honours(self, feature: Feature) -> bool:
        """Whether the provider says that it does this."""
        return bool(self.provider.capabilities[feature])

    @property
    def main_task(self) -> Feature:
        """The first kind of task that the provider honours."""
        return next(feature for feature in TASK_FEATURES if self.honours(feature))

    def base(self, feature: Feature) -> JobSpec:
        """The smallest job of a kind: what bounds it is asked for where the provider honours that."""
        spec = self.spec_for(feature)
        if not self.honours(Feature.HOLDOUT_FRACTION):
            spec = merged(spec, "data", holdout=None)
        if self.honours(Feature.MAX_TRIALS):
            spec = merged(spec, "budget", max_trials=3)
        if self.honours(Feature.SEED):
            spec = spec.model_copy(update={"seed": 7})
        return spec

    @property
    def main_spec(self) -> JobSpec:
        """What `main` was asked for."""
        return self.base(self.main_task)

    @property
    def main(self) -> Job:
        """The finished job that most checks look at."""
        return self.finished(self.main_spec)

    def finished(self, spec: JobSpec) -> Job:
        """The job of a spec, run to its end; the same one for the same spec."""
        key = spec.fingerprint()
        if key not in self._done:
            self._done[key] = self.provider.submit(spec).wait(timeout=self.patience)
        return self._done[key]

    def rows(self) -> Any:
        """The training rows of `main`, as a data frame without the target."""
        from cloudautoml.data import read_table

        spec = self.main_spec
        frame = read_table(spec.data.train, spec.data, base=self.provider.base)
        return frame.drop(columns=[getattr(spec.task, "target", "")], errors="ignore")

    def fresh(self, folder: Path) -> Provider[Any]:
        """The provider over an empty store, for the same vendor."""
        from cloudautoml.store import Store

        return self.make(Store(folder))
