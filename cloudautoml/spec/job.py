"""The job spec: everything a provider needs to know, and nothing about how it does it."""

from __future__ import annotations

import hashlib
import json
from typing import Annotated, Any, Literal, Self

from pydantic import BeforeValidator, Field, model_validator

from cloudautoml.spec.base import SpecModel, string_keyed
from cloudautoml.spec.dataset import Dataset, dataset_from
from cloudautoml.spec.metrics import DEFAULT_METRICS, Metric, get_metric, metrics_for
from cloudautoml.spec.objective import Budget, Objective
from cloudautoml.spec.search import Outputs, Search
from cloudautoml.spec.task import Task

JobName = Annotated[str, Field(pattern=r"^[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?$")]
"""1 to 20 lower-case letters, digits and inner hyphens: vendors' names must fit it and an id of ours."""

ProviderBlock = Annotated[dict[str, Any], BeforeValidator(string_keyed)]


class JobSpec(SpecModel):
    """One AutoML job, for any provider."""

    version: Literal[1] = 1
    """Version of this format."""
    name: JobName
    """Name of the job."""
    task: Task
    """What is to be learned."""
    data: Annotated[Dataset, BeforeValidator(dataset_from)]
    """Where the data is; a path alone is short for `{train: path}`."""
    objective: Objective | None = None
    """What decides; the task's usual metric unless given."""
    budget: Budget = Budget()
    """What may be spent."""
    search: Search = Search()
    """How to search."""
    outputs: Outputs = Outputs()
    """What to write."""
    seed: int = 0
    """Seed of everything that is drawn, except the holdout."""
    provider: str = "local"
    """Where to run: a provider, as `cloudautoml list providers` prints it."""
    providers: dict[str, ProviderBlock] = Field(default_factory=dict)
    """Settings a provider needs (region, role, bucket), and `raw` for what this spec cannot say."""

    @model_validator(mode="after")
    def _metric_fits(self) -> Self:
        if self.objective is not None:
            multi_label = getattr(self.task, "multi_label", False)
            fitting = [metric.name for metric in metrics_for(self.task.type, multi_label=multi_label)]
            if self.objective.metric not in fitting:
                kind = f"multi-label {self.task.type}" if multi_label else self.task.type
                msg = f"objective.metric {self.objective.metric!r} does not fit {kind}; use one of {', '.join(fitting)}"
                raise ValueError(msg)
        return self

    @property
    def metric(self) -> Metric:
        """The metric that decides, the task's usual one included."""
        if self.objective is not None:
            return get_metric(self.objective.metric)
        multi_label = getattr(self.task, "multi_label", False)
        return get_metric("f1_micro" if multi_label else DEFAULT_METRICS[self.task.type])

    @property
    def minimize(self) -> tuple[str, ...]:
        """The costs to be weighed against the metric."""
        return self.objective.minimize if self.objective is not None else ()

    @property
    def search_seed(self) -> int:
        """The seed of the search."""
        return self.seed if self.search.seed is None else self.search.seed

    def fingerprint(self) -> str:
        """A digest that is equal for equal specs, whatever their formatting: 16 hex digits."""
        text = json.dumps(self.model_dump(mode="json", exclude={"provider", "providers"}), sort_keys=True)
        return hashlib.sha256(text.encode()).hexdigest()[:16]
