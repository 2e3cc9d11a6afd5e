"""Predictions: rows as clients send them, through a trained model, answered as Autopilot's containers answer."""

from __future__ import annotations

import csv
import io
import json
import re
import tempfile
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import CloudAutoMLError
from cloudautoml_sagemaker.emulator.errors import VendorError

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudautoml.model import Model

_QUANTILE = re.compile(r"0\.\d+")
_PNG = b"\x89PNG"
_ANSWERS = ("predicted_label", "probability", "probabilities", "labels")


class Servable:
    """A trained model that can be put behind an endpoint.

    Args:
        load: Opens the provider's model; called once, with the first rows to predict.
        columns: Names of the columns that a row of values without names has, in order; empty for images.
        forecasts: Whether it goes on from histories: then bodies and answers are tables with names.
    """

    def __init__(self, load: Callable[[], Model], columns: tuple[str, ...] = (), *, forecasts: bool = False) -> None:
        self._load = load
        self.columns = columns
        self.forecasts = forecasts

    @cached_property
    def model(self) -> Model:
        """The model."""
        return self._load()


def predict(servable: Servable, body: bytes, content_type: str, environment: Mapping[str, str]) -> bytes:
    """Predict.

    Args:
        servable: The model.
        body: CSV with one row a line, with or without names; or one image.
        content_type: `text/csv` or `image/...`.
        environment: Of the model's container; `SAGEMAKER_INFERENCE_OUTPUT` says what is answered.

    Returns:
        CSV without names.

    Raises:
        VendorError: The model cannot make sense of the body.
    """
    if servable.forecasts:
        return _forecast(servable, body)
    wanted = _wanted(environment)
    with tempfile.TemporaryDirectory() as folder:
        if content_type.startswith("image/"):
            file = Path(folder) / f"image.{content_type.removeprefix('image/').replace('jpeg', 'jpg')}"
            file.write_bytes(body)
        elif content_type.partition(";")[0] == "text/csv":
            file = Path(folder) / "rows.csv"
            file.write_bytes(_named(body, servable.columns))
        else:
            raise VendorError("ModelError", f"content type {content_type} is not supported", status=424)
        try:
            return _answer(servable.model, str(file), wanted)
        except CloudAutoMLError as exc:
            raise _failed(exc.message) from exc


def _forecast(servable: Servable, body: bytes) -> bytes:
    """The steps that follow a table of histories."""
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "history.csv"
        file.write_bytes(body)
        try:
            table: Any = servable.model.predict(str(file))
        except CloudAutoMLError as exc:
            raise _failed(exc.message) from exc
    quantiles = {name: f"p{round(100 * float(name))}" for name in table.columns if _QUANTILE.fullmatch(str(name))}
    return bytes(table.rename(columns=quantiles).to_csv(index=False).encode())


def predict_images(servable: Servable, contents: Sequence[bytes], environment: Mapping[str, str]) -> list[bytes]:
    """Predict images, as `predict` does, many at once.

    Args:
        servable: The model.
        contents: One image each.
        environment: Of the model's container.
    """
    wanted = _wanted(environment)
    with tempfile.TemporaryDirectory() as folder:
        files: list[str] = []
        for number, content in enumerate(contents):
            file = Path(folder) / f"{number}.{'png' if content.startswith(_PNG) else 'jpg'}"
            file.write_bytes(content)
            files.append(str(file))
        try:
            return _answer(servable.model, files, wanted).splitlines(keepends=True)
        except CloudAutoMLError as exc:
            raise _failed(exc.message) from exc


def _wanted(environment: Mapping[str, str]) -> list[str]:
    """What a container is asked to put out."""
    wanted = [name.strip() for name in environment.get("SAGEMAKER_INFERENCE_OUTPUT", _ANSWERS[0]).split(",")]
    if unknown := [name for name in wanted if name not in _ANSWERS]:
        raise _failed(f"SAGEMAKER_INFERENCE_OUTPUT knows nothing of {', '.join(unknown)}")
    return wanted


def _failed(message: str) -> VendorError:
    return VendorError("ModelError", f"Received client error (400) from model with message: {message}", status=424)


def _named(body: bytes, columns: tuple[str, ...]) -> bytes:
    """CSV whose first line names the columns."""
    try:
        rows = list(csv.reader(io.StringIO(body.decode("utf-8"))))
    except (UnicodeDecodeError, csv.Error) as exc:
        raise _failed(f"the body is not CSV: {exc}") from exc
    rows = [row for row in rows if row]
    if not rows:
        raise _failed("the body has no rows")
    if not set(rows[0]) <= set(columns) or len(set(rows[0])) < len(rows[0]):
        if odd := next((len(row) for row in rows if len(row) != len(columns)), None):
            raise _failed(f"a row has {odd} values, and the model takes {len(columns)}")
        rows.insert(0, list(columns))
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(rows)
    return text.getvalue().encode()


def _answer(model: Model, rows: str | list[str], wanted: list[str]) -> bytes:
    labels = model.predict(rows).tolist()
    answers: dict[str, list[Any]] = {"predicted_label": labels}
    if set(wanted) - {"predicted_label"}:
        table = model.predict_proba(rows)
        names = [str(name) for name in table.columns]
        shares = [[float(value) for value in row] for row in table.to_numpy().tolist()]
        answers["probabilities"] = [json.dumps(row) for row in shares]
        answers["labels"] = [json.dumps(names)] * len(labels)
        answers["probability"] = [row[names.index(str(label))] for row, label in zip(shares, labels, strict=True)]
    text = io.StringIO()
    csv.writer(text, lineterminator="\n").writerows(zip(*(answers[name] for name in wanted), strict=True))
    return text.getvalue().encode()
