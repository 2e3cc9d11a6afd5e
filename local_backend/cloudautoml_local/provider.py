"""The local provider: runs jobs on this machine."""

from __future__ import annotations

from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from cloudautoml.job import JobState, JobStatus
from cloudautoml.plan import CostBound, Plan, VendorRequest
from cloudautoml.provider import Provider
from cloudautoml_local import launch
from cloudautoml_local.capabilities import CAPABILITIES
from cloudautoml_local.config import LocalConfig
from cloudautoml_local.job import LocalJob
from cloudautoml_local.parts import TASKS, combination_of, estimator_of, strategy_of, task_type
from cloudautoml_local.settings import effective_budget, resolve

if TYPE_CHECKING:
    from cloudautoml.capabilities import Capabilities, Gap
    from cloudautoml.data import Prepared
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import JobRecord
    from cloudautoml_local.tasks.base import LocalTask


class LocalProvider(Provider[LocalConfig]):
    """Runs each job in a process of its own that survives the caller, each trial in another."""

    name: ClassVar[str] = "local"
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    @override
    def _check(self, spec: JobSpec) -> list[Gap]:
        strategy_of(spec)
        estimator_of(spec)
        if (task := self._task(spec)) is not None:
            combination_of(task)
        return []

    def _task(self, spec: JobSpec) -> LocalTask | None:
        """The task of a spec, in no folder yet; None for a kind that nobody here serves.

        Raises:
            SpecError: The spec asks for a space, a family or an option that there is not.
        """
        if self.config.task is None and spec.task.type not in TASKS:
            return None
        return task_type(resolve(self.config, spec).task)(spec, Path())

    @override
    def _plan(self, spec: JobSpec, gaps: tuple[Gap, ...], data: Prepared | None) -> Plan:
        budget = effective_budget(spec.budget)
        notes = []
        if budget is not spec.budget:
            notes.append("no budget was given, so the job ends after 50 trials or 5 minutes")
        return Plan(
            provider=self.name,
            requests=() if gaps else (VendorRequest("run", self._body(spec)),),
            cost=CostBound(Decimal(0), "runs on this machine"),
            gaps=gaps,
            findings=data.findings if data is not None else (),
            notes=tuple(notes),
        )

    def _body(self, spec: JobSpec) -> dict[str, Any]:
        settings = resolve(self.config, spec)
        task = self._task(spec)
        space = None if task is None else task.space()
        strategy, strategy_options = strategy_of(spec)
        estimator, estimator_options = estimator_of(spec)
        budget = effective_budget(spec.budget)
        return {
            "space": None if space is None else {"type": space.name, "size": space.size()},
            "families": list(spec.search.families) if spec.search.families else "all",
            "strategy": {"type": strategy.name, **strategy_options.model_dump(mode="json", exclude_none=True)},
            "estimator": {"type": estimator.name, **estimator_options.model_dump(mode="json", exclude_none=True)},
            "budget": budget.model_dump(mode="json", exclude_none=True),
            "metric": spec.metric.name,
            "seed": spec.search_seed,
            "executor": settings.executor,
            "workers": settings.workers,
            "threads": settings.threads,
        }

    @override
    def _submit(self, record: JobRecord, spec: JobSpec) -> None:
        directory = self.store.job_dir(record.id)
        settings = resolve(self.config, spec)
        settings.save(directory)
        self.store.observe(record.id, JobStatus(JobState.QUEUED))
        launch.start(self.store, record.id, executor=settings.executor)

    @override
    def _job(self, job: str) -> LocalJob:
        return LocalJob(job, store=self.store, clock=self.clock)
