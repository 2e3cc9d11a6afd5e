"""Running a comparison: the same job at several providers at once, then their best models on the same sealed rows."""

from __future__ import annotations

import threading
from dataclasses import dataclass, field, replace
from decimal import ROUND_DOWN, Decimal
from typing import TYPE_CHECKING, Any

from cloudautoml.comparison.contest import Comparison, Contestant, judged, ordered
from cloudautoml.comparison.ledger import Ledger
from cloudautoml.errors import CloudAutoMLError, ConfigError, DataError, SpecError
from cloudautoml.job import INTERRUPTED
from cloudautoml.store.files import write_json

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping, Sequence
    from datetime import timedelta

    from cloudautoml.comparison.sealed import Predicted, Sealed
    from cloudautoml.job import Job, JobStatus
    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import JobRecord, Store

RESULT_FILE = "result.json"
_LOOK_SECONDS = 0.2
_CENT = Decimal("0.01")


def _silent(_provider: str, _what: str) -> None:
    """Tell nobody."""


@dataclass(eq=False)
class _Lane:
    """One provider's way through a comparison, in a thread of its own."""

    provider: Provider[Any]
    spec: JobSpec
    job: Job | None = None
    failure: CloudAutoMLError | None = None
    crash: BaseException | None = None
    refused: tuple[str, ...] = ()
    thread: threading.Thread | None = field(default=None, repr=False)


def compare(
    spec: JobSpec,
    providers: Sequence[str | Provider[Any]],
    *,
    store: Store | None = None,
    timeout: timedelta | float | None = None,
    fresh: bool = False,
    on_progress: Callable[[str, str], None] | None = None,
) -> Comparison:
    """Run a job at several providers and score their best models on the same sealed rows.

    The rows are sealed before anything leaves; each provider gets the same rest. A provider that refuses the job, or
    fails, is told with its reason and the others go on. Called again with the same spec and the same providers, after
    a crash or to look once more, it goes on with the jobs that there are.

    Args:
        spec: The job; `provider` in it plays no part.
        providers: Names of providers, or providers.
        store: Where jobs are recorded; the user's own unless given.
        timeout: Seconds, or a timedelta, after which a provider's job is not waited for; it goes on.
        fresh: Submit anew whatever there is.
        on_progress: Told the provider and what it is doing.

    Raises:
        ConfigError: Fewer than two providers are given, or one twice.
        SpecError: No provider takes the job.
        DataError: The data cannot be trained on, or no rows are sealed.
    """
    from cloudautoml.config import provider_for
    from cloudautoml.store import Store

    store = store or Store()
    backends = [
        provider_for(spec, provider, store=store) if isinstance(provider, str) else provider for provider in providers
    ]
    names = [backend.name for backend in backends]
    if len(names) < 2 or len(set(names)) < len(names):
        raise ConfigError(
            f"a comparison takes two or more providers, each once, not {', '.join(names) or 'none'}", where="providers"
        )
    if spec.data.holdout is None and spec.data.test is None:
        raise DataError(
            "no rows are sealed, so there would be nothing to compare the models on",
            where="data.holdout",
            hint="leave data.holdout out of the spec, and a fifth of the rows is sealed",
        )
    tell = on_progress or _silent
    specs = shared_out(spec, backends)
    lanes = [
        _Lane(backend, specs[backend.name], refused=refusals(backend, specs[backend.name])) for backend in backends
    ]
    if all(lane.refused for lane in lanes):
        told = "\n".join(f"  {lane.provider.name}: {reason}" for lane in lanes for reason in lane.refused)
        raise SpecError(
            f"no provider takes this job:\n{told}", hint="cloudautoml plan SPEC -p NAME says what to change"
        )
    ledger = Ledger(store, spec, names, fresh=fresh)
    for lane in lanes:
        if lane.refused:
            tell(lane.provider.name, f"refuses the job: {'; '.join(lane.refused)}")
            continue
        lane.thread = threading.Thread(
            target=_drive, args=(lane, ledger, timeout, tell), name=lane.provider.name, daemon=True
        )
        lane.thread.start()
    for lane in lanes:
        while lane.thread is not None and lane.thread.is_alive():
            lane.thread.join(_LOOK_SECONDS)  # in steps, so that Ctrl-C is heard
        if lane.crash is not None:
            raise lane.crash
    comparison = _scored(ledger.id, lanes, spec, store, tell)
    write_json(ledger.folder / RESULT_FILE, comparison.to_dict())
    return comparison


