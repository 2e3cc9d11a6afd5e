"""`cloudautoml schema`: the JSON Schema of a spec, for editors."""

import json as json_text
from pathlib import Path
from typing import Annotated

import typer

from cloudautoml.cli.output import Output


def schema(
    *,
    out: Annotated[Path | None, typer.Option("--output", "-o", metavar="FILE", help="Write it there.")] = None,
    json: Annotated[bool, typer.Option("--json", hidden=True, help="It is JSON anyway.")] = False,
) -> int:
    """Print the JSON Schema of a spec, for editors.

    An editor that knows it completes and checks while you type.

    First line of a spec: `# yaml-language-server: $schema=./schema.json`
    """
    from cloudautoml.cli.delivery import deliver
    from cloudautoml.spec.schema import json_schema

    del json
    text = json_text.dumps(json_schema(), indent=1, ensure_ascii=False)
    output = Output()
    if out is None:
        output.data(text)
    else:
        deliver(out, f"{text}\n".encode())
        output.note(f"# yaml-language-server: $schema={out}")
    return 0
