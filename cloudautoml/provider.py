"""Provider: the contract that every backend fulfils, and all that is the same for each of them."""

from __future__ import annotations

from abc import ABC, abstractmethod
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar, Generic, TypeVar, final

from pydantic import BaseModel, ConfigDict, Field

from cloudautoml.capabilities import Feature, Gap
from cloudautoml.errors import CloudAutoMLError, ConfigError, DataError, JobNotFoundError, UnsupportedError
from cloudautoml.job import JobState, JobStatus
from cloudautoml.spec.imports import anchored

if TYPE_CHECKING:
    from collections.abc import Callable, Collection, Iterator

    from cloudautoml.capabilities import Capabilities
    from cloudautoml.data import Prepared
    from cloudautoml.job import Job
    from cloudautoml.leftovers import Leftover
    from cloudautoml.model import Model
    from cloudautoml.plan import CostBound, Plan
    from cloudautoml.polling import Clock
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import JobRecord, Store


class ProviderConfig(BaseModel):
    """Settings of a provider: where it is and as whom it is used, never what to learn. Holds no secrets."""

    model_config = ConfigDict(frozen=True, extra="forbid", use_attribute_docstrings=True)

    raw: dict[str, Any] = Field(default_factory=dict)
    """Merged into the vendor's request last and deeply: for what the spec cannot say."""


ConfigT = TypeVar("ConfigT", bound=ProviderConfig)


@dataclass(frozen=True, slots=True)
class ProviderPlugin:
    """What an entry point of the group `cloudautoml.providers` names.

    Attributes:
        name: Registry key; also the extra, the block in a spec and the package's suffix.
        description: One line for people.
        provider: The class.
        config: Its settings.
        load_model: Opens a folder that `Model.save` of this provider wrote; None where models stay with the vendor.
    """

    name: str
    description: str
    provider: type[Provider[Any]]
    config: type[ProviderConfig]
    load_model: Callable[[Path], Model] | None = None


class Provider(ABC, Generic[ConfigT]):
    """Runs jobs. A subclass says what it can do and how; refusing, recording and attaching happen here.

    Args:
        config: Its settings.
        store: Where jobs are recorded; the user's own unless given.
        clock: Time and sleep; tests give their own.
        base: Folder that relative paths in specs start from; the working directory unless given.
    """

    name: ClassVar[str]
    """Registry key."""
    capabilities: ClassVar[Capabilities]
    """An answer for every feature."""

    def __init__(
        self,
        config: ConfigT,
        *,
        store: Store | None = None,
        clock: Clock | None = None,
        base: Path | None = None,
    ) -> None:
        from cloudautoml.polling import SystemClock
        from cloudautoml.store import Store

        self.config = config
        self.store = store or Store()
        self.clock = clock or SystemClock()
        self.base = base

    @final
    def check(self, spec: JobSpec) -> list[Gap]:
        """What this provider would refuse; empty when it honours the whole spec. Offline."""
        spec = self._anchored(spec)
        gaps = [
            Gap(feature, self.capabilities[feature], field)
            for feature, field in required_features(spec)
            if not self.capabilities[feature]
        ]
        return [*gaps, *self._check(spec)]

    def _check(self, spec: JobSpec) -> list[Gap]:  # noqa: ARG002 - for subclasses
        """Refusals that depend on more than one field; raises for values that the vendor would reject."""
        return []

    def _anchored(self, spec: JobSpec) -> JobSpec:
        """The spec with the user's own code named so that a process elsewhere finds it."""
        space = spec.search.space
        builder = space.options.get("builder") if space else None
        if space is None or not isinstance(builder, str):
            return spec
        builder = anchored(builder, self.base or Path.cwd())
        search = spec.search.model_copy(update={"space": space.model_copy(update={"builder": builder})})
        return spec.model_copy(update={"search": search})

    @final
    def plan(self, spec: JobSpec) -> Plan:
        """What `submit` would do, and what it could cost. Offline; nothing is written."""
        spec = self._anchored(spec)
        gaps = self.check(spec)
        data = None if gaps else self._prepare(spec, strict=False)
        return self._plan(spec, tuple(gaps), data)

    @final
    def cost_bound(self, spec: JobSpec) -> CostBound:
        """The most that a spec can cost. Offline, and without reading the data."""
        spec = self._anchored(spec)
        return self._plan(spec, tuple(self.check(spec)), None).cost

    @abstractmethod
    def _plan(self, spec: JobSpec, gaps: tuple[Gap, ...], data: Prepared | None) -> Plan:
        """The plan of a spec; `data` is None where it was refused or cannot be read from here."""

    @final
    def submit(self, spec: JobSpec, *, allow: Collection[str] = ()) -> Job:
        """Start a job; returns as soon as it is on its way.

        Args:
            spec: What to do.
            allow: Codes of errors in the data to go on in spite of, such as `rows.too_few`.

        Raises:
            UnsupportedError: The spec asks for what this provider cannot do; nothing was started.
            DataError: The data cannot be read or trained on; nothing was started.
        """
        spec = self._anchored(spec)
        gaps = self.check(spec)
        if gaps:
            raise UnsupportedError(self.name, gaps)
        data = self._prepare(spec, strict=not allow)
        if data is not None:
            _refuse_errors(data, allow)
        record = self.store.create(spec, self.name)
        try:
            if data is not None:
                data.save(self.store.job_dir(record.id) / "data")
                for finding in data.findings:
                    self.store.add_event(record.id, "finding", finding.message, finding.to_dict())
            self._submit(record, spec)
        except CloudAutoMLError as exc:
            if not exc.retryable:  # a reply that was lost does not say that there is no job: `status` will find out
                self.store.observe(record.id, JobStatus(JobState.FAILED, reason=exc.message))
            raise
        return self._job(record.id)

    def _prepare(self, spec: JobSpec, *, strict: bool) -> Prepared | None:
        """Read and check the data, so that no money and no time is spent on data that cannot work."""
        from cloudautoml.data import prepare_for

        return prepare_for(spec, base=self.base, strict=strict)

    @abstractmethod
    def _submit(self, record: JobRecord, spec: JobSpec) -> None:
        """Start a recorded job; the vendor's name for it goes into the store as soon as it is known."""

    @abstractmethod
    def _job(self, job: str) -> Job:
        """The handle to a recorded job."""

    @final
    def attach(self, ref: str) -> Job:
        """The handle to a job that was submitted earlier, from any process.

        Args:
            ref: Our id or its start, the job's name, or the vendor's name for it.

        Raises:
            JobNotFoundError: There is no such job.
            ConfigError: Another provider runs it.
        """
        try:
            record = self.store.find(ref)
        except JobNotFoundError:
            adopted = self._adopt(ref)
            if adopted is None:
                raise
            record = adopted
        if record.provider != self.name:
            raise ConfigError(f"job {record.id} is run by provider {record.provider!r}, not {self.name!r}")
        return self._job(record.id)

    def _adopt(self, ref: str) -> JobRecord | None:  # noqa: ARG002 - for subclasses
        """Record a vendor's job that the store does not know; None when there is none."""
        return None

    def list_jobs(self) -> list[Job]:
        """The jobs that this provider runs or has run, newest first."""
        return [self._job(record.id) for record in self.store.jobs(provider=self.name)]

    def leftovers(self, job: str | None = None) -> list[Leftover]:  # noqa: ARG002 - for subclasses
        """What jobs have made at the vendor and is still there; costly things first.

        Args:
            job: The vendor's name of a job, for what belongs to it alone; else everything that carries our mark,
                whichever store its job is recorded in.
        """
        return []

    def _discard(self, leftover: Leftover) -> None:
        """Delete one thing at the vendor; one that is gone already stays so."""

    @final
    def sweep(self, *, expired: bool = False, job: str | None = None, dry_run: bool = True) -> list[Leftover]:
        """Delete what is left at the vendor.

        Args:
            expired: Only what was given a time that is over; else everything.
            job: Only what belongs to this job, by the vendor's name for it.
            dry_run: Delete nothing, and tell what would be.

        Returns:
            What was, or would be, deleted.
        """
        from datetime import UTC, datetime

        now = datetime.now(UTC)
        found = [item for item in self.leftovers(job) if not expired or item.is_over(now)]
        if not dry_run:
            for item in found:
                self._discard(item)
        return found


