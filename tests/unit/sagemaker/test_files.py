"""The files that come with the provider say what its code does."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

import cloudautoml as ca
import cloudautoml_sagemaker
from cloudautoml.config.providers import provider_for
from cloudautoml.store import Store
from cloudautoml_sagemaker._model import service_model, violations
from cloudautoml_sagemaker._request import PROBLEMS

HERE = Path(cloudautoml_sagemaker.__file__).parent
EXAMPLE = Path(__file__).parents[3] / "examples" / "sagemaker_tabular.yaml"


def test_the_policy_allows_what_is_called_and_nothing_else() -> None:
    policy = json.loads((HERE / "least_privilege.json").read_text("utf-8"))
    actions = [
        a for s in policy["Statement"] for a in (s["Action"] if isinstance(s["Action"], list) else [s["Action"]])
    ]
    allowed = {action.removeprefix("sagemaker:") for action in actions if action.startswith("sagemaker:")}
    code = "\n".join(path.read_text("utf-8") for path in HERE.glob("*.py"))
    known = {*service_model().operation_names, "InvokeEndpoint"}  # which is the runtime's
    called = {name for name in re.findall(r'"([A-Z]\w+)"', code) if name in known}
    assert allowed == called
    assert not any("*" in action for action in actions)


def test_the_example_makes_a_plan_offline(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    spec = ca.load_spec(EXAMPLE)
    provider = provider_for(spec, store=Store(tmp_path / "home"))
    provider.base = EXAMPLE.parent
    plan = provider.plan(spec)
    assert plan.gaps == ()
    (request,) = plan.requests
    tabular = request.body["AutoMLProblemTypeConfig"]["TabularJobConfig"]
    assert tabular["Mode"] == "ENSEMBLING"
    assert tabular["ProblemType"] == "BinaryClassification"
    assert tabular["CompletionCriteria"] == {"MaxCandidates": 20, "MaxAutoMLJobRuntimeInSeconds": 3600}
    assert not (tmp_path / "home").exists()


@pytest.mark.parametrize("task", ["image_classification", "text_classification", "forecasting"])
def test_an_example_of_each_task_makes_a_plan(task: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_EC2_METADATA_DISABLED", "true")
    path = EXAMPLE.with_name(f"sagemaker_{task}.yaml")
    spec = ca.load_spec(path)
    assert spec.task.type == task
    provider = provider_for(spec, store=Store(tmp_path / "home"))
    provider.base = path.parent
    plan = provider.plan(spec)
    assert plan.gaps == ()
    (request,) = plan.requests
    assert list(violations(request.operation, request.body)) == []
    assert request.body["AutoMLProblemTypeConfig"][PROBLEMS[task]]["CompletionCriteria"]
