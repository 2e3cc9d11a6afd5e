"""A provider for the tests of the command line: a job that ends when, and as, its settings say."""

from __future__ import annotations

import sys
import time
from datetime import UTC, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import TYPE_CHECKING, Any, Literal

from typing_extensions import override

from cloudautoml.capabilities import NATIVE, Capabilities, Feature, unsupported
from cloudautoml.endpoint import Endpoint, check_deployment
from cloudautoml.job import INTERRUPTED, Cost, Job, JobState, JobStatus
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.leftovers import Leftover
from cloudautoml.model import Model
from cloudautoml.plan import CostBound, Plan, VendorRequest
from cloudautoml.provider import Provider, ProviderConfig, ProviderPlugin

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pandas as pd

    from cloudautoml.capabilities import Gap
    from cloudautoml.data import Prepared
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import JobRecord


class FakeConfig(ProviderConfig):
    """How the job behaves."""

    outcome: Literal["succeeded", "failed"] = "succeeded"
    """How it ends."""
    gate: str | None = None
    """The job runs until this file exists; it ends at once where none is given."""
    hold: str | None = None
    """Submitting waits, after the intent is written, until this file exists."""
    slow: str | None = None
    """Preparing waits, before anything is written, until this file exists."""
    price: Decimal | None = Decimal(0)
    """Bound on the cost."""


DISCARDED: list[str] = []
"""What was deleted at the vendor."""


def wait_for(path: str | None, told: str) -> None:
    if path is not None:
        sys.stderr.write(f"{told}\n")
        sys.stderr.flush()
        while not Path(path).exists():
            time.sleep(0.02)


class FakeEndpoint(Endpoint):
    @override
    def predict(self, rows: Any) -> pd.Series:
        raise NotImplementedError

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        raise NotImplementedError

    @override
    def delete(self) -> None:
        raise NotImplementedError

    @override
    def native(self) -> None:
        return None


class FakeModel(Model):
    @override
    def deploy(self, *, max_hours: float, min_instances: int = 1, max_instances: int = 1) -> Endpoint:
        check_deployment(max_hours=max_hours, min_instances=min_instances, max_instances=max_instances)
        return FakeEndpoint("served", expires=datetime(2030, 1, 1, tzinfo=UTC) + timedelta(hours=max_hours))

    @override
    def predict(self, rows: Any) -> pd.Series:
        import pandas as pd

        table = pd.read_csv(rows, dtype="str", sep=";")
        return pd.Series(["yes" if row == "1" else "no" for row in table["a"]], index=table.index)

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        import pandas as pd

        labels = self.predict(rows)
        return pd.DataFrame({"no": [0.25] * len(labels), "yes": [0.75] * len(labels)}, index=labels.index)

    @override
    def save(self, path: Path) -> Path:
        raise NotImplementedError


