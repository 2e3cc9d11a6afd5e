"""What goes wrong on demand, and how unmodified boto3 takes it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest
from autopilot_calls import create_request
from botocore import UNSIGNED
from botocore.config import Config
from botocore.exceptions import ClientError

from cloudautoml.emulation import Fault, FaultKind

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudautoml_sagemaker.emulator import SagemakerEmulator

pytestmark = pytest.mark.usefixtures("data")


@pytest.fixture
def patient(emulator: SagemakerEmulator) -> Iterator[Any]:
    client = emulator.client("sagemaker", config=Config(retries={"mode": "standard", "total_max_attempts": 4}))
    yield client
    client.close()


@pytest.fixture
def hasty(emulator: SagemakerEmulator) -> Iterator[Any]:
    client = emulator.client("sagemaker", config=Config(retries={"total_max_attempts": 1}))
    yield client
    client.close()


@pytest.mark.parametrize(
    ("kind", "code", "status"),
    [
        (FaultKind.THROTTLE, "ThrottlingException", 400),
        (FaultKind.SERVER_ERROR, "InternalFailure", 500),
        (FaultKind.ACCESS_DENIED, "AccessDeniedException", 400),
        (FaultKind.EXPIRED_TOKEN, "ExpiredTokenException", 400),
        (FaultKind.QUOTA, "ResourceLimitExceeded", 400),
    ],
)
def test_a_fault_comes_in_the_vendors_words(
    kind: FaultKind, code: str, status: int, emulator: SagemakerEmulator, hasty: Any
) -> None:
    emulator.faults.add(Fault(kind=kind, operation="CreateAutoMLJobV2"))
    with pytest.raises(ClientError) as caught:
        hasty.create_auto_ml_job_v2(**create_request())
    assert caught.value.response["Error"]["Code"] == code
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == status
    assert hasty.list_auto_ml_jobs()["AutoMLJobSummaries"] == []


@pytest.mark.parametrize("kind", [FaultKind.THROTTLE, FaultKind.SERVER_ERROR, FaultKind.REFUSED])
def test_boto3_gets_over_what_passes(kind: FaultKind, emulator: SagemakerEmulator, patient: Any) -> None:
    patient.create_auto_ml_job_v2(**create_request())
    emulator.faults.add(Fault(kind=kind, operation="DescribeAutoMLJobV2"))
    found = patient.describe_auto_ml_job_v2(AutoMLJobName="churn-1")
    assert found["AutoMLJobStatus"] == "InProgress"
    assert found["ResponseMetadata"]["RetryAttempts"] == 1


def test_a_lost_reply_to_a_creation_looks_like_a_name_that_is_taken(emulator: SagemakerEmulator, patient: Any) -> None:
    emulator.faults.add(Fault(kind=FaultKind.LOST_REPLY, operation="CreateAutoMLJobV2"))
    with pytest.raises(patient.exceptions.ResourceInUse):
        patient.create_auto_ml_job_v2(**create_request())
    assert len(patient.list_auto_ml_jobs()["AutoMLJobSummaries"]) == 1


def test_an_unheard_status_is_told_once(emulator: SagemakerEmulator, hasty: Any) -> None:
    hasty.create_auto_ml_job_v2(**create_request())
    emulator.faults.add(Fault(kind=FaultKind.UNKNOWN_STATUS, operation="DescribeAutoMLJobV2"))
    seen = [hasty.describe_auto_ml_job_v2(AutoMLJobName="churn-1")["AutoMLJobStatus"] for _ in range(2)]
    assert seen == ["Rebalancing", "InProgress"]


@pytest.mark.parametrize(
    ("settings", "code"),
    [
        ({"aws_secret_access_key": "wrong"}, "InvalidSignatureException"),
        ({"aws_access_key_id": "AKIANOBODYNOBODYNOBO"}, "UnrecognizedClientException"),
        ({"region_name": "eu-west-1"}, "InvalidSignatureException"),
        ({"config": Config(signature_version=UNSIGNED)}, "MissingAuthenticationToken"),
    ],
)
def test_a_call_that_is_not_signed_right_is_refused(
    settings: dict[str, Any], code: str, emulator: SagemakerEmulator
) -> None:
    client = emulator.client("sagemaker", **settings)
    with pytest.raises(ClientError) as caught:
        client.list_auto_ml_jobs()
    client.close()
    assert caught.value.response["Error"]["Code"] == code


def test_a_session_token_is_signed_too(emulator: SagemakerEmulator) -> None:
    client = emulator.client("sagemaker", aws_session_token="a-token")
    assert client.list_auto_ml_jobs()["AutoMLJobSummaries"] == []
    client.close()


def test_what_is_not_emulated_is_said_to_be_so(hasty: Any) -> None:
    with pytest.raises(ClientError, match="ListPipelines is not emulated"):
        hasty.list_pipelines()
