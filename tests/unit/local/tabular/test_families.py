"""Every family learns from real untidy tables, predicts the same after saving, and keeps to its time."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

import numpy as np
import pytest

from cloudautoml_local.tasks.tabular.families import FAMILIES
from cloudautoml_local.tasks.tabular.families.base import Deadline, Pace, Patience
from cloudautoml_local.tasks.tabular.table import Table, take

if TYPE_CHECKING:
    from pathlib import Path

QUICK = [name for name in FAMILIES if name != "mlp"]


def halves(task: Any) -> tuple[Table, Any, Any]:
    table = Table.open(task.directory / "task")
    here = table.fold == 0
    return table, take(table.rows, ~here), take(table.rows, here)


@pytest.mark.parametrize("name", ["breast_cancer", "wine", "diabetes"])
@pytest.mark.parametrize("family", QUICK)
def test_learns_and_survives_saving(make: Any, tmp_path: Path, family: str, name: str) -> None:
    task, _ = make(name)
    table, train, valid = halves(task)
    problem = table.info.problem(seed=1, threads=1)
    fitted = FAMILIES[family].fit(FAMILIES[family].DEFAULTS[0], train, valid, problem, deadline=Deadline(20))
    found = fitted.predict(valid.tree, valid.dense)
    if name == "diabetes":
        assert np.corrcoef(found, valid.target)[0, 1] > 0.2
    else:
        assert np.allclose(found.sum(axis=1), 1, atol=1e-5)
        assert (found.argmax(axis=1) == valid.target).mean() > 0.7
    fitted.save(tmp_path)
    loaded = FAMILIES[family].load(tmp_path)
    np.testing.assert_allclose(loaded.predict(valid.tree, valid.dense), found, rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("family", QUICK)
def test_same_seed_same_model(make: Any, family: str) -> None:
    task, _ = make("iris")
    table, train, valid = halves(task)
    twice = [
        FAMILIES[family]
        .fit(FAMILIES[family].DEFAULTS[0], train, valid, table.info.problem(seed=3, threads=1), deadline=Deadline(None))
        .predict(valid.tree, valid.dense)
        for _ in range(2)
    ]
    np.testing.assert_array_equal(*twice)


@pytest.mark.parametrize("family", ["lightgbm", "xgboost", "catboost", "random_forest", "extra_trees"])
def test_stops_when_the_time_is_up(make: Any, family: str) -> None:
    task, _ = make("breast_cancer")
    table, train, _ = halves(task)
    begin = time.monotonic()
    FAMILIES[family].fit(
        FAMILIES[family].DEFAULTS[0],
        train,
        None,
        table.info.problem(seed=1, threads=1),
        deadline=Deadline(0.3),
        rounds=1_000_000,
    )
    assert time.monotonic() - begin < 4


@pytest.mark.slow
@pytest.mark.parametrize("name", ["wine", "diabetes"])
def test_the_network_learns_and_survives_saving(make: Any, tmp_path: Path, name: str) -> None:
    test_learns_and_survives_saving(make, tmp_path, "mlp", name)


def test_patience_grows_with_success() -> None:
    patience = Patience(2, 0.5)
    losses = [5.0, 4.0, 3.0, 2.0, 2.5, 2.5, 2.5, 2.5, 2.5]
    stops = [patience.over(step, loss) for step, loss in enumerate(losses, 1)]
    assert stops == [False] * 8 + [True]
    assert patience.best_round == 4


def test_pace_keeps_the_rate_where_there_is_time_and_raises_it_where_not() -> None:
    ample, short = Pace(0.05, Deadline(None)), Pace(0.05, Deadline(0.2))
    for step in range(1, Pace.PROBE + 1):
        time.sleep(0.002)  # what is measured is time itself
        assert not ample.faster(step)
        assert short.faster(step) is (step == Pace.PROBE)
    assert ample.rate == 0.05
    assert short.rate > 0.05
