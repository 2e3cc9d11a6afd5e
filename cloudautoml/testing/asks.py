"""How a spec asks for each feature, and how one sees that a provider has honoured it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import pytest

from cloudautoml.capabilities import Feature
from cloudautoml.errors import CloudAutoMLError
from cloudautoml.spec import Budget, Constraints, Holdout, Objective, Part
from cloudautoml.testing.rehearsal import Rehearsal, merged
from cloudautoml.testing.tables import GROUP, SPLIT, TIME, WEIGHT

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from cloudautoml.job import Job
    from cloudautoml.leaderboard import Leaderboard
    from cloudautoml.spec import JobSpec


@dataclass(frozen=True, slots=True)
class Ask:
    """One feature that a field of a spec asks for.

    Attributes:
        field: The field.
        change: Makes a spec ask for it.
        verify: Raises AssertionError unless the finished job of that spec shows it.
    """

    field: str
    change: Callable[[JobSpec, Rehearsal], JobSpec]
    verify: Callable[[Job, Rehearsal], None]


def trials(board: Leaderboard) -> set[int]:
    """The numbers of the trials behind a leaderboard."""
    return {candidate.trial for candidate in board if candidate.trial is not None}


def outcome(board: Leaderboard) -> list[tuple[object, ...]]:
    """What must be equal when a job is repeated: everything but times, sizes and prices."""
    return [(c.model, c.algorithm, c.status, c.score_val, c.score_holdout, dict(c.params)) for c in board]


def _budget(field: str, value: str | int | None, verify: Callable[[Job, Rehearsal], None]) -> Ask:
    def change(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
        asked = rehearsal.settings[field] if value is None else value
        budget = Budget.model_validate({**spec.budget.model_dump(), field: asked})
        return spec.model_copy(update={"budget": budget})

    return Ask(f"budget.{field}", change, verify)


def _holdout(field: str, column: str) -> Ask:
    def change(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
        types = {name: kind for name, kind in spec.data.types.items() if name != column}
        return merged(spec, "data", holdout=Holdout.model_validate({field: column}), types=types)

    return Ask("data.holdout", change, _sealed_rows_were_scored)


def _part(field: str) -> Ask:
    def change(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
        part = Part(type=rehearsal.settings.get(field, "random"))
        return merged(spec, "search", **{field: part})

    def verify(job: Job, rehearsal: Rehearsal) -> None:
        assert job.leaderboard().best is not None
        known = getattr(job.spec.search, field)
        for bad in ({"type": known.type, "no_such_option": 1}, {"type": f"no-such-{field}"}):
            spec = merged(job.spec, "search", **{field: Part.model_validate(bad)})
            before = len(rehearsal.store.jobs())
            with pytest.raises(CloudAutoMLError) as caught:
                rehearsal.provider.submit(spec)
            assert caught.value.exit_code == 2, f"{bad} must be refused as a mistake in the spec"
            assert len(rehearsal.store.jobs()) == before, f"{bad} must be refused before anything is created"

    return Ask(f"search.{field}", change, verify)


def _with_constraints(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
    space = rehearsal.settings.get("constrained_space")
    limit = rehearsal.settings.get("max_parameters", 1_000_000)
    wider = merged(spec, "search", constraints=Constraints(max_parameters=limit))
    return wider if space is None else merged(wider, "search", space=Part(type=space), families=None)


def _keeps_the_limit(job: Job, rehearsal: Rehearsal) -> None:
    limit = job.spec.search.constraints.max_parameters
    trained = [c for c in job.leaderboard() if c.trial is not None and c.succeeded]
    assert limit is not None
    assert trained
    assert all((c.cost("parameters") or math.inf) <= limit for c in trained)


def _with_two_objectives(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
    return spec.model_copy(update={"objective": Objective(metric=spec.metric.name, minimize=("latency_ms",))})


def _has_a_front(job: Job, rehearsal: Rehearsal) -> None:
    board = job.leaderboard()
    assert board.minimize == ("latency_ms",)
    assert board.front
    fastest = min(
        (c for c in board if c.succeeded and c.algorithm != "baseline"), key=lambda c: c.cost("latency_ms") or math.inf
    )
    for best in (fastest, board.best):
        assert best in board.front, "nothing beats the fastest in speed, nor the best in its score"
    assert [row["model"] for row in board.rows() if row["on_front"]] == [c.model for c in board.front]


def _with_families(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
    families = tuple(rehearsal.settings.get("families", ("any",)))
    return merged(spec, "search", families=families)


def _with_ensemble(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
    return merged(spec, "search", ensemble=True)


def _with_seed(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
    return spec.model_copy(update={"seed": 7})


def _with_fraction(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
    return merged(spec, "data", holdout=Holdout(fraction=0.2))


def _with_weights(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
    types = {name: kind for name, kind in spec.data.types.items() if name != WEIGHT}
    return merged(merged(spec, "data", types=types), "task", weight=WEIGHT)


def _without_trial_limit(ask: Ask) -> Ask:
    def change(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
        return ask.change(merged(spec, "budget", max_trials=None), rehearsal)

    return Ask(ask.field, change, ask.verify)


def _few_trials(job: Job, rehearsal: Rehearsal) -> None:
    limit = job.spec.budget.max_trials
    assert limit is not None
    assert 1 <= len(trials(job.leaderboard())) <= limit


def _ended_in_time(job: Job, rehearsal: Rehearsal) -> None:
    limit = job.spec.budget.max_time
    record = rehearsal.store.job(job.id)
    assert limit is not None
    assert record.ended is not None
    taken = (record.ended - record.created).total_seconds()
    allowed = limit.total_seconds() + max(5.0, 0.1 * limit.total_seconds())
    assert taken <= allowed, f"took {taken:.1f} s of {limit.total_seconds():.1f} s"


def _short_trials(job: Job, rehearsal: Rehearsal) -> None:
    limit = job.spec.budget.max_trial_time
    assert limit is not None
    slow = {c.model: c.fit_seconds for c in job.leaderboard() if c.trial is not None and c.fit_seconds is not None}
    assert all(seconds <= limit.total_seconds() + 2 for seconds in slow.values()), slow


def _one_after_the_other(job: Job, rehearsal: Rehearsal) -> None:
    record = rehearsal.store.job(job.id)
    assert record.ended is not None
    fits = {c.trial: c.fit_seconds or 0.0 for c in job.leaderboard() if c.trial is not None}
    assert sum(fits.values()) <= (record.ended - record.created).total_seconds(), "trials ran at the same time"


def _bounded_cost(job: Job, rehearsal: Rehearsal) -> None:
    limit = job.spec.budget.max_cost
    bound = rehearsal.provider.plan(job.spec).cost
    assert limit is not None
    assert bound.amount is not None, "an unknown price is over any budget"
    assert bound.currency == limit.currency
    assert bound.amount <= limit.amount


def _only_families(job: Job, rehearsal: Rehearsal) -> None:
    families = job.spec.search.families
    assert families is not None
    assert {c.algorithm for c in job.leaderboard() if c.trial is not None} <= set(families)


def _has_ensemble(job: Job, rehearsal: Rehearsal) -> None:
    assert "ensemble" in {c.algorithm for c in job.leaderboard()}
    alone = merged(job.spec, "search", ensemble=False)
    assert "ensemble" not in {
        c.algorithm for c in rehearsal.finished(asking_for(JOINT, alone, rehearsal)).leaderboard()
    }


def _same_again(job: Job, rehearsal: Rehearsal) -> None:
    again = rehearsal.provider.submit(job.spec).wait(timeout=rehearsal.patience)
    assert again.id != job.id
    assert outcome(again.leaderboard()) == outcome(job.leaderboard())


def _sealed_rows_were_scored(job: Job, rehearsal: Rehearsal) -> None:
    best = job.leaderboard().best
    assert best is not None
    assert best.score_holdout is not None


def _weights_matter(job: Job, rehearsal: Rehearsal) -> None:
    weighted, plain = job.leaderboard(), rehearsal.main.leaderboard()
    assert {c.score_val for c in weighted} != {c.score_val for c in plain}


def _report_is_written(job: Job, rehearsal: Rehearsal) -> None:
    from pathlib import Path

    report = Path(job.artifacts()["report"])
    assert report.read_text(encoding="utf-8").lstrip().lower().startswith("<!doctype html")


def _with_report(spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
    return merged(spec, "outputs", report=True)


ASKS: dict[Feature, Ask] = {
    Feature.MAX_TRIALS: _budget("max_trials", 3, _few_trials),
    Feature.MAX_TIME: _without_trial_limit(_budget("max_time", None, _ended_in_time)),
    Feature.MAX_TRIAL_TIME: _budget("max_trial_time", "60s", _short_trials),
    Feature.MAX_PARALLEL: _budget("max_parallel", 1, _one_after_the_other),
    Feature.MAX_COST: _budget("max_cost", "5 USD", _bounded_cost),
    Feature.SEARCH_SPACE: _part("space"),
    Feature.SEARCH_STRATEGY: _part("strategy"),
    Feature.PERFORMANCE_ESTIMATOR: _part("estimator"),
    Feature.CONSTRAINTS: Ask("search.constraints", _with_constraints, _keeps_the_limit),
    Feature.MULTI_OBJECTIVE: Ask("objective.minimize", _with_two_objectives, _has_a_front),
    Feature.FAMILIES: Ask("search.families", _with_families, _only_families),
    Feature.ENSEMBLE: Ask("search.ensemble", _with_ensemble, _has_ensemble),
    Feature.SEED: Ask("seed", _with_seed, _same_again),
    Feature.HOLDOUT_FRACTION: Ask("data.holdout", _with_fraction, _sealed_rows_were_scored),
    Feature.HOLDOUT_COLUMN: _holdout("column", SPLIT),
    Feature.HOLDOUT_TIME: _holdout("time", TIME),
    Feature.HOLDOUT_GROUP: _holdout("group", GROUP),
    Feature.SAMPLE_WEIGHTS: Ask("task.weight", _with_weights, _weights_matter),
    Feature.REPORT: Ask("outputs.report", _with_report, _report_is_written),
}
"""The features that a field of a spec asks for, beside the kind of task."""

JOINT = (
    Feature.MAX_TRIAL_TIME, Feature.MAX_PARALLEL, Feature.MAX_COST, Feature.SEARCH_SPACE, Feature.SEARCH_STRATEGY,
    Feature.PERFORMANCE_ESTIMATOR, Feature.FAMILIES,
)  # fmt: skip
"""Features that one job may ask for together: it shows each of them as well as a job of its own would."""


def asking_for(features: Iterable[Feature], spec: JobSpec, rehearsal: Rehearsal) -> JobSpec:
    """A spec that asks for all of these that the provider honours, as far as it honours them together."""
    for feature in features:
        if rehearsal.honours(feature):
            wider = ASKS[feature].change(spec, rehearsal)
            spec = spec if rehearsal.provider.check(wider) else wider
    return spec


def job_for(feature: Feature, rehearsal: Rehearsal) -> Job:
    """The finished job that shows a feature."""
    spec = ASKS[feature].change(rehearsal.main_spec, rehearsal)
    assert rehearsal.provider.check(spec) == []
    if feature in JOINT:
        joint = ASKS[feature].change(merged(rehearsal.main_spec, "search", ensemble=False), rehearsal)
        spec = asking_for(JOINT, joint, rehearsal)
    return rehearsal.finished(spec)
