"""What is asked of Google, and what is refused before anything is asked."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import TYPE_CHECKING, Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from vertexai_jobs import HOUR, config_of, spec_of, write_rows

from cloudautoml.data import prepare
from cloudautoml.errors import BudgetError, ConfigError, SpecError, UnsupportedError
from cloudautoml.spec import Budget, JobSpec, Objective, TabularClassification, TabularRegression, VideoClassification
from cloudautoml_vertexai import VertexaiProvider
from cloudautoml_vertexai._cost import bound_of, milli_node_hours
from cloudautoml_vertexai._names import ROW, column_names
from cloudautoml_vertexai._preflight import check_request
from cloudautoml_vertexai._request import Input, pipeline_request
from cloudautoml_vertexai._spec import spec_from_request

if TYPE_CHECKING:
    from pathlib import Path


@given(st.lists(st.text(max_size=12), unique=True, max_size=8))
def test_columns_have_names_that_google_takes(names: list[str]) -> None:
    found = column_names(names)
    assert list(found) == names
    assert len(set(found.values())) == len(names)
    for name in found.values():
        assert name.isascii()
        assert name.replace("_", "a").isalnum()
        assert not name.startswith("_")
        assert name != ROW


@pytest.fixture
def pipeline(tmp_path: Path) -> dict[str, Any]:
    spec = spec_of(write_rows(tmp_path / "rows.csv"))
    data = Input("gs://my-bucket/train.csv", prepare(spec).schema)
    return pipeline_request(spec, config_of(), name="churn-00000000", data=data)


def test_request(pipeline: dict[str, Any]) -> None:
    check_request(pipeline)
    inputs = pipeline["trainingTaskInputs"]
    assert inputs["targetColumn"] == "left"
    assert inputs["trainBudgetMilliNodeHours"] == 1000
    assert inputs["optimizationObjective"] == "maximize-au-roc"
    assert inputs["transformations"] == [
        {"numeric": {"column_name": "age", "invalid_values_allowed": True}},
        {"timestamp": {"column_name": "last_visit", "invalid_values_allowed": True}},
        {"categorical": {"column_name": "town"}},
    ]
    back = spec_from_request(pipeline, data="gs://my-bucket/train.csv")
    assert back.task == TabularClassification(target="left")
    assert back.budget == HOUR
    assert back.metric.name == "roc_auc"


@pytest.mark.parametrize(
    ("field", "value", "told"),
    [
        ("trainBudgetMilliNodeHours", 10, "not between 1000 and 72000"),
        ("trainBudgetMilliNodeHours", 72_001, "not between 1000 and 72000"),
        ("predictionType", "regresion", "not one of classification, regression"),
        ("optimizationObjective", "nonsense", "not one of"),
        ("optimizationObjective", "minimize-rmse", "not an objective of a classification"),
        ("optimizationObjective", "maximize-recall-at-precision", "needs a precision"),
        ("transformations", [], "no feature"),
        ("targetColumn", "age", "is no feature"),
        ("surprise", 1, "unknown field"),
    ],
)
def test_what_google_would_refuse_is_refused_here(pipeline: dict[str, Any], field: str, value: Any, told: str) -> None:
    pipeline["trainingTaskInputs"][field] = value
    with pytest.raises(SpecError, match=told):
        check_request(pipeline)


def test_labels_and_shares_are_checked(pipeline: dict[str, Any]) -> None:
    with pytest.raises(ConfigError, match="Bad Key!"):
        check_request({**pipeline, "labels": {"Bad Key!": "x"}})
    split = {"trainingFraction": 0.8, "validationFraction": 0.6}
    with pytest.raises(ConfigError, match=r"1\.4"):
        check_request({**pipeline, "inputDataConfig": {"datasetId": "1", "fractionSplit": split}})


def test_budget_is_bounded() -> None:
    config = config_of()
    assert milli_node_hours(spec_of_budget(max_time=timedelta(hours=2.5)), config) == 2500
    assert milli_node_hours(spec_of_budget(max_time=timedelta(hours=500)), config) == 72_000
    money = spec_of_budget(max_cost="50 USD", max_time=timedelta(hours=9))
    assert milli_node_hours(money, config) == 2352
    bound = bound_of(money, config)
    assert bound.amount is not None
    assert Decimal("49.9") < bound.amount <= 50
    for budget in ({}, {"max_time": timedelta(minutes=30)}, {"max_cost": "5 USD"}, {"max_cost": "50 EUR"}):
        with pytest.raises(BudgetError):
            milli_node_hours(spec_of_budget(**budget), config)


def spec_of_budget(**budget: Any) -> JobSpec:
    return spec_of("train.csv", budget=Budget.model_validate(budget))  # type: ignore[arg-type]


def test_objectives(tmp_path: Path) -> None:
    provider = VertexaiProvider(config_of())
    table = write_rows(tmp_path / "rows.csv")
    with pytest.raises(SpecError, match="accuracy"):
        provider.check(spec_of(table, objective=Objective(metric="accuracy")))
    number = spec_of(table, task=TabularRegression(target="age"), objective=Objective(metric="mae"))
    inputs = provider.plan(number).requests[1].body["trainingTaskInputs"]
    assert (inputs["predictionType"], inputs["optimizationObjective"]) == ("regression", "minimize-mae")


def test_dead_services_are_refused_with_their_date(tmp_path: Path) -> None:
    provider = VertexaiProvider(config_of())
    with pytest.raises(UnsupportedError, match="2025-07-31"):
        provider.submit(spec_of(tmp_path / "no.csv", task=VideoClassification()))


def test_few_rows_are_found_before_anything_is_sent(tmp_path: Path) -> None:
    plan = VertexaiProvider(config_of()).plan(spec_of(write_rows(tmp_path / "rows.csv", 900)))
    assert "rows.number_for_vertexai" in {finding.code for finding in plan.findings}


@pytest.mark.parametrize("missing", ["project", "location", "bucket"])
def test_settings_that_are_missing_are_named(tmp_path: Path, missing: str) -> None:
    with pytest.raises(ConfigError) as caught:
        VertexaiProvider(config_of(**{missing: None})).check(spec_of(tmp_path / "rows.csv"))
    assert caught.value.where == f"providers.vertexai.{missing}"
