"""Requests: what a spec says is what SageMaker is asked, field for field, and it comes back the same."""

from __future__ import annotations

from decimal import Decimal
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from cloudautoml.errors import BudgetError, ConfigError, SpecError, UnknownNameError
from cloudautoml.spec import (
    Budget,
    Dataset,
    Forecasting,
    ImageClassification,
    JobSpec,
    Objective,
    Part,
    Search,
    TabularClassification,
    TabularRegression,
    TextClassification,
    TextGeneration,
)
from cloudautoml_sagemaker._metrics import objectives
from cloudautoml_sagemaker._model import matches, violations
from cloudautoml_sagemaker._names import TAG_JOB, TAG_REQUEST, account_of, request_digest, spec_name
from cloudautoml_sagemaker._preflight import check_request, check_spec, gaps_of
from cloudautoml_sagemaker._request import Input, create_request, merged
from cloudautoml_sagemaker._search import ENSEMBLING, FORECASTING, TUNING, family
from cloudautoml_sagemaker._spec import spec_from_request
from cloudautoml_sagemaker.config import SagemakerConfig

ROLE = "arn:aws:iam::111122223333:role/automl"
CONFIG = SagemakerConfig(region="eu-west-1", role=ROLE, bucket="my-bucket")
NAME = "job-abcdefgh"


def _spec(task: Any, **fields: Any) -> JobSpec:
    fields.setdefault("budget", Budget(max_time="1h"))
    return JobSpec(name="job", task=task, data=Dataset(train="s3://my-bucket/rows.csv", holdout=None), **fields)


FORECAST = Forecasting(target="sales", time="day", series=("shop",), horizon=7, frequency="D")
TASKS = {
    "binary": (_spec(TabularClassification(target="y"), objective=Objective(metric="roc_auc")), 2),
    "multiclass": (_spec(TabularClassification(target="y"), objective=Objective(metric="f1_macro")), 3),
    "regression": (_spec(TabularRegression(target="y", weight="w")), None),
    "image": (_spec(ImageClassification()), None),
    "text": (_spec(TextClassification(text="words")), None),
    "forecast": (_spec(FORECAST), None),
    "generation": (_spec(TextGeneration(base_model="Falcon7BInstruct")), None),
}


def _request(spec: JobSpec, classes: int | None = None, config: SagemakerConfig = CONFIG) -> dict[str, Any]:
    images = spec.task.type == "image_classification"
    data = Input(f"{spec.data.train}/" if images else str(spec.data.train), "image/*" if images else "text/csv")
    return create_request(spec, config, name=NAME, data=Input(data.uri, data.content_type, classes))


@pytest.mark.parametrize(("spec", "classes"), TASKS.values(), ids=list(TASKS))
def test_each_problem_type_is_a_valid_request(spec: JobSpec, classes: int | None) -> None:
    from botocore.validate import ParamValidator

    from cloudautoml_sagemaker._model import service_model

    request = _request(spec, classes)
    check_request(request)
    shape = service_model().operation_model("CreateAutoMLJobV2").input_shape
    assert not ParamValidator().validate(request, shape).has_errors()


