"""Transforms: batch predictions from S3 to S3."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import StateMachine
from cloudautoml_sagemaker.emulator.errors import VendorError, in_use, invalid, not_found
from cloudautoml_sagemaker.emulator.pages import page
from cloudautoml_sagemaker.emulator.predictions import predict, predict_images

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cloudautoml.emulation import SettableClock
    from cloudautoml_sagemaker.emulator.hosting import Hosting
    from cloudautoml_sagemaker.emulator.storage import Storage
    from cloudautoml_sagemaker.emulator.tags import Tags

_AT_ONCE = 64  # files
_STEPS: dict[str, set[str]] = {
    "InProgress": {"Completed", "Failed", "Stopping"},
    "Stopping": {"Stopped"},
    "Completed": set(),
    "Failed": set(),
    "Stopped": set(),
}


@dataclass
class _Transform:
    request: dict[str, Any]
    arn: str
    created: datetime
    machine: StateMachine = field(default_factory=lambda: StateMachine(_STEPS, "InProgress"))
    ended: datetime | None = None
    reason: str = ""


class Transforms:
    """Batch transform jobs.

    Args:
        hosting: Whose models predict.
        storage: S3.
        clock: The emulator's time of day.
        tags: Tags of all resources.
        prefix: What resource names start with, up to the kind.
    """

    def __init__(self, hosting: Hosting, *, storage: Storage, clock: SettableClock, tags: Tags, prefix: str) -> None:
        self._hosting = hosting
        self._storage = storage
        self._clock = clock
        self._tags = tags
        self._prefix = prefix
        self._lock = threading.Lock()
        self._transforms: dict[str, _Transform] = {}

    def handlers(self) -> dict[str, Callable[[dict[str, Any]], dict[str, Any]]]:
        """The operations, by name."""
        return {
            "CreateTransformJob": self._create,
            "DescribeTransformJob": lambda request: self._described(self._find(request)),
            "StopTransformJob": self._stop,
            "ListTransformJobs": self._listed,
        }

    def _create(self, request: dict[str, Any]) -> dict[str, Any]:
        name = str(request["TransformJobName"])
        if odd := [part for part in ("DataProcessing", "Environment") if request.get(part)]:
            raise invalid(f"the emulator knows no {' and no '.join(odd)} of transforms")
        source = request["TransformInput"]["DataSource"]["S3DataSource"]
        if source["S3DataType"] != "S3Prefix":
            raise invalid(f"the emulator reads data by prefix, not {source['S3DataType']}")
        self._hosting.model(request["ModelName"])
        with self._lock:
            if name.lower() in self._transforms:
                raise in_use(f"transform job {name}")
            asked = {key: value for key, value in request.items() if key != "Tags"}
            job = _Transform(asked, f"{self._prefix}transform-job/{name.lower()}", self._clock.now())
            self._transforms[name.lower()] = job
        self._tags.set(job.arn, request.get("Tags", []))
        threading.Thread(target=self._run, args=(job,), daemon=True, name="transform").start()
        return {"TransformJobArn": job.arn}

    def _run(self, job: _Transform) -> None:
        try:
            self._transform(job)
        except VendorError as exc:
            self._end(job, "Failed", exc.message)
        except Exception as exc:  # noqa: BLE001 - a transform whose thread dies in silence would run for ever
            self._end(job, "Failed", f"{type(exc).__name__}: {exc}")

    def _transform(self, job: _Transform) -> None:
        servable, environment = self._hosting.model(job.request["ModelName"])
        given, wanted = job.request["TransformInput"], job.request["TransformOutput"]
        prefix = given["DataSource"]["S3DataSource"]["S3Uri"]
        folder = prefix.rpartition("/")[0] + "/"
        kind = given.get("ContentType", "text/csv")
        addresses = self._storage.keys(prefix)
        for start in range(0, len(addresses), _AT_ONCE):
            if job.machine.state == "Stopping":
                break
            some = addresses[start : start + _AT_ONCE]
            contents = [self._storage.read(address) for address in some]
            if kind.startswith("image/"):
                bodies = predict_images(servable, contents, environment)
            else:
                bodies = [predict(servable, content, kind, environment) for content in contents]
            for address, body in zip(some, bodies, strict=True):
                self._storage.write(f"{wanted['S3OutputPath'].rstrip('/')}/{address.removeprefix(folder)}.out", body)
        self._end(job, "Completed")

    def _end(self, job: _Transform, state: str, reason: str = "") -> None:
        with self._lock:
            if job.machine.move(state) or job.machine.move("Stopped"):
                job.ended = self._clock.now()
                job.reason = reason if job.machine.state == "Failed" else ""

    def _find(self, request: dict[str, Any]) -> _Transform:
        name = str(request["TransformJobName"])
        with self._lock:
            if name.lower() not in self._transforms:
                raise not_found(f"transform job {name}")
            return self._transforms[name.lower()]

    def _stop(self, request: dict[str, Any]) -> dict[str, Any]:
        job = self._find(request)
        if not job.machine.move("Stopping"):
            raise invalid(f"transform job {request['TransformJobName']} is {job.machine.state} and cannot be stopped")
        return {}

    def _described(self, job: _Transform) -> dict[str, Any]:
        with self._lock:
            times = {"TransformStartTime": job.created}
            if job.ended is not None:
                times["TransformEndTime"] = job.ended
            failed = {"FailureReason": job.reason[:1024]} if job.reason else {}
            about = {"TransformJobArn": job.arn, "TransformJobStatus": job.machine.state, "CreationTime": job.created}
            return {**job.request, **about, **times, **failed}

    def _listed(self, request: dict[str, Any]) -> dict[str, Any]:
        with self._lock:
            jobs = list(self._transforms.values())
        entries = [
            {
                "TransformJobName": job.request["TransformJobName"],
                "TransformJobArn": job.arn,
                "CreationTime": job.created,
                "TransformJobStatus": job.machine.state,
            }
            for job in jobs
            if request.get("NameContains", "").lower() in str(job.request["TransformJobName"]).lower()
            and request.get("StatusEquals", job.machine.state) == job.machine.state
        ]
        entries.sort(key=lambda entry: (entry["CreationTime"], entry["TransformJobName"]), reverse=True)
        return page("ListTransformJobs", request, entries, "TransformJobSummaries")
