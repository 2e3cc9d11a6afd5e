"""The Vertex AI provider: runs jobs on AutoML."""

from __future__ import annotations

import tempfile
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.errors import ConfigError, JobNotFoundError
from cloudautoml.job import JobState, JobStatus
from cloudautoml.plan import CostBound, Plan, VendorRequest
from cloudautoml.provider import Provider, required_features
from cloudautoml_vertexai._client import Client
from cloudautoml_vertexai._cost import bound_of
from cloudautoml_vertexai._names import PIPELINE, PLANNED_ID, uri
from cloudautoml_vertexai._preflight import check_data, check_request, check_spec
from cloudautoml_vertexai._request import DATASET_ID, Input, dataset_request, pipeline_request
from cloudautoml_vertexai._submission import create_pipeline
from cloudautoml_vertexai.capabilities import CAPABILITIES
from cloudautoml_vertexai.config import VertexaiConfig
from cloudautoml_vertexai.job import VertexaiJob

if TYPE_CHECKING:
    from cloudautoml.capabilities import Capabilities, Gap
    from cloudautoml.data import Prepared
    from cloudautoml.polling import Clock
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import JobRecord, Store


class VertexaiProvider(Provider[VertexaiConfig]):
    """Runs each job as one training pipeline in the user's project.

    Args:
        config: Where.
        store: Where jobs are recorded.
        clock: Time and sleep.
        base: Folder that relative paths start from.
    """

    name: ClassVar[str] = "vertexai"
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(
        self,
        config: VertexaiConfig,
        *,
        store: Store | None = None,
        clock: Clock | None = None,
        base: Path | None = None,
    ) -> None:
        super().__init__(config, store=store, clock=clock, base=base)
        self.client = Client(config)

    @override
    def _check(self, spec: JobSpec) -> list[Gap]:
        if all(self.capabilities[feature] for feature, _ in required_features(spec)):
            check_spec(spec, self.config)  # what cannot be asked for at all comes first; the rest may depend on it
        return []

    @override
    def _prepare(self, spec: JobSpec, *, strict: bool) -> Prepared | None:
        from cloudautoml.data import PreparedData

        data = super()._prepare(spec, strict=strict)
        return check_data(spec, data) if isinstance(data, PreparedData) else data

    @override
    def _plan(self, spec: JobSpec, gaps: tuple[Gap, ...], data: Prepared | None) -> Plan:
        notes: list[str] = []
        requests: tuple[VendorRequest, ...] = ()
        cost = CostBound(None, "a job that is refused has no price")
        if not gaps:
            name = f"{spec.name}-{PLANNED_ID}"
            source = self._planned_input(data)
            pipeline = pipeline_request(spec, self.config, name=name, data=source)
            requests = (
                VendorRequest("CreateDataset", dataset_request(self.config, name=name, data=source)),
                VendorRequest("CreateTrainingPipeline", pipeline),
            )
            cost = bound_of(spec, self.config)
            notes = [
                f"the letters {PLANNED_ID} in names are drawn on submission, and Google gives the data set its number "
                f"in place of {DATASET_ID}",
                "a job that is cancelled is paid for as far as it got; one that fails is not",
                "Google shows the one model that it chose, and its evaluation: the leaderboard has one row",
            ]
            if data is None:
                notes.append("the data is named by its digest when it is sent, and its columns are listed then")
        findings = data.findings if data is not None else ()
        return Plan(self.name, requests, cost, gaps=gaps, findings=findings, notes=tuple(notes))

    def _planned_input(self, data: Prepared | None) -> Input:
        from cloudautoml.data import PreparedData
        from cloudautoml_vertexai._upload import stage

        if not isinstance(data, PreparedData):
            return Input(uri(self.config, "data", "sha256", "train.csv"))
        with tempfile.TemporaryDirectory() as folder:
            source, _ = stage(self.config, data, Path(folder))
        return source

    @override
    def _submit(self, record: JobRecord, spec: JobSpec) -> None:
        from cloudautoml.data import PreparedData, load_prepared
        from cloudautoml.store import write_json
        from cloudautoml_vertexai._upload import send, stage

        folder = self.store.job_dir(record.id)
        data = load_prepared(folder / "data")
        assert isinstance(data, PreparedData)
        with tempfile.TemporaryDirectory() as staging:  # one's own: the same job may be submitted twice at once
            source, file = stage(self.config, data, Path(staging))
            dataset = dataset_request(self.config, name=record.id, data=source)
            pipeline = pipeline_request(spec, self.config, name=record.id, data=source)
            check_request(pipeline)
            # from here on the job can be found again by its label, whatever happens to this process or to the reply
            write_json(folder / "request.json", {"dataset": dataset, "trainingPipeline": pipeline})
            sent = send(file, self.client)
        self.store.add_event(record.id, "upload", "the table was sent" if sent else "the table was there already")
        made = create_pipeline(self.client, self.clock, dataset=dataset, pipeline=pipeline)
        self.store.set_vendor_ref(record.id, str(made["name"]))
        self.store.observe(record.id, JobStatus(JobState.QUEUED))

    @override
    def _job(self, job: str) -> VertexaiJob:
        return VertexaiJob(job, store=self.store, clock=self.clock, client=self.client, config=self.config)

    @override
    def _adopt(self, ref: str) -> JobRecord | None:
        from cloudautoml_vertexai._spec import spec_from_request

        match = PIPELINE.fullmatch(ref)
        if match is None:
            return None
        if match["location"] != self.config.location:
            raise ConfigError(
                f"that pipeline is in {match['location']}, and calls go to {self.config.location}",
                where="providers.vertexai.location",
            )
        try:
            found = self.client.call("GetTrainingPipeline", {"name": ref})
            number = found.get("inputDataConfig", {}).get("datasetId")
            data = self.client.call(
                "GetDataset", {"name": f"{ref.rpartition('/trainingPipelines/')[0]}/datasets/{number}"}
            )
        except JobNotFoundError:
            return None
        source = data.get("metadata", {}).get("inputConfig", {}).get("gcsSource", {}).get("uri", ["gs://unknown"])
        record = self.store.create(spec_from_request(found, data=str(source[0])), self.name)
        self.store.set_vendor_ref(record.id, str(found["name"]))
        return self.store.job(record.id)
