"""Run: one Autopilot job as the emulator keeps it, and how its states follow from the clock and from the training."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from cloudautoml.emulation import StateMachine
from cloudautoml.job import JobState
from cloudautoml_sagemaker._spec import problem_of

if TYPE_CHECKING:
    from collections.abc import Mapping
    from datetime import datetime

    from cloudautoml.emulation import Training

_STEPS: dict[str, set[str]] = {
    "InProgress": {"Completed", "Failed", "Stopping"},
    "Stopping": {"Stopped"},
    "Completed": set(),
    "Failed": set(),
    "Stopped": set(),
}
_REPORTS = ("GeneratingExplainabilityReport", "GeneratingModelInsightsReport")
_ENSEMBLING = ("Starting", "AnalyzingData", "PreTraining", "TrainingModels")
_TUNING = ("Starting", "AnalyzingData", "FeatureEngineering", "ModelTuning")


@dataclass
class Run:
    """One job.

    Attributes:
        request: What was asked for, tags left out.
        arn: Its resource name.
        created: When, by the emulator's clock.
        training: Its training.
        machine: Its status.
        secondary: Its secondary status.
        updated: When either last changed.
        candidates: What has come out, best first; all at once, at the end.
        resolved: What was found out for a request that left it open.
        artifacts: Addresses of the notebooks.
        reason: Why it failed.
    """

    request: Mapping[str, Any]
    arn: str
    created: datetime
    training: Training | None = None
    machine: StateMachine = field(default_factory=lambda: StateMachine(_STEPS, "InProgress"))
    secondary: str = "Starting"
    updated: datetime | None = None
    candidates: list[dict[str, Any]] = field(default_factory=list)
    resolved: dict[str, Any] = field(default_factory=dict)
    artifacts: dict[str, str] = field(default_factory=dict)
    reason: str = ""

    @property
    def name(self) -> str:
        """The name, as it was given."""
        return str(self.request["AutoMLJobName"])

    @property
    def phases(self) -> tuple[str, ...]:
        """The secondary statuses that it goes through; the last of `phases[:4]` is the training."""
        tuning = problem_of(self.request)[1].get("Mode") == "HYPERPARAMETER_TUNING"
        return (*(_TUNING if tuning else _ENSEMBLING), *_REPORTS)

    def stop(self, now: datetime) -> bool:
        """Have it end; whether it was still going."""
        if not self.machine.move("Stopping"):
            return False
        self._show("Stopping", now)
        if self.training is not None:
            self.training.cancel()
        return True

    def advance(self, now: datetime, phase_seconds: float) -> None:
        """Let it go on as far as the clock and its training allow; an end stays one.

        Args:
            now: By the emulator's clock.
            phase_seconds: The least that each phase takes.
        """
        if self.machine.is_over or self.training is None:
            return
        status = self.training.status
        if self.machine.state == "Stopping":
            if status.state.is_terminal and self.machine.move("Stopped"):
                self._show("Stopped", now)
            return
        step = int((now - self.created).total_seconds() / phase_seconds) if phase_seconds else len(self.phases)
        if status.state in {JobState.FAILED, JobState.CANCELLED}:
            self._end("Failed", "Failed", now, reason=status.reason or f"the training was {status.state.value}")
        elif status.state is not JobState.SUCCEEDED:
            self._show(self.phases[min(step, 3)], now)
        elif step < len(self.phases):
            self._show(self.phases[step], now)
        else:
            self._end("Completed", self._completion(), now)

    def _completion(self) -> str:
        limits = problem_of(self.request)[1].get("CompletionCriteria", {})
        most = limits.get("MaxCandidates")
        return "MaxCandidatesReached" if most is not None and len(self.candidates) >= most > 1 else "Completed"

    def _end(self, state: str, secondary: str, now: datetime, *, reason: str = "") -> None:
        if self.machine.move(state):
            self.reason = reason
            self._show(secondary, now)

    def _show(self, secondary: str, now: datetime) -> None:
        if secondary != self.secondary or self.updated is None:
            self.secondary, self.updated = secondary, now

    def summary(self) -> dict[str, Any]:
        """Its entry in a list of jobs."""
        ended = {"EndTime": self.updated} if self.machine.is_over else {}
        failed = {"FailureReason": self.reason[:1024]} if self.reason else {}
        return {
            "AutoMLJobName": self.name,
            "AutoMLJobArn": self.arn,
            "AutoMLJobStatus": self.machine.state,
            "AutoMLJobSecondaryStatus": self.secondary,
            "CreationTime": self.created,
            "LastModifiedTime": self.updated or self.created,
            **ended,
            **failed,
        }

    def description(self) -> dict[str, Any]:
        """All of it."""
        asked = {name: value for name, value in self.request.items() if name not in {"Tags", "AutoMLProblemTypeConfig"}}
        kind, config = problem_of(self.request)
        answer = {**asked, "AutoMLProblemTypeConfig": {kind: config}, "AutoMLProblemTypeConfigName": _KINDS[kind]}
        answer |= self.summary()
        best = next(iter(self.candidates), None)
        if self.machine.state == "Completed" and best is not None and best["CandidateStatus"] == "Completed":
            answer["BestCandidate"] = best
        if self.resolved:
            answer["ResolvedAttributes"] = self.resolved
        if self.artifacts:
            answer["AutoMLJobArtifacts"] = self.artifacts
        return answer


_KINDS = {
    "TabularJobConfig": "Tabular",
    "ImageClassificationJobConfig": "ImageClassification",
    "TextClassificationJobConfig": "TextClassification",
    "TimeSeriesForecastingJobConfig": "TimeSeriesForecasting",
    "TextGenerationJobConfig": "TextGeneration",
}
