"""ProviderSuite: what every provider must do, feature by feature: honour it, or refuse it with a reason."""

from __future__ import annotations

import json
import socket
from typing import TYPE_CHECKING, Any, ClassVar, NoReturn

import pytest
from pydantic import ValidationError

from cloudautoml.capabilities import Feature
from cloudautoml.errors import ConfigError, DataError, JobNotFinishedError, UnknownNameError, UnsupportedError
from cloudautoml.job import JobState, JobStatus
from cloudautoml.provider import ProviderConfig, ProviderPlugin
from cloudautoml.spec import (
    Dataset,
    Forecasting,
    ImageClassification,
    InstanceSegmentation,
    JobSpec,
    NamedEntityRecognition,
    ObjectDetection,
    TabularClassification,
    TabularRegression,
    TextClassification,
    TextGeneration,
    Translation,
    VideoClassification,
    VideoObjectTracking,
)
from cloudautoml.store import Store
from cloudautoml.testing.asks import ASKS, job_for
from cloudautoml.testing.calls import CALLS, OWN_CALLS, REFUSED_CALLS, images_are_predicted
from cloudautoml.testing.pictures import small_image_spec
from cloudautoml.testing.rehearsal import TASK_FEATURES, Rehearsal
from cloudautoml.testing.sentences import small_sentence_spec
from cloudautoml.testing.series import series_are_forecast, small_series_spec
from cloudautoml.testing.suite import Suite
from cloudautoml.testing.tables import small_table_spec
from cloudautoml.testing.texts import small_text_spec

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping
    from pathlib import Path

    from cloudautoml.provider import Provider

_TASKS = {
    Feature.TABULAR_CLASSIFICATION: TabularClassification(target="y"),
    Feature.TABULAR_REGRESSION: TabularRegression(target="y"),
    Feature.FORECASTING: Forecasting(target="y", time="t", horizon=3),
    Feature.IMAGE_CLASSIFICATION: ImageClassification(),
    Feature.IMAGE_MULTI_LABEL: ImageClassification(multi_label=True),
    Feature.OBJECT_DETECTION: ObjectDetection(),
    Feature.INSTANCE_SEGMENTATION: InstanceSegmentation(),
    Feature.TEXT_CLASSIFICATION: TextClassification(),
    Feature.TEXT_MULTI_LABEL: TextClassification(multi_label=True),
    Feature.NAMED_ENTITY_RECOGNITION: NamedEntityRecognition(),
    Feature.TEXT_GENERATION: TextGeneration(),
    Feature.VIDEO_CLASSIFICATION: VideoClassification(),
    Feature.VIDEO_OBJECT_TRACKING: VideoObjectTracking(),
    Feature.TRANSLATION: Translation(target_language="de"),
}

_FEATURES = pytest.mark.parametrize("feature", list(Feature), ids=lambda feature: feature.value)


