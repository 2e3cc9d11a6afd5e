"""Contest: the best models of several jobs on the same sealed rows, and what that shows."""

from __future__ import annotations

import math
from dataclasses import asdict, dataclass, field, replace
from typing import TYPE_CHECKING, Any

from cloudautoml.comparison.resample import Interval, interval, jackknifed_scores, resampled_scores, wins
from cloudautoml.search.pareto import front
from cloudautoml.spec.metrics import get_metric

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence

    from cloudautoml.comparison.resample import Rows
    from cloudautoml.comparison.sealed import Predicted, Sealed

SCHEMA_VERSION = 1


@dataclass(frozen=True, slots=True)
class Contestant:
    """A provider's best model. Scores are higher-is-better; `natural` of a comparison turns them back.

    Attributes:
        provider: Who trained it; `baseline` for guessing without looking.
        job: The job's id; empty for the baseline.
        model: Its name in the job's leaderboard.
        algorithm: Its family.
        status: `scored`, `failed` or `refused`.
        reason: Why it is not scored, or what about its score is to be known.
        score: Our score on the sealed rows.
        interval: Where that score lies in 95 of 100 draws of the rows.
        behind: How far it is behind the leader, zero or more; None for the leader.
        behind_interval: Where that difference lies; with zero in it, these rows show no difference.
        beaten: Share of the draws in which the leader is ahead of it.
        own_score: What its provider says of it, on rows of the training data.
        fit_seconds: Wall-clock seconds of the whole job.
        ms_per_row: Median and 95th percentile of milliseconds for one row alone; None where it was not timed.
        rows_per_second: Rows a second in one call for all of them; None where it was not timed.
        size_mb: Megabytes of the model.
        cost: What the job cost, in USD.
        cost_source: `free`, `estimated`, `billed` or `emulated`.
        gaps: What its provider could not do of what was asked.
    """

    provider: str
    job: str = ""
    model: str = ""
    algorithm: str = ""
    status: str = "scored"
    reason: str = ""
    score: float | None = None
    interval: Interval | None = None
    behind: float | None = None
    behind_interval: Interval | None = None
    beaten: float | None = None
    own_score: float | None = None
    fit_seconds: float | None = None
    ms_per_row: tuple[float, float] | None = None
    rows_per_second: float | None = None
    size_mb: float | None = None
    cost: float | None = None
    cost_source: str = "free"
    gaps: tuple[str, ...] = ()

    @property
    def optimism(self) -> float | None:
        """How much better its provider says that it is than it is on the sealed rows."""
        return None if self.own_score is None or self.score is None else self.own_score - self.score

    @property
    def ties(self) -> bool:
        """Whether these rows show no difference to the leader."""
        return self.behind is None or (self.behind_interval is not None and self.behind_interval.low <= 0)


