"""The emulator by itself: blobs for their unmodified client, jobs held against the SDK's models, tokens, pages."""

from __future__ import annotations

import io
import json
import ssl
import urllib.error
import urllib.request
from typing import TYPE_CHECKING, Any

import pytest
from azureml_calls import TRAIN, job_body, until, upload

from cloudautoml.store import Store
from cloudautoml.testing.fake import FakeConfig, FakeProvider
from cloudautoml_azureml.emulator import ACCOUNT, GROUP, SUBSCRIPTION, WORKSPACE, AzuremlEmulator

if TYPE_CHECKING:
    from collections.abc import Generator

_PATH = (
    f"/subscriptions/{SUBSCRIPTION}/resourceGroups/{GROUP}/providers/Microsoft.MachineLearningServices"
    f"/workspaces/{WORKSPACE}"
)


@pytest.fixture(scope="module")
def emulator(tmp_path_factory: pytest.TempPathFactory) -> Generator[AzuremlEmulator]:
    trainer = FakeProvider(FakeConfig(), store=Store(tmp_path_factory.mktemp("trainer")))
    with pytest.MonkeyPatch.context() as patch, AzuremlEmulator(trainer) as emulator:
        for name, value in emulator.environment().items():
            patch.setenv(name, value)
        upload(emulator)
        yield emulator


def _call(emulator: AzuremlEmulator, method: str, path: str, body: Any = None, *, token: bool = True) -> Any:
    """Call without any SDK: status and answer."""
    headers = {"Content-Type": "application/json"}
    if token:
        header = {"X-IDENTITY-HEADER": emulator.environment()["IDENTITY_HEADER"]}
        headers["Authorization"] = (
            f"Bearer {_open(emulator, 'GET', '/identity/token', None, header)[1]['access_token']}"
        )
    return _open(emulator, method, path, body, headers)


def _open(emulator: AzuremlEmulator, method: str, path: str, body: Any, headers: dict[str, str]) -> Any:
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{emulator.url}{path}", data=data, headers=headers, method=method)
    context = ssl.create_default_context(cafile=str(emulator.trusted))
    try:
        with urllib.request.urlopen(request, context=context) as answer:
            return answer.status, json.loads(answer.read() or b"{}")
    except urllib.error.HTTPError as exc:
        with exc:
            return exc.code, json.loads(exc.read())


@pytest.fixture(scope="module")
def container(emulator: AzuremlEmulator) -> Generator[Any]:
    from azure.identity import DefaultAzureCredential
    from azure.storage.blob import BlobServiceClient

    service = BlobServiceClient(
        f"{emulator.url}/{ACCOUNT}", credential=DefaultAzureCredential(), max_single_put_size=1000, max_block_size=700
    )
    with service:
        yield service.create_container("files")


def test_a_large_file_goes_up_in_blocks_and_comes_down_in_ranges(container: Any) -> None:
    content = bytes(range(256)) * 20
    container.upload_blob("a/large file.bin", io.BytesIO(content))
    blob = container.get_blob_client("a/large file.bin")
    assert blob.download_blob().readall() == content
    assert blob.download_blob(offset=10, length=5).readall() == content[10:15]
    assert blob.get_blob_properties().size == len(content)


def test_an_empty_file(container: Any) -> None:
    container.upload_blob("empty", b"")
    assert container.download_blob("empty").readall() == b""


def test_metadata_lists_and_deletes(container: Any) -> None:
    for number in range(3):
        container.upload_blob(f"many/{number}", b"x", metadata={"number": str(number)})
    assert list(container.list_blob_names(name_starts_with="many/", results_per_page=2)) == [
        "many/0",
        "many/1",
        "many/2",
    ]
    assert container.get_blob_client("many/2").get_blob_properties().metadata == {"number": "2"}
    container.get_blob_client("many/2").set_blob_metadata({"number": "two"})
    assert container.get_blob_client("many/2").get_blob_properties().metadata == {"number": "two"}
    container.delete_blob("many/0")
    assert [blob.name for blob in container.list_blobs(name_starts_with="many/")] == ["many/1", "many/2"]


