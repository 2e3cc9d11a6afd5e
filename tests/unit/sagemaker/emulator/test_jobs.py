"""Autopilot jobs in the emulator, by unmodified boto3."""

from __future__ import annotations

import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import pytest
from autopilot_calls import create_request, rows, until
from botocore.exceptions import ClientError

from cloudautoml.job import JobState, JobStatus
from cloudautoml_sagemaker._names import split_uri
from cloudautoml_sagemaker.emulator import BUCKET

if TYPE_CHECKING:
    from cloudautoml.testing import FakeProvider
    from cloudautoml_sagemaker.emulator import SagemakerEmulator

pytestmark = pytest.mark.usefixtures("data")


def code(exc: pytest.ExceptionInfo[ClientError]) -> str:
    return str(exc.value.response["Error"]["Code"])


def describe(client: Any, name: str = "churn-1") -> dict[str, Any]:
    found: dict[str, Any] = client.describe_auto_ml_job_v2(AutoMLJobName=name)
    return found


def ended(client: Any, emulator: SagemakerEmulator, name: str = "churn-1") -> dict[str, Any]:
    """The description of a job once it has ended, however the clock stands."""
    emulator.clock.advance(1000)
    found: dict[str, Any] = until(
        lambda: describe(client, name), lambda seen: seen["AutoMLJobStatus"] in {"Completed", "Failed", "Stopped"}
    )
    return found


def test_a_job_goes_through_its_phases_by_the_clock(client: Any, emulator: SagemakerEmulator) -> None:
    arn = client.create_auto_ml_job_v2(**create_request())["AutoMLJobArn"]
    assert arn == "arn:aws:sagemaker:us-east-1:123456789012:automl-job/churn-1"
    seen = []
    for _ in range(6):
        found = until(
            lambda: describe(client), lambda now: not seen or now["AutoMLJobSecondaryStatus"] != seen[-1], seconds=10
        )
        assert found["AutoMLJobStatus"] == "InProgress"
        assert "BestCandidate" not in found
        seen.append(found["AutoMLJobSecondaryStatus"])
        emulator.clock.advance(10)
    assert seen == [
        "Starting", "AnalyzingData", "PreTraining", "TrainingModels", "GeneratingExplainabilityReport",
        "GeneratingModelInsightsReport",
    ]  # fmt: skip
    done = until(lambda: describe(client), lambda now: now["AutoMLJobStatus"] == "Completed")
    assert done["BestCandidate"]["CandidateStatus"] == "Completed"
    assert done["ResolvedAttributes"]["AutoMLJobObjective"] == {"MetricName": "AUC"}
    assert done["EndTime"] >= done["CreationTime"]
    assert done["AutoMLProblemTypeConfigName"] == "Tabular"


def test_candidates_have_metrics_and_models_in_s3(client: Any, emulator: SagemakerEmulator, data: Any) -> None:
    client.create_auto_ml_job_v2(**create_request())
    best = ended(client, emulator)["BestCandidate"]
    final = best["FinalAutoMLJobObjectiveMetric"]
    assert (final["MetricName"], final["Type"]) == ("AUC", "Maximize")
    container = best["InferenceContainers"][0]
    assert "emulated" in container["Image"]
    bucket, key = split_uri(container["ModelDataUrl"])
    packed = data.get_object(Bucket=bucket, Key=key)["Body"].read()
    with tarfile.open(fileobj=io.BytesIO(packed)) as archive:
        note = archive.extractfile("emulated.json")
        assert note is not None
        assert json.load(note)["source"] == "emulated"
        assert "model/model.json" in archive.getnames()
    notebooks = describe(client)["AutoMLJobArtifacts"]
    for address in notebooks.values():
        bucket, key = split_uri(address)
        assert json.loads(data.get_object(Bucket=bucket, Key=key)["Body"].read())["nbformat"] == 4


def test_candidates_are_paged_in_the_order_that_was_asked_for(client: Any, emulator: SagemakerEmulator) -> None:
    client.create_auto_ml_job_v2(**create_request())
    ended(client, emulator)
    pages = client.get_paginator("list_candidates_for_auto_ml_job").paginate(
        AutoMLJobName="churn-1", SortBy="FinalObjectiveMetricValue", PaginationConfig={"PageSize": 1}
    )
    sizes, values = [], []
    for page in pages:
        sizes.append(len(page["Candidates"]))
        values += [item["FinalAutoMLJobObjectiveMetric"]["Value"] for item in page["Candidates"]]
    assert sizes == [1, 1]
    assert values == sorted(values, reverse=True)
    name = describe(client)["BestCandidate"]["CandidateName"]
    only = client.list_candidates_for_auto_ml_job(AutoMLJobName="churn-1", CandidateNameEquals=name)["Candidates"]
    assert [item["CandidateName"] for item in only] == [name]


