"""A task without data or training: its scores come from a formula, and its trials misbehave on request."""

from __future__ import annotations

import json
import os
import resource
import subprocess
import sys
import time
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, ClassVar

from typing_extensions import override

from cloudautoml.leaderboard import Candidate, Leaderboard
from cloudautoml.search import (
    Architecture,
    Decision,
    Fidelity,
    Measurement,
    SearchSpace,
    Trait,
    TrialFailedError,
    TrialSkippedError,
)
from cloudautoml_local.tasks.base import LocalTask, Preload, Resources

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudautoml.model import Model
    from cloudautoml.search import Option, Trial

SIDE = 20


class AnalyticSpace(SearchSpace):
    """Points of a grid in three colours."""

    name: ClassVar[str] = "analytic"

    @override
    def decide(self, prefix: Mapping[str, Option]) -> Decision | None:
        for name in ("x", "y"):
            if name not in prefix:
                return Decision(name, tuple(range(SIDE)), ordered=True)
        if "family" not in prefix:
            return Decision("family", ("red", "green", "blue"))
        return None

    @override
    def defaults(self) -> Sequence[Architecture]:
        return [Architecture((("x", 0), ("y", 0), ("family", "red")))]

    @override
    def costs(self, architecture: Architecture) -> Mapping[str, float]:
        x = architecture["x"]
        assert isinstance(x, int)
        return {"parameters": 10.0 * (x + 1), "flops": 100.0}

    @override
    def size(self) -> int:
        return 3 * SIDE * SIDE


def score_of(architecture: Architecture) -> float:
    """At most 1, at (13, 4) in green."""
    x, y, family = (architecture[name] for name in ("x", "y", "family"))
    assert isinstance(x, int)
    assert isinstance(y, int)
    return 1.0 - ((x - 13) ** 2 + (y - 4) ** 2) / 1000 - 0.05 * (family != "green")


def request(number: int) -> str:
    """What a test has asked of a trial: `ANALYTIC` holds a JSON object from its number, or `*`, to a fault."""
    wishes = json.loads(os.environ.get("ANALYTIC", "{}"))
    return str(wishes.get(str(number), wishes.get("*", "")))


def wait_for(path: Path) -> None:
    """Come back when a file is there."""
    while not path.exists():
        time.sleep(0.01)


@dataclass
class AnalyticTrainer:
    """Computes scores, or does what `ANALYTIC` says."""

    number: int
    directory: Path
    space: AnalyticSpace

    def curve_length(self, fidelity: Fidelity) -> int:
        return 0

    def proxies(self, architecture: Architecture) -> Mapping[str, float]:
        return {}

    def train(
        self,
        architecture: Architecture,
        *,
        fidelity: Fidelity,
        parent: int | None = None,
        on_step: Callable[[int, float], bool] | None = None,
    ) -> Measurement:
        wish = request(self.number)
        if wish == "predict":
            return Measurement(2.0, predicted=True)  # better than anything that is trained
        self._misbehave(wish)
        score = score_of(architecture)
        self.directory.mkdir(parents=True, exist_ok=True)
        (self.directory / "fitted.json").write_text(json.dumps(score))
        costs = self.space.costs(architecture)
        return Measurement(score, metrics={"roc_auc": score}, seconds=0.001, fidelity=fidelity, costs=costs)

    def _misbehave(self, wish: str) -> None:
        kind, _, argument = wish.partition(":")
        if kind:
            _FAULTS[kind](argument)


def _raise(exc: Exception) -> None:
    raise exc


def _use_memory(_: str) -> None:
    resource.setrlimit(resource.RLIMIT_AS, (1 << 31, 1 << 31))
    bytearray(1 << 32)


def _leave_children(path: str) -> None:
    child = [sys.executable, "-c", "import time; time.sleep(3600)"]
    pids = [subprocess.Popen(child, start_new_session=apart).pid for apart in (False, True)]
    Path(path).write_text(json.dumps(pids))


_FAULTS: dict[str, Callable[[str], object]] = {
    "hang": lambda _: time.sleep(3600),
    "gate": lambda path: wait_for(Path(path)),
    "slow": lambda seconds: time.sleep(float(seconds)),
    "shuffled": lambda _: time.sleep(int.from_bytes(os.urandom(1), "big") / 255 * 0.03),
    "skip": lambda _: _raise(TrialSkippedError("latency_ms is 9, at most 5")),
    "nan": lambda _: _raise(TrialFailedError("nan", "the loss is not a number")),
    "error": lambda _: _raise(ValueError("a library's own error")),
    "disk": lambda _: _raise(OSError(28, "No space left on device")),
    "memory": _use_memory,
    "kill": lambda _: os.kill(os.getpid(), 9),
    "crash": lambda _: os.abort(),
    "forks": _leave_children,
}


class AnalyticTask(LocalTask):
    """Serves any task; ignores the data."""

    types: ClassVar[frozenset[str]] = frozenset({"tabular_classification"})

    @override
    def preloads(self) -> Sequence[Preload]:
        if os.environ.get("ANALYTIC_PRELOAD") == "trees":
            from cloudautoml_local.tasks.tabular.task import TREES

            return [replace(TREES, name="plain")]
        return [Preload("plain", ("json",))]

    @override
    def preload_of(self, architecture: Architecture) -> str:
        return "plain"

    @override
    def prepare(self, data: Any, *, progress: Callable[[str], None]) -> None:
        if gate := os.environ.get("ANALYTIC_PREPARE"):
            Path(gate).with_suffix(".reached").touch()
            while not Path(gate).exists():
                progress("waiting")
                time.sleep(0.01)

    @override
    def space(self) -> AnalyticSpace:
        return AnalyticSpace()

    @property
    @override
    def traits(self) -> frozenset[Trait]:
        return frozenset(Trait) - {Trait.PARENTS}

    @override
    def trainer(self, number: int, resources: Resources) -> AnalyticTrainer:
        return AnalyticTrainer(number, self.trial_dir(number), self.space())

    @override
    def finish(
        self, trials: Sequence[Trial], *, seconds: float | None, threads: int, progress: Callable[[str], None]
    ) -> Leaderboard:
        wish, _, argument = os.environ.get("ANALYTIC_FINISH", "").partition(":")
        if wish == "gate":
            Path(argument).with_suffix(".reached").touch()
            wait_for(Path(argument))
        elif wish == "error":
            msg = "the models do not fit together"
            raise ValueError(msg)
        progress("choosing the best")
        candidates = self.partial(trials)
        best = max((c for c in candidates if c.score_val is not None), key=lambda c: c.score_val or 0.0)
        models = self.directory / "models"
        models.mkdir(exist_ok=True)
        (models / "best.json").write_text(json.dumps(best.score_val))
        return Leaderboard(
            [
                *(candidate for candidate in candidates if candidate is not best),
                replace(best, can_infer=True),
            ],
            metric=self.spec.metric.name,
            job=self.directory.name,
        )

    @override
    def partial(self, trials: Sequence[Trial]) -> Sequence[Candidate]:
        return [
            Candidate(
                model=f"{trial.architecture['family']}-{trial.number}",
                algorithm=str(trial.architecture["family"]),
                provider="local",
                job=self.directory.name,
                status=trial.state.value,
                score_val=trial.score,
                trial=trial.number,
                params=trial.architecture.as_dict(),
                reason=trial.error or "",
            )
            for trial in trials
        ]

    @override
    def model(self, candidate: Candidate) -> Model:
        msg = "formulas do not predict"
        raise AssertionError(msg)
