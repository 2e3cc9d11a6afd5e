"""Models, endpoints and batch transforms in the emulator, by unmodified boto3."""

from __future__ import annotations

import csv
import io
import json
from typing import TYPE_CHECKING, Any

import pytest
from autopilot_calls import create_request, rows, until
from botocore.exceptions import ClientError

from cloudautoml_sagemaker.emulator import BUCKET, ROLE

if TYPE_CHECKING:
    from collections.abc import Iterator

    from cloudautoml_sagemaker.emulator import SagemakerEmulator

pytestmark = pytest.mark.usefixtures("data")

PLAIN = b"33,north\n44,south\n"


@pytest.fixture
def model(client: Any, emulator: SagemakerEmulator) -> str:
    """A model made of the best candidate of a job, that is asked for all it can tell."""
    client.create_auto_ml_job_v2(**create_request())
    emulator.clock.advance(1000)
    done = until(lambda: client.describe_auto_ml_job_v2(AutoMLJobName="churn-1"), lambda seen: "BestCandidate" in seen)
    containers = done["BestCandidate"]["InferenceContainers"]
    environment = containers[0]["Environment"]
    environment["SAGEMAKER_INFERENCE_OUTPUT"] = environment["SAGEMAKER_INFERENCE_SUPPORTED"]
    client.create_model(ModelName="churn", ExecutionRoleArn=ROLE, Containers=containers)
    return "churn"


@pytest.fixture
def runtime(emulator: SagemakerEmulator) -> Iterator[Any]:
    client = emulator.client("sagemaker-runtime")
    yield client
    client.close()


def deploy(client: Any, model: str) -> None:
    variant = {
        "VariantName": "all",
        "ModelName": model,
        "InstanceType": "ml.m5.large",
        "InitialInstanceCount": 1,
    }
    client.create_endpoint_config(EndpointConfigName="config", ProductionVariants=[variant])
    client.create_endpoint(EndpointName="live", EndpointConfigName="config")


@pytest.fixture
def live(client: Any, model: str, emulator: SagemakerEmulator) -> str:
    """An endpoint that has come up."""
    deploy(client, model)
    emulator.clock.advance(10)
    return "live"


def test_an_endpoint_comes_up_predicts_and_goes(
    client: Any, runtime: Any, model: str, emulator: SagemakerEmulator
) -> None:
    deploy(client, model)
    assert client.describe_endpoint(EndpointName="live")["EndpointStatus"] == "Creating"
    with pytest.raises(runtime.exceptions.ValidationError, match="Creating"):
        runtime.invoke_endpoint(EndpointName="live", ContentType="text/csv", Body=PLAIN)
    emulator.clock.advance(10)
    client.get_waiter("endpoint_in_service").wait(EndpointName="live")
    answer = runtime.invoke_endpoint(EndpointName="live", ContentType="text/csv", Body=PLAIN)
    assert answer["InvokedProductionVariant"] == "all"
    lines = list(csv.reader(io.StringIO(answer["Body"].read().decode())))
    assert len(lines) == 2
    for label, probability, probabilities, labels in lines:
        shares = dict(zip(json.loads(labels), json.loads(probabilities), strict=True))
        assert set(shares) == {"0", "1"}
        assert sum(shares.values()) == pytest.approx(1)
        assert shares[label] == pytest.approx(float(probability))
    client.delete_endpoint(EndpointName="live")
    client.delete_endpoint_config(EndpointConfigName="config")
    client.delete_model(ModelName=model)
    with pytest.raises(ClientError, match="Could not find"):
        client.delete_endpoint(EndpointName="live")
    with pytest.raises(runtime.exceptions.ValidationError, match="not found"):
        runtime.invoke_endpoint(EndpointName="live", ContentType="text/csv", Body=PLAIN)