def test_a_page_token_belongs_to_its_query(client: Any, emulator: SagemakerEmulator) -> None:
    client.create_auto_ml_job_v2(**create_request("first"))
    client.create_auto_ml_job_v2(**create_request("second"))
    token = client.list_auto_ml_jobs(MaxResults=1)["NextToken"]
    assert [job["AutoMLJobName"] for job in client.list_auto_ml_jobs(NextToken=token)["AutoMLJobSummaries"]] == [
        "first"
    ]
    for query in ({"NextToken": token, "NameContains": "f"}, {"NextToken": "bm8ubm8="}, {"NextToken": "x"}):
        with pytest.raises(ClientError) as caught:
            client.list_auto_ml_jobs(**query)
        assert code(caught) == "ValidationException"


def test_jobs_are_listed_by_name_and_status(client: Any, emulator: SagemakerEmulator) -> None:
    for name in ("alpha", "beta"):
        client.create_auto_ml_job_v2(**create_request(name))
        emulator.clock.advance(1)
    ended(client, emulator, "alpha")
    client.create_auto_ml_job_v2(**create_request("gamma"))

    def names(**query: Any) -> list[str]:
        return [job["AutoMLJobName"] for job in client.list_auto_ml_jobs(**query)["AutoMLJobSummaries"]]

    until(lambda: names(StatusEquals="Completed"), lambda found: len(found) == 2)
    assert names() == ["gamma", "beta", "alpha"]
    assert names(SortBy="CreationTime", SortOrder="Ascending") == ["alpha", "beta", "gamma"]
    assert names(NameContains="ALP") == ["alpha"]
    assert names(StatusEquals="InProgress") == ["gamma"]
    assert names(CreationTimeBefore=describe(client, "alpha")["CreationTime"]) == ["alpha"]


def test_a_name_is_taken_for_ever_in_any_case(client: Any, emulator: SagemakerEmulator) -> None:
    client.create_auto_ml_job_v2(**create_request())
    for _ in range(2):
        with pytest.raises(client.exceptions.ResourceInUse):
            client.create_auto_ml_job_v2(**create_request("CHURN-1"))
        ended(client, emulator)


def test_a_stopped_job_stays_stopped(client: Any, emulator: SagemakerEmulator, provider: FakeProvider) -> None:
    provider.vendor.script = [JobStatus(JobState.RUNNING, phase="Training")]
    client.create_auto_ml_job_v2(**create_request())
    client.stop_auto_ml_job(AutoMLJobName="churn-1")
    assert describe(client)["AutoMLJobStatus"] in {"Stopping", "Stopped"}
    done = until(lambda: describe(client), lambda seen: seen["AutoMLJobStatus"] == "Stopped")
    assert "BestCandidate" not in done
    with pytest.raises(ClientError) as caught:
        client.stop_auto_ml_job(AutoMLJobName="churn-1")
    assert code(caught) == "ValidationException"
    emulator.clock.advance(1000)
    assert describe(client)["AutoMLJobStatus"] == "Stopped"


def test_a_training_that_fails_says_why(client: Any, emulator: SagemakerEmulator, provider: FakeProvider) -> None:
    provider.vendor.script = [JobStatus(JobState.FAILED, reason="out of luck")]
    client.create_auto_ml_job_v2(**create_request())
    done = ended(client, emulator)
    assert (done["AutoMLJobStatus"], done["FailureReason"]) == ("Failed", "out of luck")
    assert "BestCandidate" not in done


def test_too_few_rows_fail_the_job(client: Any, emulator: SagemakerEmulator, data: Any) -> None:
    data.put_object(Bucket=BUCKET, Key="data/small.csv", Body=rows(499))
    client.create_auto_ml_job_v2(**create_request(uri=f"s3://{BUCKET}/data/small.csv"))
    assert "no fewer than 500" in ended(client, emulator)["FailureReason"]


