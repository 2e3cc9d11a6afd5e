"""SageMaker against the contract of all providers: unmodified boto3, the emulator, and a trainer that costs no time."""

from __future__ import annotations

import random
from dataclasses import replace
from datetime import timedelta
from functools import partial
from itertools import cycle
from typing import TYPE_CHECKING, Any, ClassVar

import pandas as pd
import pytest
from typing_extensions import override

from cloudautoml.capabilities import NATIVE, Capabilities, Feature
from cloudautoml.data import PreparedImages, load_prepared, read_images
from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.model import Model
from cloudautoml.polling import SystemClock
from cloudautoml.spec import (
    Budget,
    Dataset,
    Forecasting,
    JobSpec,
    TabularClassification,
    TabularRegression,
    TextGeneration,
)
from cloudautoml.store import Store
from cloudautoml.testing import ProviderSuite
from cloudautoml.testing.fake import FakeConfig, FakeJob, FakeProvider
from cloudautoml.testing.pictures import small_image_spec
from cloudautoml.testing.rehearsal import Rehearsal, merged
from cloudautoml.testing.tables import table_spec, write_table
from cloudautoml.testing.texts import small_text_spec
from cloudautoml_sagemaker import SagemakerConfig, SagemakerProvider, plugin
from cloudautoml_sagemaker.emulator import SagemakerEmulator

if TYPE_CHECKING:
    from collections.abc import Callable, Generator, Mapping
    from pathlib import Path

    from cloudautoml.provider import Provider


class TrainerJob(FakeJob):
    """A job whose constants go by the names of the families that were asked for, or are classes of images."""

    def _images(self) -> PreparedImages | None:
        data = load_prepared(self._store.job_dir(self.id) / "data")
        return data if isinstance(data, PreparedImages) else None

    @override
    def _model(self, name: str | None) -> Model:
        images = self._images()
        return super()._model(name) if images is None else Picture(self.leaderboard()[name or "first"], images)

    @override
    def leaderboard(self) -> Leaderboard:
        if self._images() is not None:
            row = Candidate("first", "chain", self.provider, self.id, score_val=0.5, can_infer=True, trial=0)
            return Leaderboard([row], metric=self.spec.metric.name, job=self.id)
        board = super().leaderboard()
        names = cycle(self.spec.search.families or ("xgboost", "linear"))
        named = [replace(candidate, algorithm=name) for candidate, name in zip(board, names, strict=False)]
        return Leaderboard(named, metric=board.metric, job=board.job)


class Picture(Model):
    """Sees its first class in every image."""

    def __init__(self, candidate: Candidate, data: PreparedImages) -> None:
        super().__init__(candidate)
        self._data = data

    @override
    def predict(self, rows: Any) -> pd.Series[Any]:
        found = read_images(rows, self._data.schema)
        found.pixels(size=(4, 4), channels=1)  # what cannot be decoded is found
        return pd.Series(self._data.classes[0], index=found.index)

    @override
    def predict_proba(self, rows: Any) -> pd.DataFrame:
        index = read_images(rows, self._data.schema).index
        shares = {name: float(number == 0) for number, name in enumerate(self._data.classes)}
        return pd.DataFrame(shares, index=index)

    @override
    def save(self, path: Path) -> Path:
        path.mkdir(parents=True)
        (path / "model.json").write_text("{}", encoding="utf-8")
        return path


class Trainer(FakeProvider):
    """Trains nothing, and takes families, texts and images."""

    capabilities: ClassVar[Capabilities] = Capabilities(
        {
            **dict(FakeProvider.capabilities.items()),
            **dict.fromkeys((Feature.FAMILIES, Feature.TEXT_CLASSIFICATION, Feature.IMAGE_CLASSIFICATION), NATIVE),
        }
    )

    @override
    def _job(self, job: str) -> TrainerJob:
        return TrainerJob(job, self)


