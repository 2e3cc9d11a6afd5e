"""The JSON Schema takes what the loader takes, and refuses what it refuses."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from jsonschema import Draft202012Validator

from cloudautoml.spec import TASK_TYPES
from cloudautoml.spec.document import parse_document, read_document
from cloudautoml.spec.schema import json_schema

SPEC = {"name": "demo", "task": {"type": "tabular_classification", "target": "y"}, "data": "a.csv"}


@pytest.fixture(scope="module")
def validator() -> Draft202012Validator:
    schema = json_schema()
    Draft202012Validator.check_schema(schema)
    return Draft202012Validator(schema)


def test_it_is_short_and_explains_itself() -> None:
    schema = json_schema()

    assert len(json.dumps(schema, indent=1).splitlines()) < 2000
    assert all(field["description"] for field in schema["properties"].values())
    for name, definition in schema["$defs"].items():
        assert definition["description"], name


def test_every_example_fits(validator: Draft202012Validator) -> None:
    found = sorted(Path("examples").glob("*.yaml"))

    assert found
    for path in found:
        validator.validate(read_document(path).values)


@pytest.mark.parametrize(
    "more",
    [
        {},
        {"data": {"train": "a.csv", "types": {"zip": "categorical"}, "holdout": None}},
        {"search": {"strategy": "random", "space": {"type": "cell", "cells": 3}, "families": ["lightgbm"]}},
        {"budget": {"max_time": "1h30m", "max_cost": "5 USD", "max_trials": 3}},
        {"budget": {"max_time": 90}},
        {"providers": {"sagemaker": {"raw": {"AutoMLJobConfig": {}}}}},
        {"task": {"type": "forecasting", "target": "y", "time": "t", "horizon": 7}},
    ],
)
def test_specs_that_fit(validator: Draft202012Validator, more: dict[str, Any]) -> None:
    validator.validate(SPEC | more)


@pytest.mark.parametrize(
    "more",
    [
        {"nme": "x"},
        {"name": "Bad Name"},
        {"task": {"target": "y"}},
        {"task": {"type": "tabular_classification"}},
        {"task": {"type": "tabular_regression", "target": "y", "positive": "a"}},
        {"budget": {"max_trials": 0}},
        {"budget": {"max_time": "soon"}},
        {"budget": {"max_cost": 5}},
        {"objective": {"metric": "rocauc"}},
        {"search": {"strategy": {"population": 3}}},
        {"data": {"train": ""}},
    ],
)
def test_specs_that_do_not_fit(validator: Draft202012Validator, more: dict[str, Any]) -> None:
    assert not validator.is_valid(SPEC | more)


@pytest.mark.parametrize("task", TASK_TYPES)
def test_every_task_can_be_written(validator: Draft202012Validator, task: str) -> None:
    more = {"forecasting": "time: t, horizon: 3, ", "translation": "target_language: fr, "}.get(task, "")
    target = "" if task == "text_generation" else "target: y, "
    text = f"name: demo\ntask: {{type: {task}, {target}{more}}}\ndata: a.csv\n"

    validator.validate(parse_document(text, "s.yaml").values)
