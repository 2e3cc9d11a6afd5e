"""`cloudautoml report`: the HTML report of a job."""

from pathlib import Path
from typing import Annotated

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output


def report(
    job: options.JobArgument = "last",
    *,
    out: Annotated[Path | None, typer.Option("--out", "-o", metavar="FILE", help="Write it there.")] = None,
    show: Annotated[bool, typer.Option("--open", help="Open it in a browser.")] = False,
    json: options.JsonOption = False,
) -> int:
    """Write the report of a job, and print its path.

    It is one HTML file that needs no network.
    """
    from cloudautoml.cli.delivery import deliver
    from cloudautoml.report import write_report
    from cloudautoml.store import Store

    output = Output(as_json=json)
    store = Store()
    record = store.find(job)
    path = write_report(store, record.id)
    if out is not None:
        deliver(out, path.read_bytes())
        path = out
    if show:
        typer.launch(path.absolute().as_uri())
    if json:
        output.result({"job": record.id, "report": str(path)})
    else:
        output.data(str(path))
    return 0
