"""How to get a result again."""

from __future__ import annotations

from ruamel.yaml import YAML

import cloudautoml
from cloudautoml.report.origin import spec_yaml, versions
from cloudautoml.spec import JobSpec


def test_the_shown_spec_is_the_spec() -> None:
    spec = JobSpec.model_validate(
        {
            "name": "churn",
            "task": {"type": "tabular_classification", "target": "no", "positive": "yes"},
            "data": {"train": "a/b: c.csv", "types": {"zip": "categorical"}, "na_values": ["", "?"]},
            "objective": {"metric": "f1"},
            "budget": {"max_trials": 3, "max_time": "1h30m", "max_cost": "5 USD"},
            "search": {"strategy": {"type": "random", "option": 3}, "families": ["linear"]},
            "seed": 7,
        }
    )
    text = spec_yaml(spec)
    read = JobSpec.model_validate(YAML(typ="safe").load(text))
    assert read == spec
    assert read.fingerprint() == spec.fingerprint()
    assert "outputs" not in text  # what is as it would be anyway


def test_versions_name_what_is_installed() -> None:
    found = dict(versions())
    assert found["cloudautoml"] == cloudautoml.__version__
    assert "numpy" in found
