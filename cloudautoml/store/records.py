"""Records: how jobs, events and trials stand in the store, and how they come back as values."""

from __future__ import annotations

import json
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

from cloudautoml.job import Event, JobState
from cloudautoml.search.space import Architecture
from cloudautoml.search.trial import Fidelity, Measurement, Proposal, Trial, TrialState
from cloudautoml.spec.job import JobSpec

if TYPE_CHECKING:
    import sqlite3


@dataclass(frozen=True, slots=True)
class JobRecord:
    """A job as the store knows it.

    Attributes:
        id: Our id.
        name: The name in its spec.
        provider: Registry name.
        state: Last state that was seen.
        phase: The provider's word for it.
        reason: Why it failed.
        progress: Share done, in [0, 1], where it can be told.
        spec_json: The spec, as JSON.
        fingerprint: Digest of the spec.
        vendor_ref: The vendor's name for the job; None until the vendor has answered.
        created: When the intent was written, in UTC.
        updated: When it was last heard of.
        ended: When it ended.
        active_seconds: Seconds that a process of ours has worked on it.
    """

    id: str
    name: str
    provider: str
    state: JobState
    phase: str
    reason: str
    progress: float | None
    spec_json: str
    fingerprint: str
    vendor_ref: str | None
    created: datetime
    updated: datetime
    ended: datetime | None
    active_seconds: float

    @property
    def spec(self) -> JobSpec:
        """What was asked for."""
        spec = JobSpec.model_validate_json(self.spec_json)
        for part in (spec, spec.search, spec.outputs):
            # the JSON holds every field; one that stands at its default was not asked for
            fields = type(part).model_fields
            part.model_fields_set.difference_update(
                [name for name, field in fields.items() if getattr(part, name) == field.default]
            )
        return spec

    def to_dict(self) -> dict[str, Any]:
        """A JSON object."""
        return {
            "id": self.id,
            "name": self.name,
            "provider": self.provider,
            "state": self.state.value,
            "phase": self.phase,
            "reason": self.reason,
            "progress": self.progress,
            "fingerprint": self.fingerprint,
            "vendor_ref": self.vendor_ref,
            "created": self.created.isoformat(),
            "updated": self.updated.isoformat(),
            "ended": self.ended.isoformat() if self.ended else None,
            "active_seconds": round(self.active_seconds, 1),
        }


def _time(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)


def job_record(row: sqlite3.Row) -> JobRecord:
    """Read a row of `jobs`."""
    return JobRecord(
        id=row["id"],
        name=row["name"],
        provider=row["provider"],
        state=JobState(row["state"]),
        phase=row["phase"],
        reason=row["reason"],
        progress=row["progress"],
        spec_json=row["spec"],
        fingerprint=row["fingerprint"],
        vendor_ref=row["vendor_ref"],
        created=_time(row["created"]),
        updated=_time(row["updated"]),
        ended=None if row["ended"] is None else _time(row["ended"]),
        active_seconds=row["active_seconds"],
    )


def event(row: sqlite3.Row) -> Event:
    """Read a row of `events`."""
    return Event(row["number"], _time(row["time"]), row["kind"], row["message"], json.loads(row["data"]))


def fidelity_json(fidelity: Fidelity) -> str:
    """Write a fidelity."""
    return json.dumps({"cost": fidelity.cost, "settings": dict(fidelity.settings)})


def fidelity_from(data: dict[str, Any]) -> Fidelity:
    """Read what `fidelity_json` wrote, once parsed."""
    return Fidelity(data["cost"], data["settings"])


def measurement_json(measurement: Measurement) -> str:
    """Write a measurement; floats come back exactly."""
    return json.dumps(
        {
            "score": measurement.score,
            "metrics": dict(measurement.metrics),
            "curve": measurement.curve,
            "seconds": measurement.seconds,
            "fidelity": {"cost": measurement.fidelity.cost, "settings": dict(measurement.fidelity.settings)},
            "costs": dict(measurement.costs),
            "predicted": measurement.predicted,
            "details": dict(measurement.details),
        }
    )


def measurement_from(data: dict[str, Any]) -> Measurement:
    """Read what `measurement_json` wrote, once parsed."""
    return Measurement(
        score=data["score"],
        metrics=data["metrics"],
        curve=tuple(data["curve"]),
        seconds=data["seconds"],
        fidelity=fidelity_from(data["fidelity"]),
        costs=data.get("costs", {}),
        predicted=data.get("predicted", False),
        details=data["details"],
    )


def trial(row: sqlite3.Row) -> Trial:
    """Read a row of `trials`."""
    architecture = Architecture.from_json(row["architecture"])
    fidelity = fidelity_from(json.loads(row["fidelity"]))
    measurement = None if row["measurement"] is None else measurement_from(json.loads(row["measurement"]))
    return Trial(
        number=row["number"],
        proposal=Proposal(architecture, fidelity, row["parent"]),
        state=TrialState(row["state"]),
        measurement=measurement,
        error=row["error"],
    )
