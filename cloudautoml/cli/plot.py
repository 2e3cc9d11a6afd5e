"""`cloudautoml plot`: one picture of a job as a file."""

from pathlib import Path
from typing import Annotated

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output, table


def plot(
    job: options.JobArgument = "last",
    *,
    what: Annotated[
        str | None, typer.Option("--what", "-w", metavar="NAME", help="Which picture; lists them unless given.")
    ] = None,
    out: Annotated[
        Path | None, typer.Option("--out", "-o", metavar="FILE", help="A .png, .svg or .pdf; NAME.png unless given.")
    ] = None,
    json: options.JsonOption = False,
) -> int:
    """Draw a picture of a job: its search, its learning curves, its best architecture.

    They are those of the report, as files for a page or a paper.
    """
    from cloudautoml.cli.delivery import deliver
    from cloudautoml.report import paint, pictures
    from cloudautoml.store import Store

    output = Output(as_json=json)
    store = Store()
    record = store.find(job)
    known = pictures(store, record.id)
    if what is None:
        rows = [{"name": name, "title": picture.title} for name, picture in known.items()]
        if json:
            output.result({"job": record.id, "pictures": rows})
        else:
            output.data(table(["name", "title"], [[row["name"], row["title"]] for row in rows]))
        return 0
    path = out or Path(f"{what}.png")
    data = paint(known, what, form=path.suffix.removeprefix(".").lower() or "png")
    deliver(path, data)
    if json:
        output.result({"job": record.id, "picture": what, "file": str(path)})
    else:
        output.data(str(path))
    return 0
