"""`cloudautoml deploy`: a model behind an endpoint of its vendor's, for so many hours."""

from typing import Annotated

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output


def deploy(
    job: options.JobArgument,
    *,
    max_hours: Annotated[float, typer.Option("--max-hours", metavar="N", help="How long it may stand.")],
    model: Annotated[
        str | None, typer.Option("--model", help="A model of the leaderboard, instead of the best.")
    ] = None,
    min_instances: Annotated[
        int, typer.Option("--min-instances", metavar="N", min=0, help="Machines at least; 0 pays for calls only.")
    ] = 1,
    max_instances: Annotated[int, typer.Option("--max-instances", metavar="N", min=1, help="Machines at most.")] = 1,
    yes: options.YesOption = False,
    json: options.JsonOption = False,
) -> int:
    """Put a model behind an endpoint of its vendor's.

    It is paid for until it is deleted: `cloudautoml jobs sweep --expired --delete` deletes those whose time is over.
    """
    from cloudautoml.cli.handles import open_job
    from cloudautoml.cli.run import confirm

    output = Output(as_json=json)
    handle = open_job(job)
    chosen = handle.model(model)
    if not yes and not confirm(f"Deploy {chosen.name} at {handle.provider} for {max_hours:g} hours?", output):
        return 2
    endpoint = chosen.deploy(max_hours=max_hours, min_instances=min_instances, max_instances=max_instances)
    if json:
        output.result(
            {"job": handle.id, "model": chosen.name, "endpoint": endpoint.name, "expires": endpoint.expires.isoformat()}
        )
        return 0
    output.data(endpoint.name)
    output.note(
        f"{chosen.name} answers until {endpoint.expires:%Y-%m-%d %H:%M} UTC, and is paid for until it is deleted\n"
        f"next: cloudautoml jobs clean {handle.id}"
    )
    return 0