def test_what_is_left_open_is_resolved_from_the_data(client: Any, emulator: SagemakerEmulator) -> None:
    request = create_request()
    del request["AutoMLJobObjective"]
    request["AutoMLProblemTypeConfig"] = {"TabularJobConfig": {"TargetAttributeName": "left"}}
    client.create_auto_ml_job_v2(**request)
    resolved = ended(client, emulator)["ResolvedAttributes"]
    assert resolved["AutoMLJobObjective"] == {"MetricName": "F1"}
    assert resolved["AutoMLProblemTypeResolvedAttributes"] == {
        "TabularResolvedAttributes": {"ProblemType": "BinaryClassification"}
    }


def test_data_in_several_files_is_joined(client: Any, emulator: SagemakerEmulator, data: Any) -> None:
    for part in range(2):
        data.put_object(Bucket=BUCKET, Key=f"parts/{part}.csv", Body=rows(300))
    client.create_auto_ml_job_v2(**create_request(uri=f"s3://{BUCKET}/parts/"))
    assert ended(client, emulator)["AutoMLJobStatus"] == "Completed"


def test_an_unknown_job_is_not_found(client: Any) -> None:
    for call in (client.describe_auto_ml_job_v2, client.stop_auto_ml_job, client.list_candidates_for_auto_ml_job):
        with pytest.raises(client.exceptions.ResourceNotFound):
            call(AutoMLJobName="no-such-job")


def test_more_jobs_than_the_quota_are_refused(client: Any, provider: FakeProvider) -> None:
    provider.vendor.script = [JobStatus(JobState.RUNNING)]
    for number in range(4):
        client.create_auto_ml_job_v2(**create_request(f"job-{number}"))
    with pytest.raises(client.exceptions.ResourceLimitExceeded):
        client.create_auto_ml_job_v2(**create_request("job-4"))


def test_tags_are_kept_and_changed(client: Any) -> None:
    tags = [{"Key": "team", "Value": "blue"}]
    arn = client.create_auto_ml_job_v2(**create_request(), Tags=tags)["AutoMLJobArn"]
    client.add_tags(ResourceArn=arn, Tags=[{"Key": "stage", "Value": "test"}])
    assert client.list_tags(ResourceArn=arn)["Tags"] == [*tags, {"Key": "stage", "Value": "test"}]
    client.delete_tags(ResourceArn=arn, TagKeys=["team"])
    assert client.list_tags(ResourceArn=arn)["Tags"] == [{"Key": "stage", "Value": "test"}]
    assert "Tags" not in describe(client)


def _without(request: dict[str, Any], name: str) -> dict[str, Any]:
    return {key: value for key, value in request.items() if key != name}


@pytest.mark.parametrize(
    ("request_", "told"),
    [
        (create_request("a" * 33), "AutoMLJobName"),
        (create_request("under_score"), "does not match"),
        ({**create_request(), "RoleArn": "a-role-that-is-no-arn"}, "RoleArn"),
        ({**create_request(), "AutoMLJobObjective": {"MetricName": "Accurracy"}}, "Accurracy"),
        (_without(create_request(), "AutoMLJobObjective"), "ProblemType"),
        (create_request(CompletionCriteria={"MaxCandidates": 751}), "751"),
        (create_request(Mode="AUTO", SampleWeightAttributeName="age"), "ENSEMBLING"),
        (create_request(TargetAttributeName="gone"), "Target attribute name gone does not exist in header"),
        (create_request(uri=f"s3://{BUCKET}/nothing/here"), "no object"),
        (create_request(uri="s3://no-such-bucket-anywhere/x"), "cannot be read"),
    ],
)  # fmt: skip
def test_what_the_service_would_refuse_is_refused_at_once(request_: dict[str, Any], told: str, client: Any) -> None:
    with pytest.raises(ClientError, match=told) as caught:
        client.create_auto_ml_job_v2(**request_)
    assert code(caught) == "ValidationException"
    assert client.list_auto_ml_jobs()["AutoMLJobSummaries"] == []


def test_what_the_provider_cannot_train_is_refused_at_once(client: Any, data: Any) -> None:
    data.put_object(Bucket=BUCKET, Key="texts.csv", Body=b"text,label\nhello,a\n")
    request = _without(create_request(uri=f"s3://{BUCKET}/texts.csv"), "AutoMLJobObjective")
    config = {"ContentColumn": "text", "TargetLabelColumn": "label"}
    request["AutoMLProblemTypeConfig"] = {"TextClassificationJobConfig": config}
    with pytest.raises(ClientError, match="provider fake, which refuses"):
        client.create_auto_ml_job_v2(**request)
