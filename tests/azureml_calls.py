"""Jobs for Azure that several tests put, and a table to make them about."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Callable

    from cloudautoml_azureml.emulator import AzuremlEmulator

FOLDER = "data/churn"
TRAIN = f"azureml://datastores/workspaceblobstore/paths/{FOLDER}/"
TABLE = b"""\
paths:
  - file: ./train.csv
transformations:
  - read_delimited: {delimiter: ',', encoding: utf8, header: all_files_same_headers}
"""


def rows(count: int) -> bytes:
    """A table of two features and two classes, as CSV."""
    lines = ["age,town,left"]
    lines += [f"{20 + number % 50},{'north' if number % 3 else 'south'},{number % 2}" for number in range(count)]
    return "\n".join([*lines, ""]).encode()


def upload(emulator: AzuremlEmulator, count: int = 300) -> None:
    """Put the table into the emulator's datastore."""
    container = "azureml-blobstore-emulated"
    emulator.blobs.write(container, f"{FOLDER}/train.csv", rows(count))
    emulator.blobs.write(container, f"{FOLDER}/MLTable", TABLE)


def job_body(**details: Any) -> dict[str, Any]:
    """The body of an AutoML job on that table."""
    task = {
        "taskType": "Classification",
        "targetColumnName": "left",
        "primaryMetric": "AUCWeighted",
        "trainingData": {"jobInputType": "mltable", "uri": TRAIN},
        "limitSettings": {"maxTrials": 2, "timeout": "PT10M"},
        **details,
    }
    return {"properties": {"jobType": "AutoML", "displayName": "churn", "experimentName": "tests", "taskDetails": task}}


def until(look: Callable[[], Any], done: Callable[[Any], bool], *, seconds: float = 30.0) -> Any:
    """Look again and again until a value will do."""
    deadline = time.monotonic() + seconds
    while not done(value := look()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds} s"
        time.sleep(0.02)
    return value
