"""Runnable: a training pipeline as a spec that the provider behind the emulator can train."""

from __future__ import annotations

import csv
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import DataError
from cloudautoml.spec import Budget, ColumnType, Dataset, Objective, TabularClassification
from cloudautoml_vertexai._preflight import MOST_CLASSES
from cloudautoml_vertexai._spec import spec_from_request

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec

MODELS = 6
"""Models that a training is worth, whatever its budget: what takes Google a node hour takes this machine longer."""
_TYPES = {
    "numeric": ColumnType.NUMERIC,
    "categorical": ColumnType.CATEGORICAL,
    "text": ColumnType.TEXT,
    "timestamp": ColumnType.DATETIME,
}


def sketch(pipeline: Mapping[str, Any], provider: Provider[Any]) -> JobSpec:
    """What a pipeline asks for, without its data: enough to ask a provider whether it can."""
    spec = spec_from_request(pipeline, data="gs://emulated/train.csv")
    return spec.model_copy(update={"provider": provider.name, "data": Dataset(train="train.csv", holdout=None)})


def runnable(pipeline: Mapping[str, Any], provider: Provider[Any], table: Path, fewest_rows: int) -> JobSpec:
    """The spec to train.

    Args:
        pipeline: The training pipeline.
        provider: Who trains.
        table: A copy of its data.
        fewest_rows: Rows below which a table is refused, as Google refuses it.

    Raises:
        DataError: Google would not take the data.
    """
    inputs: Mapping[str, Any] = pipeline["trainingTaskInputs"]
    spec = spec_from_request(pipeline, data=str(table))
    with table.open(encoding="utf-8-sig", newline="") as lines:
        rows = list(csv.DictReader(lines))
    if len(rows) < fewest_rows:
        raise DataError(f"The training data has {len(rows)} rows; at least {fewest_rows} are required.")
    names = list(rows[0])
    kept = {inputs["targetColumn"], inputs.get("weightColumnName"), *columns(inputs)}
    types = {name: ColumnType.IGNORE for name in names if name not in kept} | column_types(inputs)
    if isinstance(spec.task, TabularClassification):
        classes = len({row[spec.task.target] for row in rows if row[spec.task.target]})
        if not 2 <= classes <= MOST_CLASSES:
            raise DataError(f"The target has {classes} values; 2 to {MOST_CLASSES} are possible.")
        if spec.objective is None:
            usual = Objective(metric="roc_auc" if classes == 2 else "log_loss")
            spec = spec.model_copy(update={"objective": usual})
    budget = Budget.model_validate({**spec.budget.model_dump(), "max_trials": MODELS})
    data = Dataset(train=str(table), holdout=None, types=types)
    return spec.model_copy(update={"data": data, "budget": budget, "provider": provider.name})


def column_types(inputs: Mapping[str, Any]) -> dict[str, ColumnType]:
    """The types of the columns that a training is to learn from; what is `auto` is left out, and so inferred."""
    return {name: _TYPES[kind] for name, kind in columns(inputs).items() if kind in _TYPES}


def columns(inputs: Mapping[str, Any]) -> dict[str, str]:
    """How each column is to be read, by its name."""
    found: dict[str, str] = {}
    for entry in inputs.get("transformations", []):
        kind, detail = next(iter(entry.items()))
        found[str(detail.get("column_name", detail.get("columnName")))] = kind
    return found
