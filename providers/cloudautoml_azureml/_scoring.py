"""Scoring: predictions by command jobs, each named by what it predicts, so that none is paid for twice."""

from __future__ import annotations

import hashlib
import json
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import JobFailedError, JobNotFinishedError
from cloudautoml.polling import poll_until
from cloudautoml_azureml._names import TAG_JOB, datastore_uri, split_uri
from cloudautoml_azureml._request import duration, machines, signed
from cloudautoml_azureml._response import reason_of
from cloudautoml_azureml._score import ANSWER
from cloudautoml_azureml._submission import create_once, describe

if TYPE_CHECKING:
    from cloudautoml.polling import Clock
    from cloudautoml_azureml._client import Client
    from cloudautoml_azureml.config import AzuremlConfig

COMMAND = (
    "python ${{inputs.script}} --model ${{inputs.model}} --rows ${{inputs.rows}} --output ${{outputs.predictions}}"
)
"""What a command job runs to predict."""
SCRIPT = Path(__file__).with_name("_score.py")
"""The program that it runs."""
MODEL = "azureml://jobs/{}/outputs/artifacts/paths/outputs/mlflow-model/"
"""Address of the model that a child run has left, by the run's name."""
_LONGEST = 6 * 3600
_DAY = 24 * 3600.0


@dataclass(frozen=True, slots=True)
class Answer:
    """What was predicted for one row.

    Attributes:
        label: The predicted class as text, or the number.
        shares: Probability by class; empty where the model gives none.
    """

    label: str
    shares: dict[str, float]


@dataclass(frozen=True, slots=True)
class Work:
    """A command job that has been asked for.

    Attributes:
        name: Its name at Azure.
        output: Address of the folder that it writes to.
    """

    name: str
    output: str


def scoring_request(config: AzuremlConfig, *, job: str, child: str, rows: str, script: str) -> tuple[Work, Any]:
    """The command job that predicts rows, and the body that asks for it.

    Args:
        config: Where.
        job: The vendor's name of the AutoML job.
        child: The run whose model predicts.
        rows: Address of the folder with the rows.
        script: Address of the program.
    """
    digest = hashlib.sha256(repr((child, rows, script)).encode()).hexdigest()[:16]
    name = f"{job[:200]}-predict-{digest}"
    output = datastore_uri(config, "jobs", job, "predictions", digest) + "/"
    on = machines(config)
    if "resources" in on:  # one machine predicts, however many train
        on["resources"] = {**on["resources"], "instanceCount": 1}
    properties = {
        "jobType": "Command",
        "displayName": name,
        "experimentName": config.experiment,
        **on,
        "environmentId": config.scoring_environment,
        "command": COMMAND,
        "inputs": {
            "script": {"jobInputType": "uri_file", "uri": script},
            "model": {"jobInputType": "mlflow_model", "uri": MODEL.format(child)},
            "rows": {"jobInputType": "uri_folder", "uri": rows},
        },
        "outputs": {"predictions": {"jobOutputType": "uri_folder", "uri": output}},
        "limits": {"jobLimitsType": "Command", "timeout": duration(_LONGEST)},
        "tags": {**config.tags, TAG_JOB: job},
        "properties": {},
    }
    return Work(name, output), signed({"properties": properties}, job)


def start(client: Client, config: AzuremlConfig, *, job: str, child: str, rows: str, script: str) -> Work:
    """Have rows predicted; a job for the same rows that is there already is used again."""
    work, request = scoring_request(config, job=job, child=child, rows=rows, script=script)
    create_once(client, work.name, request)
    return work


def is_done(client: Client, work: Work) -> bool:
    """Whether a command job has been completed.

    Raises:
        JobFailedError: It never will be.
    """
    status = describe(client, work.name)["properties"].get("status")
    if status in {"Failed", "Canceled"}:
        told = reason_of(client.run(work.name)) if status == "Failed" else ""
        raise JobFailedError(f"prediction job {work.name} {status}: {told or 'no reason given'}")
    return bool(status == "Completed")


def finish(client: Client, clock: Clock, work: Work, *, first_delay: float) -> list[Answer]:
    """Wait for a command job, and read what it has predicted.

    Raises:
        JobFailedError: It failed.
        JobNotFinishedError: It took more than a day.
    """
    done = poll_until(
        lambda: is_done(client, work), done=bool, clock=clock, timeout=_DAY, first_delay=min(first_delay, 10.0)
    )
    if not done:
        raise JobNotFinishedError(f"prediction job {work.name} has been going for a day")
    return read_answers(client, work)


def read_answers(client: Client, work: Work) -> list[Answer]:
    """What a command job that is done has predicted, row by row."""
    datastore, folder = split_uri(work.output)
    return answers(client.read(datastore, f"{folder.rstrip('/')}/{ANSWER}"))


def answers(content: bytes) -> list[Answer]:
    """Read what the program writes."""
    found = json.loads(content)
    labels, classes = [str(label) for label in found["labels"]], [str(label) for label in found.get("classes", ())]
    rows: list[list[float]] = found.get("probabilities") or [[] for _ in labels]
    return [
        Answer(label, dict(zip(classes, row, strict=True)) if row else {})
        for label, row in zip(labels, rows, strict=True)
    ]
