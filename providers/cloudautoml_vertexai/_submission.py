"""Submission: one pipeline of Google's for one job of ours, whatever happens between the request and its reply.

Google takes no request id. What was asked for is found again by a label; a call whose reply was lost is never made
again blindly, but looked for first.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from cloudautoml.errors import ConflictError, ServiceUnavailableError, ThrottledError
from cloudautoml_vertexai._names import LABEL_JOB, LABEL_REQUEST

if TYPE_CHECKING:
    from collections.abc import Mapping

    from cloudautoml.polling import Clock
    from cloudautoml_vertexai._client import Client

_LOOKS = 3
_PAUSE = 2.0
_FIELDS = {
    "TrainingPipeline": ("trainingPipelines", "trainingPipeline"),
    "Dataset": ("datasets", "dataset"),
    "BatchPredictionJob": ("batchPredictionJobs", "batchPredictionJob"),
}


def find(client: Client, kind: str, label: str, value: str) -> dict[str, Any] | None:
    """The first resource with a label; None where there is none.

    Args:
        client: Who calls.
        kind: `TrainingPipeline`, `Dataset` or `BatchPredictionJob`.
        label: Key of the label.
        value: Its value.
    """
    body = {"parent": client.parent, "filter": f'labels.{label}="{value}"'}
    found = [item for page in client.pages(f"List{kind}s", body) for item in page.get(_FIELDS[kind][0], [])]
    return min(found, key=lambda item: (str(item.get("createTime", "")), str(item["name"])), default=None)


def create_pipeline(
    client: Client, clock: Clock, *, dataset: Mapping[str, Any], pipeline: Mapping[str, Any]
) -> dict[str, Any]:
    """Create a data set and a training pipeline on it, or find that they are there already.

    Args:
        client: Who calls.
        clock: Time and sleep.
        dataset: The `Dataset`, with our labels.
        pipeline: The `TrainingPipeline`, with our labels; the data set's number is put in.

    Raises:
        ConflictError: Another request carries the label.
        ServiceUnavailableError: Nothing was answered, and nothing is there.
    """
    found = _checked(find(client, "TrainingPipeline", LABEL_JOB, pipeline["labels"][LABEL_JOB]), pipeline)
    if found is not None:
        return found
    data = find(client, "Dataset", LABEL_JOB, dataset["labels"][LABEL_JOB])
    if data is None:
        data = _create_dataset(client, clock, dataset)
    inputs = {**pipeline["inputDataConfig"], "datasetId": str(data["name"]).rpartition("/")[2]}
    made = create_once(client, clock, "TrainingPipeline", {**pipeline, "inputDataConfig": inputs}, label=LABEL_JOB)
    checked = _checked(made, pipeline)
    assert checked is not None
    return checked


def _create_dataset(client: Client, clock: Clock, dataset: Mapping[str, Any]) -> dict[str, Any]:
    try:
        return client.long("CreateDataset", {"parent": client.parent, "dataset": dict(dataset)}, clock)[0]
    except (ServiceUnavailableError, ThrottledError):
        found = _look(client, clock, "Dataset", LABEL_JOB, dataset["labels"][LABEL_JOB])
        if found is None:
            raise
        return found


def create_once(client: Client, clock: Clock, kind: str, resource: Mapping[str, Any], *, label: str) -> dict[str, Any]:
    """Create a resource; where the reply is lost, find what has come of it.

    Args:
        client: Who calls.
        clock: Time and sleep.
        kind: `TrainingPipeline` or `BatchPredictionJob`.
        resource: It, with the label.
        label: Key of the label that tells it from all others.

    Raises:
        ServiceUnavailableError: Nothing was answered, and nothing is there.
    """
    try:
        return client.call(f"Create{kind}", {"parent": client.parent, _FIELDS[kind][1]: dict(resource)})
    except (ServiceUnavailableError, ThrottledError):
        found = _look(client, clock, kind, label, resource["labels"][label])
        if found is None:
            raise
        return found


def _look(client: Client, clock: Clock, kind: str, label: str, value: str) -> dict[str, Any] | None:
    """Look a few times: what has just been made may not be listed yet."""
    for number in range(_LOOKS):
        if number:
            clock.sleep(_PAUSE)
        if (found := find(client, kind, label, value)) is not None:
            return found
    return None


def _checked(found: dict[str, Any] | None, wanted: Mapping[str, Any]) -> dict[str, Any] | None:
    """What was found, unless it was asked for with something else."""
    if found is not None and found.get("labels", {}).get(LABEL_REQUEST) != wanted["labels"][LABEL_REQUEST]:
        raise ConflictError(
            f"{found['name']} is labelled as job {wanted['labels'][LABEL_JOB]!r} and was asked for something else",
            hint="submit once more for another id",
        )
    return found
