"""Requests: what goes on the wire for a spec, that it says the spec again, and what is refused before it is sent."""

from __future__ import annotations

from datetime import timedelta
from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from cloudautoml import errors
from cloudautoml.capabilities import Feature
from cloudautoml.spec import Budget, Dataset, JobSpec, Objective, Search, TabularClassification, TabularRegression
from cloudautoml_azureml import AzuremlConfig, AzuremlProvider
from cloudautoml_azureml._cost import bound_of, cost_of
from cloudautoml_azureml._metrics import OBJECTIVES
from cloudautoml_azureml._names import TAG_JOB, split_uri
from cloudautoml_azureml._preflight import check_request, rules
from cloudautoml_azureml._request import Input, create_request, duration
from cloudautoml_azureml._scoring import COMMAND, scoring_request
from cloudautoml_azureml._search import ALGORITHMS
from cloudautoml_azureml._spec import seconds_of, spec_from_request
from cloudautoml_azureml.emulator.schema import violations

TRAIN = "azureml://datastores/workspaceblobstore/paths/data/train/"
CONFIG = AzuremlConfig(
    subscription="11111111-2222-3333-4444-555555555555", resource_group="group", workspace="space", compute="cpu"
)
SERVERLESS = CONFIG.model_copy(update={"compute": None, "instance_type": "Standard_DS3_v2", "spot": True})


def _spec(**fields: Any) -> JobSpec:
    usual: dict[str, Any] = {
        "name": "job",
        "task": TabularClassification(target="y"),
        "data": Dataset(train=TRAIN, holdout=None),
        "budget": Budget(max_time=timedelta(hours=1)),
    }
    return JobSpec.model_validate({**usual, **fields})


def _details(spec: JobSpec, config: AzuremlConfig = CONFIG) -> dict[str, Any]:
    request = create_request(spec, config, name="job-abcdefgh", data=Input(TRAIN))
    found: dict[str, Any] = request["properties"]["taskDetails"]
    return found


def test_a_whole_request() -> None:
    spec = _spec(
        task=TabularClassification(target="y", positive=True, weight="w"),
        budget=Budget(max_time="90m", max_trials=5, max_trial_time="10m", max_parallel=2),  # type: ignore[arg-type]
        search=Search(families=("lightgbm", "linear"), ensemble=False),
    )
    request = create_request(spec, CONFIG, name="job-abcdefgh", data=Input(TRAIN, {"a": "Categorical"}))
    properties = request["properties"]
    assert properties["taskDetails"] == {
        "taskType": "Classification",
        "logVerbosity": "Info",
        "trainingData": {"jobInputType": "mltable", "uri": TRAIN},
        "targetColumnName": "y",
        "weightColumnName": "w",
        "positiveLabel": "True",
        "primaryMetric": "AUCWeighted",
        "featurizationSettings": {"mode": "Custom", "columnNameAndTypes": {"a": "Categorical"}},
        "limitSettings": {
            "maxTrials": 5, "maxConcurrentTrials": 2, "timeout": "PT1H30M", "trialTimeout": "PT10M",
        },
        "trainingSettings": {
            "allowedTrainingAlgorithms": ["LightGBM", "LogisticRegression"],
            "enableVoteEnsemble": False,
            "enableStackEnsemble": False,
        },
    }  # fmt: skip
    assert properties["computeId"].endswith("/workspaces/space/computes/cpu")
    assert properties["tags"][TAG_JOB] == "job-abcdefgh"
    assert list(violations(properties)) == []


def test_the_positive_class_is_named_as_it_stands_in_the_data() -> None:
    spec = _spec(task=TabularClassification(target="y", positive=True))
    request = create_request(spec, CONFIG, name="job-abcdefgh", data=Input(TRAIN, positive="true"))
    assert request["properties"]["taskDetails"]["positiveLabel"] == "true"


