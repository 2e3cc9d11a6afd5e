"""`cloudautoml jobs sweep`, `clean` and `download`: what jobs have left at a vendor, deleted or copied here."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output, table

if TYPE_CHECKING:
    from cloudautoml.leftovers import Leftover


def sweep(
    *,
    provider: Annotated[str, typer.Option("--provider", "-p", metavar="NAME", help="Whose: a provider or a profile.")],
    job: Annotated[str | None, typer.Option("--job", metavar="REF", help="Of one job, by the vendor's name.")] = None,
    expired: Annotated[bool, typer.Option("--expired", help="Only what was to stand for a time that is over.")] = False,
    delete: Annotated[bool, typer.Option("--delete", help="Delete it; else it is only shown.")] = False,
    yes: options.YesOption = False,
    json: options.JsonOption = False,
) -> int:
    """Show what jobs have left at a vendor: endpoints, models, files. `--delete` deletes it.

    Found by our tag there, also where the job was submitted from another machine.
    """
    from cloudautoml.cli.run import confirm
    from cloudautoml.config import connect
    from cloudautoml.store import Store

    output = Output(as_json=json)
    backend = connect(provider, store=Store())
    found = backend.sweep(expired=expired, job=job)
    if not json and found:
        output.data(leftovers_table(found))
    if delete and found and (yes or confirm(f"Delete these {len(found)}?", output)):
        found = backend.sweep(expired=expired, job=job, dry_run=False)
    elif delete and found:
        return 2
    _told(found, output, delete=delete)
    return 0


def _told(found: "list[Leftover]", output: Output, *, delete: bool) -> None:
    if output.as_json:
        output.result({"leftovers": [item.to_dict() for item in found], "deleted": delete})
    elif not found:
        output.note("nothing is left there")
    else:
        output.note(f"{len(found)} deleted" if delete else "nothing was deleted; --delete deletes these")


def clean(
    job: options.JobArgument,
    *,
    yes: options.YesOption = False,
    json: options.JsonOption = False,
) -> int:
    """Delete what a job has left at its vendor: endpoints, models, files.

    What is recorded and kept on this machine stays.
    """
    from cloudautoml.cli.handles import open_job
    from cloudautoml.cli.run import confirm

    output = Output(as_json=json)
    handle = open_job(job)
    if not yes and not confirm(f"Delete all that job {handle.id} has left at {handle.provider}?", output):
        return 2
    found = handle.cleanup()
    if found and not json:
        output.data(leftovers_table(found))
    _told(found, output, delete=True)
    return 0


def download(
    job: options.JobArgument,
    names: Annotated[
        list[str] | None, typer.Argument(metavar="[ARTIFACT]...", help="Which artifacts; all unless given.")
    ] = None,
    *,
    out: Annotated[Path, typer.Option("--out", "-o", metavar="FOLDER", help="Where to.")] = Path("artifacts"),
    json: options.JsonOption = False,
) -> int:
    """Copy what a job has left into a folder: notebooks, reports, models, with their checksums."""
    from cloudautoml.cli.handles import open_job

    output = Output(as_json=json)
    handle = open_job(job)
    found = handle.download(out, names=names or None)
    if json:
        output.result({"job": handle.id, "folder": str(out), "artifacts": {k: str(v) for k, v in found.items()}})
        return 0
    if found:
        output.data(table(["artifact", "path"], [[name, str(path)] for name, path in found.items()]))
    output.note(f"{len(found)} artifacts in {out}")
    return 0


def leftovers_table(found: "list[Leftover]") -> str:
    """The table that is shown for people."""
    rows: list[list[str]] = []
    for item in found:
        notes: list[Any] = ["is paid for by the hour"] if item.costs else []
        notes += [f"until {item.expires:%Y-%m-%d %H:%M} UTC"] if item.expires else []
        notes += [f"{item.size} bytes"] if item.size is not None else []
        rows.append([item.kind, item.job, item.name, ", ".join(notes)])
    return table(["kind", "job", "name", ""], rows)