class FakeJob(Job):
    @property
    def config(self) -> FakeConfig:
        return FakeConfig.model_validate(self.spec.providers.get("fake", {}))

    @override
    def _status(self) -> JobStatus:
        folder = self._store.job_dir(self.id)
        if (folder / "cancelled").exists():
            return JobStatus(JobState.CANCELLED)
        if (folder / "died").exists():
            return JobStatus(JobState.RUNNING, phase=INTERRUPTED, reason="its worker has died")
        gate = self.config.gate
        if gate is not None and not Path(gate).exists():
            return JobStatus(JobState.RUNNING, phase="searching", progress=0.5)
        if self.config.outcome == "failed":
            return JobStatus(JobState.FAILED, reason="every trial failed")
        return JobStatus(JobState.SUCCEEDED, progress=1.0)

    @override
    def _cancel(self) -> None:
        folder = self._store.job_dir(self.id)
        folder.mkdir(parents=True, exist_ok=True)
        (folder / "cancelled").touch()

    def resume(self, *, max_trials: int | None = None, max_time: timedelta | None = None) -> FakeJob:
        (self._store.job_dir(self.id) / "cancelled").unlink(missing_ok=True)
        self._store.reopen(self.id)
        self._store.add_event(self.id, "phase", f"resumed with {max_trials} trials and {max_time}")
        return self

    @override
    def logs(self, *, follow: bool = False) -> Iterator[str]:
        yield "first line"
        yield f"second line, follow={follow}"

    @override
    def leaderboard(self) -> Leaderboard:
        rows = [
            Candidate(
                "forest-1", "forest", "fake", self.id, score_val=0.9, score_holdout=0.8, fit_seconds=2.0, trial=1
            ),
            Candidate(
                "=boost|2",
                "boosting",
                "fake",
                self.id,
                score_val=0.95,
                fit_seconds=3.5,
                trial=2,
                can_infer=True,
                metrics_by_part={"class no": {"recall": 0.75}, "class yes": {"recall": 0.5, "precision": 0.25}},
            ),
            Candidate("baseline", "baseline", "fake", self.id, score_val=0.5, score_holdout=0.9, fit_seconds=0.1),
            Candidate("broken-3", "mlp", "fake", self.id, status="failed", trial=3, reason="out of memory"),
        ]
        return Leaderboard(rows, metric="roc_auc", job=self.id)

    @override
    def cleanup(self) -> list[Leftover]:
        return [Leftover("model", "m", self.id)]

    @override
    def artifacts(self) -> Mapping[str, Path | str]:
        return {"report": f"/reports/{self.id}.html", "model": f"/models/{self.id}"}

    @override
    def _model(self, name: str | None) -> Model:
        board = self.leaderboard()
        return FakeModel(board[name] if name else board.candidates[0])

    @override
    def cost(self) -> Cost:
        return Cost(Decimal(0), "free")

    @override
    def native(self) -> Any:
        return None


class FakeProvider(Provider[FakeConfig]):
    name = "fake"
    capabilities = Capabilities(
        dict.fromkeys(Feature, NATIVE)
        | {Feature.FORECASTING: unsupported("it looks only backward", "use provider local")}
    )

    @override
    def _check(self, spec: JobSpec) -> list[Gap]:
        return []

    @override
    def _plan(self, spec: JobSpec, gaps: tuple[Gap, ...], data: Prepared | None) -> Plan:
        body = {"name": spec.name, "target": getattr(spec.task, "target", None), **self.config.raw}
        return Plan(self.name, (VendorRequest("CreateJob", body),), CostBound(self.config.price, "a flat price"), gaps)

    @override
    def _prepare(self, spec: JobSpec, *, strict: bool) -> Prepared | None:
        wait_for(self.config.slow, "preparing")
        return super()._prepare(spec, strict=strict)

    @override
    def _submit(self, record: JobRecord, spec: JobSpec) -> None:
        wait_for(self.config.hold, "submitting")
        self.store.set_vendor_ref(record.id, f"vendor:{record.id}")
        self.store.observe(record.id, JobStatus(JobState.RUNNING, phase="searching"))

    @override
    def leftovers(self, job: str | None = None) -> list[Leftover]:
        soon, late = datetime(2026, 1, 1, tzinfo=UTC), datetime(2999, 1, 1, tzinfo=UTC)
        found = [
            Leftover("endpoint", "old", "a", costs=True, created=soon, expires=soon),
            Leftover("endpoint", "new", "b", costs=True, created=soon, expires=late),
            Leftover("files", "vendor://a", "a", size=12),
        ]
        return [item for item in found if item.name not in DISCARDED and job in {None, item.job}]

    @override
    def _discard(self, leftover: Leftover) -> None:
        DISCARDED.append(leftover.name)

    @override
    def _job(self, job: str) -> Job:
        return FakeJob(job, store=self.store, clock=self.clock)


plugin = ProviderPlugin("fake", "a provider for tests", FakeProvider, FakeConfig)
