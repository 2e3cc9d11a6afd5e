"""`cloudautoml compare`: one job at several providers, or several jobs, on the same sealed rows."""

import contextlib
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output, table

if TYPE_CHECKING:
    from cloudautoml.comparison import Comparison, Contestant
    from cloudautoml.provider import Provider
    from cloudautoml.spec import JobSpec

_SPECS = {".yaml", ".yml", ".json"}


def compare(
    targets: Annotated[
        list[str], typer.Argument(metavar="SPEC | JOB JOB...", help="A job spec, or jobs that have ended.")
    ],
    *,
    providers: Annotated[
        list[str],
        typer.Option("--provider", "-p", metavar="NAME", help="A provider or a profile; two or more of them."),
    ] = [],  # noqa: B006 - read and never changed
    rehearse: Annotated[
        bool, typer.Option("--rehearse", help="Run the clouds against emulators, started for it. Free.")
    ] = False,
    fresh: Annotated[
        bool, typer.Option("--fresh", help="Submit anew, whatever an earlier comparison has left.")
    ] = False,
    yes: options.YesOption = False,
    max_trials: options.TrialsOption = None,
    max_time: options.TimeOption = None,
    max_cost: options.CostOption = None,
    overrides: options.SetOption = [],  # noqa: B006
    timeout: options.TimeoutOption = None,
    report: Annotated[
        Path | None, typer.Option("--report", metavar="FILE", help="Write the comparison as one HTML page.")
    ] = None,
    json: options.JsonOption = False,
    quiet: options.QuietOption = False,
) -> int:
    """Compare providers on rows that none of them has seen.

    The rows are sealed first; every provider gets the rest, and each one's best model is scored by the same code.
    Called again after an interruption it goes on with the jobs that there are.
    """
    from cloudautoml.errors import ConfigError

    output = Output(as_json=json, quiet=quiet)

    def tell(provider: str, what: str) -> None:
        output.note(f"{provider}: {what}" if provider else what)

    specs = [target for target in targets if Path(target).suffix.lower() in _SPECS]
    if not specs:
        found = _of_jobs(targets, tell)
    elif len(targets) > 1:
        raise ConfigError("a comparison is of one spec, or of jobs", where=", ".join(targets))
    else:
        given = {"max_trials": max_trials, "max_time": max_time, "max_cost": max_cost}
        found = _of_spec(
            Path(specs[0]), providers, output, tell,
            given=given, overrides=overrides, rehearse=rehearse, fresh=fresh, ask=not yes and not rehearse,
            timeout=timeout,
        )  # fmt: skip
    if report is not None:
        from cloudautoml.comparison.page import write_comparison

        write_comparison(found, report)
        output.note(f"report: {report}")
    if json:
        output.result(found.to_dict())
    else:
        output.data(comparison_text(found))
    return 0 if found.leader is not None else 100


def _of_jobs(refs: Sequence[str], tell: Callable[[str, str], None]) -> "Comparison":
    from cloudautoml.cli.handles import open_job
    from cloudautoml.comparison import compare_jobs
    from cloudautoml.store import Store

    store = Store()
    return compare_jobs([open_job(ref, store) for ref in refs], store=store, on_progress=tell)


def _of_spec(
    path: Path,
    names: Sequence[str],
    output: Output,
    tell: Callable[[str, str], None],
    *,
    given: dict[str, Any],
    overrides: list[str],
    rehearse: bool,
    fresh: bool,
    ask: bool,
    timeout: str | None,
) -> "Comparison":
    from cloudautoml.cli.handles import flags, provider_of
    from cloudautoml.cli.rehearsal import TRAINS, rehearsing
    from cloudautoml.cli.run import seconds
    from cloudautoml.comparison import compare as compare_providers
    from cloudautoml.config import resolve
    from cloudautoml.store import Store

    store, limit = Store(), seconds(timeout)
    resolved = [resolve(path, flags=flags(provider=name, **given), overrides=overrides) for name in names]
    backends = [provider_of(one, store=store) for one in resolved]
    spec = (resolved[0] if resolved else resolve(path, flags=flags(**given), overrides=overrides)).spec
    if ask and len(backends) > 1:
        _ask_to_pay(spec, backends, output)
    with contextlib.ExitStack() as emulators:
        if rehearse:
            backends = [
                backend if backend.name == TRAINS else emulators.enter_context(rehearsing(backend))
                for backend in backends
            ]
        # an emulator takes its jobs with it when it goes
        return compare_providers(spec, backends, store=store, timeout=limit, fresh=fresh or rehearse, on_progress=tell)


def _ask_to_pay(spec: "JobSpec", backends: "Sequence[Provider[Any]]", output: Output) -> None:
    from cloudautoml.cli.run import confirm
    from cloudautoml.comparison.run import refusals, shared_out

    specs = shared_out(spec, backends)
    costly = False
    for backend in backends:
        wanted = specs[backend.name]
        if refusals(backend, wanted):
            continue
        cost = backend.cost_bound(wanted)
        bound = "no bound can be given" if cost.amount is None else f"at most {cost.amount} {cost.currency}"
        output.note(f"{backend.name}: {bound} ({cost.basis})")
        costly = costly or cost.amount != 0
    if costly and not confirm("Start it?", output):
        raise typer.Exit(2)


def comparison_text(comparison: "Comparison") -> str:
    """A comparison for a terminal: the table, and what it shows."""
    from cloudautoml.comparison.verdict import verdict
    from cloudautoml.render import arrow

    metric = comparison.metric
    scored = [contestant for contestant in comparison.contestants if contestant.score is not None]
    rest = [contestant for contestant in comparison.contestants if contestant.score is None]
    head = f"Comparison {comparison.id}: {metric} {arrow(metric)} on {comparison.rows:,} sealed rows"
    header = ["provider", "model", metric, "95 %", "behind", "95 %", "own", "job", "ms/row", "USD"]
    lines = [head, table(header, [_row(contestant, comparison) for contestant in scored])] if scored else [head]
    lines += [f"{contestant.status} {contestant.provider}: {contestant.reason}" for contestant in rest]
    return "\n".join([*lines, verdict(comparison)])


def _row(contestant: "Contestant", comparison: "Comparison") -> list[str]:
    from cloudautoml.comparison.page import span
    from cloudautoml.render import format_number, format_numbers, format_seconds

    value = format_number(comparison.natural(contestant.score))
    behind = contestant.behind_interval
    cost = "" if contestant.cost is None else f"{contestant.cost:.2f}"
    if contestant.cost_source == "emulated":
        cost = "emulated"
    return [
        contestant.provider,
        contestant.model,
        value,
        span(comparison, contestant.interval),
        "" if contestant.behind is None else format_number(contestant.behind),
        "" if behind is None else " to ".join(format_numbers([behind.low, behind.high])),
        "" if contestant.own_score is None else format_number(comparison.natural(contestant.own_score)),
        "" if contestant.fit_seconds is None else format_seconds(contestant.fit_seconds),
        "" if contestant.ms_per_row is None else f"{contestant.ms_per_row[0]:.1f}",
        cost,
    ]
