"""Folds: every row once, each fold like the whole, groups never torn apart."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import pandas as pd
from hypothesis import given
from hypothesis import strategies as st

import cloudautoml as ca
from cloudautoml.data import PreparedData, prepare
from cloudautoml_local.tasks.tabular.plan import Plan
from cloudautoml_local.tasks.tabular.table import TableInfo, folds

if TYPE_CHECKING:
    from pathlib import Path


def info(splits: int, validated: int) -> TableInfo:
    return TableInfo("binary", ("a", "b"), 1, "roc_auc", "log", "none", (0,), Plan(splits, validated, None))


@given(
    labels=st.lists(st.sampled_from([0.0, 1.0]), min_size=16, max_size=200),
    splits=st.integers(2, 8),
    seed=st.integers(0, 9),
)
def test_each_fold_has_its_share_of_each_class(labels: list[float], splits: int, seed: int) -> None:
    target = np.array(labels)
    found = folds(target, info(splits, splits), seed=seed)
    for label in (0.0, 1.0):
        counts = np.bincount(found[target == label], minlength=splits)
        assert counts.max() - counts.min() <= 2
    assert (found == folds(target, info(splits, splits), seed=seed)).all()


@given(
    groups=st.lists(st.integers(0, 20), min_size=16, max_size=200),
    splits=st.integers(2, 8),
    validated=st.integers(1, 8),
    seed=st.integers(0, 9),
)
def test_groups_stay_together(groups: list[int], splits: int, validated: int, seed: int) -> None:
    codes = pd.factorize(np.array(groups))[0].astype(np.int64)
    target = np.arange(len(codes)) % 2.0
    plan = info(splits, min(validated, splits))
    found = folds(target, plan, groups=codes, seed=seed)
    if len(np.unique(codes)) < splits:
        return  # too few to deal out: rows are dealt instead
    assert all(len(np.unique(found[codes == group])) == 1 for group in np.unique(codes))
    assert set(range(plan.plan.folds)) <= set(found.tolist())


def test_a_job_that_seals_groups_validates_by_groups(tmp_path: Path) -> None:
    rows = 240
    rng = np.random.default_rng(0)
    frame = pd.DataFrame(
        {
            "x": rng.normal(size=rows),
            "who": [f"p{i % 30}" for i in range(rows)],
            "y": np.where(rng.random(rows) < 0.5, "a", "b"),
        }
    )
    spec = ca.JobSpec(
        name="groups",
        task=ca.TabularClassification(target="y"),
        data=ca.Dataset(train=frame, holdout=ca.Holdout(group="who")),
    )
    data = prepare(spec)
    assert data.groups is not None
    assert data.holdout is not None
    assert len(data.groups) == len(data.train)
    assert len(np.unique(data.groups)) == 30 - len(data.holdout) // 8
    data.save(tmp_path)
    again = PreparedData.load(tmp_path)
    assert again.groups is not None
    assert (again.groups == data.groups).all()
    assert prepare(spec.model_copy(update={"data": ca.Dataset(train=frame)})).groups is None