def shared_out(spec: JobSpec, providers: Sequence[Provider[Any]]) -> dict[str, JobSpec]:
    """The spec that each provider gets, by its name: a limit of money is one limit, in equal parts for those that cost.

    Args:
        spec: What is compared.
        providers: Where it runs.
    """
    most = spec.budget.max_cost
    if most is None:
        return {provider.name: spec for provider in providers}
    costly = [provider.name for provider in providers if _costs(provider, spec)]
    share = most.model_copy(update={"amount": (most.amount / max(1, len(costly))).quantize(_CENT, ROUND_DOWN)})
    less = spec.model_copy(update={"budget": spec.budget.model_copy(update={"max_cost": share})})
    return {provider.name: less if provider.name in costly else spec for provider in providers}


def _costs(provider: Provider[Any], spec: JobSpec) -> bool:
    try:
        return provider.cost_bound(spec).amount != 0
    except CloudAutoMLError:
        return True  # it refuses the job, and will be asked again for the reason


def refusals(provider: Provider[Any], spec: JobSpec) -> tuple[str, ...]:
    """Why a provider does not take the job; empty where it does."""
    try:
        return tuple(map(str, provider.check(spec)))
    except CloudAutoMLError as exc:  # a value that this one cannot take, and another one may
        where = f"{exc.where}: " if exc.where else ""
        return (f"{where}{exc.message}",)


def _drive(
    lane: _Lane,
    ledger: Ledger,
    timeout: timedelta | float | None,
    tell: Callable[[str, str], None],
) -> None:
    name = lane.provider.name
    phases: list[str] = []

    def look(status: JobStatus) -> None:
        if status.phase and status.phase not in phases[-1:]:
            phases.append(status.phase)
            tell(name, status.phase)

    try:
        known = ledger.job_of(name, lane.spec)
        if known is None:
            lane.job = lane.provider.submit(lane.spec)
            ledger.enter(name, lane.job.id)
            tell(name, f"submitted as {lane.job.id}")
        else:
            lane.job = lane.provider.attach(known)
            tell(name, f"goes on as {known}")
            _resume(lane.job)
        lane.job.wait(timeout=timeout, on_poll=look)
        tell(name, "has ended")
    except CloudAutoMLError as exc:
        lane.failure = exc
        tell(name, f"failed: {exc.message}")
    except BaseException as exc:  # noqa: BLE001 - a mistake of ours; the thread that waits raises it
        lane.crash = exc


def _resume(job: Job) -> None:
    """Let a job go on whose process has died, where its provider can do that."""
    resume = getattr(job, "resume", None)
    if resume is not None and job.status().phase == INTERRUPTED:
        resume()


def _scored(
    name: str, lanes: Sequence[_Lane], spec: JobSpec, store: Store, tell: Callable[[str, str], None]
) -> Comparison:
    entries = [_entry(lane) for lane in lanes]
    ended = [lane.job for lane in lanes if lane.job is not None and lane.failure is None]
    return scored(name, ended, entries, spec, store=store, tell=tell)


def _entry(lane: _Lane) -> Contestant:
    job = lane.job.id if lane.job is not None else ""
    if lane.refused:
        return Contestant(lane.provider.name, job, status="refused", reason=lane.refused[0], gaps=lane.refused)
    if lane.failure is not None:
        return Contestant(lane.provider.name, job, status="failed", reason=lane.failure.message)
    return Contestant(lane.provider.name, job)


def compare_jobs(
    jobs: Sequence[Job], *, store: Store | None = None, on_progress: Callable[[str, str], None] | None = None
) -> Comparison:
    """Score the best models of jobs that have ended on the rows that all of them have sealed.

    Args:
        jobs: Two or more, of the same data; several may be of one provider.
        store: Where they are recorded; the user's own unless given.
        on_progress: Told the provider and what is being done.

    Raises:
        ConfigError: Fewer than two jobs are given.
        DataError: They have not sealed the same rows, or none.
        JobNotFinishedError: One has not ended.
    """
    if len(jobs) < 2:
        raise ConfigError("a comparison takes two jobs or more", where="jobs")
    from cloudautoml.store import Store

    for job in jobs:
        job.wait(timeout=0)
    tell = on_progress or _silent
    entries = [Contestant(job.provider, job.id) for job in jobs]
    return scored(
        "-and-".join(job.id for job in jobs[:2]), jobs, entries, jobs[0].spec, store=store or Store(), tell=tell
    )


