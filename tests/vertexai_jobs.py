"""Jobs, tables and a trainer without cost that several tests of Vertex AI share."""

from __future__ import annotations

import random
from datetime import timedelta
from typing import TYPE_CHECKING, Any

from cloudautoml.polling import SystemClock
from cloudautoml.spec import Budget, Dataset, Holdout, JobSpec, TabularClassification
from cloudautoml.testing.fake import FakeConfig, FakeProvider
from cloudautoml_vertexai import VertexaiConfig, VertexaiProvider

if TYPE_CHECKING:
    from pathlib import Path

    from cloudautoml.store import Store
    from cloudautoml_vertexai.emulator import VertexaiEmulator

HOUR = Budget(max_time=timedelta(hours=1))


def write_rows(path: Path, count: int = 1400) -> Path:
    """A table of three features and two classes, in columns whose names Google does not take as they are."""
    rng = random.Random(3)
    lines = ["age,last visit,_town,left"]
    for number in range(count):
        day = f"2026-01-{1 + number % 28:02d} 08:30:00"
        lines.append(f"{rng.randint(18, 80)},{day},{rng.choice(('north', 'south'))},{rng.choice(('yes', 'no'))}")
    path.write_text("\n".join([*lines, ""]), encoding="utf-8")
    return path


def spec_of(table: Path, **changes: Any) -> JobSpec:
    """A job on that table, with some fields replaced."""
    usual: dict[str, Any] = {
        "name": "churn",
        "task": TabularClassification(target="left"),
        "data": Dataset(train=str(table), holdout=Holdout(fraction=0.2)),
        "budget": HOUR,
    }
    return JobSpec(**{**usual, **changes})


def config_of(**settings: Any) -> VertexaiConfig:
    """Settings of a project that is nowhere."""
    usual = {"project": "my-project", "location": "europe-west4", "bucket": "my-bucket"}
    return VertexaiConfig.model_validate({**usual, **settings})


def trainer(store: Store) -> FakeProvider:
    """Who stands behind the emulator and trains nothing."""
    return FakeProvider(FakeConfig(), store=store)


def provider_of(emulator: VertexaiEmulator, store: Store, **settings: Any) -> VertexaiProvider:
    """Our provider of an emulator."""
    config = VertexaiConfig.model_validate({**emulator.settings(), "poll_seconds": 0.05, **settings})
    return VertexaiProvider(config, store=store, clock=SystemClock())
