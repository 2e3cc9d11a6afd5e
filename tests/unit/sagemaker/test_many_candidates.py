"""Many candidates: of a leaderboard that comes in pages, none is lost, none comes twice, and the best one is first."""

from __future__ import annotations

import random
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING, Any
from unittest.mock import Mock

import pytest
from autopilot_calls import rows

from cloudautoml.spec import Budget, Dataset, JobSpec, Objective, TabularRegression
from cloudautoml.store import Store
from cloudautoml.testing.fake import FakeConfig, FakeProvider
from cloudautoml_sagemaker import SagemakerConfig, SagemakerProvider
from cloudautoml_sagemaker.emulator import SagemakerEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from cloudautoml.job import Job

START = datetime(2026, 1, 1, tzinfo=UTC)
LIST = "ListCandidatesForAutoMLJob"
COUNT, PAGE = 750, 300


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[SagemakerEmulator]:
    trainer = FakeProvider(FakeConfig(), store=Store(tmp_path / "trainer"))
    with SagemakerEmulator(trainer) as emulator:
        for name, value in emulator.environment().items():
            monkeypatch.setenv(name, value)
        yield emulator


def _candidates(metric: str, *, falling: bool) -> list[dict[str, Any]]:
    """Candidates of which some have failed, some have no metric, and many have the value or the time of another."""
    rng = random.Random(5)
    found: list[dict[str, Any]] = []
    for number in range(COUNT):
        time = START + timedelta(seconds=number // 3)
        item: dict[str, Any] = {
            "CandidateName": f"trial-{rng.getrandbits(40):010x}-{number}",
            "CandidateStatus": "Completed",
            "ObjectiveStatus": "Succeeded",
            "CandidateSteps": [],
            "CreationTime": time,
            "LastModifiedTime": time,
            "EndTime": time + timedelta(seconds=30),
            "InferenceContainers": [{"Image": "image", "ModelDataUrl": f"s3://bucket/{number}/model.tar.gz"}],
        }
        if number % 10 == 4:
            item |= {"CandidateStatus": "Failed", "ObjectiveStatus": "Failed", "FailureReason": "out of memory"}
        elif number % 25 != 1:
            item["FinalAutoMLJobObjectiveMetric"] = {
                "Type": "Maximize" if falling else "Minimize",
                "MetricName": metric,
                "StandardMetricName": metric,
                "Value": round(rng.uniform(0.1, 0.9), 2),
            }
        found.append(item)
    return found


def _by_value(items: list[dict[str, Any]], *, falling: bool) -> list[dict[str, Any]]:
    scored = [item for item in items if "FinalAutoMLJobObjectiveMetric" in item]
    scored.sort(key=lambda item: (item["CreationTime"], item["CandidateName"]))
    return sorted(scored, key=lambda item: item["FinalAutoMLJobObjectiveMetric"]["Value"] * (-1 if falling else 1))


def _trained(emulator: SagemakerEmulator, tmp_path: Path, metric: str) -> tuple[SagemakerProvider, Job]:
    table = tmp_path / "rows.csv"
    table.write_bytes(rows(520))
    config = SagemakerConfig.model_validate({**emulator.settings(), "poll_seconds": 0.05})
    spec = JobSpec(
        name="many",
        task=TabularRegression(target="age"),
        data=Dataset(train=str(table), holdout=None),
        objective=Objective(metric=metric),
        budget=Budget(max_time=timedelta(minutes=10)),
    )
    provider = SagemakerProvider(config, store=Store(tmp_path / "home"))
    return provider, provider.submit(spec).wait(timeout=60)


@pytest.mark.parametrize(("metric", "falling"), [("rmse", False), ("r2", True)])
def test_750_candidates_in_pages_of_300(
    emulator: SagemakerEmulator, tmp_path: Path, metric: str, *, falling: bool
) -> None:
    items = _candidates(metric.upper(), falling=falling)
    ranked = _by_value(items, falling=falling)
    rest = [item for item in items if item is not ranked[0]]
    random.Random(7).shuffle(rest)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr("cloudautoml_sagemaker.emulator.jobs.delivered", Mock(return_value=[ranked[0], *rest]))
        provider, job = _trained(emulator, tmp_path, metric)
    asked: list[dict[str, Any]] = []

    def note(params: dict[str, Any], **_: Any) -> None:
        asked.append(dict(params))

    provider.client.sagemaker.meta.events.register(f"provide-client-params.sagemaker.{LIST}", note)

    board = job.leaderboard()

    assert ["NextToken" in call for call in asked] == [False, True, True], "one call a page"
    assert {call["MaxResults"] for call in asked} == {PAGE}
    names = [candidate.model for candidate in board]
    assert len(names) == len(set(names)) == COUNT
    assert set(names) == {item["CandidateName"] for item in items}
    assert names[: len(ranked)] == [item["CandidateName"] for item in ranked], "equal ones in the order of training"
    values = [candidate.metrics_val[metric] for candidate in list(board)[: len(ranked)]]
    assert values == sorted(values, reverse=falling)
    assert board.best is not None
    assert board.best.metrics_val[metric] == (max(values) if falling else min(values))
    told = emulator.client("sagemaker").describe_auto_ml_job_v2(AutoMLJobName=job.id)["BestCandidate"]
    assert board.best.model == told["CandidateName"]

    without = list(board)[len(ranked) :]
    assert len(without) == 105
    assert not any(candidate.succeeded or candidate.metrics_val for candidate in without)
    reasons = [candidate.reason for candidate in without]
    assert (reasons.count("out of memory"), reasons.count(f"Autopilot gave it no {metric}")) == (75, 30)