class TestSagemaker(ProviderSuite):
    plugin = plugin
    settings: ClassVar[Mapping[str, Any]] = {"max_time": "20s", "strategy": "ensembling", "families": ("lightgbm",)}

    @pytest.fixture(scope="class")
    @classmethod
    def emulator(cls, tmp_path_factory: pytest.TempPathFactory) -> Generator[SagemakerEmulator]:
        trainer = Trainer(FakeConfig(), store=Store(tmp_path_factory.mktemp("trainer")))
        with pytest.MonkeyPatch.context() as patch, SagemakerEmulator(trainer) as emulator:
            for name, value in emulator.environment().items():
                patch.setenv(name, value)
            yield emulator

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def make_provider(cls, emulator: SagemakerEmulator) -> Callable[[Store], Provider[Any]]:
        config = SagemakerConfig.model_validate({**emulator.settings(), "poll_seconds": 0.05, "hourly_rate": "2"})
        return lambda store: SagemakerProvider(config, store=store, clock=SystemClock())

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def spec_for(cls, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Feature], JobSpec]:
        folder = tmp_path_factory.mktemp("rows")

        def spec(feature: Feature) -> JobSpec:
            if feature is Feature.IMAGE_CLASSIFICATION:
                return merged(small_image_spec(folder), "budget", max_time=timedelta(minutes=10))
            if feature is Feature.TEXT_CLASSIFICATION:
                return merged(small_text_spec(folder), "budget", max_time=timedelta(minutes=10))
            path, rows = folder / f"{feature.value}.csv", made_rows(800)
            if feature is Feature.TABULAR_REGRESSION:
                small = table_spec(TabularRegression(target="amount"), write_table(path, rows))
            else:
                for row in rows:
                    row["buys"] = "yes" if float(str(row.pop("amount"))) > 62 else "no"
                small = table_spec(TabularClassification(target="buys"), write_table(path, rows))
            return merged(small, "budget", max_time=timedelta(minutes=10))

        return spec

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def probes(cls, tmp_path_factory: pytest.TempPathFactory) -> Mapping[Feature, Callable[[Rehearsal], None]]:
        rows = tmp_path_factory.mktemp("others") / "rows.csv"
        days = (f"2026-{1 + day // 28:02}-{1 + day % 28:02},a,{day % 7 + 1},hi,ho\n" for day in range(28))
        rows.write_text("day,shop,sales,input,output\n" + "".join(days))
        tasks = (
            Forecasting(target="sales", time="day", series=("shop",), horizon=3, frequency="D"),
            TextGeneration(),
        )
        return {Feature(task.type): partial(is_planned, task, str(rows)) for task in tasks}


def made_rows(count: int) -> list[dict[str, object]]:
    """More rows than Autopilot asks for."""
    rng = random.Random(5)
    rows: list[dict[str, object]] = []
    for _ in range(count):
        age, visits, plan = rng.randint(18, 80), rng.randint(0, 30), rng.choice(("basic", "plus", "pro"))
        amount = 2.0 * visits + 0.5 * age + (20.0 if plan == "pro" else 0.0) + rng.gauss(0, 6)
        rows.append({"age": age, "visits": visits, "plan": plan, "amount": round(amount, 2)})
    return rows


def is_planned(task: Any, rows: str, rehearsal: Rehearsal) -> None:
    """Where nobody on this machine trains a task, its request at least is one that boto3 and the service take."""
    from botocore.validate import ParamValidator

    from cloudautoml_sagemaker._model import service_model, violations

    spec = JobSpec(
        name="suite", task=task, data=Dataset(train=rows, holdout=None), budget=Budget(max_time=timedelta(minutes=10))
    )
    assert rehearsal.provider.check(spec) == []
    (request,) = rehearsal.provider.plan(spec).requests
    shape = service_model().operation_model(request.operation).input_shape
    assert not ParamValidator().validate(request.body, shape).has_errors()
    assert list(violations(request.operation, request.body)) == []
