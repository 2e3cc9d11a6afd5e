"""FakeProvider: a whole provider in memory, with states and faults to script; the contract's reference."""

from __future__ import annotations

import json
from dataclasses import dataclass, field
from decimal import Decimal
from typing import TYPE_CHECKING, Any, ClassVar

from pydantic import Field
from typing_extensions import override

from cloudautoml.capabilities import EMULATED, NATIVE, Capabilities, Feature, Support, unsupported
from cloudautoml.errors import DataError, StorageError, UnsupportedError
from cloudautoml.job import Cost, Job, JobState, JobStatus
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.model import Model
from cloudautoml.plan import CostBound, Plan, VendorRequest
from cloudautoml.polling import FakeClock
from cloudautoml.provider import Provider, ProviderConfig, ProviderPlugin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence
    from pathlib import Path

    import pandas as pd

    from cloudautoml.capabilities import Gap
    from cloudautoml.data import Prepared, PreparedData
    from cloudautoml.polling import Clock
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import JobRecord, Store

SCRIPT = (
    JobStatus(JobState.QUEUED),
    JobStatus(JobState.RUNNING, phase="Training", progress=0.5),
    JobStatus(JobState.SUCCEEDED, phase="Done"),
)
"""What a job of the fake vendor goes through, one status a look, unless a test says otherwise."""

_HONOURED = (
    Feature.TABULAR_CLASSIFICATION, Feature.TABULAR_REGRESSION, Feature.MAX_TRIALS, Feature.MAX_TIME,
    Feature.MAX_TRIAL_TIME, Feature.MAX_PARALLEL, Feature.MAX_COST, Feature.SEED, Feature.SAMPLE_WEIGHTS,
    Feature.CANCEL, Feature.LEADERBOARD, Feature.PREDICT, Feature.PREDICT_PROBA, Feature.LOGS, Feature.BATCH_PREDICT,
)  # fmt: skip
_AROUND = (
    Feature.HOLDOUT_FRACTION, Feature.HOLDOUT_COLUMN, Feature.HOLDOUT_TIME, Feature.HOLDOUT_GROUP, Feature.ATTACH,
    Feature.EVENTS, Feature.REPORT,
)  # fmt: skip
_REFUSED = unsupported("the fake vendor predicts constants and knows nothing else", "use the provider local")
_TABLE: dict[Feature, Support] = {
    **dict.fromkeys(Feature, _REFUSED),
    **dict.fromkeys(_HONOURED, NATIVE),
    **dict.fromkeys(_AROUND, EMULATED),
}


class FakeConfig(ProviderConfig):
    """Settings of the fake provider."""

    price: Decimal = Field(default=Decimal(1), ge=0)
    """Dollars a job."""


@dataclass
class FakeVendor:
    """The service behind the provider: what it was told, what it will answer, and where it fails.

    Attributes:
        script: Status by status, what each new job goes through, one a look; the last one stays.
        faults: Errors to raise, by operation (`create`, `describe`, `stop`), one a call, in order.
        calls: The operations that were called, with the job's name.
        jobs: What is left of each job's script, by the vendor's name for it.
    """

    script: Sequence[JobStatus] = SCRIPT
    faults: dict[str, list[Exception]] = field(default_factory=dict)
    calls: list[tuple[str, str]] = field(default_factory=list)
    jobs: dict[str, list[JobStatus]] = field(default_factory=dict)

    def create(self, name: str) -> None:
        """Start a job; one that exists is left as it is."""
        self._called("create", name)
        self.jobs.setdefault(name, list(self.script))

    def describe(self, name: str) -> JobStatus:
        """Look at a job; it goes on by one step."""
        self._called("describe", name)
        left = self.jobs[name]
        return left.pop(0) if len(left) > 1 else left[0]

    def stop(self, name: str) -> None:
        """Have a job end as cancelled, unless it has ended."""
        self._called("stop", name)
        if not self.jobs[name][0].state.is_terminal:
            self.jobs[name] = [JobStatus(JobState.CANCELLED, phase="Stopped")]

    def _called(self, operation: str, name: str) -> None:
        self.calls.append((operation, name))
        if faults := self.faults.get(operation):
            raise faults.pop(0)


class FakeProvider(Provider[FakeConfig]):
    """Runs jobs that end at once, and whose models predict constants.

    Args:
        config: Its settings.
        store: Where jobs are recorded.
        clock: Time and sleep; a clock that never waits unless given.
        base: Folder that relative paths start from.
        vendor: The service; one of its own unless given.
    """

    name: ClassVar[str] = "fake"
    capabilities: ClassVar[Capabilities] = Capabilities(_TABLE)

    def __init__(
        self,
        config: FakeConfig | None = None,
        *,
        store: Store | None = None,
        clock: Clock | None = None,
        base: Path | None = None,
        vendor: FakeVendor | None = None,
    ) -> None:
        super().__init__(config or FakeConfig(), store=store, clock=clock or FakeClock(), base=base)
        self.vendor = vendor or FakeVendor()

    @classmethod
    def refusing(cls, *features: Feature, reason: str = "a test wants it so") -> type[FakeProvider]:
        """A fake provider that honours everything that this one does, except for some features."""
        table = {**dict(cls.capabilities.items()), **dict.fromkeys(features, unsupported(reason))}
        return type("RefusingProvider", (cls,), {"capabilities": Capabilities(table)})

    @override
    def _plan(self, spec: JobSpec, gaps: tuple[Gap, ...], data: Prepared | None) -> Plan:
        body = {"task": spec.task.model_dump(mode="json"), **self.config.raw}
        cost = CostBound(self.config.price, basis="a flat price a job", source="FakeConfig.price")
        findings = data.findings if data is not None else ()
        return Plan(self.name, (VendorRequest("create", body),), cost, gaps=gaps, findings=findings)

    @override
    def _submit(self, record: JobRecord, spec: JobSpec) -> None:
        name = f"{record.id}-{record.fingerprint}"
        self.store.set_vendor_ref(record.id, name)
        self.vendor.create(name)

    @override
    def _job(self, job: str) -> Job:
        return FakeJob(job, self)


