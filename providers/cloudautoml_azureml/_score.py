"""Score: the program that predicts at Azure, in the environment that the model was trained in; stands alone."""

from __future__ import annotations

import argparse
import importlib
import json
from pathlib import Path
from typing import Any

ANSWER = "predictions.json"
"""The file that it writes: `labels`, and of a classifier `classes` and `probabilities`, one list a row."""
ROWS, COLUMNS = "rows.csv", "columns.json"
"""The files that it reads: the rows, and under `dates` the columns that are times."""


def main(arguments: list[str] | None = None) -> None:
    """Predict the rows of a folder with a model of MLflow's, and write the answer to another folder."""
    parser = argparse.ArgumentParser()
    for name in ("model", "rows", "output"):
        parser.add_argument(f"--{name}", required=True, type=Path)
    given = parser.parse_args(arguments)
    answer = answer_of(_model(given.model), read_rows(given.rows))
    given.output.mkdir(parents=True, exist_ok=True)
    (given.output / ANSWER).write_text(json.dumps(answer), encoding="utf-8")


def read_rows(folder: Path) -> Any:
    """The rows to predict, as a data frame."""
    import pandas as pd

    columns = json.loads((folder / COLUMNS).read_text(encoding="utf-8"))
    return pd.read_csv(folder / ROWS, parse_dates=columns["dates"])


def _model(folder: Path) -> Any:
    mlflow = importlib.import_module("mlflow")
    sklearn = importlib.import_module("mlflow.sklearn")
    try:
        return sklearn.load_model(str(folder))
    except mlflow.exceptions.MlflowException:  # networks are of another flavour
        return mlflow.pyfunc.load_model(str(folder))


def answer_of(model: Any, frame: Any) -> dict[str, Any]:
    """What a model says of rows, as values that JSON has.

    Args:
        model: With `predict`; a classifier that tells probabilities has `predict_proba` and `classes_`, too.
        frame: The rows.
    """
    labels = [_plain(label) for label in model.predict(frame)]
    answer: dict[str, Any] = {"labels": labels}
    if hasattr(model, "predict_proba") and hasattr(model, "classes_"):
        table = model.predict_proba(frame)
        answer["classes"] = [_plain(label) for label in model.classes_]
        answer["probabilities"] = [[float(share) for share in row] for row in getattr(table, "values", table)]
    return answer


def _plain(value: Any) -> Any:
    """A number or a text; what numpy holds is unwrapped."""
    return value.item() if hasattr(value, "item") else value


if __name__ == "__main__":
    main()
