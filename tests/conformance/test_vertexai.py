"""Vertex AI against the contract of all providers: Google's own clients, the emulator, and a trainer without cost."""

from __future__ import annotations

import json
import math
import random
from datetime import timedelta
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from typing_extensions import override

from cloudautoml.capabilities import Feature
from cloudautoml.polling import SystemClock
from cloudautoml.spec import Budget, JobSpec, TabularClassification, TabularRegression
from cloudautoml.store import Store
from cloudautoml.testing import ProviderSuite
from cloudautoml.testing.fake import FakeConfig, FakeJob, FakeProvider
from cloudautoml.testing.tables import table_spec, write_table
from cloudautoml_vertexai import VertexaiConfig, VertexaiProvider, plugin
from cloudautoml_vertexai.emulator import VertexaiEmulator

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from cloudautoml.provider import Provider
    from cloudautoml.testing.rehearsal import Rehearsal


class TrainerJob(FakeJob):
    """A job that tells which feature matters."""

    @override
    def artifacts(self) -> Mapping[str, Path | str]:
        told = self._store.job_dir(self.id) / "importance.json"
        features = [
            {"name": name, "importance": 1.0 / number} for number, name in enumerate(self._data().schema.names, 1)
        ]
        told.write_text(json.dumps({"features": features}), encoding="utf-8")
        return {"importance": told}


class Trainer(FakeProvider):
    """Trains nothing."""

    @override
    def _job(self, job: str) -> TrainerJob:
        return TrainerJob(job, self)


class TestVertexai(ProviderSuite):
    plugin = plugin
    settings: ClassVar[Mapping[str, Any]] = {"max_time": "1h"}

    @pytest.fixture(scope="class")
    @classmethod
    def emulator(cls, tmp_path_factory: pytest.TempPathFactory) -> Generator[VertexaiEmulator]:
        trainer = Trainer(FakeConfig(), store=Store(tmp_path_factory.mktemp("trainer")))
        with pytest.MonkeyPatch.context() as patch, VertexaiEmulator(trainer) as emulator:
            for name, value in emulator.environment().items():
                patch.setenv(name, value)
            yield emulator

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def make_provider(cls, emulator: VertexaiEmulator) -> Callable[[Store], Provider[Any]]:
        settings = {**emulator.settings(), "poll_seconds": 0.05, "node_hour_prices": {"tabular": "2"}}
        config = VertexaiConfig.model_validate(settings)
        return lambda store: VertexaiProvider(config, store=store, clock=SystemClock())

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def spec_for(cls, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Feature], JobSpec]:
        folder = tmp_path_factory.mktemp("rows")

        def spec(feature: Feature) -> JobSpec:
            path, rows = folder / f"{feature.value}.csv", made_rows(1500)
            if feature is Feature.TABULAR_REGRESSION:
                small = table_spec(TabularRegression(target="amount"), write_table(path, rows))
            else:
                for row in rows:
                    row["buys"] = "yes" if float(str(row.pop("amount"))) > 62 else "no"
                small = table_spec(TabularClassification(target="buys"), write_table(path, rows))
            return small.model_copy(update={"budget": Budget(max_time=timedelta(hours=2))})

        return spec

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def probes(cls) -> Mapping[Feature, Callable[[Rehearsal], None]]:
        return {Feature.FEATURE_IMPORTANCE: tells_importance}


def tells_importance(rehearsal: Rehearsal) -> None:
    rehearsal.main.leaderboard()
    found = json.loads(Path(rehearsal.main.artifacts()["importance"]).read_text(encoding="utf-8"))
    names = [feature["name"] for feature in found["features"]]
    assert sorted(names) == sorted(name for name in rehearsal.rows().columns if name in names)
    assert len(names) == 3
    assert all(math.isfinite(feature["importance"]) for feature in found["features"])


def made_rows(count: int) -> list[dict[str, object]]:
    """More rows than Google asks for, in columns whose names it does not take as they are."""
    rng = random.Random(5)
    rows: list[dict[str, object]] = []
    for _ in range(count):
        age, visits, plan = rng.randint(18, 80), rng.randint(0, 30), rng.choice(("basic", "plus", "pro"))
        amount = 2.0 * visits + 0.5 * age + (20.0 if plan == "pro" else 0.0) + rng.gauss(0, 6)
        rows.append({"age": age, "visits.last year": visits, "_plan": plan, "amount": round(amount, 2)})
    return rows
