"""The Azure provider: runs jobs on Azure AutoML."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.errors import JobNotFoundError
from cloudautoml.job import JobState, JobStatus
from cloudautoml.plan import Plan, VendorRequest
from cloudautoml.provider import Provider, required_features
from cloudautoml_azureml._client import Client
from cloudautoml_azureml._cost import bound_of
from cloudautoml_azureml._names import PLANNED_ID
from cloudautoml_azureml._preflight import FEWEST_ROWS, check_request, check_spec, gaps_of, is_job_name
from cloudautoml_azureml._request import Input, create_request
from cloudautoml_azureml._submission import create_once, describe
from cloudautoml_azureml.capabilities import CAPABILITIES
from cloudautoml_azureml.config import AzuremlConfig
from cloudautoml_azureml.job import AzuremlJob

if TYPE_CHECKING:
    from cloudautoml.capabilities import Capabilities, Gap
    from cloudautoml.data import Prepared
    from cloudautoml.polling import Clock
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import JobRecord, Store


class AzuremlProvider(Provider[AzuremlConfig]):
    """Runs each job as one AutoML job in the user's workspace.

    Args:
        config: Where.
        store: Where jobs are recorded.
        clock: Time and sleep.
        base: Folder that relative paths start from.
    """

    name: ClassVar[str] = "azureml"
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(
        self,
        config: AzuremlConfig,
        *,
        store: Store | None = None,
        clock: Clock | None = None,
        base: Path | None = None,
    ) -> None:
        super().__init__(config, store=store, clock=clock, base=base)
        self.client = Client(config)

    @override
    def _check(self, spec: JobSpec) -> list[Gap]:
        if not all(self.capabilities[feature] for feature, _ in required_features(spec)):
            return []  # what cannot be asked for at all comes first; the rest may depend on it
        gaps = list(gaps_of(spec))
        if not gaps:
            check_spec(spec, self.config)
        return gaps

    @override
    def _prepare(self, spec: JobSpec, *, strict: bool) -> Prepared | None:
        from cloudautoml_azureml._upload import is_remote

        if is_remote(spec):
            return None
        data = super()._prepare(spec, strict=strict)
        return None if data is None else _with_row_count(data)

    @override
    def _plan(self, spec: JobSpec, gaps: tuple[Gap, ...], data: Prepared | None) -> Plan:
        from cloudautoml_azureml._upload import is_remote

        notes: list[str] = []
        requests: tuple[VendorRequest, ...] = ()
        if not gaps:
            name = f"{spec.name}-{PLANNED_ID}"
            notes.append(f"the letters {PLANNED_ID} in names are drawn on submission")
            if data is None and not is_remote(spec):
                notes.append("the data is named by its digest when it is sent, and its columns' types with it")
            request = create_request(spec, self.config, name=name, data=self._planned_input(spec, data))
            requests = (VendorRequest(f"PUT jobs/{name}", request),)
            notes.append("ensembles are made after the time limit, on top of it")
            if spec.metric.name == "roc_auc" and spec.task.type == "tabular_classification":
                notes.append("Azure optimises the ROC AUC weighted by class size; the leaderboard has the plain mean")
        return Plan(
            provider=self.name,
            requests=requests,
            cost=bound_of(spec, self.config),
            gaps=gaps,
            findings=data.findings if data is not None else (),
            notes=tuple(notes),
        )

    def _planned_input(self, spec: JobSpec, data: Prepared | None) -> Input:
        from cloudautoml_azureml._names import datastore_uri
        from cloudautoml_azureml._upload import is_remote, stage

        if data is None and not is_remote(spec):
            return Input(datastore_uri(self.config, "data", "sha256") + "/")
        with tempfile.TemporaryDirectory() as folder:
            source, _ = stage(spec, self.config, data, Path(folder))
        return source

    @override
    def _submit(self, record: JobRecord, spec: JobSpec) -> None:
        from cloudautoml.data import load_prepared
        from cloudautoml.store import write_json
        from cloudautoml_azureml._upload import send, stage

        folder = self.store.job_dir(record.id)
        data = load_prepared(folder / "data") if (folder / "data").exists() else None
        with tempfile.TemporaryDirectory() as staging:  # one's own: the same job may be submitted twice at once
            source, files = stage(spec, self.config, data, Path(staging))
            request = create_request(spec, self.config, name=record.id, data=source)
            check_request(request)
            write_json(folder / "request.json", request)
            # from here on the job can be found again by its name, whatever happens to this process or to the reply
            self.store.set_vendor_ref(record.id, record.id)
            sent = send(files, self.client, self.config)
        self.store.add_event(record.id, "upload", f"{sent} of {len(files)} files sent, the others were there")
        create_once(self.client, record.id, request)
        self.store.observe(record.id, JobStatus(JobState.QUEUED))

    @override
    def _job(self, job: str) -> AzuremlJob:
        return AzuremlJob(job, store=self.store, clock=self.clock, client=self.client, config=self.config)

    @override
    def _adopt(self, ref: str) -> JobRecord | None:
        from cloudautoml_azureml._spec import spec_from_request

        if not is_job_name(ref):
            return None
        try:
            found = describe(self.client, ref)
        except JobNotFoundError:
            return None
        record = self.store.create(spec_from_request(found, name=ref), self.name)
        self.store.set_vendor_ref(record.id, ref)
        return self.store.job(record.id)


def _with_row_count(data: Prepared) -> Prepared:
    """The data with a finding where it has fewer rows than Azure AutoML takes."""
    from cloudautoml.data import Finding, PreparedData, Severity

    if not isinstance(data, PreparedData) or len(data.train) >= FEWEST_ROWS:
        return data
    finding = Finding(
        "rows.too_few_for_azure",
        Severity.ERROR,
        f"{len(data.train)} rows to learn from, and Azure AutoML takes {FEWEST_ROWS} or more",
        hint="seal fewer rows, or train locally",
    )
    return replace(data, findings=(finding, *data.findings))
