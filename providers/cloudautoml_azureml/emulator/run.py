"""Run: one job as the emulator keeps it, and how its status follows from the clock and from the training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import StateMachine
from cloudautoml.job import JobState

if TYPE_CHECKING:
    from collections.abc import Callable
    from datetime import datetime

    from cloudautoml.job import JobStatus

_ENDS: dict[str, set[str]] = {"Completed": set(), "Failed": set(), "Canceled": set()}
_STEPS: dict[str, set[str]] = {
    "NotStarted": {"Preparing", "Running", "CancelRequested", "Failed"},
    "Preparing": {"Running", "CancelRequested", "Failed"},
    "Running": {"Finalizing", "CancelRequested", "Failed"},
    "Finalizing": {"Completed", "Failed", "CancelRequested"},
    "CancelRequested": {"Canceled"},
    **_ENDS,
}
_PATH = ("Preparing", "Running", "Finalizing", "Completed")
MUTABLE = ("description", "displayName", "isArchived", "properties", "tags")
"""What of a job can be changed once it is there."""


@dataclass
class Run:
    """One job.

    Attributes:
        name: Its name.
        properties: What was asked for.
        created: When, by the emulator's clock.
        look: Tells how the work stands.
        stop: Has it end.
        machine: Its status.
        ended: When it ended.
        children: Its child runs, as run history lists them; all at once, at the end.
        metrics: What they have logged, by run.
        reason: Why it failed.
    """

    name: str
    properties: dict[str, Any]
    created: datetime
    look: Callable[[], JobStatus]
    stop: Callable[[], None]
    machine: StateMachine = field(default_factory=lambda: StateMachine(_STEPS, "NotStarted"))
    ended: datetime | None = None
    children: list[dict[str, Any]] = field(default_factory=list[dict[str, Any]])
    metrics: dict[str, dict[str, float]] = field(default_factory=dict[str, dict[str, float]])
    reason: str = ""

    def cancel(self) -> bool:
        """Have it end; whether it was still going."""
        if not self.machine.move("CancelRequested"):
            return self.machine.state == "CancelRequested"
        self.stop()
        return True

    def advance(self, now: datetime, phase_seconds: float) -> None:
        """Let it go on as far as the clock and its work allow; an end stays one.

        Args:
            now: By the emulator's clock.
            phase_seconds: The least that each phase takes.
        """
        if self.machine.is_over:
            return
        status = self.look()
        if self.machine.state == "CancelRequested":
            if status.state.is_terminal:
                self._end("Canceled", now)
            return
        step = int((now - self.created).total_seconds() / phase_seconds) if phase_seconds else len(_PATH)
        if status.state in {JobState.FAILED, JobState.CANCELLED}:
            self.reason = status.reason or f"the training was {status.state.value}"
            self._end("Failed", now)
        elif status.state is JobState.SUCCEEDED:
            for phase in _PATH[:step]:
                self._end(phase, now) if phase == "Completed" else self.machine.move(phase)
        elif status.state is not JobState.QUEUED:
            for phase in _PATH[: min(step, 2)]:
                self.machine.move(phase)

    def _end(self, state: str, now: datetime) -> None:
        if self.machine.move(state):
            self.ended = now

    def history(self) -> dict[str, Any]:
        """What run history says of it."""
        going = self.machine.state not in {"NotStarted", "Preparing"}
        return {
            "runId": self.name,
            "experimentId": "emulated",
            "status": self.machine.state,
            "displayName": self.properties.get("displayName", self.name),
            "createdUtc": stamp(self.created),
            "startTimeUtc": stamp(self.created) if going else None,
            "endTimeUtc": stamp(self.ended) if self.ended else None,
            "runType": "automl" if self.properties["jobType"] == "AutoML" else "azureml.scriptrun",
            "properties": dict(self.properties.get("properties") or {}),
            "tags": self.tags(),
            "error": {"error": {"code": "UserError", "message": self.reason}} if self.reason else None,
        }

    def tags(self) -> dict[str, str]:
        """Its tags, with what the service adds at the end."""
        scored = [run for run in self.children if run["properties"].get("score")]
        best = {"automl_best_child_run_id": scored[0]["runId"]} if scored else {}
        return {**(self.properties.get("tags") or {}), **(best if self.machine.state == "Completed" else {})}


def stamp(time: datetime) -> str:
    """A time as run history writes it."""
    return time.isoformat(timespec="microseconds")
