"""Failure: how a command ends when something is wrong: what, where, why, what next, and a code for scripts."""

import os
import traceback

from cloudautoml.cli.output import Output
from cloudautoml.cli.output import tell as say
from cloudautoml.errors import CloudAutoMLError

EXIT_BUG = 1
EXIT_USAGE = 2
EXIT_INTERRUPTED = 130


def tell(error: CloudAutoMLError, output: Output) -> int:
    """Tell about an error that the SDK understands.

    Returns:
        The exit status.
    """
    from cloudautoml.errors import UnsupportedError

    lines = [f"{output.paint('red', 'error')} {error.code}: {error.message}"]
    if error.where and error.where not in error.message:
        lines.append(f"  where: {error.where}")
    if error.hint:
        lines.append(f"  next:  {error.hint}")
    say("\n".join(lines))
    if output.as_json:
        more = {"gaps": [str(gap) for gap in error.gaps]} if isinstance(error, UnsupportedError) else {}
        output.result(
            {
                "error": {
                    "code": error.code,
                    "message": error.message,
                    "where": error.where,
                    "hint": error.hint,
                    **more,
                }
            }
        )
    return error.exit_code


def tell_usage(message: str, output: Output, *, hint: str | None = None) -> int:
    """Tell that the command was given in a form it does not have."""
    say(f"{output.paint('red', 'error')} CAM-1000: {message}" + (f"\n  next:  {hint}" if hint else ""))
    if output.as_json:
        output.result({"error": {"code": "CAM-1000", "message": message, "where": None, "hint": hint}})
    return EXIT_USAGE


def tell_bug(error: BaseException, output: Output, *, debug: bool) -> int:
    """Tell about an error that nobody foresaw: one line, and the traceback only on request."""
    if debug or os.environ.get("CLOUDAUTOML_DEBUG"):
        traceback.print_exception(error)
    message = f"unexpected {type(error).__name__}: {' '.join(str(error).split())[:300]}"
    hint = "this is a bug in cloudautoml; run it again with --debug to see where"
    say(f"{output.paint('red', 'error')} CAM-0000: {message}\n  next:  {hint}")
    if output.as_json:
        output.result({"error": {"code": "CAM-0000", "message": message, "where": None, "hint": hint}})
    return EXIT_BUG