@dataclass(frozen=True, slots=True)
class Comparison:
    """The contestants, best first; those without a score last.

    Attributes:
        id: What the comparison is called.
        metric: Canonical name of the metric.
        rows: Sealed rows that were predicted.
        digest: Digest of the sealed rows; equal for all jobs.
        contestants: The models.
        emulated: Whether a provider was emulated: then nothing here was measured at a vendor's.
        protocol: How it was done.
    """

    id: str
    metric: str
    rows: int
    digest: str
    contestants: tuple[Contestant, ...]
    emulated: bool = False
    protocol: Mapping[str, Any] = field(default_factory=dict[str, Any])

    @property
    def leader(self) -> Contestant | None:
        """The model with the best score that is not the baseline; None where none has a score."""
        return next((c for c in self.contestants if c.score is not None and c.provider != "baseline"), None)

    @property
    def tied(self) -> tuple[Contestant, ...]:
        """The leader and those that these rows do not tell from it."""
        scored = [c for c in self.contestants if c.score is not None and c.provider != "baseline"]
        return tuple(c for c in scored if c is self.leader or c.ties)

    @property
    def pareto(self) -> tuple[Contestant, ...]:
        """Those that nobody beats in score, cost and time for a row at once."""
        known = [c for c in self.contestants if c.score is not None and c.provider != "baseline"]
        points = [
            (
                -(c.score or 0.0),
                math.inf if c.cost is None else c.cost,
                math.inf if c.ms_per_row is None else c.ms_per_row[0],
            )
            for c in known
        ]
        return tuple(known[place] for place in front(points))

    def natural(self, score: float | None) -> float | None:
        """A score as the metric's own value."""
        return None if score is None else get_metric(self.metric).from_score(score)

    def to_dict(self) -> dict[str, Any]:
        """One JSON object, scores as they are (higher is better) beside the metric's own values."""
        from cloudautoml.comparison.verdict import verdict

        on_front = set(map(id, self.pareto))
        rows: list[dict[str, Any]] = [
            {
                "rank": rank,
                **asdict(contestant),
                "value": self.natural(contestant.score),
                "own_value": self.natural(contestant.own_score),
                "optimism": contestant.optimism,
                "on_front": id(contestant) in on_front,
            }
            for rank, contestant in enumerate(self.contestants, 1)
        ]
        return {
            "schema_version": SCHEMA_VERSION,
            "comparison": self.id,
            "metric": self.metric,
            "goal": get_metric(self.metric).goal.value,
            "rows": self.rows,
            "digest": self.digest,
            "emulated": self.emulated,
            "leader": self.leader.provider if self.leader else None,
            "verdict": verdict(self),
            "contestants": rows,
            "protocol": dict(self.protocol),
        }


def judged(
    sealed: Sealed, entries: Sequence[tuple[Contestant, Predicted | None]], *, seed: int
) -> tuple[Contestant, ...]:
    """Contestants with their scores, intervals and differences, best first.

    Args:
        sealed: The sealed rows.
        entries: Contestants with what they predict; None for those that have failed.
        seed: Seed of the resampling; all models are scored on the same resamples.
    """
    playing = [(contestant, sealed.scorer(found)) for contestant, found in entries if found is not None]
    import numpy as np

    everything = np.arange(len(sealed))
    whole = [score(everything) for _, score in playing]
    drawn = resampled_scores([score for _, score in playing], rows=len(sealed), seed=seed)
    first = max(
        (place for place, (c, _) in enumerate(playing) if c.provider != "baseline" and math.isfinite(whole[place])),
        key=lambda place: whole[place],
        default=None,
    )
    scored: list[Contestant] = []
    for place, (contestant, score) in enumerate(playing):
        value = whole[place]
        if not math.isfinite(value):
            why = contestant.reason or f"{sealed.metric.name} is not defined for what it predicts"
            scored.append(replace(contestant, status="failed", reason=why))
            continue
        told = replace(
            contestant,
            score=value,
            interval=interval(value, drawn[place], jackknifed=jackknifed_scores(score, rows=len(sealed))),
        )
        if first is not None and place != first:
            ahead = playing[first][1]
            behind = whole[first] - value
            apart = interval(
                behind,
                drawn[first] - drawn[place],
                jackknifed=jackknifed_scores(_difference(ahead, score), rows=len(sealed)),
            )
            told = replace(told, behind=behind, behind_interval=apart, beaten=wins(drawn[first], drawn[place]))
        scored.append(told)
    rest = [contestant for contestant, found in entries if found is None]
    return ordered([*scored, *rest])


def _difference(first: Callable[[Rows], float], second: Callable[[Rows], float]) -> Callable[[Rows], float]:
    def difference(rows: Rows) -> float:
        return first(rows) - second(rows)

    return difference


def ordered(contestants: Sequence[Contestant]) -> tuple[Contestant, ...]:
    """Best first; the baseline behind equals, and those without a score last."""
    return tuple(
        sorted(contestants, key=lambda c: (c.score is None, -(c.score or 0.0), c.provider == "baseline", c.provider))
    )
