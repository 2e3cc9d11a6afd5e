"""The local provider passes the suite, on real tables."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

import pytest
from typing_extensions import override

from cloudautoml import registry
from cloudautoml.capabilities import Feature
from cloudautoml.spec import Dataset, JobSpec, ObjectDetection, Part, Search, TabularClassification, TabularRegression
from cloudautoml.store import read_json
from cloudautoml.testing import ProviderSuite
from cloudautoml.testing.pictures import small_image_spec
from cloudautoml.testing.sentences import small_sentence_spec
from cloudautoml.testing.series import small_series_spec
from cloudautoml.testing.tables import GROUP, SPLIT, TIME, WEIGHT, table_spec, write_table
from cloudautoml.testing.texts import small_text_spec
from cloudautoml_local.config import LocalConfig
from cloudautoml_local.job import LocalJob

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from cloudautoml.provider import Provider
    from cloudautoml.store import Store
    from cloudautoml.testing.rehearsal import Rehearsal

FAMILIES = ("linear", "knn")


class TestLocal(ProviderSuite):
    plugin = registry.provider_plugin("local")
    patience: ClassVar[float] = 240.0  # networks are slow to import on a machine that is busy
    settings: ClassVar[Mapping[str, Any]] = {
        "max_time": "15s",
        "space": "tabular",
        "strategy": "random",
        "estimator": "full_training",
        "families": FAMILIES,
        "constrained_space": "chain",
        "max_parameters": 20_000,
    }

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def make_provider(cls) -> Callable[[Store], Provider[Any]]:
        return lambda store: cls.plugin.provider(LocalConfig(workers=1), store=store)

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def spec_for(cls, tmp_path_factory: pytest.TempPathFactory) -> Callable[[Feature], JobSpec]:
        from sklearn.datasets import load_diabetes, load_wine

        folder = tmp_path_factory.mktemp("tables")

        def spec(feature: Feature) -> JobSpec:
            if feature in {Feature.IMAGE_CLASSIFICATION, Feature.IMAGE_MULTI_LABEL}:
                return small_image_spec(folder, several=feature is Feature.IMAGE_MULTI_LABEL)
            if feature is Feature.NAMED_ENTITY_RECOGNITION:
                return small_sentence_spec(folder).model_copy(update={"search": Search(families=("crf",))})
            if feature is Feature.OBJECT_DETECTION:
                return small_box_spec()
            if feature is Feature.FORECASTING:
                return small_series_spec(folder)
            if feature in {Feature.TEXT_CLASSIFICATION, Feature.TEXT_MULTI_LABEL}:
                made = small_text_spec(folder, several=feature is Feature.TEXT_MULTI_LABEL)
                return made.model_copy(update={"search": Search(families=("linear",))})
            if feature is Feature.TABULAR_REGRESSION:
                rows = load_diabetes(as_frame=True, scaled=False).frame.to_dict("records")
                made = table_spec(TabularRegression(target="target"), write_table(folder / "diabetes.csv", rows))
            else:
                frame = load_wine(as_frame=True).frame.astype({"target": str}).sample(frac=1, random_state=0)
                frame["target"] = "grower " + frame["target"]
                rows = frame.to_dict("records")
                made = table_spec(TabularClassification(target="target"), write_table(folder / "wine.csv", rows))
            return made.model_copy(update={"search": Search(families=FAMILIES)})

        return spec

    @pytest.fixture(scope="class")
    @classmethod
    @override
    def probes(cls) -> Mapping[Feature, Callable[[Rehearsal], None]]:
        return {Feature.RESUME: resumes, Feature.FEATURE_IMPORTANCE: tells_importance}


def small_box_spec() -> JobSpec:
    """A job on the example's digits, with a detector that is trained in a moment."""
    space = {"type": "detector", "widths": [8], "depths": [1], "strides": [16], "resolutions": [0.625]}
    return JobSpec(
        name="suite",
        task=ObjectDetection(),
        data=Dataset(train=str(Path(__file__).parents[2] / "examples" / "data" / "digit_boxes.zip")),
        search=Search(
            space=Part.model_validate(space),
            estimator=Part.model_validate({"type": "full_training", "epochs": 2}),
        ),
    )


def resumes(rehearsal: Rehearsal) -> None:
    """A cancelled job goes on with the trials it has, and comes to what an unbroken one comes to."""
    job = rehearsal.provider.submit(rehearsal.main_spec)
    assert isinstance(job, LocalJob)
    job.cancel()
    while not job.status().is_over:
        rehearsal.provider.clock.sleep(0.05)
    assert job.resume().wait(timeout=rehearsal.patience) is job
    assert [(c.model, c.score_val) for c in job.leaderboard()] == [
        (c.model, c.score_val) for c in rehearsal.main.leaderboard()
    ]


def tells_importance(rehearsal: Rehearsal) -> None:
    """How much each feature matters to the best model is a file beside it, one number a column."""
    found = read_json(rehearsal.store.job_dir(rehearsal.main.id) / "task" / "importance.json")
    names = {feature["name"] for feature in found["features"]}
    assert names == {name for name in rehearsal.rows().columns if name not in {WEIGHT, SPLIT, TIME, GROUP}}
    assert all(math.isfinite(feature["importance"]) for feature in found["features"])
