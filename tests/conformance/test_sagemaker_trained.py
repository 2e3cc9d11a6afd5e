"""SageMaker behind its emulator with real training: an image, a text and a forecasting job, from end to end."""

from __future__ import annotations

from datetime import timedelta
from typing import TYPE_CHECKING

import pytest

from cloudautoml import registry
from cloudautoml.capabilities import Feature
from cloudautoml.store import Store
from cloudautoml.testing.pictures import small_image_spec
from cloudautoml.testing.rehearsal import merged
from cloudautoml.testing.series import series_are_forecast, small_series_spec
from cloudautoml.testing.texts import small_text_spec
from cloudautoml_sagemaker import SagemakerConfig, SagemakerProvider
from cloudautoml_sagemaker.emulator import SagemakerEmulator

if TYPE_CHECKING:
    from collections.abc import Generator
    from pathlib import Path

pytestmark = pytest.mark.slow


@pytest.fixture(scope="module")
def provider(tmp_path_factory: pytest.TempPathFactory) -> Generator[SagemakerProvider]:
    local = registry.provider_plugin("local")
    trainer = local.provider(local.config(), store=Store(tmp_path_factory.mktemp("trainer")))
    with pytest.MonkeyPatch.context() as patch, SagemakerEmulator(trainer) as emulator:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        config = SagemakerConfig.model_validate({**emulator.settings(), "poll_seconds": 0.2})
        yield SagemakerProvider(config, store=Store(tmp_path_factory.mktemp("home")))


@pytest.mark.parametrize("feature", [Feature.IMAGE_CLASSIFICATION, Feature.TEXT_CLASSIFICATION, Feature.FORECASTING])
def test_a_job_is_trained_sealed_and_predicts(feature: Feature, provider: SagemakerProvider, tmp_path: Path) -> None:
    small = {
        Feature.IMAGE_CLASSIFICATION: small_image_spec,
        Feature.TEXT_CLASSIFICATION: small_text_spec,
        Feature.FORECASTING: small_series_spec,
    }
    spec = merged(small[feature](tmp_path), "budget", max_time=timedelta(seconds=40))
    job = provider.submit(spec).wait(timeout=200)
    best = job.leaderboard().best
    assert best is not None
    assert best.score_holdout is not None
    assert best.cost_source == "emulated"
    if feature is Feature.FORECASTING:
        series_are_forecast(job)
    else:
        assert set(job.model().predict(spec.data.train)) <= set(job.model().predict_proba(spec.data.train).columns)