def test_serverless_machines_go_out_in_the_services_own_words() -> None:
    properties = create_request(_spec(), SERVERLESS, name="job-abcdefgh", data=Input(TRAIN))["properties"]
    assert properties["resources"] == {"instanceType": "Standard_DS3_v2", "instanceCount": 1}
    assert properties["queueSettings"] == {"jobTier": "Spot"}
    assert "computeId" not in properties
    assert list(violations(properties)) == []


def test_a_prediction_is_named_by_what_it_predicts() -> None:
    asked = {"job": "job-abcdefgh", "child": "job-abcdefgh_0", "rows": TRAIN, "script": f"{TRAIN}score.py"}
    work, request = scoring_request(SERVERLESS, **asked)
    assert request["properties"]["command"] == COMMAND
    assert list(violations(request["properties"])) == []
    assert scoring_request(SERVERLESS, **asked) == (work, request)
    assert scoring_request(SERVERLESS, **{**asked, "rows": f"{TRAIN}more/"})[0] != work


@given(
    task=st.sampled_from((TabularClassification(target="y", weight="w"), TabularRegression(target="y"))),
    minutes=st.integers(1, 8000),
    trials=st.none() | st.integers(1, 1000),
    ensemble=st.booleans(),
    data=st.data(),
)
def test_a_request_says_its_spec_again(task: Any, minutes: int, trials: int | None, ensemble: bool, data: Any) -> None:
    metrics = {primary: ours for ours, primary in reversed(OBJECTIVES[task.type].items())}
    families = data.draw(st.none() | st.lists(st.sampled_from(sorted(ALGORITHMS[task.type])), min_size=1, unique=True))
    spec = _spec(
        task=task,
        objective=Objective(metric=data.draw(st.sampled_from(sorted(metrics.values())))),
        budget=Budget(max_time=timedelta(minutes=minutes), max_trials=trials),
        search=Search(families=families, ensemble=ensemble),
        provider="azureml",
    )
    request = create_request(spec, CONFIG, name="job-abcdefgh", data=Input(TRAIN))
    assert list(rules(request["properties"])) == []
    assert spec_from_request(request, name="job-abcdefgh") == spec


@given(st.integers(1, 10**6))
def test_a_duration_is_read_as_it_was_written(seconds: int) -> None:
    assert seconds_of(duration(seconds)) == seconds


@pytest.mark.parametrize("text", ["", "PT", "1h", "P1M", "PT1X"])
def test_what_is_no_duration_is_refused(text: str) -> None:
    with pytest.raises(errors.SpecError):
        seconds_of(text)


@pytest.mark.parametrize(
    ("fields", "where"),
    [
        ({"objective": Objective(metric="log_loss")}, "objective.metric"),
        ({"budget": Budget(max_time=timedelta(days=7))}, "budget.max_time"),
        ({"budget": Budget(max_time=timedelta(hours=1), max_trials=2, max_parallel=3)}, "budget.max_parallel"),
        ({"budget": Budget(max_time=timedelta(minutes=1), max_trial_time=timedelta(minutes=2))},
         "budget.max_trial_time"),
        ({"budget": Budget(max_time=timedelta(hours=1), max_trials=1001)}, "budget.max_trials"),
        ({"search": Search(families=("catboost",))}, "search.families"),
        ({"data": Dataset(train=TRAIN, test=TRAIN, holdout=None)}, "data.test"),
    ],
)  # fmt: skip
def test_what_azure_would_not_do_is_refused_offline(fields: dict[str, Any], where: str) -> None:
    with pytest.raises(errors.CloudAutoMLError) as caught:
        AzuremlProvider(CONFIG).check(_spec(**fields))
    assert caught.value.where == where
    assert caught.value.exit_code == 2


