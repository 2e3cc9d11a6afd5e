"""Google's own high-level client, unmodified, against the emulator; and what it sends beside what we send."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

import pytest
from vertexai_jobs import provider_of, spec_of, trainer, write_rows

from cloudautoml.store import Store
from cloudautoml_vertexai._preflight import TASK_FIELDS
from cloudautoml_vertexai.emulator import BUCKET, PROJECT, VertexaiEmulator

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

pytestmark = [pytest.mark.slow, pytest.mark.filterwarnings("default")]  # the client itself warns of its own parts

COLUMNS = ("age", "last_visit", "town")


@pytest.fixture
def emulator(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[VertexaiEmulator]:
    with VertexaiEmulator(trainer(Store(tmp_path / "emulated"))) as running:
        for name, value in running.environment().items():
            monkeypatch.setenv(name, value)
        yield running


@pytest.fixture
def sdk(emulator: VertexaiEmulator) -> Any:
    from google.auth.credentials import AnonymousCredentials
    from google.cloud import aiplatform

    aiplatform.init(
        project=PROJECT,
        location=emulator.location,
        api_endpoint=emulator.url,
        api_transport="rest",
        credentials=AnonymousCredentials(),  # type: ignore[no-untyped-call]
    )
    return aiplatform


def put_table(emulator: VertexaiEmulator, folder: Path) -> str:
    table = write_rows(folder / "train.csv")
    text = table.read_text(encoding="utf-8").replace("last visit", "last_visit").replace("_town", "town")
    address = f"gs://{BUCKET}/sdk/train.csv"
    emulator.storage.write(address, text.encode())
    return address


def run_job(sdk: Any, dataset: Any, **settings: Any) -> Any:
    job = sdk.AutoMLTabularTrainingJob(
        display_name="churn",
        optimization_prediction_type="classification",
        optimization_objective="maximize-au-roc",
        **settings,
    )
    model = job.run(dataset=dataset, target_column="left", budget_milli_node_hours=1000, model_display_name="churn")
    return job, model


def test_the_whole_way(emulator: VertexaiEmulator, sdk: Any, tmp_path: Path) -> None:
    dataset = sdk.TabularDataset.create(display_name="churn", gcs_source=put_table(emulator, tmp_path))
    job, model = run_job(sdk, dataset, column_specs=dict.fromkeys(COLUMNS, "auto"), labels={"team": "a"})
    assert job.state.name == "PIPELINE_STATE_SUCCEEDED"
    assert [found.display_name for found in sdk.AutoMLTabularTrainingJob.list(filter='labels.team="a"')] == ["churn"]
    assert sdk.AutoMLTabularTrainingJob.list(filter='labels.team="b"') == []
    assert sdk.AutoMLTabularTrainingJob.get(job.resource_name).display_name == "churn"
    (evaluation,) = model.list_model_evaluations()
    assert 0 <= evaluation.metrics["auRoc"] <= 1
    assert model.labels["emulated"] == "true"
    told = model.export_model(export_format_id="tf-saved-model", artifact_destination=f"gs://{BUCKET}/out")
    assert told["artifactOutputUri"].startswith(f"gs://{BUCKET}/out/")

    endpoint = model.deploy(machine_type="n1-standard-2")
    row = {"age": "33", "last_visit": "2026-01-05 08:30:00", "town": "north"}
    (answer,) = endpoint.predict([row]).predictions
    assert sorted(answer["classes"]) == ["no", "yes"]
    assert sum(answer["scores"]) == pytest.approx(1)
    endpoint.undeploy_all()
    endpoint.delete()

    batch = model.batch_predict(
        job_display_name="rows",
        gcs_source=f"gs://{BUCKET}/sdk/train.csv",
        instances_format="csv",
        predictions_format="jsonl",
        gcs_destination_prefix=f"gs://{BUCKET}/batch",
        machine_type="n1-standard-4",
    )
    lines = [line for blob in batch.iter_outputs() for line in blob.download_as_text().splitlines()]
    assert len(lines) == 1400
    assert set(json.loads(lines[0])) == {"instance", "prediction"}
    model.delete()
    dataset.delete()


def test_dead_jobs_and_wrong_budgets_are_refused(emulator: VertexaiEmulator, sdk: Any, tmp_path: Path) -> None:
    from google.api_core.exceptions import BadRequest

    dataset = sdk.TabularDataset.create(display_name="churn", gcs_source=put_table(emulator, tmp_path))
    job = sdk.AutoMLTabularTrainingJob(
        display_name="churn",
        optimization_prediction_type="classification",
        column_specs=dict.fromkeys(COLUMNS, "auto"),
    )
    with pytest.raises(BadRequest, match="trainBudgetMilliNodeHours"):
        job.run(dataset=dataset, target_column="left", budget_milli_node_hours=10)


def test_we_send_what_the_client_sends(emulator: VertexaiEmulator, sdk: Any, tmp_path: Path) -> None:
    """For the same job both make the same pipeline, but for labels, which are ours, and nulls, which say nothing."""
    ours = provider_of(emulator, Store(tmp_path / "store"), fractions=(0.7, 0.2, 0.1))
    job = ours.submit(spec_of(write_rows(tmp_path / "rows.csv"))).wait(timeout=60)
    native = job.native()
    sent = type(native).to_dict(native)

    inputs = sent["training_task_inputs"]
    dataset = sdk.TabularDataset.create(display_name=job.id, gcs_source=put_table(emulator, tmp_path))
    theirs = sdk.AutoMLTabularTrainingJob(
        display_name=job.id,
        optimization_prediction_type="classification",
        optimization_objective="maximize-au-roc",
        column_transformations=inputs["transformations"],
    )
    theirs.run(
        dataset=dataset,
        target_column="left",
        budget_milli_node_hours=1000,
        training_fraction_split=0.7,
        validation_fraction_split=0.2,
        test_fraction_split=0.1,
        model_display_name=job.id,
    )
    made = type(native).to_dict(theirs.gca_resource)
    for field in ("display_name", "training_task_definition", "training_task_inputs"):
        assert made[field] == sent[field], field
    split, theirs_split = sent["input_data_config"], made["input_data_config"]
    assert theirs_split["fraction_split"] == split["fraction_split"]
    assert set(theirs_split) == set(split)
    assert made["model_to_upload"]["display_name"] == sent["model_to_upload"]["display_name"]
    made_set = sdk.TabularDataset(sent["input_data_config"]["dataset_id"]).gca_resource
    assert made_set.metadata_schema_uri == dataset.gca_resource.metadata_schema_uri
    assert set(dict(made_set.metadata)) == set(dict(dataset.gca_resource.metadata))


def test_the_fields_of_a_task_are_googles(sdk: Any) -> None:
    from google.cloud.aiplatform.v1.schema.trainingjob.definition_v1.types import AutoMlTablesInputs

    known = AutoMlTablesInputs.pb(AutoMlTablesInputs()).DESCRIPTOR.fields
    assert {field.json_name for field in known} == set(TASK_FIELDS)
