"""Azure against the contract of all providers: unmodified clients, the emulator, and a trainer that costs no time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from itertools import cycle
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from typing_extensions import override

from cloudautoml.capabilities import NATIVE, Capabilities, Feature
from cloudautoml.leaderboard import Leaderboard
from cloudautoml.polling import SystemClock
from cloudautoml.spec import JobSpec, TabularClassification, TabularRegression
from cloudautoml.store import Store
from cloudautoml.testing import ProviderSuite
from cloudautoml.testing.fake import FakeConfig, FakeJob, FakeProvider
from cloudautoml.testing.rehearsal import merged
from cloudautoml.testing.tables import table_spec, write_table
from cloudautoml_azureml import AzuremlConfig, AzuremlProvider, plugin
from cloudautoml_azureml.emulator import AzuremlEmulator

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping

    from cloudautoml.provider import Provider


class TrainerJob(FakeJob):
    """A job whose constants go by the names of the families that were asked for; the last one is the ensemble."""

    @override
    def leaderboard(self) -> Leaderboard:
        board = super().leaderboard()
        names = cycle(self.spec.search.families or ("xgboost", "linear"))
        named = [replace(candidate, algorithm=name) for candidate, name in zip(board, names, strict=False)]
        if self.spec.search.ensemble:
            named[-1] = replace(named[-1], algorithm="ensemble", trial=None)
        return Leaderboard(named, metric=board.metric, job=board.job)


class Trainer(FakeProvider):
    """Trains nothing, and takes families and ensembles."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        {**dict(FakeProvider.capabilities.items()), Feature.FAMILIES: NATIVE, Feature.ENSEMBLE: NATIVE}
    )

    @override
    def _job(self, job: str) -> TrainerJob:
        return TrainerJob(job, self)


class TestAzureml(ProviderSuite):
    plugin = plugin
    settings: ClassVar[Mapping[str, Any]] = {"max_time": "20s", "families": ("lightgbm",)}

    @pytest.fixture(scope="class")
    @classmethod
    def emulator(cls, tmp_path_factory: pytest.TempPathFactory) -> Generator[AzuremlEmulator]:
        trainer = Trainer(FakeConfig(), store=Store(tmp_path_factory.mktemp("trainer")))
        with pytest.MonkeyPatch.context() as patch, AzuremlEmulator(trainer) as emulator:
            for name, value in emulator.environment().items():
                patch.setenv(name, value)
            yield emulator

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def make_provider(cls, emulator: AzuremlEmulator) -> Callable[[Store], Provider[Any]]:
        config = AzuremlConfig.model_validate({**emulator.settings(), "poll_seconds": 0.05, "hourly_rate": "2"})
        return lambda store: AzuremlProvider(config, store=store, clock=SystemClock())

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def spec_for(cls, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Feature], JobSpec]:
        folder = tmp_path_factory.mktemp("rows")

        def spec(feature: Feature) -> JobSpec:
            path, rows = folder / f"{feature.value}.csv", made_rows(200)
            if feature is Feature.TABULAR_REGRESSION:
                small = table_spec(TabularRegression(target="amount"), write_table(path, rows))
            else:
                for row in rows:
                    row["buys"] = "yes" if float(str(row.pop("amount"))) > 62 else "no"
                small = table_spec(TabularClassification(target="buys"), write_table(path, rows))
            return merged(small, "budget", max_time=timedelta(minutes=10))

        return spec


def made_rows(count: int) -> list[dict[str, object]]:
    """A table in which the amount follows from the other columns, but for noise."""
    rng = random.Random(5)
    rows: list[dict[str, object]] = []
    for _ in range(count):
        age, visits, plan = rng.randint(18, 80), rng.randint(0, 30), rng.choice(("basic", "plus", "pro"))
        amount = 2.0 * visits + 0.5 * age + (20.0 if plan == "pro" else 0.0) + rng.gauss(0, 6)
        rows.append({"age": age, "visits": visits, "plan": plan, "amount": round(amount, 2)})
    return rows
