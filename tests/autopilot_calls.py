"""Requests to SageMaker that several tests make, and a table to make them about."""

from __future__ import annotations

import time
from typing import TYPE_CHECKING, Any

from cloudautoml_sagemaker.emulator import BUCKET, ROLE

if TYPE_CHECKING:
    from collections.abc import Callable

TRAIN = f"s3://{BUCKET}/data/train.csv"


def rows(count: int, *, header: bool = True) -> bytes:
    """A table of two features and two classes, as CSV."""
    lines = ["age,town,left"] if header else []
    lines += [f"{20 + number % 50},{'north' if number % 3 else 'south'},{number % 2}" for number in range(count)]
    return "\n".join([*lines, ""]).encode()


def create_request(name: str = "churn-1", *, uri: str = TRAIN, **problem: Any) -> dict[str, Any]:
    """A request for a job on that table."""
    given = {"ProblemType": "BinaryClassification", "CompletionCriteria": {"MaxCandidates": 2}, **problem}
    return {
        "AutoMLJobName": name,
        "AutoMLJobInputDataConfig": [
            {
                "ChannelType": "training",
                "ContentType": "text/csv;header=present",
                "CompressionType": "None",
                "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": uri}},
            }
        ],
        "OutputDataConfig": {"S3OutputPath": f"s3://{BUCKET}/out"},
        "AutoMLProblemTypeConfig": {"TabularJobConfig": {"TargetAttributeName": "left", **given}},
        "RoleArn": ROLE,
        "AutoMLJobObjective": {"MetricName": "AUC"},
    }


def until(look: Callable[[], Any], done: Callable[[Any], bool], *, seconds: float = 30.0) -> Any:
    """Look again and again until a value will do."""
    deadline = time.monotonic() + seconds
    while not done(value := look()):
        assert time.monotonic() < deadline, f"still {value!r} after {seconds} s"
        time.sleep(0.02)
    return value