@pytest.mark.parametrize(
    ("body", "content_type", "told"),
    [
        (b"1,2,3,4\n", "text/csv", "takes 2"),
        (b"", "text/csv", "no rows"),
        (b"{}", "application/json", "not supported"),
    ],
)
def test_a_body_that_makes_no_sense_is_the_models_error(
    body: bytes, content_type: str, told: str, runtime: Any, live: str
) -> None:
    with pytest.raises(runtime.exceptions.ModelError, match=told) as caught:
        runtime.invoke_endpoint(EndpointName=live, ContentType=content_type, Body=body)
    assert caught.value.response["ResponseMetadata"]["HTTPStatusCode"] == 424


def test_a_transform_writes_a_line_a_row(client: Any, model: str, data: Any) -> None:
    plain = "\n".join(line.rpartition(",")[0] for line in rows(50, header=False).decode().split()) + "\n"
    data.put_object(Bucket=BUCKET, Key="predict/rows.csv", Body=plain.encode())
    request = {
        "TransformJobName": "predict-1",
        "ModelName": model,
        "TransformInput": {
            "DataSource": {"S3DataSource": {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/predict/rows.csv"}},
            "ContentType": "text/csv",
            "SplitType": "Line",
        },
        "TransformOutput": {"S3OutputPath": f"s3://{BUCKET}/predicted", "AssembleWith": "Line"},
        "TransformResources": {"InstanceType": "ml.m5.large", "InstanceCount": 1},
    }
    client.create_transform_job(**request)
    done = until(
        lambda: client.describe_transform_job(TransformJobName="predict-1"),
        lambda seen: seen["TransformJobStatus"] != "InProgress",
    )
    assert done["TransformJobStatus"] == "Completed", done.get("FailureReason")
    out = data.get_object(Bucket=BUCKET, Key="predicted/rows.csv.out")["Body"].read().decode()
    assert len(out.splitlines()) == 50
    with pytest.raises(client.exceptions.ResourceInUse):
        client.create_transform_job(**request)
    with pytest.raises(ClientError, match="cannot be stopped"):
        client.stop_transform_job(TransformJobName="predict-1")
    listed = client.list_transform_jobs(NameContains="predict")["TransformJobSummaries"]
    assert [job["TransformJobStatus"] for job in listed] == ["Completed"]


def test_a_transform_that_fails_says_why(client: Any, model: str, data: Any) -> None:
    data.put_object(Bucket=BUCKET, Key="odd/rows.csv", Body=b"1,2,3\n")
    source = {"S3DataType": "S3Prefix", "S3Uri": f"s3://{BUCKET}/odd/"}
    client.create_transform_job(
        TransformJobName="odd",
        ModelName=model,
        TransformInput={"DataSource": {"S3DataSource": source}, "ContentType": "text/csv"},
        TransformOutput={"S3OutputPath": f"s3://{BUCKET}/predicted"},
        TransformResources={"InstanceType": "ml.m5.large", "InstanceCount": 1},
    )
    done = until(
        lambda: client.describe_transform_job(TransformJobName="odd"),
        lambda seen: seen["TransformJobStatus"] != "InProgress",
    )
    assert done["TransformJobStatus"] == "Failed"
    assert "takes 2" in done["FailureReason"]


def test_a_model_needs_data_that_a_job_has_written(client: Any) -> None:
    container = {"Image": "some/image", "ModelDataUrl": f"s3://{BUCKET}/nothing.tar.gz"}
    with pytest.raises(ClientError, match="Could not find model data"):
        client.create_model(ModelName="empty", ExecutionRoleArn=ROLE, PrimaryContainer=container)


def test_models_are_listed_and_named_once(client: Any, model: str) -> None:
    assert [found["ModelName"] for found in client.list_models()["Models"]] == [model]
    described = client.describe_model(ModelName=model)
    with pytest.raises(ClientError, match="already existing"):
        client.create_model(ModelName=model, ExecutionRoleArn=ROLE, Containers=described["Containers"])
