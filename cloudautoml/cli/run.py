"""`cloudautoml run`: submit a job, watch it, and tell what came out."""

import contextlib
import sys
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output

if TYPE_CHECKING:
    from cloudautoml.cli.follow import Interrupts
    from cloudautoml.job import Job
    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec
    from cloudautoml.store import Store


def run(
    spec: options.SpecArgument,
    *,
    provider: options.ProviderOption = None,
    yes: options.YesOption = False,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return as soon as the job is on its way.")] = False,
    rehearse: Annotated[
        bool,
        typer.Option("--rehearse", help="Run against an emulator of the provider, started for it. Free."),
    ] = False,
    dry_run: Annotated[bool, typer.Option("--dry-run", help="Show the plan and start nothing.")] = False,
    max_trials: options.TrialsOption = None,
    max_time: options.TimeOption = None,
    max_cost: options.CostOption = None,
    seed: Annotated[int | None, typer.Option("--seed", metavar="N", help="Seed of everything that is drawn.")] = None,
    name: Annotated[str | None, typer.Option("--name", help="Name of the job.")] = None,
    overrides: options.SetOption = [],  # noqa: B006 - read and never changed
    timeout: options.TimeoutOption = None,
    json: options.JsonOption = False,
    quiet: options.QuietOption = False,
) -> int:
    """Run a job: it leaves a leaderboard, a model and a report.

    Ctrl-C leaves the job running and says how to get back to it.
    """
    from cloudautoml.cli.follow import Interrupts
    from cloudautoml.cli.handles import flags, provider_of
    from cloudautoml.cli.plan import show_plan
    from cloudautoml.cli.rehearsal import rehearsing
    from cloudautoml.config import resolve

    output = Output(as_json=json, quiet=quiet)
    limit = seconds(timeout)
    given = flags(provider=provider, max_trials=max_trials, max_time=max_time, max_cost=max_cost, seed=seed, name=name)
    interrupts = Interrupts()
    store = _store(interrupts)
    resolved = resolve(spec, flags=given, overrides=overrides)
    backend = provider_of(resolved, store=store)
    if rehearse and detach:
        raise typer.BadParameter("a rehearsal ends with the command: leave one of the two out", param_hint="--detach")
    with rehearsing(backend) if rehearse else contextlib.nullcontext(backend) as runs_on:
        if dry_run:
            show_plan([runs_on.plan(resolved.spec)], output)
            return 0
        status = _carry_out(
            resolved.spec,
            runs_on,
            output,
            store=store,
            interrupts=interrupts,
            ask=not yes and not rehearse,
            detach=detach,
            timeout=limit,
            rehearsed=rehearse,
        )
    if rehearse:
        output.note("rehearsed: the emulator has gone, and its models with it")
    return status


def _carry_out(
    spec: "JobSpec",
    backend: "Provider[Any]",
    output: Output,
    *,
    store: "Store",
    interrupts: "Interrupts",
    ask: bool,
    detach: bool,
    timeout: float | None,
    rehearsed: bool,
) -> int:
    from cloudautoml.cli.follow import Sight, follow
    from cloudautoml.cli.outcome import conclude
    from cloudautoml.errors import UnsupportedError

    if gaps := backend.check(spec):
        raise UnsupportedError(backend.name, gaps)
    _announce(spec, backend, output)
    if ask:
        _ask_to_pay(backend, spec, output)
    with interrupts.handled():
        job = backend.submit(spec)
    _tell_findings(job, store, output)
    if detach or interrupts.kept:
        sight = Sight(job.status(), 0.0, detached=True)
        conclude(job, sight, output, store=store)
        return 0 if detach else _NOT_FINISHED
    sight = follow(job, output, store=store, timeout=timeout)
    return conclude(job, sight, output, store=store, rehearsed=rehearsed)


_NOT_FINISHED = 101


def seconds(text: str | None) -> float | None:
    """Read the value of `--timeout`."""
    if text is None:
        return None
    from cloudautoml.spec import parse_duration

    try:
        return parse_duration(float(text) if text.replace(".", "", 1).isdigit() else text).total_seconds()
    except ValueError as exc:
        raise typer.BadParameter(str(exc), param_hint="--timeout") from exc


def _store(interrupts: "Interrupts") -> Any:
    from typing_extensions import override

    from cloudautoml.store import JobRecord, Store

    class TellingStore(Store):
        """The user's store, which tells when a job begins to exist."""

        @override
        def create(self, spec: "JobSpec", provider: str) -> JobRecord:
            interrupts.created.set()
            return super().create(spec, provider)

    return TellingStore()


def _announce(spec: "JobSpec", backend: "Provider[Any]", output: Output) -> None:
    from cloudautoml.render import arrow
    from cloudautoml.spec import format_duration

    metric = spec.metric.name
    target = getattr(spec.task, "target", None)
    of = f" of {target!r}" if target else ""
    budget = spec.budget
    limits = [
        f"at most {budget.max_trials} trials" if budget.max_trials else "",
        f"at most {format_duration(budget.max_time)}" if budget.max_time else "",
        f"at most {budget.max_cost}" if budget.max_cost else "",
    ]
    said = ", ".join(limit for limit in limits if limit) or "the usual limits of the provider"
    output.note(
        f"{spec.name}: {spec.task.type}{of}, judged by {metric} {arrow(metric)}\n"
        f"  data      {spec.data.train}\n"
        f"  provider  {backend.name}\n"
        f"  budget    {said}\n"
        f"  seed      {spec.seed}"
    )


def _ask_to_pay(backend: "Provider[Any]", spec: "JobSpec", output: Output) -> None:
    cost = backend.cost_bound(spec)
    if cost.amount == 0:
        return
    bound = "no bound can be given" if cost.amount is None else f"at most {cost.amount} {cost.currency}"
    output.note(f"  cost      {bound} ({cost.basis})")
    if not confirm("Start it?", output):
        raise typer.Exit(2)


def confirm(question: str, output: Output) -> bool:
    """Ask on the terminal; without one there is nobody to ask, so `-y` has to be given.

    Raises:
        ConfigError: Nobody is there to answer.
    """
    from cloudautoml.errors import ConfigError

    if not sys.stdin.isatty() or output.as_json:
        raise ConfigError(f"{question} Nobody is there to answer", where="stdin", hint="add -y to go ahead")
    return typer.confirm(question, default=False, err=True)


def _tell_findings(job: "Job", store: Any, output: Output) -> None:
    for event in store.events(job.id):
        if event.kind == "finding" and event.data.get("severity") != "info":
            column = event.data.get("column")
            place = f"column {column!r}: " if column else ""
            output.note(f"{output.paint('yellow', str(event.data.get('severity')))} {place}{event.message}")
