"""A job of Vertex AI: what Google says of its pipeline, its model and the model's evaluation."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.errors import CloudAutoMLError, JobNotFoundError, SpecError, StorageError, UnknownNameError
from cloudautoml.job import Cost, Job, JobState, JobStatus
from cloudautoml.leaderboard import Leaderboard
from cloudautoml.store import read_json, write_json
from cloudautoml_vertexai._batch import answers_in, output_of, start
from cloudautoml_vertexai._cost import cost_of
from cloudautoml_vertexai._holdout import features_of, holdout_metrics, with_holdout
from cloudautoml_vertexai._names import LABEL_JOB
from cloudautoml_vertexai._response import candidate_of, confusion_of, importance_of, model_name, status_of
from cloudautoml_vertexai._submission import find
from cloudautoml_vertexai._upload import names_of, send_rows

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping
    from pathlib import Path

    from cloudautoml.data import PreparedData
    from cloudautoml.model import Model
    from cloudautoml.polling import Clock
    from cloudautoml.store import JobRecord, Store
    from cloudautoml_vertexai._client import Client
    from cloudautoml_vertexai.config import VertexaiConfig

SCORING = "scoring_holdout"
"""Phase of a job that Google has ended, while its model predicts the sealed rows."""

_SUBMISSION_SECONDS = 900.0
"""How long a job that Google does not know may still be on its way there: uploads come first."""


class VertexaiJob(Job):
    """The handle to a training pipeline.

    Args:
        id: Our id.
        store: Where the job is recorded.
        clock: Time and sleep.
        client: Who calls.
        config: Where.
    """

    def __init__(
        self,
        id: str,  # noqa: A002 - the name in Job
        *,
        store: Store,
        clock: Clock,
        client: Client,
        config: VertexaiConfig,
    ) -> None:
        super().__init__(id, store=store, clock=clock)
        self._client = client
        self._config = config
        self._poll_delay = config.poll_seconds
        self._longest_poll_delay = max(2 * config.poll_seconds, 1.0)

    def _pipeline(self) -> dict[str, Any]:
        """The pipeline; one whose name was lost on the way back is found by its label.

        Raises:
            JobNotFoundError: Google knows none.
        """
        ref = self._store.job(self.id).vendor_ref
        if ref is not None:
            return self._client.call("GetTrainingPipeline", {"name": ref})
        found = find(self._client, "TrainingPipeline", LABEL_JOB, self.id)
        if found is None:
            raise JobNotFoundError(f"Vertex AI has no pipeline with the label {LABEL_JOB}={self.id}")
        self._store.set_vendor_ref(self.id, str(found["name"]))
        return found

    @override
    def _status(self) -> JobStatus:
        try:
            pipeline = self._pipeline()
        except JobNotFoundError:
            return _unknown_there(self._store.job(self.id))
        status = status_of(pipeline)
        if status.state is JobState.SUCCEEDED and not self._is_scored(pipeline):
            return JobStatus(JobState.RUNNING, phase=SCORING)
        return status

    @property
    def _holdout(self) -> Path:
        return self._store.job_dir(self.id) / "holdout.json"

    def _is_scored(self, pipeline: Mapping[str, Any]) -> bool:
        """Whether the model has been scored on the sealed rows, or never will be; what is left is started."""
        data = None if self._holdout.exists() else self._data()
        sealed, model = None if data is None else features_of(data), model_name(pipeline)
        if data is None or sealed is None or model is None:
            return True
        try:
            rows = send_rows(sealed, names_of(data.schema), self._client, self._config)
            batch = start(self._client, self._config, self._clock, job=self.id, model=model, rows=rows)
            folder = output_of(self._client, batch)
            if folder is None:
                return False
            metrics = holdout_metrics(self.spec, data, answers_in(self._client, folder, rows=len(sealed)))
        except CloudAutoMLError as exc:
            if exc.retryable:
                raise
            # training has succeeded all the same
            self._store.add_event(self.id, "warning", f"the sealed rows were not scored: {exc.message}")
            metrics = {}
        write_json(self._holdout, metrics)
        return True

    def _data(self) -> PreparedData | None:
        """What the job was trained on, where it was submitted from this store."""
        from cloudautoml.data import PreparedData, load_prepared

        folder = self._store.job_dir(self.id) / "data"
        data = load_prepared(folder) if folder.exists() else None
        return data if isinstance(data, PreparedData) else None

    @override
    def _cancel(self) -> None:
        try:
            self._client.call("CancelTrainingPipeline", {"name": self._pipeline()["name"]})
        except JobNotFoundError:  # it never got there
            self._store.observe(self.id, JobStatus(JobState.CANCELLED))
        except SpecError:  # it has ended in the meantime, as the next look will tell
            pass

    @override
    def logs(self, *, follow: bool = False) -> Iterator[str]:
        told: set[str] = set()
        while True:
            over = not follow or self.status().is_over  # looked at first, so that no last line is lost
            for line in _lines(self._pipeline()):
                if line not in told:
                    told.add(line)
                    yield line
            if over:
                return
            self._clock.sleep(self._poll_delay)

    def _evaluation(self, pipeline: Mapping[str, Any]) -> dict[str, Any]:
        """The evaluation of the whole test set; empty where there is none."""
        model = model_name(pipeline)
        if model is None:
            return {}
        pages = self._client.pages("ListModelEvaluations", {"parent": model})
        return next((item for page in pages for item in page.get("modelEvaluations", [])), {})

    @override
    def leaderboard(self) -> Leaderboard:
        kept = self._store.job_dir(self.id) / "leaderboard.json"
        if kept.exists():
            return Leaderboard.from_dict(read_json(kept))
        metric = self.spec.metric.name
        if self.status().state is not JobState.SUCCEEDED:
            return Leaderboard([], metric=metric, job=self.id, protocol={"partial": not self.state.is_terminal})
        pipeline = self._pipeline()
        evaluation = self._evaluation(pipeline)
        cost = self._cost(pipeline)
        candidate = candidate_of(
            pipeline,
            evaluation,
            metric=metric,
            job=self.id,
            provider=self.provider,
            cost_usd=None if cost.amount is None else float(cost.amount),
            cost_source=cost.source,
        )
        if self._holdout.exists():
            candidate = with_holdout(candidate, read_json(self._holdout), metric)
        protocol = {"validated_by": "Vertex AI", "shown": "the one model that Google shows"}
        board = Leaderboard([candidate], metric=metric, job=self.id, protocol=protocol)
        self._keep(evaluation)
        write_json(kept, board.to_dict())
        return board

    def _keep(self, evaluation: Mapping[str, Any]) -> None:
        """Write what the evaluation tells beside the metrics: who was taken for whom, and which feature matters."""
        folder, data = self._store.job_dir(self.id) / "task", self._data()
        own = {} if data is None else {theirs: ours for ours, theirs in names_of(data.schema).items()}
        classes, table = confusion_of(evaluation)
        if classes:
            told = {"note": "Google's own test rows", "classes": classes, "confusion": table}
            write_json(folder / "evaluation.json", told)
        if (importance := importance_of(evaluation, own)) is not None:
            write_json(folder / "importance.json", importance)

    @override
    def artifacts(self) -> Mapping[str, Path | str]:
        folder = self._store.job_dir(self.id)
        kept = {
            "request": folder / "request.json",
            "evaluation": folder / "task" / "evaluation.json",
            "importance": folder / "task" / "importance.json",
        }
        found: dict[str, Path | str] = {name: path for name, path in kept.items() if path.exists()}
        pipeline = self._pipeline()
        if (model := model_name(pipeline)) is not None:
            found["model"] = model
        return {"pipeline": str(pipeline["name"]), **found}

    @override
    def _model(self, name: str | None) -> Model:
        from cloudautoml_vertexai.model import VertexaiModel

        usable = {candidate.model: candidate for candidate in self.leaderboard() if candidate.can_infer}
        chosen = name or next(iter(usable), None)
        if chosen not in usable:
            raise UnknownNameError("model", name or "best", list(usable))
        data, resource = self._data(), model_name(self._pipeline())
        if data is None or resource is None:
            raise StorageError(
                "models predict where their job was submitted: the columns are recorded there",
                where=str(self._store.job_dir(self.id)),
                hint="job.native() and job.artifacts() have all that Google keeps",
            )
        return VertexaiModel(
            usable[chosen],
            resource=resource,
            data=data,
            dataset=self.spec.data,
            client=self._client,
            config=self._config,
            clock=self._clock,
        )

    @override
    def cost(self) -> Cost:
        """What training has used, at the price of a node hour; what an emulator has used costs nothing there."""
        return self._cost({} if self._client.emulated else self._pipeline())

    def _cost(self, pipeline: Mapping[str, Any]) -> Cost:
        return Cost(None, "emulated") if self._client.emulated else cost_of(pipeline, self._config)

    @override
    def native(self) -> Any:
        """Google's own `google.cloud.aiplatform_v1.TrainingPipeline`."""
        return self._client.native("GetTrainingPipeline", {"name": self._pipeline()["name"]})


def _lines(pipeline: Mapping[str, Any]) -> Iterator[str]:
    stamps = (("createTime", "created"), ("startTime", "started"), ("endTime", "ended"))
    for field, word in stamps:
        if field in pipeline:
            yield f"{pipeline[field]} pipeline {pipeline['name']} {word}"
    yield f"state {pipeline.get('state', 'not told')}"
    if (model := model_name(pipeline)) is not None:
        yield f"model {model}"
    if pipeline.get("error"):
        yield f"error {pipeline['error'].get('code')}: {pipeline['error'].get('message')}"


def _unknown_there(record: JobRecord) -> JobStatus:
    """The status of a job that Google does not know."""
    if record.state is JobState.CANCELLING:
        return JobStatus(JobState.CANCELLED)
    if record.vendor_ref is not None:
        raise JobNotFoundError(
            f"Vertex AI knows no {record.vendor_ref}, and has known it",
            hint="is this the project and the region that it was submitted to?",
        )
    if (datetime.now(UTC) - record.updated).total_seconds() < _SUBMISSION_SECONDS:
        return JobStatus(JobState.CREATED)
    return JobStatus(JobState.FAILED, reason="its submission was interrupted before Vertex AI had heard of it")
