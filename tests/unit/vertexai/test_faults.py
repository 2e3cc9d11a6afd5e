"""One job of ours is one pipeline of Google's, whatever goes wrong on the way; what has ended badly says so."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from vertexai_jobs import provider_of, spec_of, trainer, write_rows

from cloudautoml.emulation import Fault, FaultKind
from cloudautoml.errors import AuthenticationError, ConfigError, JobFailedError, QuotaExceededError
from cloudautoml.job import JobState
from cloudautoml.store import Store
from cloudautoml_vertexai.emulator import NUMBER, VertexaiEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloudautoml_vertexai import VertexaiProvider


@pytest.fixture
def emulator(tmp_path: Path) -> Iterator[VertexaiEmulator]:
    with VertexaiEmulator(trainer(Store(tmp_path / "emulated"))) as running:
        yield running


@pytest.fixture
def provider(emulator: VertexaiEmulator, tmp_path: Path) -> VertexaiProvider:
    return provider_of(emulator, Store(tmp_path / "store"))


@pytest.fixture
def spec(tmp_path: Path) -> Any:
    return spec_of(write_rows(tmp_path / "rows.csv"))


def pipelines(provider: VertexaiProvider) -> list[dict[str, Any]]:
    pages = provider.client.pages("ListTrainingPipelines", {"parent": provider.client.parent})
    return [item for page in pages for item in page.get("trainingPipelines", [])]


@pytest.mark.parametrize(
    ("kind", "operation"),
    [
        (FaultKind.LOST_REPLY, "CreateTrainingPipeline"),
        (FaultKind.LOST_REPLY, "CreateDataset"),
        (FaultKind.THROTTLE, "CreateTrainingPipeline"),
        (FaultKind.SERVER_ERROR, "ListTrainingPipelines"),
        (FaultKind.THROTTLE, "storage.buckets.get"),
    ],
)
def test_one_pipeline(
    emulator: VertexaiEmulator, provider: VertexaiProvider, spec: Any, kind: Any, operation: str
) -> None:
    emulator.faults.add(Fault(kind=kind, operation=operation))
    job = provider.submit(spec).wait(timeout=60)
    assert emulator.faults.left() == ()
    assert len(pipelines(provider)) == 1
    best = job.leaderboard().best
    assert best is not None
    assert best.score_holdout is not None
    assert best.cost_source == "emulated"


def test_quota_comes_at_once_or_later(emulator: VertexaiEmulator, provider: VertexaiProvider, spec: Any) -> None:
    emulator.faults.add(Fault(kind=FaultKind.QUOTA, operation="CreateTrainingPipeline"))
    with pytest.raises(QuotaExceededError):
        provider.submit(spec)
    emulator.faults.add(Fault(kind=FaultKind.QUOTA, operation="RunTrainingPipeline"))
    with pytest.raises(JobFailedError, match="quota"):
        provider.submit(spec).wait(timeout=60)


def test_an_expired_token_is_told(emulator: VertexaiEmulator, provider: VertexaiProvider, spec: Any) -> None:
    emulator.faults.add(Fault(kind=FaultKind.EXPIRED_TOKEN, operation="CreateDataset"))
    with pytest.raises(AuthenticationError):
        provider.submit(spec)


def test_an_unheard_state_is_not_an_end(emulator: VertexaiEmulator, provider: VertexaiProvider, spec: Any) -> None:
    job = provider.submit(spec)
    emulator.faults.add(Fault(kind=FaultKind.UNKNOWN_STATUS, operation="GetTrainingPipeline"))
    assert job.status().state is JobState.RUNNING
    assert job.wait(timeout=60).state is JobState.SUCCEEDED


def test_a_pipeline_is_attached_by_its_name(
    emulator: VertexaiEmulator, provider: VertexaiProvider, spec: Any, tmp_path: Path
) -> None:
    job = provider.submit(spec).wait(timeout=60)
    elsewhere = provider_of(emulator, Store(tmp_path / "elsewhere"))
    adopted = elsewhere.attach(str(job.native().name))
    assert adopted.state is JobState.SUCCEEDED
    assert adopted.leaderboard().best is not None
    with pytest.raises(ConfigError, match="europe-west4"):
        elsewhere.attach(f"projects/{NUMBER}/locations/europe-west4/trainingPipelines/1")


def test_a_bucket_elsewhere_is_refused(
    emulator: VertexaiEmulator, provider: VertexaiProvider, spec: Any, tmp_path: Path
) -> None:
    emulator.storage.add_bucket("far-away", location="europe-west4", owner=NUMBER)
    emulator.storage.add_bucket("somebody-elses", location="us", owner="999")
    for bucket, told in (("far-away", "europe-west4"), ("somebody-elses", "999"), ("no-such-bucket", "no bucket")):
        there = provider_of(emulator, Store(tmp_path / bucket), bucket=bucket)
        with pytest.raises(ConfigError, match=told):
            there.submit(spec)
    assert pipelines(provider) == []


def test_the_same_data_is_sent_once(emulator: VertexaiEmulator, provider: VertexaiProvider, spec: Any) -> None:
    for told in ("was sent", "there already"):
        events = list(provider.submit(spec).events())
        assert [event for event in events if event.kind == "upload" and told in event.message]
