"""Short ways to a job spec and to a table worth learning from."""

from __future__ import annotations

import random
from typing import TYPE_CHECKING, Any

import pandas as pd
import pytest

from cloudautoml.spec import JobSpec, TabularClassification, TabularRegression

if TYPE_CHECKING:
    from collections.abc import Callable


@pytest.fixture
def classify() -> Callable[..., JobSpec]:
    """Build a classification job: data, then fields of the task, `metric` and `data_fields`."""

    def build(
        data: Any, *, metric: str | None = None, data_fields: dict[str, Any] | None = None, **task: Any
    ) -> JobSpec:
        return JobSpec(
            name="test",
            task=TabularClassification(**{"target": "y", **task}),
            data={"train": data, **(data_fields or {})},
            objective={"metric": metric} if metric else None,
        )

    return build


@pytest.fixture
def regress() -> Callable[..., JobSpec]:
    """Build a regression job, likewise."""

    def build(
        data: Any, *, metric: str | None = None, data_fields: dict[str, Any] | None = None, **task: Any
    ) -> JobSpec:
        return JobSpec(
            name="test",
            task=TabularRegression(**{"target": "y", **task}),
            data={"train": data, **(data_fields or {})},
            objective={"metric": metric} if metric else None,
        )

    return build


@pytest.fixture
def table() -> pd.DataFrame:
    """200 rows: two numbers, two categories, a class that none of them tells alone."""
    rng = random.Random(7)
    rows = []
    for _ in range(200):
        income, age = rng.gauss(50, 10), rng.randrange(18, 90)
        rows.append(
            {
                "income": round(income, 3),
                "age": age,
                "city": rng.choice(["Bern", "Basel", "Zürich"]),
                "plan": rng.choice(["a", "b"]),
                "y": "yes" if income + rng.gauss(0, 10) + age / 10 > 55 else "no",
            }
        )
    return pd.DataFrame(rows)
