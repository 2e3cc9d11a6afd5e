"""The SageMaker provider: runs jobs on Autopilot."""

from __future__ import annotations

import re
import tempfile
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar

from typing_extensions import override

from cloudautoml.errors import JobNotFoundError
from cloudautoml.job import JobState, JobStatus
from cloudautoml.plan import Plan, VendorRequest
from cloudautoml.provider import Provider, required_features
from cloudautoml.spec import Forecasting, TabularClassification, TabularRegression
from cloudautoml_sagemaker._client import Client
from cloudautoml_sagemaker._cost import bound_of
from cloudautoml_sagemaker._metrics import objective
from cloudautoml_sagemaker._names import PLANNED_ID, uri
from cloudautoml_sagemaker._preflight import FEWEST_ROWS, check_request, check_spec, gaps_of
from cloudautoml_sagemaker._request import Input, create_request, frequency
from cloudautoml_sagemaker._submission import create_once, describe
from cloudautoml_sagemaker.capabilities import CAPABILITIES
from cloudautoml_sagemaker.config import SagemakerConfig
from cloudautoml_sagemaker.job import SagemakerJob

if TYPE_CHECKING:
    from cloudautoml.capabilities import Capabilities, Gap
    from cloudautoml.data import Prepared
    from cloudautoml.leftovers import Leftover
    from cloudautoml.polling import Clock
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import JobRecord, Store

_JOB_NAME = re.compile(r"[a-zA-Z0-9](-*[a-zA-Z0-9]){0,31}")


class SagemakerProvider(Provider[SagemakerConfig]):
    """Runs each job as one Autopilot job in the user's account.

    Args:
        config: Where, and as whom.
        store: Where jobs are recorded.
        clock: Time and sleep.
        base: Folder that relative paths start from.
    """

    name: ClassVar[str] = "sagemaker"
    capabilities: ClassVar[Capabilities] = CAPABILITIES

    def __init__(
        self,
        config: SagemakerConfig,
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
        from cloudautoml.data import PreparedData, PreparedImages, PreparedSeries
        from cloudautoml_sagemaker._upload import plain_rows

        if _is_remote(spec):
            return None
        data = super()._prepare(spec, strict=strict)
        if data is None:
            plain_rows(spec, self.base)
        elif isinstance(data, PreparedSeries) and isinstance(spec.task, Forecasting):
            frequency(spec.task, data.schema.frequency.name)
        elif isinstance(data, (PreparedData, PreparedImages)):
            objective(spec, _classes(data))  # a metric of two classes does not fit three
            if isinstance(spec.task, (TabularClassification, TabularRegression)):
                data = _with_row_count(data)
        return data

    @override
    def _plan(self, spec: JobSpec, gaps: tuple[Gap, ...], data: Prepared | None) -> Plan:
        notes: list[str] = []
        requests: tuple[VendorRequest, ...] = ()
        if not gaps:
            name = f"{spec.name}-{PLANNED_ID}"
            notes.append(f"the letters {PLANNED_ID} in names are drawn on submission")
            if data is None and not _is_remote(spec):
                notes.append("the data is named by its digest when it is sent")
            request = create_request(spec, self.config, name=name, data=self._planned_input(spec, data))
            requests = (VendorRequest("CreateAutoMLJobV2", request),)
            notes.append("names of Autopilot jobs can never be used again, and no job can be deleted")
        return Plan(
            provider=self.name,
            requests=requests,
            cost=bound_of(spec, self.config),
            gaps=gaps,
            findings=data.findings if data is not None else (),
            notes=tuple(notes),
        )

    def _planned_input(self, spec: JobSpec, data: Prepared | None) -> Input:
        from cloudautoml_sagemaker._upload import stage

        if data is None and not _is_remote(spec):
            return Input(uri(self.config, "data", "sha256", "train.csv"), classes=_assumed_classes(spec))
        with tempfile.TemporaryDirectory() as folder:
            source, _ = stage(spec, self.config, data, Path(folder), base=self.base)
        return source

    @override
    def _submit(self, record: JobRecord, spec: JobSpec) -> None:
        from cloudautoml.data import load_prepared
        from cloudautoml.store import write_json
        from cloudautoml_sagemaker._upload import send, stage

        folder = self.store.job_dir(record.id)
        data = load_prepared(folder / "data") if (folder / "data").exists() else None
        with tempfile.TemporaryDirectory() as staging:  # one's own: the same job may be submitted twice at once
            source, files = stage(spec, self.config, data, Path(staging), base=self.base)
            request = create_request(spec, self.config, name=record.id, data=source)
            check_request(request)
            write_json(folder / "request.json", request)
            # from here on the job can be found again by its name, whatever happens to this process or to the reply
            self.store.set_vendor_ref(record.id, record.id)
            sent = send(files, self.client)
        self.store.add_event(record.id, "upload", f"{sent} of {len(files)} files sent, the others were there")
        create_once(self.client, request)
        self.store.observe(record.id, JobStatus(JobState.QUEUED))

    @override
    def _job(self, job: str) -> SagemakerJob:
        return SagemakerJob(job, store=self.store, clock=self.clock, client=self.client, config=self.config)

    @override
    def leftovers(self, job: str | None = None) -> list[Leftover]:
        from cloudautoml_sagemaker._leftovers import find

        return list(find(self.client, self.config, job))

    @override
    def _discard(self, leftover: Leftover) -> None:
        from cloudautoml_sagemaker._leftovers import remove

        remove(self.client, leftover)

    @override
    def _adopt(self, ref: str) -> JobRecord | None:
        from cloudautoml_sagemaker._spec import spec_from_request

        if not _JOB_NAME.fullmatch(ref):
            return None
        try:
            found = describe(self.client, ref)
        except JobNotFoundError:
            return None
        record = self.store.create(spec_from_request(found), self.name)
        self.store.set_vendor_ref(record.id, found["AutoMLJobName"])
        return self.store.job(record.id)


def _is_remote(spec: JobSpec) -> bool:
    return isinstance(spec.data.train, str) and spec.data.train.startswith("s3://")


def _classes(data: Prepared) -> int | None:
    classes = getattr(data.schema, "classes", None)
    return None if classes is None else len(classes)


def _assumed_classes(spec: JobSpec) -> int | None:
    """The number of classes to plan with while the data has not been read."""
    if not isinstance(spec.task, TabularClassification):
        return None
    return 3 if spec.metric.name.endswith("_macro") else 2


def _with_row_count(data: Prepared) -> Prepared:
    """The data with a finding where it has fewer rows than Autopilot takes."""
    from cloudautoml.data import Finding, PreparedData, Severity

    if not isinstance(data, PreparedData) or len(data.train) >= FEWEST_ROWS:
        return data
    finding = Finding(
        "rows.too_few_for_autopilot",
        Severity.ERROR,
        f"{len(data.train)} rows to learn from, and Autopilot takes {FEWEST_ROWS} or more",
        hint="seal fewer rows, or train locally",
    )
    return replace(data, findings=(finding, *data.findings))
