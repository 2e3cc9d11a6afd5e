"""Main: the command `cloudautoml`, its verbs, and how each of them ends."""

import contextlib
import os
import sys
from collections.abc import Sequence
from io import TextIOWrapper
from itertools import pairwise
from typing import Annotated, NoReturn

import typer

from cloudautoml.cli import (
    compare,
    config,
    deploy,
    doctor,
    emulate,
    init,
    jobs,
    leaderboard,
    listing,
    plan,
    plot,
    predict,
    report,
    run,
    schema,
    validate,
)
from cloudautoml.cli.failure import EXIT_INTERRUPTED, tell, tell_bug, tell_usage
from cloudautoml.cli.output import Output, ReaderLeftError
from cloudautoml.errors import CloudAutoMLError

app = typer.Typer(
    name="cloudautoml",
    help="One job spec for AutoML on your own machine, SageMaker Autopilot, Azure AutoML or Vertex AI.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    rich_markup_mode=None,  # plain help, in half the time
    context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 100},
    epilog="Exit status: 0 ok, 1 bug, 2 wrong input, 3 over budget, 4 no access, 5 quota, 6 unavailable, "
    "100 job failed, 101 not finished, 102 no such job, 103 cancelled, 130 interrupted.",
)
app.command("init")(init.init)
app.command("validate")(validate.validate)
app.command("plan")(plan.plan)
app.command("run")(run.run)
app.command("compare")(compare.compare)
app.add_typer(jobs.app, name="jobs")
app.command("leaderboard")(leaderboard.leaderboard)
app.command("predict")(predict.predict)
app.command("deploy")(deploy.deploy)
app.command("report")(report.report)
app.command("plot")(plot.plot)
app.command("emulate")(emulate.emulate)
app.command("doctor")(doctor.doctor)
app.command("schema")(schema.schema)
app.command("config")(config.config)
app.command("list")(listing.list_)


def _print_version(value: bool) -> None:
    if value:
        from cloudautoml import __version__

        Output().data(f"cloudautoml {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    *,
    version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show where an unexpected error came from.")] = False,
) -> None:
    del version, debug  # the one has been answered, the other is read where errors are told


def command_line(arguments: Sequence[str]) -> int:
    """Run one command.

    Args:
        arguments: What stands behind `cloudautoml`.

    Returns:
        The exit status.
    """
    given = list(arguments)
    own = given[: given.index("--")] if "--" in given else given
    debug = "--debug" in own
    output = Output(as_json="--json" in own or "--format=json" in own or ("--format", "json") in pairwise(own))
    try:
        # --debug may stand anywhere: one adds it to the line that went wrong
        wanted = [word for word in own if word != "--debug"] + given[len(own) :]
        status = app(args=wanted, prog_name="cloudautoml", standalone_mode=False)
    except CloudAutoMLError as exc:
        return tell(exc, output)
    except typer.TyperException as exc:
        return _usage(exc, output)
    except (typer.Abort, KeyboardInterrupt):
        output.warn("interrupted")
        return EXIT_INTERRUPTED
    except ReaderLeftError:
        return _reader_left()
    except Exception as exc:  # noqa: BLE001 - the last one to see it
        return tell_bug(exc, output, debug=debug)
    if status == EXIT_INTERRUPTED:
        output.warn("interrupted")
    return status if isinstance(status, int) else 0


def _usage(error: typer.TyperException, output: Output) -> int:
    context = getattr(error, "ctx", None)
    if type(error).__name__ == "NoArgsIsHelpError":  # nothing was asked for: the message is the help
        output.note(error.format_message())
        return error.exit_code
    path = getattr(context, "command_path", "cloudautoml")
    return tell_usage(error.format_message().replace("Value error, ", ""), output, hint=f"{path} --help")


def _reader_left() -> int:
    # what reads our output has seen enough; nothing may be written at exit either
    with contextlib.suppress(OSError):
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
    return 0


def main() -> NoReturn:
    """The entry point."""
    for stream in (sys.stdout, sys.stderr):
        if isinstance(stream, TextIOWrapper):  # arrows and names are UTF-8 whatever the locale says
            stream.reconfigure(encoding="utf-8", errors="backslashreplace")
    sys.exit(command_line(sys.argv[1:]))


if __name__ == "__main__":
    main()
