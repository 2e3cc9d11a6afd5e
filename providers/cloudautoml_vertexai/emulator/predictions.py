"""Predictions: rows as clients send them, through a trained model, answered as Google's tabular models answer."""

from __future__ import annotations

import csv
import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import CloudAutoMLError
from cloudautoml_vertexai.emulator.errors import invalid

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from cloudautoml_vertexai.emulator.models import Trained


def predict(trained: Trained, instances: Sequence[Mapping[str, Any]]) -> list[dict[str, Any]]:
    """Predict.

    Args:
        trained: The model.
        instances: Rows by column name; columns that the model does not know are left out.

    Returns:
        For each row `classes` with their `scores`, or a `value`.

    Raises:
        VendorError: A column is missing, or the model cannot make sense of a value.
    """
    if not instances:
        raise invalid("instances is empty.")
    for number, row in enumerate(instances):
        if missing := [name for name in trained.columns if name not in row]:
            raise invalid(f"instance {number} lacks the column {', '.join(map(repr, missing))}.")
    with tempfile.TemporaryDirectory() as folder:
        table = Path(folder) / "rows.csv"
        with table.open("w", encoding="utf-8", newline="") as file:
            writer = csv.writer(file, lineterminator="\n")
            writer.writerow(trained.columns)
            writer.writerows([_text(row[name]) for name in trained.columns] for row in instances)
        try:
            return _answers(trained, str(table))
        except CloudAutoMLError as exc:
            raise invalid(f"the model cannot predict this: {exc.message}") from exc


def _answers(trained: Trained, rows: str) -> list[dict[str, Any]]:
    if trained.job.spec.task.type == "tabular_regression":
        return [{"value": float(value)} for value in trained.model.predict(rows).tolist()]
    table = trained.model.predict_proba(rows)
    classes = [str(name) for name in table.columns]
    return [{"classes": classes, "scores": [float(share) for share in row]} for row in table.to_numpy().tolist()]


def _text(value: Any) -> str:
    """A value as a CSV file has it; a missing one is empty."""
    if value is None:
        return ""
    return str(value).lower() if isinstance(value, bool) else str(value)