def _refuse_errors(data: Prepared, allow: Collection[str]) -> None:
    errors = [f for f in data.findings if f.severity == "error" and f.code not in allow]
    if errors:
        raise DataError("\n".join(["not to be trained on:", *(f"  - {finding}" for finding in errors)]))


def required_features(spec: JobSpec) -> Iterator[tuple[Feature, str]]:
    """What a spec asks for, with the field that asks."""
    multi_label = getattr(spec.task, "multi_label", False)
    task = {"image_classification": "image_multi_label", "text_classification": "text_multi_label"}
    yield Feature(task[spec.task.type] if multi_label else spec.task.type), "task.type"
    for name in ("max_trials", "max_time", "max_trial_time", "max_parallel", "max_cost"):
        if getattr(spec.budget, name) is not None:
            yield Feature(name), f"budget.{name}"
    for name, feature in (
        ("space", Feature.SEARCH_SPACE),
        ("strategy", Feature.SEARCH_STRATEGY),
        ("estimator", Feature.PERFORMANCE_ESTIMATOR),
        ("families", Feature.FAMILIES),
    ):
        if getattr(spec.search, name) is not None:
            yield feature, f"search.{name}"
    if spec.search.constraints.limits():
        yield Feature.CONSTRAINTS, "search.constraints"
    if spec.objective is not None and spec.objective.minimize:
        yield Feature.MULTI_OBJECTIVE, "objective.minimize"
    if spec.search.ensemble and "ensemble" in spec.search.model_fields_set:
        yield Feature.ENSEMBLE, "search.ensemble"
    if spec.outputs.report and "report" in spec.outputs.model_fields_set:
        yield Feature.REPORT, "outputs.report"
    if "seed" in spec.model_fields_set or spec.search.seed is not None:
        yield Feature.SEED, "seed"
    if spec.data.holdout is not None and spec.data.test is None:
        kind = next((name for name in ("column", "time", "group") if getattr(spec.data.holdout, name)), "fraction")
        yield Feature(f"holdout_{kind}"), "data.holdout"
    if getattr(spec.task, "weight", None) is not None:
        yield Feature.SAMPLE_WEIGHTS, "task.weight"
