"""`cloudautoml jobs`: the jobs that were submitted: list, show, watch, stop, go on, forget."""

from typing import TYPE_CHECKING, Annotated, Any, Protocol, runtime_checkable

import typer

from cloudautoml.cli import options, sweep
from cloudautoml.cli.output import Output, table

if TYPE_CHECKING:
    from datetime import datetime

    from cloudautoml.job import Job
    from cloudautoml.spec import Task
    from cloudautoml.store import JobRecord, Store

app = typer.Typer(
    help="List, watch, stop and resume the jobs that were submitted.", no_args_is_help=True, rich_markup_mode=None
)
app.command("download")(sweep.download)
app.command("clean")(sweep.clean)
app.command("sweep")(sweep.sweep)


@app.command("ls")
def ls(
    *,
    provider: Annotated[str | None, typer.Option("--provider", "-p", metavar="NAME", help="Of one provider.")] = None,
    limit: Annotated[int, typer.Option("--limit", min=1, help="Jobs to list at most.")] = 50,
    json: options.JsonOption = False,
) -> int:
    """List jobs, newest first, as they were last seen."""
    from cloudautoml.store import Store

    output = Output(as_json=json)
    store = Store()
    records = [_seen(record, store) for record in store.jobs(provider=provider, limit=limit)]
    if json:
        output.result({"jobs": [record.to_dict() for record in records]})
        return 0
    if not records:
        output.note("no jobs yet; cloudautoml run SPEC starts one")
        return 0
    rows = [[r.id, r.state.value, r.provider, ago(r.created), r.phase or r.reason] for r in records]
    output.data(table(["job", "state", "provider", "started", ""], rows))
    return 0


@app.command("show")
def show(job: options.JobArgument = "last", *, json: options.JsonOption = False) -> int:
    """Show what is known of a job.

    Its state, its trials, who is working on it, its files and its spec.
    """
    from cloudautoml.cli.handles import open_job
    from cloudautoml.config import masked
    from cloudautoml.store import Store

    output, store = Output(as_json=json), Store()
    handle = open_job(job, store)
    handle.status()
    record = store.job(handle.id)
    trials = store.trials.list(record.id)
    states: dict[str, int] = {}
    for trial in trials:
        states[trial.state.value] = states.get(trial.state.value, 0) + 1
    owner = store.leases.owner(record.id)
    artifacts = {name: str(path) for name, path in handle.artifacts().items()}
    spec = masked({**record.spec.model_dump(mode="json", exclude_defaults=True), "task": given(record.spec.task)})
    worker = {"pid": owner.pid, "host": owner.host, "since": owner.since.isoformat()} if owner else None
    if json:
        output.result({**record.to_dict(), "trials": states, "owner": worker, "artifacts": artifacts, "spec": spec})
        return 0
    shown = [(name, value) for name, value in record.to_dict().items() if value not in {None, ""}]
    rows = [[name, str(value)] for name, value in shown]
    rows.append(["trials", ", ".join(f"{count} {state}" for state, count in states.items()) or "none yet"])
    rows.append(["worked by", str(owner) if owner else "nobody"])
    rows += [[name, path] for name, path in artifacts.items()]
    output.data(table(["job", record.id], rows))
    output.data("\nspec\n" + indented(spec))
    return 0


@app.command("logs")
def logs(
    job: options.JobArgument = "last",
    *,
    follow: Annotated[bool, typer.Option("--follow", "-f", help="Go on until the job has ended.")] = False,
    json: options.JsonOption = False,
) -> int:
    """Print the log of a job."""
    from cloudautoml.cli.handles import open_job

    output = Output(as_json=json)
    handle = open_job(job)
    if json:
        if follow:
            raise typer.BadParameter("one JSON object cannot be followed", param_hint="--follow")
        output.result({"job": handle.id, "lines": list(handle.logs())})
        return 0
    for line in handle.logs(follow=follow):
        output.data(line)
    return 0


@app.command("watch")
def watch(
    job: options.JobArgument = "last",
    *,
    timeout: options.TimeoutOption = None,
    json: options.JsonOption = False,
    quiet: options.QuietOption = False,
) -> int:
    """Watch a job until it has ended. Ctrl-C stops the watching, not the job."""
    from cloudautoml.cli.handles import open_job
    from cloudautoml.store import Store

    store = Store()
    return watched(open_job(job, store), Output(as_json=json, quiet=quiet), store=store, timeout=timeout)


@app.command("cancel")
def cancel(
    job: options.JobArgument = "last",
    *,
    yes: options.YesOption = False,
    json: options.JsonOption = False,
) -> int:
    """Stop a job. What it has found so far stays."""
    from cloudautoml.cli.handles import open_job
    from cloudautoml.cli.run import confirm

    output = Output(as_json=json)
    handle = open_job(job)
    before = handle.status()
    if not before.state.is_terminal and not yes and not confirm(f"Cancel job {handle.id}?", output):
        return 2
    status = handle.cancel()
    if json:
        output.result({"job": handle.id, "state": status.state.value, "changed": not before.state.is_terminal})
    elif before.state.is_terminal:
        output.note(f"job {handle.id} had ended already: {status.state.value}")
    else:
        output.note(f"job {handle.id} is {status.state.value}")
    return 0


@runtime_checkable
class Resumable(Protocol):
    """A job that can go on where it was broken off."""

    def resume(self, *, max_trials: int | None = None, max_time: Any = None) -> object:
        """Let it go on, with another budget where one is given."""
        ...


