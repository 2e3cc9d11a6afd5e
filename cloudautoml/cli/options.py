"""Options that several verbs share, spelled and explained the same."""

from pathlib import Path
from typing import Annotated

import typer

SpecArgument = Annotated[Path, typer.Argument(metavar="SPEC", help="The job spec: a YAML or JSON file.")]
JobArgument = Annotated[
    str, typer.Argument(metavar="JOB", help="A job's id or its start, its name, or `last` for the latest.")
]
JsonOption = Annotated[bool, typer.Option("--json", help="Print one JSON object on stdout.")]
QuietOption = Annotated[bool, typer.Option("--quiet", "-q", help="Print no progress.")]
YesOption = Annotated[bool, typer.Option("--yes", "-y", help="Do not ask.")]
SetOption = Annotated[
    list[str],
    typer.Option("--set", metavar="FIELD=VALUE", help="Set any field, such as budget.max_time=5m. May be repeated."),
]
ProviderOption = Annotated[
    str | None, typer.Option("--provider", "-p", metavar="NAME", help="Where to run: a provider or a profile.")
]
TrialsOption = Annotated[int | None, typer.Option("--max-trials", metavar="N", help="Models to train at most.")]
TimeOption = Annotated[
    str | None, typer.Option("--max-time", metavar="TIME", help="Time for the whole job, such as 5m or 1h30m.")
]
CostOption = Annotated[
    str | None, typer.Option("--max-cost", metavar="MONEY", help="Money for the whole job, such as '5 USD'.")
]
TimeoutOption = Annotated[
    str | None,
    typer.Option("--timeout", metavar="TIME", help="Stop waiting after this long; the job goes on (exit 101)."),
]
