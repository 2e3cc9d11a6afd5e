"""The job spec: every task type, metrics that fit, JSON and fingerprints."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any, get_args

import pandas as pd
import pytest
from pydantic import ValidationError

from cloudautoml import spec as specs
from cloudautoml.errors import UnknownNameError
from cloudautoml.spec import METRICS, TASK_TYPES, Dataset, Holdout, JobSpec, Part, get_metric, metrics_for
from cloudautoml.spec.metrics import DEFAULT_METRICS, TASK_GROUPS, Goal

TASKS: dict[str, dict[str, Any]] = {
    "tabular_classification": {"target": "y", "positive": "yes", "weight": "w"},
    "tabular_regression": {"target": "y", "weight": "w"},
    "forecasting": {"target": "y", "time": "t", "series": ["shop"], "horizon": 7, "known_ahead": ["promo"],
                    "static": ["city"], "quantiles": [0.1, 0.9], "frequency": "D"},
    "image_classification": {"image": "path", "target": "kind", "multi_label": True, "separator": "|"},
    "object_detection": {"image": "path", "target": "boxes"},
    "instance_segmentation": {"image": "path", "target": "outlines"},
    "text_classification": {"text": "body", "target": "topic", "multi_label": True, "separator": ";", "language": "de"},
    "named_entity_recognition": {"tokens": "words", "target": "tags", "language": "fr"},
    "text_generation": {"input": "question", "output": "answer", "base_model": "some-model"},
    "video_classification": {"video": "clip", "target": "kind"},
    "video_object_tracking": {"video": "clip", "target": "tracks"},
    "translation": {"source": "en", "target": "de", "source_language": "en", "target_language": "de"},
}  # fmt: skip


def made(task: dict[str, Any] | None = None, **fields: Any) -> JobSpec:
    return JobSpec.model_validate(
        {"name": "job", "task": task or {"type": "tabular_regression", "target": "y"}, "data": "a.csv", **fields}
    )


def test_every_task_type_is_tried() -> None:
    assert set(TASKS) == set(TASK_TYPES) == set(TASK_GROUPS) == set(DEFAULT_METRICS)
    union = get_args(get_args(specs.Task)[0])
    assert {kind.model_fields["type"].default for kind in union} == set(TASK_TYPES)


@pytest.mark.parametrize("kind", list(TASKS))
def test_task_keeps_its_fields_through_json(kind: str) -> None:
    spec = made({"type": kind, **TASKS[kind]})
    assert set(type(spec.task).model_fields) == {"type", *TASKS[kind]}, "every field of the task is tried"
    dumped = spec.task.model_dump(mode="json")
    assert dumped == {"type": kind, **TASKS[kind]}
    again = JobSpec.model_validate_json(spec.model_dump_json())
    assert again == spec
    assert again.fingerprint() == spec.fingerprint()


@pytest.mark.parametrize("kind", list(TASKS))
def test_task_refuses_a_field_of_another(kind: str) -> None:
    with pytest.raises(ValidationError, match="no_such_field"):
        made({"type": kind, **TASKS[kind], "no_such_field": 1})


@pytest.mark.parametrize("kind", list(TASKS))
@pytest.mark.parametrize("metric", list(METRICS))
def test_metric_fits_or_is_refused_with_those_that_do(kind: str, metric: str) -> None:
    task = {"type": kind, **TASKS[kind]}
    multi_label = bool(TASKS[kind].get("multi_label"))
    fitting = [known.name for known in metrics_for(kind, multi_label=multi_label)]  # type: ignore[arg-type]
    if metric in fitting:
        assert made(task, objective={"metric": metric}).metric.name == metric
    else:
        with pytest.raises(ValidationError) as caught:
            made(task, objective={"metric": metric})
        assert all(name in str(caught.value) for name in fitting)


@pytest.mark.parametrize("kind", list(TASKS))
@pytest.mark.parametrize("multi_label", [False, True])
def test_default_metric_fits(kind: str, multi_label: bool) -> None:
    task = {"type": kind, **TASKS[kind]}
    if "multi_label" in task:
        task["multi_label"] = multi_label
    spec = made(task)
    assert made(task, objective={"metric": spec.metric.name}).metric == spec.metric


@pytest.mark.parametrize("metric", METRICS.values(), ids=list(METRICS))
def test_scores_are_higher_is_better(metric: specs.Metric) -> None:
    better, worse = (0.9, 0.1) if metric.goal is Goal.MAXIMIZE else (0.1, 0.9)
    assert metric.to_score(better) > metric.to_score(worse)
    assert metric.from_score(metric.to_score(0.3)) == 0.3


def test_unknown_metric_suggests_one() -> None:
    with pytest.raises(UnknownNameError, match="did you mean 'accuracy'"):
        get_metric("acuracy")
    with pytest.raises(ValidationError, match="did you mean 'rmse'"):
        made(objective={"metric": "rsme"})


@pytest.mark.parametrize("name", ["", "Job", "-a", "a-", "a_b", "a" * 21, "ä", "a b", "a\n"])
def test_bad_name_is_refused(name: str) -> None:
    with pytest.raises(ValidationError, match="name"):
        made(name=name)


@pytest.mark.parametrize("name", ["a", "a1", "a-b", "a" * 20, "0"])
def test_good_name_is_kept(name: str) -> None:
    assert made(name=name).name == name


def test_forecasting_column_has_one_role() -> None:
    with pytest.raises(ValidationError, match="two roles: y"):
        made({"type": "forecasting", "target": "y", "time": "y", "horizon": 1})


def test_holdout_has_one_way() -> None:
    with pytest.raises(ValidationError, match="column and group"):
        Holdout(column="a", group="b")


@pytest.mark.parametrize("fraction", [0, 1, -0.1, 1.1, float("nan"), float("inf")])
def test_holdout_fraction_is_a_share(fraction: float) -> None:
    with pytest.raises(ValidationError):
        Holdout(fraction=fraction)


@pytest.mark.parametrize("place", ["file:///etc/passwd", "http://169.254.169.254/", "ftp://x/y", "", "  "])
def test_place_that_is_not_read_is_refused(place: str) -> None:
    with pytest.raises(ValidationError):
        made(data=place)


def test_short_forms_of_data_are_equal() -> None:
    forms: list[Any] = ["a.csv", Path("a.csv"), {"train": "a.csv"}, Dataset(train="a.csv")]
    assert len({made(data=form).fingerprint() for form in forms}) == 1


def test_table_in_memory_is_kept_as_it_is() -> None:
    frame = pd.DataFrame({"x": [1], "y": [2]})
    source = made(data=frame).data.train
    assert isinstance(source, specs.InMemory)
    assert source.table is frame
    with pytest.raises(ValidationError, match="path or a table"):
        made(data={"train": 42})


def test_part_is_a_name_or_a_block() -> None:
    assert Part.model_validate("random") == Part(type="random")
    part = Part.model_validate({"type": "evolution", "population": 20})
    assert part.options == {"population": 20}
    assert Part.model_validate_json(part.model_dump_json()) == part


def test_spec_is_frozen() -> None:
    spec = made()
    with pytest.raises(ValidationError, match="frozen"):
        spec.seed = 1
    with pytest.raises(ValidationError, match="frozen"):
        spec.budget.max_trials = 1


def test_fingerprint_tells_jobs_apart_but_not_places() -> None:
    spec = made()
    assert made(provider="sagemaker", providers={"sagemaker": {"region": "x"}}).fingerprint() == spec.fingerprint()
    others = [made(seed=1), made(name="b"), made(budget={"max_trials": 1}), made(data="b.csv"),
              made(search={"strategy": "random"}), made(data={"train": "a.csv", "holdout": None})]  # fmt: skip
    assert len({spec.fingerprint(), *(other.fingerprint() for other in others)}) == len(others) + 1


def test_fingerprint_is_the_same_in_another_process() -> None:
    spec = made(data={"train": "a.csv", "types": {"b": "text", "a": "numeric"}})
    code = (
        "import sys; from cloudautoml.spec import JobSpec; "
        "print(JobSpec.model_validate_json(sys.argv[1]).fingerprint())"
    )
    out = subprocess.run(
        [sys.executable, "-c", code, spec.model_dump_json()], capture_output=True, text=True, check=True
    )
    assert out.stdout.strip() == spec.fingerprint()


@pytest.mark.parametrize("positive", [True, False, 1, 0, 1.5, "1", "true"])
def test_positive_label_keeps_its_type(positive: object) -> None:
    spec = made({"type": "tabular_classification", "target": "y", "positive": positive})
    again = JobSpec.model_validate_json(spec.model_dump_json()).task
    assert isinstance(again, specs.TabularClassification)
    assert again.positive == positive
    assert type(again.positive) is type(positive)


@pytest.mark.parametrize("bad", [{"max_trials": 0}, {"max_parallel": 0}, {"max_trials": 1.5}, {"max_tirals": 3}])
def test_bad_budget_is_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(ValidationError):
        made(budget=bad)


def test_provider_block_has_text_keys() -> None:
    with pytest.raises(ValidationError, match="must be text"):
        made(providers={"sagemaker": {1: "x"}})