@app.command("resume")
def resume(
    job: options.JobArgument = "last",
    *,
    max_trials: options.TrialsOption = None,
    max_time: options.TimeOption = None,
    detach: Annotated[bool, typer.Option("--detach", "-d", help="Return as soon as it is on its way.")] = False,
    timeout: options.TimeoutOption = None,
    json: options.JsonOption = False,
    quiet: options.QuietOption = False,
) -> int:
    """Let a job go on that was killed, cancelled or failed.

    With a larger budget also one that has succeeded. Finished trials are kept.
    """
    from datetime import timedelta

    from cloudautoml.capabilities import Feature, Gap
    from cloudautoml.cli.handles import open_job
    from cloudautoml.cli.run import seconds
    from cloudautoml.config import provider_for
    from cloudautoml.errors import UnsupportedError
    from cloudautoml.job import JobState
    from cloudautoml.store import Store

    output, store = Output(as_json=json, quiet=quiet), Store()
    handle = open_job(job, store)
    longer = seconds(max_time)
    if owner := store.leases.owner(handle.id):
        output.note(f"job {handle.id} is still running: {owner}")
    elif isinstance(handle, Resumable):
        handle.resume(max_trials=max_trials, max_time=None if longer is None else timedelta(seconds=longer))
        if handle.status().state is JobState.SUCCEEDED:
            output.note(f"job {handle.id} has ended; --max-trials or --max-time give it more to do")
        else:
            output.note(f"job {handle.id} goes on")
    else:
        record = store.job(handle.id)
        support = provider_for(record.spec, record.provider, store=store).capabilities[Feature.RESUME]
        raise UnsupportedError(record.provider, [Gap(Feature.RESUME, support)])
    if detach:
        if json:
            output.result({"job": handle.id, "state": handle.state.value})
        return 0
    return watched(handle, output, store=store, timeout=timeout)


@app.command("attach")
def attach(
    ref: Annotated[str, typer.Argument(metavar="REF", help="A job's id or name, or the vendor's name for it.")],
    *,
    provider: options.ProviderOption = None,
    timeout: options.TimeoutOption = None,
    json: options.JsonOption = False,
    quiet: options.QuietOption = False,
) -> int:
    """Come back to a job, also to one that was started elsewhere.

    Watches it and ends as it ends.
    """
    from cloudautoml.store import Store

    store = Store()
    handle = _attached(ref, provider, store)
    return watched(handle, Output(as_json=json, quiet=quiet), store=store, timeout=timeout)


@app.command("rm")
def rm(
    job: options.JobArgument,
    *,
    yes: options.YesOption = False,
    json: options.JsonOption = False,
) -> int:
    """Forget a job and delete its files.

    Models and report are deleted too.
    """
    from cloudautoml.cli.run import confirm
    from cloudautoml.errors import JobOwnedError
    from cloudautoml.store import Store

    output, store = Output(as_json=json), Store()
    record = store.find(job)
    if owner := store.leases.owner(record.id):
        raise JobOwnedError(f"job {record.id} is being run by {owner}", hint=f"cloudautoml jobs cancel {record.id}")
    if not yes and not confirm(f"Delete job {record.id} and everything in {store.job_dir(record.id)}?", output):
        return 2
    store.remove(record.id)
    if json:
        output.result({"job": record.id, "removed": True})
    else:
        output.note(f"job {record.id} is gone")
    return 0


def watched(handle: "Job", output: Output, *, store: "Store", timeout: str | None) -> int:
    """Watch a job to its end and tell what it came to."""
    from cloudautoml.cli.follow import follow
    from cloudautoml.cli.outcome import conclude
    from cloudautoml.cli.run import seconds

    sight = follow(handle, output, store=store, timeout=seconds(timeout))
    return conclude(handle, sight, output, store=store)


def _attached(ref: str, provider: str | None, store: "Store") -> "Job":
    from cloudautoml import registry
    from cloudautoml.cli.handles import open_job
    from cloudautoml.config import connect
    from cloudautoml.errors import ConfigError, JobNotFoundError, MissingExtraError

    if provider is not None:
        return connect(provider, store=store).attach(ref)
    try:
        return open_job(ref, store)
    except JobNotFoundError:
        for name in registry.names("providers"):
            try:
                return connect(name, store=store).attach(ref)
            except (ConfigError, JobNotFoundError, MissingExtraError):
                continue
        raise


def _seen(record: "JobRecord", store: "Store") -> "JobRecord":
    """A record that says so where a process of ours worked on the job and has died."""
    from dataclasses import replace

    from cloudautoml.job import INTERRUPTED

    died = record.active_seconds > 0 and not record.state.is_terminal and store.leases.owner(record.id) is None
    return replace(record, phase=INTERRUPTED) if died else record


def given(task: "Task") -> dict[str, Any]:
    """A task without what nobody asked for."""
    return {"type": task.type, **task.model_dump(mode="json", exclude_defaults=True)}


def ago(moment: "datetime") -> str:
    """How long ago something was, in one unit."""
    from datetime import UTC, datetime

    passed = (datetime.now(UTC) - moment).total_seconds()
    for unit, size in (("d", 86400), ("h", 3600), ("min", 60)):
        if passed >= size:
            return f"{int(passed // size)} {unit} ago"
    return f"{max(int(passed), 0)} s ago"


def indented(value: Any) -> str:
    """A value as YAML, set in by two."""
    from io import StringIO

    from ruamel.yaml import YAML

    out, yaml = StringIO(), YAML(typ="safe", pure=True)
    yaml.default_flow_style = False
    yaml.allow_unicode = True
    yaml.dump(value, out)
    return "".join(f"  {line}\n" for line in out.getvalue().splitlines()).rstrip()
