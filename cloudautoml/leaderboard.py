"""Leaderboard: every candidate of a job with its scores and its price, best first."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from types import MappingProxyType
from typing import TYPE_CHECKING, Any

from typing_extensions import override

from cloudautoml.search.pareto import front as pareto_front
from cloudautoml.spec.metrics import get_metric

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pandas as pd

SCHEMA_VERSION = 1
_NOTHING: Mapping[str, float] = MappingProxyType({})
_NO_PARTS: Mapping[str, Mapping[str, float]] = MappingProxyType({})


@dataclass(frozen=True, slots=True)
class Candidate:
    """One model of a job.

    Scores are higher-is-better whatever the metric: a metric that is minimised is negated. The natural
    values are in `metrics_val` and `metrics_holdout`.

    Attributes:
        model: Name, unique in the job; what `predict --model` takes.
        algorithm: Family: `lightgbm`, `ensemble`, `baseline`; the vendor's word for a vendor's model.
        provider: Who trained it.
        job: The job's id.
        status: `succeeded`, `failed` or `skipped`.
        score_val: Score on rows of the training data that this model did not learn from, as reported by the
            provider. The order of the leaderboard.
        score_holdout: Score on the sealed rows, the same for all candidates. Nothing was chosen by it.
        metrics_val: Natural values by metric.
        metrics_holdout: Natural values by metric.
        metrics_by_part: Natural values by metric for parts of the sealed rows, or of the validation rows where none
            are sealed: a class (`class cat`), a kind of entity (`entity person`), a step ahead (`step 3`). Known for
            the models that are kept.
        fit_seconds: Wall-clock seconds of training.
        predict_ms_per_row: Milliseconds to predict one row, in a batch.
        size_mb: Megabytes of the fitted model.
        costs: What else using the model takes, lower is better: `parameters`, `flops`, `latency_ms`
            (one row alone; in a batch, where that is all that was measured).
        cost_usd: What it cost; 0 on one's own machine.
        cost_source: `free`, `estimated`, `billed` or `emulated`.
        can_infer: Whether it is kept and can predict.
        seed: Seed of the job.
        trial: Number of its trial, for candidates of a search.
        params: What was chosen, by name.
        reason: Why it failed or was skipped.
    """

    model: str
    algorithm: str
    provider: str
    job: str
    status: str = "succeeded"
    score_val: float | None = None
    score_holdout: float | None = None
    metrics_val: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    metrics_holdout: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    metrics_by_part: Mapping[str, Mapping[str, float]] = field(default_factory=lambda: _NO_PARTS)
    fit_seconds: float | None = None
    predict_ms_per_row: float | None = None
    size_mb: float | None = None
    costs: Mapping[str, float] = field(default_factory=lambda: _NOTHING)
    cost_usd: float | None = None
    cost_source: str = "free"
    can_infer: bool = False
    seed: int | None = None
    trial: int | None = None
    params: Mapping[str, Any] = field(default_factory=lambda: MappingProxyType({}))
    reason: str = ""

    def __post_init__(self) -> None:
        for name in ("score_val", "score_holdout"):
            value = getattr(self, name)
            if value is not None and not math.isfinite(value):
                msg = f"{name} of {self.model!r} is {value}; a candidate without a usable score has None"
                raise ValueError(msg)

    @property
    def succeeded(self) -> bool:
        """Whether it was trained and scored."""
        return self.status == "succeeded" and self.score_val is not None

    def cost(self, name: str) -> float | None:
        """What using it takes: `parameters`, `flops`, `latency_ms` or `size_mb`; None where it is not known."""
        if name in self.costs:
            return self.costs[name]
        return {"size_mb": self.size_mb, "latency_ms": self.predict_ms_per_row}.get(name)

    def to_dict(self) -> dict[str, Any]:
        """A JSON object; metrics that are not finite, which JSON cannot say, are left out."""
        row = {name: getattr(self, name) for name in self.__slots__}
        return {
            **{name: dict(value) if isinstance(value, Mapping) else value for name, value in row.items()},
            "metrics_val": _finite(self.metrics_val),
            "metrics_holdout": _finite(self.metrics_holdout),
            "metrics_by_part": {part: _finite(metrics) for part, metrics in self.metrics_by_part.items()},
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> Candidate:
        """Read what `to_dict` wrote; unknown fields of a newer version are left out."""
        return cls(**{name: row[name] for name in cls.__slots__ if name in row})


def _finite(metrics: Mapping[str, float]) -> dict[str, float]:
    return {name: value for name, value in metrics.items() if math.isfinite(value)}


class Leaderboard:
    """The candidates of a job, best validation score first; failed ones last, with their reasons.

    Args:
        candidates: In any order.
        metric: Canonical name of the metric that decides.
        job: The job's id.
        protocol: How the scores came about (folds, sealed rows, digest of the holdout).
        minimize: Costs that are weighed against the metric; they make the Pareto front.
    """

    def __init__(
        self,
        candidates: Sequence[Candidate],
        *,
        metric: str,
        job: str,
        protocol: Mapping[str, Any] | None = None,
        minimize: Sequence[str] = (),
    ) -> None:
        self.metric = metric
        self.minimize = tuple(minimize)
        self.job = job
        self.protocol = dict(protocol or {})
        # one that failed or has no score is never ahead of one that has; equal scores keep the order of training
        self.candidates = tuple(
            sorted(
                candidates,
                key=lambda c: (not c.succeeded, -(c.score_val or 0.0), c.trial is None, c.trial or 0),
            )
        )

    def __iter__(self) -> Iterator[Candidate]:
        return iter(self.candidates)

    def __len__(self) -> int:
        return len(self.candidates)

    def __getitem__(self, model: str) -> Candidate:
        for candidate in self.candidates:
            if candidate.model == model:
                return candidate
        from cloudautoml.errors import UnknownNameError

        raise UnknownNameError("model", model, [candidate.model for candidate in self.candidates])

    @property
    def best(self) -> Candidate | None:
        """The candidate with the best validation score; None when none succeeded."""
        return next((candidate for candidate in self.candidates if candidate.succeeded), None)

    @cached_property
    def front(self) -> tuple[Candidate, ...]:
        """The Pareto front: whoever beats one of them in something loses to it in something else.

        What counts is the validation score and each cost to be minimised. Candidates whose costs are not known are
        left out, and so is the baseline; with nothing to be minimised it is empty.
        """
        if not self.minimize:
            return ()
        known = [
            (candidate, costs)
            for candidate in self.candidates
            if candidate.succeeded and candidate.algorithm != "baseline"
            and None not in (costs := [candidate.cost(name) for name in self.minimize])
        ]  # fmt: skip
        points = [(-(candidate.score_val or 0.0), *(cost or 0.0 for cost in costs)) for candidate, costs in known]
        return tuple(known[index][0] for index in pareto_front(points))

    def rows(self) -> list[dict[str, Any]]:
        """The candidates as JSON objects, with their `rank` (from 1) first, and whether they are on the front."""
        front = {candidate.model for candidate in self.front}
        return [
            {"rank": rank, **({"on_front": candidate.model in front} if self.minimize else {}), **candidate.to_dict()}
            for rank, candidate in enumerate(self.candidates, 1)
        ]

    def to_dict(self) -> dict[str, Any]:
        """One JSON object: `schema_version`, `job`, `metric`, `goal`, `minimize`, `protocol`, `leaderboard`."""
        return {
            "schema_version": SCHEMA_VERSION,
            "job": self.job,
            "metric": self.metric,
            "goal": get_metric(self.metric).goal.value,
            "minimize": list(self.minimize),
            "protocol": self.protocol,
            "leaderboard": self.rows(),
        }

    @classmethod
    def from_dict(cls, data: Mapping[str, Any]) -> Leaderboard:
        """Read what `to_dict` wrote."""
        candidates = [Candidate.from_dict(row) for row in data["leaderboard"]]
        return cls(
            candidates,
            metric=data["metric"],
            job=data["job"],
            protocol=data.get("protocol"),
            minimize=data.get("minimize", ()),
        )

    def to_pandas(self) -> pd.DataFrame:
        """A data frame, one row a candidate; the protocol is in its `attrs`."""
        import pandas as pd

        frame = pd.DataFrame(self.rows())
        frame.attrs = {"metric": self.metric, "job": self.job, "protocol": self.protocol}
        return frame

    @override
    def __repr__(self) -> str:
        from cloudautoml.render import leaderboard_text

        return leaderboard_text(self)

    def _repr_html_(self) -> str:
        from cloudautoml.render import leaderboard_html

        return leaderboard_html(self)
