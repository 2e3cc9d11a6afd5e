"""`cloudautoml emulate`: a vendor on this machine, for as long as the command runs."""

import contextlib
import shlex
import threading
from typing import Annotated

import typer

from cloudautoml.cli import options
from cloudautoml.cli.output import Output


def emulate(
    provider: Annotated[str, typer.Argument(metavar="PROVIDER", help="Which vendor: azureml, sagemaker.")],
    *,
    port: Annotated[
        int, typer.Option("--port", metavar="N", min=0, max=65535, help="Where it listens; 0 takes a free port.")
    ] = 0,
    json: options.JsonOption = False,
) -> None:
    """Run a vendor's emulator; its jobs are trained here.

    Prints the variables that make the vendor's own clients use it, and serves until Ctrl-C.
    """
    from cloudautoml.cli.rehearsal import emulating

    output = Output(as_json=json)
    with emulating(provider, port=port) as emulator:
        environment, settings = dict(emulator.environment()), dict(emulator.settings())
        if json:
            output.result({"provider": provider, "emulated": True, "environment": environment, "settings": settings})
        else:
            output.data("\n".join(f"export {name}={shlex.quote(value)}" for name, value in environment.items()))
        output.note(f"{provider} is emulated until Ctrl-C; models are trained here and tell nothing of the vendor's")
        with contextlib.suppress(KeyboardInterrupt):  # which is how it is meant to end
            threading.Event().wait()