class FakeJob(Job):
    """A job of the fake provider."""

    def __init__(self, id: str, provider: FakeProvider) -> None:  # noqa: A002
        super().__init__(id, store=provider.store, clock=provider.clock)
        self._provider = provider

    @property
    def _ref(self) -> str:
        return self._store.job(self.id).vendor_ref or self.id

    @override
    def _status(self) -> JobStatus:
        return self._provider.vendor.describe(self._ref)

    @override
    def _cancel(self) -> None:
        self._provider.vendor.stop(self._ref)

    @override
    def logs(self, *, follow: bool = False) -> Iterator[str]:
        self.require(Feature.LOGS)
        yield f"job {self._ref} of the fake vendor"

    def require(self, feature: Feature) -> None:
        """Refuse a call that the provider does not honour."""
        from cloudautoml.capabilities import Gap

        support = self._provider.capabilities[feature]
        if not support:
            raise UnsupportedError(self._provider.name, [Gap(feature, support)])

    def _data(self) -> PreparedData:
        from cloudautoml.data import PreparedData

        return PreparedData.load(self._store.job_dir(self.id) / "data")

    @override
    def leaderboard(self) -> Leaderboard:
        self.require(Feature.LEADERBOARD)
        spec, data = self.spec, self._data()
        candidates = [
            Candidate(
                model=f"constant-{number}",
                algorithm="constant",
                provider=self.provider,
                job=self.id,
                score_val=_score(data.train, data, answer),
                score_holdout=None if data.holdout is None else _score(data.holdout, data, answer),
                fit_seconds=0.0,
                cost_usd=0.0,
                can_infer=True,
                seed=spec.search_seed,
                trial=number,
                params={"answer": answer},
            )
            for number, answer in enumerate(_answers(data)[: spec.budget.max_trials])
        ]
        return Leaderboard(candidates, metric=spec.metric.name, job=self.id)

    @override
    def artifacts(self) -> Mapping[str, Path | str]:
        report = self._store.job_dir(self.id) / "report.html"
        report.write_text(f"<!doctype html><title>{self.id}</title>", encoding="utf-8")
        return {"report": report}

    @override
    def _model(self, name: str | None) -> Model:
        board = self.leaderboard()
        best = board.best
        assert best is not None
        return FakeModel(board[name] if name else best, self._data(), self)

    @override
    def cost(self) -> Cost:
        return Cost(self._provider.config.price, "billed")

    @override
    def native(self) -> FakeVendor:
        return self._provider.vendor


def _answers(data: PreparedData) -> list[str | float]:
    """What the constants are: the classes, or quartiles."""
    if data.schema.classes is not None:
        return list(data.schema.classes)
    return [float(value) for value in data.train[data.schema.target].quantile([0.5, 0.25, 0.75])]


def _score(rows: pd.DataFrame, data: PreparedData, answer: str | float) -> float:
    """Weighted share of rows that are answered right, or the weighted mean absolute error, negated."""
    target = rows[data.schema.target]
    weight = rows[data.schema.weight] if data.schema.weight is not None else target.index.to_series() * 0 + 1.0
    gain = -(target - answer).abs() if isinstance(answer, float) else (target == answer) * 1.0
    return float((gain * weight).sum() / weight.sum())


class FakeModel(Model):
    """Predicts one answer for every row."""

    def __init__(self, candidate: Candidate, data: PreparedData, job: FakeJob) -> None:
        super().__init__(candidate)
        self._data = data
        self._job = job

    def _rows(self, rows: Any) -> pd.DataFrame:
        from cloudautoml.data import read_table
        from cloudautoml.spec import Dataset

        table = read_table(rows, Dataset(train=rows)) if isinstance(rows, str) else rows
        return self._data.schema.conform(table, where="rows")

    @override
    def predict(self, rows: Any) -> pd.Series[Any]:
        import pandas as pd

        self._job.require(Feature.PREDICT)
        return pd.Series(self.candidate.params["answer"], index=self._rows(rows).index)

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        import pandas as pd

        self._job.require(Feature.PREDICT_PROBA)
        classes = self._data.schema.classes
        if classes is None:
            raise DataError("a regression has no probabilities")
        shares = self._data.train[self._data.schema.target].value_counts(normalize=True)
        return pd.DataFrame({name: float(shares[name]) for name in classes}, index=self._rows(rows).index)

    @override
    def save(self, path: Path) -> Path:
        if path.exists():
            raise StorageError("the folder exists already", where=str(path))
        path.mkdir(parents=True)
        (path / "model.json").write_text(json.dumps(dict(self.candidate.params)), encoding="utf-8")
        return path


plugin = ProviderPlugin("fake", "constants, at once, in memory: for tests", FakeProvider, FakeConfig)
"""What an entry point would name."""
