"""The client: what AWS refuses, and what never reaches it, comes out as an error that says what to do."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from botocore import exceptions as aws
from botocore.stub import Stubber

from cloudautoml import errors
from cloudautoml.spec import Budget, Dataset, JobSpec, TabularRegression
from cloudautoml_sagemaker._client import Client, _translated
from cloudautoml_sagemaker._errors import error_of
from cloudautoml_sagemaker._names import TAG_REQUEST
from cloudautoml_sagemaker._request import Input, create_request
from cloudautoml_sagemaker._submission import create_once
from cloudautoml_sagemaker.config import SagemakerConfig

if TYPE_CHECKING:
    from collections.abc import Generator

ROLE = "arn:aws:iam::111122223333:role/automl"
CONFIG = SagemakerConfig(region="eu-west-1", role=ROLE, bucket="my-bucket", endpoint_url="http://127.0.0.1:9")
SPEC = JobSpec(
    name="job",
    task=TabularRegression(target="y"),
    data=Dataset(train="s3://my-bucket/rows.csv", holdout=None),
    budget=Budget(max_time="1h"),
)
REQUEST = create_request(SPEC, CONFIG, name="job-abcdefgh", data=Input("s3://my-bucket/rows.csv"))
ARN = "arn:aws:sagemaker:eu-west-1:111122223333:automl-job/job-abcdefgh"


@pytest.fixture
def client(monkeypatch: pytest.MonkeyPatch) -> Client:
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "none-of-anybody")
    monkeypatch.delenv("AWS_PROFILE", raising=False)
    return Client(CONFIG)


@pytest.fixture
def stub(client: Client) -> Generator[Stubber]:
    with Stubber(client.sagemaker) as stubber:
        yield stubber
        stubber.assert_no_pending_responses()


@pytest.mark.parametrize(
    ("code", "status", "kind"),
    [
        ("ValidationException", 400, errors.SpecError),
        ("ResourceInUse", 400, errors.ConflictError),
        ("ResourceLimitExceeded", 400, errors.QuotaExceededError),
        ("ResourceNotFound", 400, errors.JobNotFoundError),
        ("ThrottlingException", 400, errors.ThrottledError),
        ("AccessDeniedException", 400, errors.PermissionDeniedError),
        ("ExpiredTokenException", 400, errors.AuthenticationError),
        ("InternalFailure", 500, errors.ServiceUnavailableError),
        ("NeverHeardOf", 503, errors.ServiceUnavailableError),
        ("NeverHeardOf", 400, errors.CloudAutoMLError),
    ],
)
def test_each_refusal_says_what_to_do(code: str, status: int, kind: type[Exception]) -> None:
    error = error_of(code, "because", operation="CreateAutoMLJobV2", http_status=status)
    assert type(error) is kind
    assert "because" in error.message
    assert code in error.message


def test_what_is_not_there_is_told_in_several_ways() -> None:
    error = error_of("ValidationException", 'Could not find model "m".', operation="DescribeModel")
    assert type(error) is errors.JobNotFoundError


@pytest.mark.parametrize(
    ("raised", "kind"),
    [
        (aws.NoCredentialsError(), errors.AuthenticationError),
        (aws.NoRegionError(), errors.ConfigError),
        (aws.EndpointConnectionError(endpoint_url="https://x"), errors.ServiceUnavailableError),
        (aws.ConnectionClosedError(endpoint_url="https://x"), errors.ServiceUnavailableError),
        (aws.ReadTimeoutError(endpoint_url="https://x"), errors.ServiceUnavailableError),
        (aws.ParamValidationError(report="Unknown parameter"), errors.SpecError),
        (aws.DataNotFoundError(data_path="x"), errors.CloudAutoMLError),
    ],
)
def test_what_never_reaches_aws(raised: Exception, kind: type[Exception]) -> None:
    with pytest.raises(kind), _translated("DescribeAutoMLJobV2"):
        raise raised


def test_unknown_profile_is_a_setting(client: Client) -> None:
    with pytest.raises(errors.ConfigError, match="no-such-profile"):
        _ = Client(CONFIG.model_copy(update={"profile": "no-such-profile"})).sagemaker


def test_what_answers_on_this_machine_is_not_aws(client: Client) -> None:
    assert client.emulated
    assert Client(CONFIG.model_copy(update={"endpoint_url": "http://[::1]:9"})).emulated
    assert not Client(CONFIG.model_copy(update={"endpoint_url": None})).emulated


def test_pages_are_followed_to_the_end(client: Client, stub: Stubber) -> None:
    body = {"ResourceArn": ARN}
    tags = [{"Key": f"k{number}", "Value": "v"} for number in range(3)]
    stub.add_response("list_tags", {"Tags": tags[:2], "NextToken": "more"}, body)
    stub.add_response("list_tags", {"Tags": tags[2:]}, {**body, "NextToken": "more"})
    assert [tag for page in client.pages("ListTags", body) for tag in page["Tags"]] == tags


# submission


def _found(stub: Stubber, digest: str) -> None:
    from datetime import UTC, datetime

    now = datetime(2026, 1, 1, tzinfo=UTC)
    described: dict[str, Any] = {
        "AutoMLJobName": "job-abcdefgh",
        "AutoMLJobArn": ARN,
        "AutoMLJobInputDataConfig": REQUEST["AutoMLJobInputDataConfig"],
        "OutputDataConfig": REQUEST["OutputDataConfig"],
        "RoleArn": ROLE,
        "CreationTime": now,
        "LastModifiedTime": now,
        "AutoMLJobStatus": "InProgress",
        "AutoMLJobSecondaryStatus": "Starting",
    }
    stub.add_response("describe_auto_ml_job_v2", described, {"AutoMLJobName": "job-abcdefgh"})
    stub.add_response("list_tags", {"Tags": [{"Key": TAG_REQUEST, "Value": digest}]}, {"ResourceArn": ARN})


def _own_digest() -> str:
    return {tag["Key"]: tag["Value"] for tag in REQUEST["Tags"]}[TAG_REQUEST]


def test_create_sends_the_request(client: Client, stub: Stubber) -> None:
    stub.add_response("create_auto_ml_job_v2", {"AutoMLJobArn": ARN}, REQUEST)
    create_once(client, REQUEST)


@pytest.mark.parametrize(("code", "status"), [("ResourceInUse", 400), ("InternalFailure", 500)])
def test_a_job_that_is_there_is_ours(client: Client, stub: Stubber, code: str, status: int) -> None:
    stub.add_client_error("create_auto_ml_job_v2", code, http_status_code=status)
    _found(stub, _own_digest())
    create_once(client, REQUEST)


def test_a_name_with_another_request_is_a_conflict(client: Client, stub: Stubber) -> None:
    stub.add_client_error("create_auto_ml_job_v2", "ResourceInUse")
    _found(stub, "0" * 64)
    with pytest.raises(errors.ConflictError, match="asked for something else"):
        create_once(client, REQUEST)


def test_nothing_answered_and_nothing_there(client: Client, stub: Stubber) -> None:
    stub.add_client_error("create_auto_ml_job_v2", "InternalFailure", http_status_code=500)
    stub.add_client_error("describe_auto_ml_job_v2", "ResourceNotFound")
    with pytest.raises(errors.ServiceUnavailableError):
        create_once(client, REQUEST)


def test_a_quota_is_not_retried(client: Client, stub: Stubber) -> None:
    stub.add_client_error("create_auto_ml_job_v2", "ResourceLimitExceeded")
    with pytest.raises(errors.QuotaExceededError):
        create_once(client, REQUEST)