def test_a_job_that_nothing_bounds_is_refused() -> None:
    with pytest.raises(errors.BudgetError, match="6 days"):
        AzuremlProvider(CONFIG).check(_spec(budget=Budget(max_trials=3)))
    with pytest.raises(errors.BudgetError, match="price of an hour"):
        AzuremlProvider(CONFIG).check(_spec(budget=Budget(max_cost="3 USD")))  # type: ignore[arg-type]


def test_money_becomes_time_on_all_machines() -> None:
    priced = CONFIG.model_copy(update={"hourly_rate": Decimal("0.5")})
    spec = _spec(budget=Budget(max_cost="3 USD", max_parallel=2, max_trials=4))  # type: ignore[arg-type]
    assert _details(spec, priced)["limitSettings"]["timeout"] == "PT3H"
    assert bound_of(spec, priced).amount == Decimal("3.00")
    assert bound_of(spec, CONFIG).amount is None
    assert cost_of([1800.0, 5400.0], priced).amount == Decimal("1.00")
    assert cost_of([1800.0], CONFIG).amount is None


@pytest.mark.parametrize("name", ["subscription", "resource_group", "workspace"])
def test_a_workspace_without_a_name_is_a_setting_that_is_missing(name: str) -> None:
    with pytest.raises(errors.ConfigError) as caught:
        AzuremlProvider(CONFIG.model_copy(update={name: None})).check(_spec())
    assert caught.value.where == f"providers.azureml.{name}"


def test_rows_at_azure_cannot_be_sealed() -> None:
    gaps = AzuremlProvider(CONFIG).check(_spec(data=Dataset(train=TRAIN)))
    assert [gap.feature for gap in gaps] == [Feature.HOLDOUT_FRACTION]


@pytest.mark.parametrize(
    ("raw", "message"),
    [
        ({"computeId": "a", "resources": {"instanceCount": 1}}, "not on both"),
        ({"taskDetails": {"primaryMetric": "BOGUS"}}, "BOGUS"),
        ({"taskDetails": {"targetColumnName": None}}, "is missing"),
        ({"taskDetails": {"nCrossValidations": -3}}, "Custom"),
        ({"taskDetails": {"nCrossValidations": {"mode": "Auto"}, "validationData": {}}}, "not both"),
        ({"taskDetails": {"validationDataSize": 7}}, "share of the rows"),
        ({"taskDetails": {"limitSettings": {"timeout": "PT0S"}}}, "longer than nothing"),
        ({"taskDetails": {"limitSettings": {"timeout": "soon"}}}, "not a duration"),
        ({"taskDetails": {"limitSettings": {"maxTrials": -5}}}, "between 1 and 1000"),
        ({"taskDetails": {"trainingSettings": {"blockedTrainingAlgorithms": ["Prophet"]}}}, "Prophet"),
        ({"taskDetails": {"trainingSettings": {"allowedTrainingAlgorithms": ["KNN"],
                                               "blockedTrainingAlgorithms": ["KNN"]}}}, "both allowed and blocked"),
        ({"taskDetails": {"trainingSettings": {"enableOnnxCompatibleModels": True}}}, "no ONNX form"),
        ({"taskDetails": {"taskType": "TextNER"}}, "not a task"),
    ],
)  # fmt: skip
def test_what_raw_breaks_is_found(raw: dict[str, Any], message: str) -> None:
    config = CONFIG.model_copy(update={"raw": {"properties": raw}})
    request = create_request(_spec(), config, name="job-abcdefgh", data=Input(TRAIN))
    with pytest.raises(errors.CloudAutoMLError, match=message) as caught:
        check_request(request)
    assert "raw" in str(caught.value.hint)


def test_addresses_of_a_datastore_are_read_in_both_forms() -> None:
    assert split_uri(TRAIN) == ("workspaceblobstore", "data/train/")
    long = "azureml://subscriptions/s/resourcegroups/g/workspaces/w/datastores/store/paths/a/b.csv"
    assert split_uri(long) == ("store", "a/b.csv")
    with pytest.raises(ValueError, match="datastore"):
        split_uri("https://example.org/a")
