"""Predictions: containers are asked for what they can give, and their answers are read as they are written."""

from __future__ import annotations

from typing import Any

import pandas as pd

from cloudautoml.data import prepare
from cloudautoml.spec import Dataset, JobSpec, TabularClassification, TabularRegression
from cloudautoml_sagemaker._answers import class_of
from cloudautoml_sagemaker._batch import answers
from cloudautoml_sagemaker._holdout import holdout_metrics
from cloudautoml_sagemaker._rows import sealed_rows
from cloudautoml_sagemaker._transform import with_outputs

SUPPORTED = "SAGEMAKER_INFERENCE_SUPPORTED"


def test_one_container_is_asked_for_all_that_it_knows() -> None:
    given = [{"Image": "i", "ModelDataUrl": "s3://b/m", "Environment": {SUPPORTED: "predicted_label,probabilities"}}]
    (asked,) = with_outputs(given)
    assert asked["Environment"]["SAGEMAKER_INFERENCE_OUTPUT"] == "predicted_label,probabilities"
    assert "SAGEMAKER_INFERENCE_OUTPUT" not in given[0]["Environment"], "what was listed is not changed"


def test_in_a_pipeline_labels_are_known_to_the_last_alone() -> None:
    all_of_it = "predicted_label,probability,probabilities,labels"
    known = {"Environment": {SUPPORTED: all_of_it}}
    boxes: list[dict[str, Any]] = [{"Environment": {}}, known, known]
    first, second, third = (box["Environment"] for box in with_outputs(boxes))
    assert first == {}
    assert second["SAGEMAKER_INFERENCE_OUTPUT"] == "predicted_label,probabilities"
    assert third["SAGEMAKER_INFERENCE_INPUT"] == "predicted_label,probabilities"
    assert third["SAGEMAKER_INFERENCE_OUTPUT"] == "predicted_label,probabilities,labels"


def test_a_regression_is_left_as_it_is() -> None:
    assert with_outputs([{"Image": "i"}]) == [{"Image": "i", "Environment": {}}]


def test_answers_are_read_in_each_way_that_lists_are_written() -> None:
    output = b'yes,"[0.25, 0.75]","[\'no\', \'yes\']"\n"a,b","[1, 0]","[""a,b"", ""c""]"\nno,[0.5 ,0.5],"[no, yes]"\n'
    found = answers(output.replace(b"[0.5 ,0.5]", b'"[0.5, 0.5]"'))
    assert [answer.label for answer in found] == ["yes", "a,b", "no"]
    assert [dict(answer.shares) for answer in found] == [
        {"no": 0.25, "yes": 0.75}, {"a,b": 1.0, "c": 0.0}, {"no": 0.5, "yes": 0.5},
    ]  # fmt: skip
    assert [answer.label for answer in answers(b"1.5\n2.5\n")] == ["1.5", "2.5"]


def test_answers_of_images_and_texts_may_be_json() -> None:
    output = b'{"predicted_label": "cat", "probabilities": [0.75, 0.25], "labels": ["cat", "dog"]}\n'
    (found,) = answers(output)
    assert (found.label, dict(found.shares)) == ("cat", {"cat": 0.75, "dog": 0.25})
    assert [answer.label for answer in answers(b'{"no": "answer"}\n')] == ['{"no": "answer"}'], "it is left as it is"


def test_a_class_may_come_back_as_another_number() -> None:
    assert class_of("1.0", ("0", "1")) == "1"
    assert class_of("yes", ("no", "yes")) == "yes"


def _rows(target: list[object]) -> pd.DataFrame:
    return pd.DataFrame({"x": [float(number) for number in range(len(target))], "y": target})


def _metrics(spec: JobSpec, output: bytes) -> dict[str, float]:
    data = prepare(spec, strict=False)
    sealed = sealed_rows(data, spec)
    assert sealed is not None
    return holdout_metrics(spec, data, sealed, [output])


def test_sealed_rows_are_scored() -> None:
    train, test = _rows(["no", "no", "no", "yes"] * 10), _rows(["no", "yes", "no", "yes"])
    spec = JobSpec(name="j", task=TabularClassification(target="y"), data=Dataset(train=train, test=test))
    output = b"".join(
        f"{label},\"[{1 - share}, {share}]\",\"['no', 'yes']\"\n".encode()
        for label, share in (("no", 0.25), ("yes", 0.75), ("yes", 0.5), ("yes", 1.0))
    )
    found = _metrics(spec, output)
    assert found["accuracy"] == 0.75
    assert found["roc_auc"] == 1.0
    assert found["recall"] == 1.0, "the rarer class is the positive one"
    labels_alone = _metrics(spec, b"no\nyes\nyes\nyes\n")
    assert labels_alone["accuracy"] == 0.75
    assert "roc_auc" not in labels_alone, "what needs probabilities is not made up without them"


def test_sealed_numbers_are_scored() -> None:
    train, test = _rows([float(number) for number in range(40)]), _rows([1.0, 2.0])
    spec = JobSpec(name="j", task=TabularRegression(target="y"), data=Dataset(train=train, test=test))
    assert _metrics(spec, b"1.0\n4.0\n")["mae"] == 1.0