def test_a_tabular_request_word_for_word() -> None:
    spec = _spec(
        TabularClassification(target="y"),
        objective=Objective(metric="f1"),
        budget=Budget(max_trials=20, max_time="90m", max_trial_time="5m"),
        search=Search(families=("lightgbm", "random_forest")),
    )
    request = _request(spec, 2)
    assert request.pop("Tags") == [
        {"Key": TAG_JOB, "Value": NAME},
        {"Key": TAG_REQUEST, "Value": request_digest(request)},
    ]
    assert request == {
        "AutoMLJobName": NAME,
        "AutoMLJobInputDataConfig": [
            {
                "ChannelType": "training",
                "ContentType": "text/csv",
                "CompressionType": "None",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": "s3://my-bucket/rows.csv"}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://my-bucket/cloudautoml/jobs/{NAME}/output"},
        "AutoMLProblemTypeConfig": {
            "TabularJobConfig": {
                "TargetAttributeName": "y",
                "ProblemType": "BinaryClassification",
                "Mode": "ENSEMBLING",
                "CandidateGenerationConfig": {"AlgorithmsConfig": [{"AutoMLAlgorithms": ["lightgbm", "randomforest"]}]},
                "CompletionCriteria": {
                    "MaxCandidates": 20,
                    "MaxRuntimePerTrainingJobInSeconds": 300,
                    "MaxAutoMLJobRuntimeInSeconds": 5400,
                },
            }
        },
        "AutoMLJobObjective": {"MetricName": "F1"},
        "RoleArn": ROLE,
    }


_COLUMNS = st.text("abcxyz_", min_size=1, max_size=6)
_SECONDS = st.integers(1, 10**6)


@st.composite
def _specs(draw: st.DrawFn) -> tuple[JobSpec, int | None]:
    """Specs of everything that a request can say."""
    kind = draw(st.sampled_from(["Binary", "Multiclass", "Regression", "image", "text", "forecast", "generation"]))
    classes = {"Binary": 2, "Multiclass": draw(st.integers(3, 99))}.get(kind)
    budget = {"max_time": draw(_SECONDS), "max_trial_time": draw(_SECONDS)}
    strategy, families, metric = None, None, None
    fraction = draw(st.none() | st.floats(0.01, 0.99))
    columns = draw(st.lists(_COLUMNS, min_size=6, max_size=6, unique=True))
    task: Any
    if kind in {"Binary", "Multiclass", "Regression"}:
        mode = draw(st.sampled_from([None, "auto", "ensembling", "hyperparameter_tuning"]))
        weight = columns[1] if mode == "ensembling" and draw(st.booleans()) else None
        if mode in {"ensembling", "hyperparameter_tuning"} and draw(st.booleans()):
            known = ENSEMBLING if mode == "ensembling" else TUNING
            families = tuple(family(name) for name in draw(st.lists(st.sampled_from(known), min_size=1, unique=True)))
        tabular = TabularRegression if kind == "Regression" else TabularClassification
        task = tabular(target=columns[0], weight=weight)
        metric = draw(st.sampled_from(objectives("Regression" if kind == "Regression" else f"{kind}Classification")))
        if draw(st.booleans()):
            budget["max_trials"] = draw(st.integers(1, 750))
        options = {} if fraction is None else {"validation_fraction": fraction}
        if mode is not None or options:
            strategy = Part.model_validate({"type": mode or "auto", **options})
        if mode is None and options:
            strategy = Part.model_validate({"type": "auto", **options})
    elif kind == "image":
        task, metric = ImageClassification(), "accuracy"
    elif kind == "text":
        task, metric = TextClassification(text=columns[0], target=columns[1]), "accuracy"
    elif kind == "generation":
        task = TextGeneration(base_model=draw(st.none() | st.just("Falcon7BInstruct")))
    else:
        task = Forecasting(
            target=columns[0],
            time=columns[1],
            series=tuple(columns[2 : 2 + draw(st.integers(1, 4))]),
            horizon=draw(st.integers(1, 500)),
            frequency=draw(st.sampled_from(["h", "2h", "D", "6D", "W", "MS", "11MS", "YS", "min", "15min"])),
            quantiles=tuple(value / 100 for value in draw(st.lists(st.integers(1, 99), max_size=5, unique=True))),
        )
        metric = draw(st.sampled_from(objectives("forecasting")))
        families = draw(st.none() | st.just(FORECASTING[:3]))
    if kind in {"image", "text"} and fraction is not None:
        strategy = Part.model_validate({"type": "auto", "validation_fraction": fraction})
    spec = JobSpec(
        name=draw(st.from_regex(r"[a-z0-9]([a-z0-9-]{0,18}[a-z0-9])?", fullmatch=True)),
        task=task,
        data=Dataset(train="s3://my-bucket/rows/" if kind == "image" else "s3://my-bucket/rows.csv", holdout=None),
        objective=Objective(metric=metric) if metric else None,
        budget=Budget.model_validate(budget),
        search=Search(strategy=strategy, families=families),
        provider="sagemaker",
    )
    return spec, classes


@given(_specs())
@settings(deadline=None)
def test_a_spec_comes_back_from_its_request(drawn: tuple[JobSpec, int | None]) -> None:
    spec, classes = drawn
    images = spec.task.type == "image_classification"
    data = Input(str(spec.data.train), "image/*" if images else "text/csv;header=present", classes)
    request = create_request(spec, CONFIG, name=f"{spec.name}-abcdefgh", data=data)
    check_request(request)
    assert spec_from_request(request) == spec


def test_raw_is_laid_over_last_and_deeply() -> None:
    raw = {
        "AutoMLProblemTypeConfig": {"TabularJobConfig": {"GenerateCandidateDefinitionsOnly": True}},
        "Tags": [{"Key": "team", "Value": "a"}],
    }
    request = _request(TASKS["regression"][0], config=CONFIG.model_copy(update={"raw": raw, "tags": {"team": "b"}}))
    job = request["AutoMLProblemTypeConfig"]["TabularJobConfig"]
    assert job["GenerateCandidateDefinitionsOnly"] is True
    assert job["TargetAttributeName"] == "y"
    assert {"Key": "team", "Value": "a"} in request["Tags"]
    assert {tag["Key"] for tag in request["Tags"]} == {"team", TAG_JOB, TAG_REQUEST}
    assert merged({"a": {"b": 1, "c": [1, 2]}}, {"a": {"c": [3]}}) == {"a": {"b": 1, "c": [3]}}


def test_security_reaches_the_request() -> None:
    config = CONFIG.model_copy(
        update={"kms_key": "alias/a", "volume_kms_key": "k", "encrypt_traffic": True, "subnets": ("subnet-1",),
                "security_groups": ("sg-1",)}
    )  # fmt: skip
    request = _request(TASKS["regression"][0], config=config)
    check_request(request)
    assert request["OutputDataConfig"]["KmsKeyId"] == "alias/a"
    assert request["SecurityConfig"] == {
        "VolumeKmsKeyId": "k",
        "EnableInterContainerTrafficEncryption": True,
        "VpcConfig": {"SecurityGroupIds": ["sg-1"], "Subnets": ["subnet-1"]},
    }
    with pytest.raises(ConfigError, match="both security groups and subnets"):
        _request(TASKS["regression"][0], config=CONFIG.model_copy(update={"subnets": ("subnet-1",)}))


def test_money_becomes_time() -> None:
    config = CONFIG.model_copy(update={"hourly_rate": Decimal(2)})
    spec = _spec(TabularRegression(target="y"), budget=Budget.model_validate({"max_cost": "5 USD"}))
    check_spec(spec, config)
    limits = _request(spec, config=config)["AutoMLProblemTypeConfig"]["TabularJobConfig"]["CompletionCriteria"]
    assert limits == {"MaxAutoMLJobRuntimeInSeconds": 9000}
    with pytest.raises(BudgetError, match="Autopilot publishes none"):
        check_spec(spec, CONFIG)


@pytest.mark.parametrize(
    ("changes", "kind", "where", "message"),
    [
        ({"budget": Budget()}, BudgetError, "budget.max_time", "30 days"),
        ({"budget": Budget(max_time="31d")}, SpecError, "budget.max_time", "30 days"),
        ({"budget": Budget(max_trials=751, max_time="1h")}, SpecError, "budget.max_trials", "more than 750"),
        ({"objective": Objective(metric="log_loss")}, SpecError, "objective.metric", "cannot optimise log_loss"),
        ({"objective": Objective(metric="accuracy")}, SpecError, "objective.metric", "number of classes"),
        ({"search": Search(strategy=Part(type="random"))}, UnknownNameError, "search.strategy", "'random'"),
        ({"search": Search(strategy=Part.model_validate({"type": "auto", "depth": 1}))}, SpecError,
         "search.strategy.depth", "unknown option"),
        ({"search": Search(families=("knn",))}, UnknownNameError, "search.families", "'knn'"),
        ({"search": Search(families=("mlp", "lightgbm"))}, SpecError, "search.families", "does not know lightgbm"),
        ({"task": TabularRegression(target="y", weight="two words")}, SpecError, "task.weight", "does not match"),
        ({"task": TextClassification(text="a", target="a")}, SpecError, "task.text", "another column"),
        ({"task": FORECAST.model_copy(update={"series": ()})}, SpecError, "task.series", "tells the series apart"),
        ({"task": FORECAST.model_copy(update={"horizon": 501})}, SpecError, "task.horizon", "500 steps"),
        ({"task": FORECAST.model_copy(update={"frequency": "60min"})}, SpecError, "task.frequency", "match"),
        ({"task": FORECAST.model_copy(update={"frequency": "fortnight"})}, SpecError, "task.frequency", "no step"),
        ({"task": FORECAST.model_copy(update={"quantiles": (0.125,)})}, SpecError, "task.quantiles", "hundredths"),
        ({"task": TextGeneration(input="prompt")}, SpecError, "task.input", "rename"),
    ],
)  # fmt: skip
def test_what_autopilot_would_refuse_is_refused_here(
    changes: dict[str, Any], kind: type[Exception], where: str, message: str
) -> None:
    spec = _spec(changes.pop("task", TabularClassification(target="y")), **changes)
    with pytest.raises(kind, match=message) as caught:
        check_spec(spec, CONFIG)
    assert getattr(caught.value, "where", None) == where


@pytest.mark.parametrize(
    ("config", "where"),
    [
        ({"role": None}, "providers.sagemaker.role"),
        ({"role": "admin"}, "providers.sagemaker.role"),
        ({"bucket": None}, "providers.sagemaker.bucket"),
        ({"kms_key": "white space"}, "providers.sagemaker.kms_key"),
        ({"tags": {"a" * 129: ""}}, "providers.sagemaker.tags"),
        ({"tags": {"curly{": ""}}, "providers.sagemaker.tags"),
    ],
)
def test_wrong_settings_are_named(config: dict[str, Any], where: str) -> None:
    with pytest.raises(ConfigError) as caught:
        check_spec(_spec(TabularRegression(target="y")), CONFIG.model_copy(update=config))
    assert caught.value.where == where


@pytest.mark.parametrize(
    "raw",
    [
        {"AutoMLJobObjective": {"MetricName": "Accurracy"}},
        {"ModelDeployConfig": {"AutoGenerateEndpointName": True, "EndpointName": "e"}},
        {"AutoMLProblemTypeConfig": {"TextGenerationJobConfig": {}}},
        {"AutoMLProblemTypeConfig": {"TabularJobConfig": {"Mode": "AUTO"}}},
        {"AutoMLProblemTypeConfig": {"TabularJobConfig": {"ProblemTyp": "Regression"}}},
        {"DataSplitConfig": {"ValidationFraction": 1.5}},
    ],
)
def test_raw_is_held_against_the_rules_too(raw: dict[str, Any]) -> None:
    with pytest.raises((SpecError, ConfigError), match=r"\("):
        check_request(_request(TASKS["regression"][0], config=CONFIG.model_copy(update={"raw": raw})))


def test_everything_wrong_is_named_at_once() -> None:
    found = dict(
        violations("CreateAutoMLJobV2", {"AutoMLJobName": "a_b", "RoleArn": 1, "AutoMLJobInputDataConfig": []})
    )
    assert set(found) == {
        "AutoMLJobName", "RoleArn", "AutoMLJobInputDataConfig", "OutputDataConfig", "AutoMLProblemTypeConfig",
    }  # fmt: skip


def test_java_classes_of_characters_are_understood() -> None:
    pattern = r"([\p{L}\p{Z}\p{N}_.:/=+\-@]*)"
    assert matches(pattern, "Zürich 5 a_b:c")
    assert not matches(pattern, "a{b}")


def test_refusals_that_take_two_fields() -> None:
    tuned = Search(strategy=Part(type="hyperparameter_tuning"))
    weighted = _spec(TabularRegression(target="y", weight="w"), search=tuned)
    assert [gap.field for gap in gaps_of(weighted)] == ["task.weight"]
    assert [gap.field for gap in gaps_of(_spec(FORECAST, budget=Budget(max_trials=3)))] == ["budget.max_trials"]
    sealed = JobSpec(name="job", task=TabularRegression(target="y"), data="s3://b/rows.csv")
    assert [gap.field for gap in gaps_of(sealed)] == ["data.holdout"]


def test_a_test_that_nobody_would_score_is_refused() -> None:
    spec = _spec(TabularRegression(target="y"))
    data = spec.data.model_copy(update={"test": "sealed.csv"})
    with pytest.raises(SpecError, match="not scored here") as caught:
        check_spec(spec.model_copy(update={"data": data}), CONFIG)
    assert caught.value.where == "data.test"


def test_names() -> None:
    assert spec_name("churn-2-abcd2345") == "churn-2"
    assert spec_name("My_Own.Job-With-A-Long-Name") == "my-own-job-with-a-lo"
    assert account_of(ROLE) == "111122223333"
    assert account_of("admin") is None