def scored(
    name: str,
    jobs: Sequence[Job],
    entries: Sequence[Contestant],
    spec: JobSpec,
    *,
    store: Store,
    tell: Callable[[str, str], None],
) -> Comparison:
    """The comparison of jobs that have ended.

    Args:
        name: What it is called.
        jobs: The jobs that have succeeded.
        entries: A contestant a provider or job; those of `jobs` are filled in.
        spec: What was asked for.
        store: Where they are recorded.
        tell: Told the provider and what is being done.
    """
    by_job = {job.id: job for job in jobs}
    sealed, why = _sealed(jobs, spec, store)
    playing: list[tuple[Contestant, Predicted | None]] = []
    for entry in entries:
        job = by_job.get(entry.job) if entry.status == "scored" else None
        playing.append((entry, None) if job is None else _played(entry, job, store.job(job.id), sealed, tell))
    emulated = any(contestant.cost_source == "emulated" for contestant, _ in playing)
    if sealed is None:
        contestants = ordered([replace(contestant, reason=contestant.reason or why) for contestant, _ in playing])
        return Comparison(name, spec.metric.name, 0, "", contestants, emulated, {"resampled": False, "why": why})
    tell("", f"scoring on {len(sealed):,} sealed rows")
    playing.append((Contestant("baseline", algorithm="baseline", model="baseline", cost=0.0), sealed.baseline()))
    seed = spec.data.holdout.seed if spec.data.holdout is not None else 0
    contestants = judged(sealed, playing, seed=seed)
    protocol = {"resampled": True, "interval": "95 %, bias-corrected bootstrap of the rows", "seed": seed}
    return Comparison(name, spec.metric.name, len(sealed), sealed.digest, contestants, emulated, protocol)


def _sealed(jobs: Sequence[Job], spec: JobSpec, store: Store) -> tuple[Sealed | None, str]:
    """The rows that all jobs have sealed; None with the reason where their predictions cannot be laid side by side.

    Raises:
        DataError: Two jobs have sealed different rows.
    """
    from cloudautoml.comparison.sealed import Sealed
    from cloudautoml.data import PreparedData, load_prepared

    found: dict[str, Sealed] = {}
    for job in jobs:
        folder = store.job_dir(job.id) / "data"
        data = load_prepared(folder) if folder.exists() else None
        if not isinstance(data, PreparedData) or getattr(spec.task, "multi_label", False):
            return None, f"row by row, tables and texts of one label are compared so far, not {spec.task.type}"
        found[job.id] = Sealed(data, spec)
    if len({sealed.digest for sealed in found.values()}) > 1:
        told = ", ".join(f"{job}: {len(sealed)} rows, {sealed.digest}" for job, sealed in found.items())
        raise DataError(f"the jobs have not sealed the same rows ({told})", where="data.holdout")
    return next(iter(found.values()), None), "no job has ended with a model"


def _played(
    entry: Contestant,
    job: Job,
    record: JobRecord,
    sealed: Sealed | None,
    tell: Callable[[str, str], None],
) -> tuple[Contestant, Predicted | None]:
    """A contestant with all that its job tells of it, and what its model predicts."""
    from cloudautoml.registry import provider_plugin

    board, cost = job.leaderboard(), job.cost()
    best = next((candidate for candidate in board if candidate.can_infer and candidate.succeeded), None)
    if best is None:
        return replace(entry, status="failed", reason="its job has left no model that can predict"), None
    filled = replace(
        entry,
        model=best.model,
        algorithm=best.algorithm,
        own_score=best.score_val,
        score=None if sealed is not None else best.score_holdout,
        fit_seconds=((record.ended or record.updated) - record.created).total_seconds(),
        size_mb=best.size_mb,
        cost=None if cost.amount is None else float(cost.amount),
        cost_source=cost.source,
    )
    if sealed is None:
        return filled, None
    tell(job.provider, f"predicting {len(sealed.features):,} sealed rows with {best.model}")
    ours = provider_plugin(job.provider).load_model is not None  # a vendor charges for each call
    try:
        found = sealed.predict(job.model(best.model), timed=ours)
    except CloudAutoMLError as exc:
        return replace(filled, status="failed", reason=f"its model did not predict: {exc.message}"), None
    import numpy as np

    if found.alone_ms:
        median, late = np.percentile(found.alone_ms, (50, 95))
        filled = replace(
            filled,
            ms_per_row=(float(median), float(late)),
            rows_per_second=len(sealed.features) / max(found.seconds, 1e-9),
        )
    return filled, found


def saved_result(store: Store, name: str) -> Mapping[str, Any]:
    """What a comparison came to, as it was written.

    Raises:
        StorageError: There is none of that name, or it is damaged.
    """
    from cloudautoml.store.files import read_json

    result: Mapping[str, Any] = read_json(store.home / "comparisons" / name / RESULT_FILE)
    return result