class ProviderSuite(Suite):
    """The contract of `Provider`, `Job` and `Model`, run against one provider.

    A subclass sets `plugin` and overrides `make_provider`; the other fixtures where their defaults do not fit.
    Each feature of the provider's table is probed: one that it honours must be seen to work, one that it refuses
    must be refused before anything is created. There is nothing to skip.
    """

    plugin: ClassVar[ProviderPlugin]
    """What the provider's entry point names."""
    patience: ClassVar[float] = 120.0
    """Seconds that one small job may take."""
    settings: ClassVar[Mapping[str, Any]] = {"max_time": "20s"}
    """A total time that is enough for a small job, and the names of a `space`, a `strategy` and an `estimator`
    that the provider knows, and some of its `families`."""

    @pytest.fixture(scope="class")
    @classmethod
    def make_provider(cls) -> Callable[[Store], Provider[Any]]:
        """Makes the provider over a store; each call for the same vendor, so that one sees the other's jobs."""
        return lambda store: cls.plugin.provider(cls.plugin.config(), store=store)

    @pytest.fixture(scope="class")
    @classmethod
    def spec_for(cls, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Feature], JobSpec]:
        """A small job for each kind of task that the provider honours, on a table made by `write_table`."""
        folder = tmp_path_factory.mktemp("suite-data")

        def spec(feature: Feature) -> JobSpec:
            if feature in {Feature.IMAGE_CLASSIFICATION, Feature.IMAGE_MULTI_LABEL}:
                return small_image_spec(folder, several=feature is Feature.IMAGE_MULTI_LABEL)
            if feature is Feature.NAMED_ENTITY_RECOGNITION:
                return small_sentence_spec(folder)
            if feature is Feature.FORECASTING:
                return small_series_spec(folder)
            if feature in {Feature.TEXT_CLASSIFICATION, Feature.TEXT_MULTI_LABEL}:
                return small_text_spec(folder, several=feature is Feature.TEXT_MULTI_LABEL)
            return small_table_spec(feature.value, folder)

        return spec

    @pytest.fixture(scope="class")
    @classmethod
    def vendor_calls(cls) -> Callable[[], int]:
        """How many calls the vendor has had so far; for providers that have one."""
        return lambda: 0

    @pytest.fixture(scope="class")
    @classmethod
    def probes(cls) -> Mapping[Feature, Callable[[Rehearsal], None]]:
        """Probes for features that each provider offers in its own way: `resume`, `export_onnx`, ..."""
        return {}

    @pytest.fixture(scope="class")
    @classmethod
    def rehearsal(
        cls,
        make_provider: Callable[[Store], Provider[Any]],
        spec_for: Callable[[Feature], JobSpec],
        vendor_calls: Callable[[], int],
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Rehearsal:
        """The provider and the jobs it has run."""
        store = Store(tmp_path_factory.mktemp("suite") / "home")
        return Rehearsal(make_provider, store, spec_for, cls.patience, cls.settings, vendor_calls)

    # every feature: honoured or refused

    @_FEATURES
    def test_feature_is_honoured_or_refused(
        self,
        feature: Feature,
        rehearsal: Rehearsal,
        probes: Mapping[Feature, Callable[[Rehearsal], None]],
        tmp_path: Path,
    ) -> None:
        """Each feature works if the table says so, and is refused before anything is created if it does not."""
        if not rehearsal.honours(feature):
            self._refused(feature, rehearsal, tmp_path / "home")
        elif feature in probes:
            probes[feature](rehearsal)
        elif feature in TASK_FEATURES:
            spec = rehearsal.base(feature)
            assert rehearsal.provider.check(spec) == []
            job = rehearsal.finished(spec)
            assert job.leaderboard().best is not None
            if feature in {Feature.IMAGE_CLASSIFICATION, Feature.IMAGE_MULTI_LABEL} and rehearsal.honours(
                Feature.PREDICT
            ):
                images_are_predicted(job, rehearsal)
            if feature is Feature.FORECASTING and rehearsal.honours(Feature.PREDICT):
                series_are_forecast(job)
        elif feature in ASKS:
            ASKS[feature].verify(job_for(feature, rehearsal), rehearsal)
        else:
            assert feature in CALLS, f"bring a probe for {feature.value} in the fixture `probes`"
            CALLS[feature](rehearsal)

    @staticmethod
    def _refused(feature: Feature, rehearsal: Rehearsal, home: Path) -> None:
        assert rehearsal.provider.capabilities[feature].reason.strip()
        if feature in TASK_FEATURES:
            spec, field = (
                JobSpec(name="suite", task=_TASKS[feature], data=Dataset(train="no.csv", holdout=None)),
                "task.type",
            )
        elif feature in ASKS:
            spec, field = ASKS[feature].change(rehearsal.main_spec, rehearsal), ASKS[feature].field
        else:
            if feature in REFUSED_CALLS:
                with pytest.raises(UnsupportedError):
                    REFUSED_CALLS[feature](rehearsal.main, rehearsal.rows())
            return
        provider, calls = rehearsal.fresh(home), rehearsal.vendor_calls()
        gaps = [gap for gap in provider.check(spec) if gap.feature is feature]
        assert [gap.field for gap in gaps] == [field]
        assert gaps[0].support.reason in str(gaps[0])
        assert set(gaps) <= set(provider.plan(spec).gaps), "a plan shows what is refused, and does not raise"
        with pytest.raises(UnsupportedError) as caught:
            provider.submit(spec)
        assert set(gaps) <= set(caught.value.gaps)
        assert not home.exists(), "nothing is written for a spec that is refused"
        assert rehearsal.vendor_calls() == calls, "the vendor is not asked about a spec that is refused"

    def test_every_feature_has_a_probe(self) -> None:
        """A new feature fails here until the suite knows how to probe it."""
        known = [*TASK_FEATURES, *ASKS, *CALLS, *OWN_CALLS]
        assert sorted(known) == sorted(Feature)
        assert set(_TASKS) == set(TASK_FEATURES)

    # the plugin and its settings

    def test_plugin_names_its_provider(self) -> None:
        """One word for the provider, wherever it is named."""
        assert self.plugin.name == self.plugin.provider.name
        assert self.plugin.description
        assert issubclass(self.plugin.config, ProviderConfig)

    def test_settings_are_frozen_closed_and_json(self, rehearsal: Rehearsal) -> None:
        """A setting cannot change under a running job, and a misspelt one is refused by name."""
        config = rehearsal.provider.config
        kind = type(config)
        with pytest.raises(ValidationError, match="frozen"):
            config.raw = {}
        with pytest.raises(ValidationError, match="no_such_setting"):
            kind.model_validate({**config.model_dump(), "no_such_setting": 1})
        assert kind.model_validate_json(config.model_dump_json()) == config

    # planning and submitting

    def test_plan_is_offline_and_writes_nothing(
        self, rehearsal: Rehearsal, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        """A plan needs no network and no store, is JSON, and is the same twice."""

        def refuse(*_: object) -> NoReturn:
            pytest.fail("a plan must not open a connection")

        monkeypatch.setattr(socket.socket, "connect", refuse)
        spec, calls = rehearsal.main_spec, rehearsal.vendor_calls()
        provider = rehearsal.fresh(tmp_path / "home")
        plan = provider.plan(spec)
        assert plan.provider == provider.name
        assert plan.gaps == ()
        assert plan.requests, "a plan says what will be done"
        assert plan.cost.basis
        text = json.dumps(plan.to_dict(), allow_nan=False)
        assert json.dumps(provider.plan(spec).to_dict(), allow_nan=False) == text
        assert not (tmp_path / "home").exists()
        assert rehearsal.vendor_calls() == calls

    def test_missing_target_is_refused_before_anything_is_created(self, rehearsal: Rehearsal, tmp_path: Path) -> None:
        """Data that cannot work costs nothing."""
        spec = rehearsal.main_spec
        task = spec.task.model_copy(update={"target": "no such column"})
        provider, calls = rehearsal.fresh(tmp_path / "home"), rehearsal.vendor_calls()
        with pytest.raises(DataError, match="no such column"):
            provider.submit(spec.model_copy(update={"task": task}))
        assert not (tmp_path / "home").exists()
        assert rehearsal.vendor_calls() == calls

    def test_wait_with_a_timeout_leaves_the_job_alone(self, rehearsal: Rehearsal) -> None:
        """Giving up waiting is not cancelling."""
        job = rehearsal.provider.submit(rehearsal.main_spec)
        with pytest.raises(JobNotFinishedError):
            job.wait(timeout=0)
        assert job.state not in {JobState.CANCELLING, JobState.CANCELLED, JobState.FAILED}
        assert job.id != rehearsal.main.id, "asking again is a new job"
        job.cancel()

    # a job that has ended

    def test_job_keeps_its_spec_and_its_end(self, rehearsal: Rehearsal) -> None:
        """A terminal state never changes, whoever says what."""
        job = rehearsal.main
        assert job.spec.fingerprint() == rehearsal.main_spec.fingerprint()
        assert job.provider == rehearsal.provider.name
        assert job.state is JobState.SUCCEEDED
        before = len(list(job.events()))
        for state in JobState:
            rehearsal.store.observe(job.id, JobStatus(state, reason="late"))
        assert job.cancel().state is JobState.SUCCEEDED
        assert job.status().reason == ""
        assert len(list(job.events())) == before
        assert job.wait(timeout=0) is job

    def test_job_tells_its_cost_and_its_files(self, rehearsal: Rehearsal) -> None:
        """What was paid and what was left can be asked for."""
        job = rehearsal.main
        cost = job.cost()
        assert cost.source in {"free", "estimated", "billed", "emulated"}
        assert cost.amount is None or cost.amount >= 0
        assert all(str(place) for place in job.artifacts().values())
        job.native()
        assert job.id in repr(job)

    def test_unknown_model_is_named(self, rehearsal: Rehearsal) -> None:
        """A model that is not on the leaderboard is an error that lists those that are."""
        with pytest.raises(UnknownNameError) as caught:
            rehearsal.main.model("no such model")
        assert rehearsal.main.model().name in caught.value.known

    def test_model_is_saved_once(self, rehearsal: Rehearsal, tmp_path: Path) -> None:
        """A model goes to a new folder, and never over something that is there."""
        from cloudautoml.errors import StorageError

        model = rehearsal.main.model()
        place = model.save(tmp_path / "model")
        assert any(place.iterdir())
        with pytest.raises(StorageError):
            model.save(tmp_path / "model")

    def test_rows_without_a_feature_are_refused(self, rehearsal: Rehearsal) -> None:
        """Predicting on a table that lacks a column says which."""
        with pytest.raises(DataError):
            rehearsal.main.model().predict(rehearsal.rows().iloc[:, :0])

    def test_another_providers_job_is_refused(self, rehearsal: Rehearsal, tmp_path: Path) -> None:
        """A job belongs to the provider that runs it."""
        provider = rehearsal.fresh(tmp_path / "home")
        record = provider.store.create(rehearsal.main_spec, "somebody-else")
        with pytest.raises(ConfigError, match="somebody-else"):
            provider.attach(record.id)
        assert provider.list_jobs() == []
