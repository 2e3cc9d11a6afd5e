"""Batch: predictions by batch jobs, each known by what it predicts, so that none is paid for twice."""

from __future__ import annotations

import json
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from cloudautoml.errors import JobFailedError, JobNotFinishedError
from cloudautoml.polling import poll_until
from cloudautoml_vertexai._names import LABEL_WORK, ROW, digest_of, uri
from cloudautoml_vertexai._request import batch_request
from cloudautoml_vertexai._submission import create_once, find

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from cloudautoml.polling import Clock
    from cloudautoml_vertexai._client import Client
    from cloudautoml_vertexai.config import VertexaiConfig

_DAY = 24 * 3600.0
_ENDED_BADLY = {"JOB_STATE_FAILED", "JOB_STATE_CANCELLED", "JOB_STATE_EXPIRED"}


@dataclass(frozen=True, slots=True)
class Answer:
    """The prediction of one row.

    Attributes:
        label: The most probable class, or the number, as text.
        shares: Probability by class; empty for a number.
    """

    label: str
    shares: Mapping[str, float]


def start(client: Client, config: VertexaiConfig, clock: Clock, *, job: str, model: str, rows: str) -> str:
    """Have the rows of a file predicted; a batch of the same rows that has not failed is used again.

    Args:
        client: Who calls.
        config: Which machine.
        clock: Time and sleep.
        job: Our id of the job.
        model: Resource name of the model, with its version.
        rows: Address of a CSV file.

    Returns:
        The batch's resource name.
    """
    work = digest_of([model, rows])
    found = find(client, "BatchPredictionJob", LABEL_WORK, work)
    if found is None or found.get("state") in _ENDED_BADLY:
        output = uri(config, "jobs", job, "predictions", work[:24])
        body = batch_request(config, job=job, model=model, rows=rows, output=output, work=work)
        found = create_once(client, clock, "BatchPredictionJob", body, label=LABEL_WORK)
    return str(found["name"])


def output_of(client: Client, batch: str) -> str | None:
    """The folder that a batch has written its answers to; None while it is going.

    Raises:
        JobFailedError: It never will.
    """
    found = client.call("GetBatchPredictionJob", {"name": batch})
    state = found.get("state", "")
    if state in _ENDED_BADLY:
        told = found.get("error", {}).get("message", "no reason given")
        raise JobFailedError(f"{batch} is {state.removeprefix('JOB_STATE_').lower()}: {told}")
    if state not in {"JOB_STATE_SUCCEEDED", "JOB_STATE_PARTIALLY_SUCCEEDED"}:
        return None
    return str(found["outputInfo"]["gcsOutputDirectory"])


def finish(client: Client, clock: Clock, batch: str, *, rows: int, first_delay: float) -> list[Answer]:
    """Wait for a batch.

    Args:
        client: Who calls.
        clock: Time and sleep.
        batch: Its resource name.
        rows: How many rows were sent.
        first_delay: Seconds between the first two looks.

    Returns:
        An answer a row, in the order of the rows.

    Raises:
        JobFailedError: It failed, or left rows out.
        JobNotFinishedError: It took more than a day.
    """
    folder = poll_until(
        lambda: output_of(client, batch), done=bool, clock=clock, timeout=_DAY, first_delay=min(first_delay, 10.0)
    )
    if folder is None:
        raise JobNotFinishedError(f"{batch} has been going for a day")
    return answers_in(client, folder, rows=rows)


def answers_in(client: Client, folder: str, *, rows: int) -> list[Answer]:
    """Read the answers that a batch has written.

    Raises:
        JobFailedError: Rows are missing.
    """
    files = {address: address.rpartition("/")[2] for address in client.addresses(folder)}
    lines = [
        line
        for address, name in files.items()
        if name.startswith("prediction")
        for line in client.read(address).decode("utf-8").splitlines()
    ]
    found = answers(lines)
    if missing := [row for row in range(rows) if row not in found]:
        wrong = [client.read(address).decode("utf-8") for address, name in files.items() if name.startswith("error")]
        told = f": {wrong[0][:500]}" if wrong else ""
        raise JobFailedError(f"{rows} rows were sent, and {len(missing)} of them have no prediction{told}")
    return [found[row] for row in range(rows)]


def answers(lines: Iterable[str]) -> dict[int, Answer]:
    """Read the lines of answers, by the number of the row.

    Each is an object: `instance`, with all that was sent, the row's number among it, and `prediction`.
    """
    found: dict[int, Answer] = {}
    for line in lines:
        if not line.strip():
            continue
        entry: dict[str, Any] = json.loads(line)
        prediction: Mapping[str, Any] = entry["prediction"]
        if "classes" in prediction:
            shares = {str(name): float(share) for name, share in zip(prediction["classes"], prediction["scores"],
                                                                    strict=True)}  # fmt: skip
            answer = Answer(max(shares, key=lambda name: shares[name]), shares)
        else:
            answer = Answer(str(prediction["value"]), {})
        found[int(float(entry["instance"][ROW]))] = answer  # a number may come back as text, or as a float
    return found