def test_what_is_not_there_and_what_is(container: Any) -> None:
    from azure.core.exceptions import ResourceExistsError, ResourceNotFoundError

    with pytest.raises(ResourceNotFoundError):
        container.download_blob("nothing")
    assert not container.get_blob_client("nothing").exists()
    container.upload_blob("once", b"1")
    with pytest.raises(ResourceExistsError):
        container.upload_blob("once", b"2")
    container.upload_blob("once", b"2", overwrite=True)
    assert container.download_blob("once").readall() == b"2"


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"properties": {"resources": {"instance_type": "Standard_DS3_v2"}}}, "resources.instance_type: unknown"),
        ({"properties": {"taskDetails": {"nCrossValidations": -3}}}, "nCrossValidations: is an object"),
        ({"properties": {"taskDetails": {"limitSettings": {"timeout": 60}}}}, "timeout: 60 is not a duration"),
        ({"properties": {"taskDetails": {"limitSettings": {"maxTrials": "5"}}}}, "maxTrials: is of type int"),
        ({"properties": {"taskDetails": {"primaryMetric": "BOGUS"}}}, "primaryMetric: 'BOGUS' is not one of"),
        (
            {"properties": {"taskDetails": {"trainingData": {"jobInputType": "mltable"}}}},
            "trainingData.uri: is missing",
        ),
        ({"properties": {"jobType": "Sweep"}}, "no jobs of type Sweep"),
    ],
)
def test_a_body_that_breaks_the_sdks_models_is_refused(
    emulator: AzuremlEmulator, change: dict[str, Any], message: str
) -> None:
    body = job_body()
    given = change["properties"]
    details = {**body["properties"]["taskDetails"], **given.pop("taskDetails", {})}
    body["properties"] |= {"taskDetails": details, **given}
    status, answer = _call(emulator, "PUT", f"{_PATH}/jobs/broken", body)
    assert status == 400
    assert message in answer["error"]["message"]
    assert _call(emulator, "GET", f"{_PATH}/jobs/broken")[0] == 404


def test_a_put_is_one_job_and_what_is_fixed_stays(emulator: AzuremlEmulator) -> None:
    body = job_body()
    assert _call(emulator, "PUT", f"{_PATH}/jobs/fixed", body)[0] == 201
    assert _call(emulator, "PUT", f"{_PATH}/jobs/fixed", body)[0] == 200
    status, answer = _call(emulator, "PUT", f"{_PATH}/jobs/fixed", job_body(limitSettings={"maxTrials": 3}))
    assert status == 400
    assert answer["error"]["innererror"]["code"] == "JobPropertyImmutable"
    tagged = {"properties": {**body["properties"], "tags": {"mine": "yes"}}}
    assert _call(emulator, "PUT", f"{_PATH}/jobs/fixed", tagged)[1]["properties"]["tags"] == {"mine": "yes"}
    done = until(
        lambda: _call(emulator, "GET", f"{_PATH}/jobs/fixed")[1], lambda job: job["properties"]["status"] == "Completed"
    )
    best = done["properties"]["tags"]["automl_best_child_run_id"]
    assert _call(emulator, "GET", f"/history/v1.0{_PATH}/runs/{best}")[1]["properties"]["score"]
    assert _call(emulator, "POST", f"{_PATH}/jobs/fixed/cancel")[0] == 400, "an end is an end"
    assert _call(emulator, "DELETE", f"{_PATH}/jobs/fixed")[0] == 200
    assert _call(emulator, "GET", f"{_PATH}/jobs/fixed")[0] == 404


def test_a_failure_is_told_by_run_history(emulator: AzuremlEmulator) -> None:
    lost = {"jobInputType": "mltable", "uri": f"{TRAIN}nothing/"}
    _call(emulator, "PUT", f"{_PATH}/jobs/lost", job_body(trainingData=lost))
    until(lambda: _call(emulator, "GET", f"{_PATH}/jobs/lost")[1], lambda job: job["properties"]["status"] == "Failed")
    run = _call(emulator, "GET", f"/history/v1.0{_PATH}/runs/lost/details")[1]
    assert "MLTable" in run["error"]["error"]["message"]


def test_no_commands_are_run_but_one(emulator: AzuremlEmulator) -> None:
    body = {"properties": {"jobType": "Command", "command": "rm -rf .", "environmentId": "e"}}
    status, answer = _call(emulator, "PUT", f"{_PATH}/jobs/command", body)
    assert status == 400
    assert "runs no commands" in answer["error"]["message"]


def test_a_call_without_a_token_is_refused(emulator: AzuremlEmulator) -> None:
    assert _call(emulator, "GET", f"{_PATH}/jobs", token=False)[0] == 401
    assert _open(emulator, "GET", _PATH, None, {"Authorization": "Bearer a.b.c"})[0] == 401
    assert _open(emulator, "GET", "/identity/token", None, {"X-IDENTITY-HEADER": "guessed"})[0] == 401


def test_lists_have_pages(emulator: AzuremlEmulator) -> None:
    for number in range(52):
        _call(emulator, "PUT", f"{_PATH}/data/rows/versions/{number}", {"properties": {"dataUri": TRAIN}})
    assert len(_call(emulator, "GET", f"{_PATH}/data/rows/versions")[1]["value"]) == 52
    assert _call(emulator, "GET", f"{_PATH}/data/rows/versions/7")[1]["properties"] == {"dataUri": TRAIN}
    assert _call(emulator, "GET", f"{_PATH}/data/rows/versions/99")[0] == 404
    assert _call(emulator, "GET", f"{_PATH}/computes")[1]["value"][0]["name"] == "cpu-cluster"
    assert _call(emulator, "GET", f"{_PATH}/nothing/such")[0] == 404
